"""Mouth landmarks on face crops."""

from syncbench.baselines.landmarks.finder import LANDMARKS, MOUTHS, find_landmarks

__all__ = ["LANDMARKS", "MOUTHS", "find_landmarks"]
