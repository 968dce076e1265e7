"""Mouth landmarks on face crops."""
