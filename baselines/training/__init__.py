"""How the bundled networks are trained: one loop, one checkpoint. Nothing that answers or measures imports it."""
