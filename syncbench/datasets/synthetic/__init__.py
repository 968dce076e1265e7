"""Synthetic talking faces with exact truth: espeak-ng speech, coarticulated articulators, a rendered cast of 64.

``sentences`` says what is said, ``identity`` by whom, ``articulation`` moves the articulators,
``motion`` the head, ``portrait`` paints the still face and ``face`` every frame; ``performance`` makes one clip of all
that and ``dataset`` many.
"""

from __future__ import annotations

from syncbench.datasets.synthetic.articulation import ARTICULATORS, articulate
from syncbench.datasets.synthetic.dataset import SYNTHETIC, SYNTHETIC_OPEN, SYNTHETIC_WORDS, Synthetic, make, truth_of
from syncbench.datasets.synthetic.performance import Grammar, Performance, Script, perform, script

__all__ = [
    "ARTICULATORS",
    "SYNTHETIC",
    "SYNTHETIC_OPEN",
    "SYNTHETIC_WORDS",
    "Grammar",
    "Performance",
    "Script",
    "Synthetic",
    "articulate",
    "make",
    "perform",
    "script",
    "truth_of",
]
