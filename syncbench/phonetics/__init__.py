"""Phones: which there are, how they look on the lips, when they are said, and speech made of them."""
