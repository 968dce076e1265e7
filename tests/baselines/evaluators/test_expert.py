"""The bundled sync expert on clips and speakers it was not trained on."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from syncbench import registry
from syncbench.baselines.evaluators.expert.evaluator import embed
from syncbench.baselines.evaluators.expert.network import SyncExpert
from syncbench.baselines.evaluators.landmarks.finder import MOUTHS
from syncbench.clip import SAMPLES_PER_FRAME, Clip, Waveform
from syncbench.errors import ClipError, CommandError
from syncbench.feature import Features
from syncbench.features.speech import SPEECH
from syncbench.media import clip_frames
from syncbench.metrics.lse import Lse, distances, lse, masked_lse


def _seen(clip: Clip) -> tuple[NDArray[np.uint8], Waveform]:
    features = Features(clip)
    return features[MOUTHS], features[SPEECH]


def _cells(mouths: NDArray[np.uint8], speech: Waveform) -> NDArray[np.float32]:
    embedded = embed(mouths, speech)
    return distances(embedded["video"], embedded["audio"])


@pytest.mark.parametrize("shift", [-10, -3, 4, 10])
def test_finds_known_shifts(grid_clips: list[Clip], synthetic_clips: list[Clip], shift: int) -> None:
    for clip in [grid_clips[0], *synthetic_clips[:1]]:
        mouths, speech = _seen(clip)
        early = max(0, shift) * SAMPLES_PER_FRAME
        late = max(0, -shift)
        cells = _cells(mouths[late:], speech[early:])
        assert abs(lse(cells).offset - shift) <= 1
        assert abs(masked_lse(cells).offset - shift) <= 1


def test_finds_shifts_in_a_second(grid_clips: list[Clip]) -> None:
    hits = []
    for clip in grid_clips:
        mouths, speech = _seen(clip)
        cells = _cells(mouths[20:45], speech[25 * SAMPLES_PER_FRAME : 50 * SAMPLES_PER_FRAME])
        hits.append(abs(masked_lse(cells).offset - 5) <= 1)
    assert sum(hits) >= len(hits) - 1


def test_real_beats_another_clips_speech(grid_clips: list[Clip], synthetic_clips: list[Clip]) -> None:
    for clips in (grid_clips, synthetic_clips):
        seen = [_seen(clip) for clip in clips]
        for k, (mouths, speech) in enumerate(seen):
            assert lse(_cells(mouths, speech)).lse_c > lse(_cells(mouths, seen[k - 1][1])).lse_c


def test_through_lse(grid_clips: list[Clip]) -> None:
    metric = Lse(registry.load("evaluator", "expert")())
    features = Features(grid_clips[0])
    scores = metric.measure(features, features).measurement.scores()
    assert metric.settings["evaluator"].startswith("expert@")
    assert scores["in_sync"] == 100
    assert scores["lse_c"] > 1


def test_zeros_are_as_far_as_unrelated_speech(grid_clips: list[Clip]) -> None:
    embedded = embed(*_seen(grid_clips[0]))
    assert embedded["video"].shape == embedded["audio"].shape == (len(clip_frames(grid_clips[0])) - 4, 257)
    to_zero = np.linalg.norm(embedded["video"], axis=1)
    np.testing.assert_allclose(to_zero, 10 * np.sqrt(2), rtol=1e-4)
    far = np.linalg.norm(embedded["video"][:30] - embedded["audio"][-30:], axis=1).mean()
    assert far == pytest.approx(10 * np.sqrt(2), rel=0.2)


def test_a_window_knows_its_five_frames_and_no_others() -> None:
    torch.manual_seed(0)
    network = SyncExpert().eval()
    mouths, mel = torch.randn(1, 20, 64, 64), torch.randn(1, 80, 40)
    window = 8  # frames 8..12
    inside, outside = torch.zeros(20, dtype=torch.bool), torch.ones(20, dtype=torch.bool)
    inside[window : window + 5], outside[window : window + 5] = True, False
    with torch.inference_mode():
        lips, speech = network.embed_video(mouths)[0, window], network.embed_audio(mel)[0, window]
        for frames, same in ((outside, True), (inside, False)):
            seen = torch.where(frames[None, :, None, None], 0.0, mouths)
            heard = torch.where(frames.repeat_interleave(4)[None, :, None], 0.0, mel)
            assert torch.allclose(network.embed_video(seen)[0, window], lips, atol=1e-5) is same
            assert torch.allclose(network.embed_audio(heard)[0, window], speech, atol=1e-5) is same


def test_loudness_does_not_matter(grid_clips: list[Clip]) -> None:
    mouths, speech = _seen(grid_clips[0])
    np.testing.assert_allclose(embed(mouths, speech * 0.3)["audio"], embed(mouths, speech)["audio"], atol=0.05)


def test_too_short_is_said_so(grid_clips: list[Clip]) -> None:
    mouths, speech = _seen(grid_clips[0])
    with pytest.raises(ClipError, match="at least 5"):
        embed(mouths[:4], speech)
    assert len(embed(mouths[:5], speech)["video"]) == 1


def test_it_has_no_other_protocol() -> None:
    with pytest.raises(CommandError, match="unknown protocol of the bundled expert 'wav2lip-lrs': known: native"):
        registry.load("evaluator", "expert")("wav2lip-lrs")
