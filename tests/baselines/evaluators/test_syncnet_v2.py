"""SyncNet v2 against golden scores of the reference implementation, primitive by primitive."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch

from syncbench import registry, weights
from syncbench.baselines.evaluators.syncnet_v2.evaluator import embed, speech_windows, syncnet_v2
from syncbench.baselines.evaluators.syncnet_v2.network import SyncNet, build, load_syncnet
from syncbench.baselines.evaluators.syncnet_v2.recoding import jpeg_round_trip
from syncbench.clip import Clip, Recording
from syncbench.errors import ClipError, CommandError, Unavailable
from syncbench.feature import Features
from syncbench.features.resize import bilinear
from syncbench.media import clip_frames, clip_pictures, clip_speech
from syncbench.metric import Measured
from syncbench.metrics.lse import Lse, distances, lse

from ...pseudo_weights import pseudo_state_dict

KEYS = ("s1/bbal6n", "s1/bbal7s", "s1/bbal9a")


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    """The stand-in weights of the goldens: the official names and shapes, deterministic values."""
    shapes = {key: tuple(value.shape) for key, value in SyncNet().state_dict().items()}
    arrays = pseudo_state_dict(shapes)
    return {key: torch.from_numpy(np.asarray(value)) for key, value in arrays.items()}


@pytest.fixture(scope="module")
def network(state: dict[str, torch.Tensor]) -> SyncNet:
    return build(state)


@pytest.fixture(scope="module")
def golden(lrs2_grid: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((lrs2_grid.with_name("parity") / "golden.json").read_text())
    return content


def _clip(lrs2_grid: Path, key: str) -> Clip:
    filmed = Recording(lrs2_grid / "mvlrs_v1" / "main" / f"{key}.mp4")
    return Clip(key, video=filmed, speech=filmed)


def _scores(metric: Lse, clip: Clip) -> dict[str, Any]:
    features = Features(clip)
    measured = metric.measure(features, features)
    assert isinstance(measured, Measured)
    return measured.measurement.scores()


def _bgr224(clip: Clip) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return bilinear(clip_frames(clip)[..., ::-1], 224, 224)


def _int16(path: Path) -> np.ndarray[Any, np.dtype[np.int16]]:
    """Decode speech to 16-bit samples, not cut to the video's length, as the goldens were made."""
    resampler = av.AudioResampler("s16", "mono", 16_000)
    with av.open(str(path)) as container:
        parts = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    parts += resampler.resample(None)
    return np.concatenate([part.to_ndarray()[0] for part in parts])


def test_has_the_layers_of_the_public_checkpoint(state: dict[str, torch.Tensor], golden: dict[str, Any]) -> None:
    digest = hashlib.sha256(b"".join(state[key].numpy().tobytes() for key in sorted(state))).hexdigest()
    assert digest == golden["weights_sha256"]
    assert sum(parameter.numel() for parameter in SyncNet().parameters()) == 13_631_616


@pytest.mark.parametrize("key", KEYS)
def test_frames_are_those_of_the_reference_byte_for_byte(lrs2_grid: Path, golden: dict[str, Any], key: str) -> None:
    frames = _bgr224(_clip(lrs2_grid, key))
    assert hashlib.sha256(frames.tobytes()).hexdigest() == golden["clips"][key]["frames_sha256"]


def test_distances_and_scores_equal_the_reference(lrs2_grid: Path, golden: dict[str, Any], network: SyncNet) -> None:
    key = KEYS[0]
    expected = golden["clips"][key]
    clip = _clip(lrs2_grid, key)
    assert clip.video is not None
    speech = _int16(clip.video.path)
    assert hashlib.sha256(speech.astype("<i2").tobytes()).hexdigest() == expected["audio_sha256"]
    embedded = embed(network, _bgr224(clip), speech.astype(np.float32) / np.float32(32768))
    cells = distances(embedded["video"], embedded["audio"])
    stored = np.load(lrs2_grid.with_name("parity") / f"{key.replace('/', '_')}.npz")["distances"]
    np.testing.assert_allclose(cells, stored, rtol=1e-5)
    result = lse(cells)
    assert (len(cells), result.offset) == (expected["windows"], expected["offset"])
    assert result.lse_c == pytest.approx(expected["lse_c"], rel=1e-4)
    assert result.lse_d == pytest.approx(expected["lse_d"], rel=1e-4)


def test_a_checkpoint_file_scores_real_clips_end_to_end(
    lrs2_grid: Path, golden: dict[str, Any], state: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    file = tmp_path / "stand-in.model"
    torch.save(state, file)
    metric = Lse(syncnet_v2("native", file))
    assert metric.settings["protocol"] == "native.2"
    assert metric.settings["evaluator"] == f"syncnet_v2@{hashlib.sha256(file.read_bytes()).hexdigest()[:8]}"
    key = KEYS[1]
    scores = _scores(metric, _clip(lrs2_grid, key))
    assert scores["lse_c"] == pytest.approx(golden["clips"][key]["lse_c"], rel=1e-4)
    assert scores["lse_d"] == pytest.approx(golden["clips"][key]["lse_d"], rel=1e-4)
    assert _scores(metric, _clip(lrs2_grid, key)) == scores


def test_wav2lip_route_is_near_the_official_one(lrs2_grid: Path, golden: dict[str, Any], network: SyncNet) -> None:
    # The reference ran FFmpeg 5.1.9; a newer encoder rounds a little differently, the direct route differs by 0.24.
    clip = _clip(lrs2_grid, KEYS[0])
    frames = bilinear(jpeg_round_trip(clip_pictures(clip))[..., ::-1], 224, 224)
    embedded = embed(network, frames, clip_speech(clip))
    result = lse(distances(embedded["video"], embedded["audio"]))
    official = golden["clips"][KEYS[0]]["wav2lip_lrs_route"]
    assert result.offset == official["offset"]
    assert result.lse_c == pytest.approx(official["lse_c"], abs=2e-3)
    assert result.lse_d == pytest.approx(official["lse_d"], abs=5e-3)


def test_embeddings_do_not_depend_on_batches_or_repeats(lrs2_grid: Path, network: SyncNet) -> None:
    clip = _clip(lrs2_grid, KEYS[0])
    frames, speech = _bgr224(clip)[:16], clip_speech(clip)[: 16 * 640]
    one, many, again = (embed(network, frames, speech, batch) for batch in (1, 7, 7))
    for side in ("video", "audio"):
        np.testing.assert_array_equal(many[side], again[side])
        np.testing.assert_allclose(one[side], many[side], rtol=1e-4, atol=1e-4)


def test_lip_tower_over_time_equals_window_by_window(network: SyncNet) -> None:
    frames = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (7, 3, 224, 224)).astype(np.float32))
    with torch.inference_mode():
        together = network.embed_lips(frames)
        apart = torch.cat([network.embed_lips(frames[start : start + 5]) for start in range(3)])
    assert together.shape == (3, 1024)
    torch.testing.assert_close(together, apart, rtol=1e-5, atol=1e-4)


def test_speech_windows_lie_beside_their_frames() -> None:
    speech = np.zeros(20 * 640, np.float32)
    speech[10 * 640 + 240 : 11 * 640 - 1] = 0.5  # a sound within frame 10: heard by the windows that hold it, 6 to 10
    loud = speech_windows(speech, 15)[:, 0].max(axis=1) > 10
    assert list(np.flatnonzero(loud)) == [6, 7, 8, 9, 10]


def test_short_clips_are_a_clear_failure(lrs2_grid: Path, network: SyncNet) -> None:
    frames, speech = np.zeros((6, 224, 224, 3), np.uint8), np.zeros(6 * 640, np.float32)
    assert embed(network, frames, speech)["video"].shape == (1, 1024)
    with pytest.raises(ClipError, match="5 frames with speech; SyncNet needs at least 6"):
        embed(network, frames[:5], speech)
    with pytest.raises(ClipError, match="3 frames with speech"):
        embed(network, frames, speech[: 3 * 640])


def test_old_checkpoints_load_and_foreign_ones_say_why(state: dict[str, torch.Tensor], tmp_path: Path) -> None:
    old = {key: value for key, value in state.items() if not key.endswith("num_batches_tracked")}
    assert torch.equal(build(old).state_dict()["netfclip.3.bias"], state["netfclip.3.bias"])
    with pytest.raises(Unavailable, match=r"lacks netfclip\.3\.bias"):
        build({key: value for key, value in state.items() if key != "netfclip.3.bias"})
    with pytest.raises(Unavailable, match=r"another shape for netfclip\.3\.bias"):
        build(state | {"netfclip.3.bias": torch.zeros(3)})
    broken = tmp_path / "broken.model"
    broken.write_bytes(b"not a checkpoint")
    with pytest.raises(Unavailable, match=r"broken\.model: not a readable PyTorch checkpoint"):
        load_syncnet(broken)


def test_protocols_not_there_yet_and_unknown_ones_are_said() -> None:
    known = registry.loaded("protocol")
    assert [name for name, protocol in known.items() if protocol.frames is None] == ["mova", "verse"]
    assert all(protocol.name == name for name, protocol in known.items())
    assert "verse is known but not implemented" in (Lse(protocol="verse").unavailable() or "")
    with pytest.raises(CommandError, match="unknown protocol 'natve': did you mean native"):
        Lse(protocol="natve")


def test_official_weights_score_the_official_example() -> None:
    if weights.find("syncnet_v2") is None:
        pytest.skip("official SyncNet v2 weights are not here: syncbench weights add syncnet_v2.model")
    example = os.environ.get("SYNCBENCH_SYNCNET_EXAMPLE")
    if not example:
        pytest.skip("set SYNCBENCH_SYNCNET_EXAMPLE to the path of syncnet_python's example.avi")
    metric = Lse(syncnet_v2("wav2lip-lrs"))
    filmed = Recording(Path(example))
    scores = _scores(metric, Clip("example", video=filmed, speech=filmed))
    assert scores["av_offset"] == 3
    assert scores["lse_c"] == pytest.approx(10.021, abs=0.1)
    assert scores["lse_d"] == pytest.approx(5.353, abs=0.1)
