"""Whisper as a recogniser under test, from a folder of weights that the user has."""
