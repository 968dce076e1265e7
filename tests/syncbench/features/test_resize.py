"""Resizing against OpenCV's integers. Real frames against OpenCV's output are in the tests of SyncNet v2."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from syncbench.features.resize import bilinear

# SHA-256 (first 16 digits) of OpenCV 4.14's cv2.resize of the same seeded frames to 224 x 224.
OPENCV = {
    (96, 96): "1bd0fa9b6055b8a8",
    (360, 288): "d229c19dac3effed",
    (100, 37): "bea96c063a4c0862",
    (448, 448): "7ca805539d0498aa",
}


@pytest.mark.parametrize("size", OPENCV)
def test_equal_to_opencv_bit_for_bit(size: tuple[int, int]) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (10, *size, 3), dtype=np.uint8)
    assert hashlib.sha256(bilinear(frames, 224, 224).tobytes()).hexdigest()[:16] == OPENCV[size]


def test_the_same_size_is_the_same_frames_and_no_frames_are_none() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8)
    np.testing.assert_array_equal(bilinear(frames, 224, 224), frames)
    assert bilinear(frames[:0], 96, 96).shape == (0, 96, 96, 3)
