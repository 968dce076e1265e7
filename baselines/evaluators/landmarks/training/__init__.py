"""How the landmark networks are trained."""
