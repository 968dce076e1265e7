"""Synthetic talking faces with exact truth: espeak-ng speech, coarticulated articulators, a rendered cast of 64.

``sentences`` says what is said, ``identity`` by whom, ``speech`` speaks it, ``articulation`` moves the articulators,
``motion`` the head, ``portrait`` paints the still face and ``face`` every frame; ``performance`` makes one clip of all
that and ``dataset`` many.
"""

from __future__ import annotations

from syncbench.datasets.synthetic.articulation import ARTICULATORS, articulate, phone_inventory, viseme, viseme_classes
from syncbench.datasets.synthetic.dataset import SYNTHETIC, SYNTHETIC_OPEN, SYNTHETIC_WORDS, Synthetic, make, truth_of
from syncbench.datasets.synthetic.performance import Grammar, Performance, Plan, perform, plan

__all__ = [
    "ARTICULATORS",
    "SYNTHETIC",
    "SYNTHETIC_OPEN",
    "SYNTHETIC_WORDS",
    "Grammar",
    "Performance",
    "Plan",
    "Synthetic",
    "articulate",
    "make",
    "perform",
    "phone_inventory",
    "plan",
    "truth_of",
    "viseme",
    "viseme_classes",
]
