"""How the lip reader is trained."""
