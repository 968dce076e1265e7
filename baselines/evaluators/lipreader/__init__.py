"""A lip reader: words from the video of a mouth alone."""

from syncbench.baselines.evaluators.lipreader.reader import LIP_HYPOTHESIS, read_lips

__all__ = ["LIP_HYPOTHESIS", "read_lips"]
