"""Corrupted speech and pictures: a row for each corruption, conditions that name them, and their application."""
