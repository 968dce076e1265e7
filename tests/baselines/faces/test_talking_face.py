"""The three shipped generators on a real clip: the mouth moves with the speech, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from syncbench.baselines import faces
from syncbench.clip import Clip, Recording
from syncbench.errors import ClipError, CommandError
from syncbench.media import clip_frames, clip_speech, write_lossless

from ..asking import answer, cut, drawn, dubbed, system
from ..conftest import real_clips

GENERATORS = ["synctalkface", "cals", "wav2lip"]


@pytest.fixture(scope="module")
def real(grid_clips: list[Clip]) -> Clip:
    return cut(grid_clips[0], 1.6)


@pytest.fixture(scope="module")
def other(lrs2_grid: Path) -> Clip:
    return real_clips(lrs2_grid, "test", 6)[5]


@pytest.mark.parametrize("name", GENERATORS)
def test_shipped_weights_move_the_mouth_and_nothing_else(name: str, real: Clip) -> None:
    video, frames = drawn(system(name), real), clip_frames(real)
    assert video.shape == frames.shape
    assert video.dtype == np.uint8
    changed = (video != frames).any(axis=(0, 3))
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    assert rows.min() > 80  # below the nose's bridge, on a face of 160 pixels
    assert columns.min() > 35
    assert columns.max() < 130
    made, filmed = (pixels[:, 98:120, 68:100].astype(np.float64) for pixels in (video, frames))
    assert np.abs(np.diff(made, axis=0)).mean() > 0.25 * np.abs(np.diff(filmed, axis=0)).mean()


def test_a_black_start_and_a_cut_leave_every_mouth_where_it_belongs(tmp_path: Path, real: Clip) -> None:
    """Ten black frames, then the face on the left, then the same face enlarged on the right."""
    filmed = clip_frames(real)
    large = filmed.repeat(2, axis=1).repeat(2, axis=2)  # 320 pixels
    scene = np.zeros((len(filmed), 360, 720, 3), np.uint8)
    scene[10:25, 100:260, 20:180] = filmed[10:25]
    scene[25:, 20:340, 360:680] = large[25:]
    video = Recording(write_lossless(tmp_path / "scene.mkv", scene, clip_speech(real)))
    made = drawn(system("wav2lip"), replace(real, video=video, speech=video, face="auto", extras={}))
    np.testing.assert_array_equal(made[:10], scene[:10])
    for part, x, y, zoom in [(slice(10, 25), 20, 100, 1), (slice(25, len(made)), 360, 20, 2)]:
        rows, columns = np.nonzero((made[part] != scene[part]).any(axis=(0, 3)))
        assert 70 * zoom < rows.min() - y < rows.max() - y < 160 * zoom
        assert 35 * zoom < columns.min() - x < columns.max() - x < 130 * zoom
        mouths = np.s_[:, y + 98 * zoom : y + 120 * zoom, x + 68 * zoom : x + 100 * zoom]
        assert made[part][mouths].mean() > 0.8 * scene[part][mouths].mean()  # no mouth from a black frame


@pytest.mark.parametrize("name", GENERATORS)
def test_shipped_weights_are_small(name: str) -> None:
    folder = Path(next(iter(faces.__path__)), name)
    assert (folder / "weights.safetensors").stat().st_size < 15_000_000


@pytest.mark.parametrize("name", GENERATORS)
def test_other_speech_gives_another_mouth_and_the_same_speech_the_same(name: str, real: Clip, other: Clip) -> None:
    asked = system(name)
    own, driven, again = (drawn(asked, clip) for clip in (real, dubbed(real, other), real))
    np.testing.assert_array_equal(own, again)
    mouth = np.s_[15:40, 98:120, 68:100]
    assert np.abs(own[mouth].astype(float) - driven[mouth]).mean() > 1.0


def test_traces_are_addresses_by_ear_and_by_eye(real: Clip) -> None:
    asked = system("synctalkface")
    traces = answer(asked, real).traces
    for key in ("addresses", "lip_addresses"):
        assert traces[key].shape == (len(clip_frames(real)), 96)
        np.testing.assert_allclose(traces[key].sum(axis=1), 1, atol=1e-4)
    crossed = answer(asked, replace(real, real=False)).traces
    assert "lip_addresses" not in crossed


def test_the_target_mouth_does_not_leak(real: Clip, tmp_path: Path) -> None:
    """A video whose mouth is painted over, but in its reference frame, gets the very same mouth."""
    painted = clip_frames(real).copy()
    painted[1:, 100:140, 58:110] = 0
    path = write_lossless(tmp_path / "painted.mkv", painted, clip_speech(real))
    clip = replace(real, video=Recording(path), real=False)
    asked = system("wav2lip")
    a, b = drawn(asked, real), drawn(asked, clip)
    inner = np.s_[:, 104:132, 66:102]  # where the blend is the generated image alone
    np.testing.assert_array_equal(a[inner], b[inner])


def test_a_face_can_be_found_by_any_provider_or_taken_as_a_crop(real: Clip) -> None:
    own = drawn(system("wav2lip"), real)
    for face in ("bundled", "box"):
        found = drawn(system("wav2lip", face=face), real)
        assert np.abs(own[:, 98:120, 68:100].astype(float) - found[:, 98:120, 68:100]).mean() < 4
    with pytest.raises(ClipError, match="no landmark file"):
        answer(system("wav2lip", face="precomputed"), replace(real, extras={}))


def test_bad_options_are_said_clearly() -> None:
    with pytest.raises(CommandError, match="option 'referense' of model 'synctalkface': did you mean reference"):
        system("synctalkface", referense="3")
    with pytest.raises(CommandError, match="are not at"):
        system("synctalkface", weights="nowhere.safetensors")
    with pytest.raises(CommandError, match=r"--option reference=first .*valid integer"):
        system("synctalkface", reference="first")
    with pytest.raises(CommandError, match="unknown landmark provider 'mediapip': did you mean mediapipe"):
        system("synctalkface", face="mediapip")
