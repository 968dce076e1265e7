"""How the recognisers are trained."""
