"""Cepstra against python_speech_features."""

from __future__ import annotations

import numpy as np
import pytest
from python_speech_features import mfcc as reference

from syncbench.features.mfcc import int16_scale, mfcc


@pytest.mark.parametrize("samples", [1, 399, 400, 401, 560, 561, 16_000, 48_128])
def test_equal_to_python_speech_features(samples: int) -> None:
    signal = np.random.default_rng(samples).integers(-32768, 32768, samples).astype(np.int16)
    expected = reference(signal, 16_000)
    found = mfcc(signal)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=1e-9, rtol=0)


def test_silence_and_nothing_are_finite() -> None:
    np.testing.assert_allclose(mfcc(np.zeros(4000)), reference(np.zeros(4000), 16_000), atol=1e-9)
    assert mfcc(np.zeros(0)).shape == (1, 13)


def test_four_cepstra_per_frame_but_one() -> None:
    assert [len(mfcc(np.zeros(640 * frames))) for frames in (1, 2, 75)] == [3, 7, 299]


def test_int16_scale_rounds_and_clips() -> None:
    speech = np.array([-1, 1, 0.5, 1.4 / 32768, -1.6 / 32768], np.float32)
    assert int16_scale(speech).tolist() == [-32768, 32767, 16384, 1, -2]
