"""What training and test share is told."""

from __future__ import annotations

from syncbench.clip import Clip
from syncbench.datasets.overlap import overlap


def test_overlap_of_training_and_test() -> None:
    train = [Clip("a/1", group="a", transcript="ONE TWO"), Clip("b/1", group="b", transcript="three")]
    test = [Clip("c/1", group="c", transcript="four"), Clip("b/2", group="b", transcript="THREE")]
    assert overlap(train[:1], test) == []
    assert overlap(train, test) == [
        "1 of 2 test clips of source videos or speakers are in the training set too",
        "1 of 2 test clips with sentences are in the training set too",
    ]
    assert "2 of 2 test clips are in the training set too" in overlap(test, test)
