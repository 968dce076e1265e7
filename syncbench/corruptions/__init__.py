"""Corrupted speech and video: pure functions of arrays, a condition and a seed."""
