"""The mel front end of the Wav2Lip family."""

from __future__ import annotations

import numpy as np
import pytest

from syncbench.baselines.faces.mel import chunk_start, mel_chunks, mel_spectrogram

GOLDEN = [-0.507749, 0.897044, -1.264546, 2.328458, -0.759899, -0.253158]
GOLDEN_MEAN = -1.215016


def test_mel_is_librosas() -> None:
    """Golden values: librosa 0.11 (pre-emphasis by hand, pad_mode reflect) on a chirp with a fixed noise."""
    time = np.arange(16_000) / 16_000
    noise = 0.01 * np.random.default_rng(7).standard_normal(16_000)
    speech = (0.3 * np.sin(2 * np.pi * (200 * time + 1500 * time**2)) + noise).astype(np.float32)
    mel = mel_spectrogram(speech)
    assert mel.shape == (80, 81)
    assert mel.dtype == np.float32
    places = [(0, 0), (5, 3), (20, 20), (40, 40), (60, 60), (79, 80)]
    np.testing.assert_allclose([mel[p] for p in places], GOLDEN, atol=2e-4)
    assert mel.mean() == pytest.approx(GOLDEN_MEAN, abs=2e-4)


def test_silence_is_the_floor() -> None:
    assert (mel_spectrogram(np.zeros(3200, np.float32)) == -4).all()


def test_chunks_follow_the_familys_indexing() -> None:
    assert [chunk_start(f) for f in (1, 2, 3, 11)] == [0, 3, 6, 32]
    mel = np.tile(np.arange(100, dtype=np.float32), (80, 1))
    chunks = mel_chunks(mel, 30)
    assert chunks.shape == (30, 80, 16)
    np.testing.assert_array_equal(chunks[11, 0], np.arange(32, 48))
    np.testing.assert_array_equal(chunks[0, 0, :4], 0)  # before the clip its first step is repeated
    np.testing.assert_array_equal(mel_chunks(mel, 5, first=-10)[0], 0)
    assert mel_chunks(mel, 40)[39, 0, -1] == 99
