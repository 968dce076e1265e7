"""The published pipelines step by step against their own code: shots, tracks, crops, speech, offsets.

What the reference gave (joonson/syncnet_python, LatentSync and MoChaBench with FFmpeg 5.1.9 in one thread, OpenCV 4.14,
PySceneDetect 0.5.1, 0.6.1 and 0.6.6) lies in ``tests/data/parity/pipelines.npz``; SyncNet's weights are stand-ins.
"""

from __future__ import annotations

import hashlib
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from syncbench import media, registry
from syncbench.baselines.evaluators.s3fd.detector import unavailable
from syncbench.baselines.evaluators.syncnet_v2 import pipelines
from syncbench.baselines.evaluators.syncnet_v2.evaluator import embed
from syncbench.baselines.evaluators.syncnet_v2.network import SyncNet, build
from syncbench.baselines.evaluators.syncnet_v2.recoding import (
    AAC,
    FINE_JPEG,
    FINE_MPEG4,
    H264,
    MP3,
    VideoCoding,
    mono_16k,
    sound_round_trip,
    through_jpeg,
    through_video,
)
from syncbench.baselines.evaluators.syncnet_v2.tracks import (
    ShotRule,
    Track,
    change,
    crop,
    hsv,
    link,
    longest,
    shots,
    small_frame,
    smooth,
)
from syncbench.clip import Clip, Recording
from syncbench.errors import ClipError
from syncbench.feature import Feature, Features
from syncbench.features.evaluators import Protocol
from syncbench.features.resize import bilinear
from syncbench.metrics.lse import Lse, LseResult, distances, lse

from ...pseudo_weights import pseudo_state_dict

Golden = dict[str, NDArray[Any]]
RULES = {
    "0.5.1": ShotRule("0.5.1", 30.0, near="first"),
    "0.6.1": ShotRule("0.6.1", 27.0, near="drop", tail=False),
    "0.6.6": ShotRule("0.6.6", 27.0, near="merge"),
}


@pytest.fixture(scope="module")
def golden() -> Golden:
    with np.load(Path(__file__).parents[2] / "data" / "parity" / "pipelines.npz") as stored:
        return dict(stored)


@pytest.fixture(scope="module")
def network() -> SyncNet:
    drawn = pseudo_state_dict({key: tuple(value.shape) for key, value in SyncNet().state_dict().items()})
    return build({key: torch.from_numpy(np.asarray(value)) for key, value in drawn.items()})


def _clip(lrs2_grid: Path) -> Clip:
    filmed = Recording(lrs2_grid / "mvlrs_v1" / "main" / "s1" / "bbal6n.mp4")
    return Clip("s1/bbal6n", video=filmed, speech=filmed)


def _parts(name: str) -> tuple[Protocol, Feature, Feature, Feature]:
    """Return a protocol and its features: frames, track, faces."""
    protocol: Protocol = registry.protocol(name)
    assert protocol.frames is not None
    track = protocol.frames.needs[0]
    return protocol, protocol.frames, track, track.needs[0]


@pytest.mark.parametrize("release", list(RULES))
def test_shots_are_those_of_each_release_of_pyscenedetect(golden: Golden, release: str) -> None:
    rule = RULES[release]
    seen = [hsv(small_frame(frame, release)) for frame in _scenes()]
    changes = [0.0, *(change(before, after) for before, after in pairwise(seen))]
    np.testing.assert_allclose(changes, golden[f"changes_{release}"], atol=1e-6)
    cuts = [int(cut) for cut in golden[f"cuts_{release}"]]
    assert shots(changes, rule) == list(zip([0, *cuts], [*cuts, 150 - (not rule.tail)], strict=True))


def _scenes() -> list[NDArray[np.uint8]]:
    """Return 150 noisy frames of eleven scenes, the shortest of three frames, as the reference was given them."""
    draw = np.random.default_rng(11)
    frames: list[NDArray[np.uint8]] = []
    scene = np.zeros((48, 640, 3), np.uint8)
    for number in range(150):
        if number in (0, 9, 34, 40, 44, 52, 90, 97, 103, 109, 140):
            scene = bilinear(draw.integers(0, 256, (1, 6, 8, 3), dtype=np.uint8), 48, 640)[0]
        noise = draw.integers(-6, 7, (12, 160, 3)).repeat(4, 0).repeat(4, 1)
        frames.append(np.clip(scene.astype(int) + noise, 0, 255).astype(np.uint8))
    return frames


def test_a_video_without_cuts_is_one_shot() -> None:
    assert shots([0, 1, 2], RULES["0.6.1"]) == [(0, 3)]  # whole, though with cuts the last frame would be lost


def test_hue_saturation_and_value_are_opencvs(golden: Golden) -> None:
    picture = np.random.default_rng(12).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    picture[:4] = picture[:4, :, :1]  # greys have no hue
    np.testing.assert_array_equal(hsv(picture), golden["track_hsv"])


@pytest.mark.parametrize(
    ("case", "start", "end", "shortest", "surest_only"),
    [("long", 0, 200, 100, False), ("short", 20, 190, 50, False), ("surest", 0, 200, 25, True)],
)
def test_tracks_are_those_of_the_reference(
    golden: Golden, case: str, start: int, end: int, shortest: int, surest_only: bool
) -> None:
    faces = np.split(golden["track_faces"], np.cumsum(golden["track_counts"])[:-1])
    tracks = link(faces, start, end, shortest, surest_only)
    assert [len(track.boxes) for track in tracks] == list(golden[f"track_{case}_n"])
    assert [track.start for track in tracks] == list(golden[f"track_{case}_start"])
    for number, track in enumerate(tracks):
        np.testing.assert_allclose(track.boxes.mean(axis=0), golden[f"track_{case}_mean"][number], atol=1e-9)
        np.testing.assert_allclose(
            track.boxes[len(track.boxes) // 2], golden[f"track_{case}_middle"][number], atol=1e-9
        )


def test_a_track_needs_more_faces_than_asked_and_a_shot_as_many_frames() -> None:
    faces = [np.array([[0, 0, 120, 120, 1]], np.float32)] * 60
    assert [len(track.boxes) for track in link(faces, 0, 51, 50)] == [51]
    assert link(faces, 0, 50, 50) == []
    assert link(faces, 0, 49, 49) == []
    small = [np.array([[0, 0, 100, 90, 1]], np.float32)] * 60
    assert link(small, 0, 60, 50) == []  # 100 pixels are not over 100


def test_the_longest_track_counts_the_first_among_equals() -> None:
    tracks = [Track(start, np.zeros((count, 4))) for start, count in ((5, 60), (9, 80), (2, 80))]
    chosen = longest(tracks)
    assert chosen is not None
    assert chosen.start == 9
    assert longest([]) is None


def test_crops_are_those_of_the_reference_pixel_by_pixel(golden: Golden) -> None:
    frame = np.random.default_rng(9).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    crops = np.stack([crop(frame, *path) for path in smooth(golden["track_crop_boxes"])])  # beyond all four borders
    np.testing.assert_allclose(crops.mean(axis=(1, 2, 3)), golden["track_crop_mean"], atol=1e-9)
    # of the whole [40, 224, 224, 3]
    assert (
        hashlib.sha256(crops.tobytes()).hexdigest()
        == "cb4284d7bf920cbb00170d337598fac31510d6c4f2723b536e55d95ab7524fc3"
    )


def test_a_face_outside_the_picture_is_a_clear_failure() -> None:
    with pytest.raises(ClipError, match="the face lies outside the picture"):
        crop(np.zeros((100, 100, 3), np.uint8), -90, 50, 40)


def test_held_frames_lie_where_ffmpeg_puts_them() -> None:
    assert list(pipelines.places(np.array([0, 1, 2, 3]))) == [0, 1, 2, 3]
    assert list(pipelines.places(np.array([0, 2, 3]))) == [0, 1, 1, 2]  # 44.1 kHz: late by one frame
    assert list(pipelines.places(np.array([0, 3, 4]))) == [0, 0, 1, 1, 2]  # 16 kHz: by two
    assert [MP3.held(rate) for rate in (16_000, 44_100, 48_000, 96_000)] == [2, 1, 1, 1]
    assert AAC.held(16_000) == 0


def test_holes_in_a_video_are_left_in_avi_and_filled_in_mp4() -> None:
    one, two, three = (VideoFrame(16, 16, "yuv420p") for _ in range(3))
    shown = [one, one, one, two, three]  # the first one lasts three frames
    slots: list[int] = []
    assert list(pipelines._due(shown, slots, filled=False)) == [one, two, three]
    assert slots == [0, 3, 4]
    slots = []
    assert list(pipelines._due(shown, slots, filled=True)) == [one, one, two, two, three]
    assert slots == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("coding", [FINE_MPEG4, H264], ids=["mpeg4", "h264"])
def test_an_encoder_gives_the_same_pictures_twice(lrs2_grid: Path, coding: VideoCoding) -> None:
    def pictures() -> bytes:
        recoded = through_video(pipelines._due(media.clip_pictures(_clip(lrs2_grid)), [], coding.filled), coding)
        return b"".join(picture.to_ndarray().tobytes() for picture in recoded)

    first = pictures()
    assert len(first) == 75 * 160 * 240
    assert {pictures() for _ in range(3)} == {first}


def test_speech_through_mp3_is_late_and_equal_to_ffmpegs(lrs2_grid: Path, golden: Golden) -> None:
    samples, rate = media.clip_sound(_clip(lrs2_grid))
    speech = mono_16k(*sound_round_trip(samples, rate, MP3))
    assert len(speech) == int(golden["mp3_length"])
    # Sound that comes from PCM comes back equal; here the AAC of the clip is decoded a hair differently.
    assert np.abs(speech[::97].astype(int) - golden["mp3_speech"]).mean() < 2  # of 32768
    late = [int(np.argmax(np.correlate(speech[:8000].astype(float), samples[0][:4000], "valid")))]
    assert late == [MP3.lead]


def test_speech_through_aac_stays_where_it_was() -> None:
    seconds = np.arange(16_000) / 16_000
    sweep = np.sin(2 * np.pi * (200 + 900 * seconds) * seconds).astype(np.float32)[None] / 2
    back, rate = sound_round_trip(sweep, 16_000, AAC)
    assert rate == 16_000
    assert np.abs(back[0][2000:14_000] - sweep[0][2000:14_000]).mean() < 0.02


@pytest.mark.parametrize(("name", "pixels", "near"), [("mochabench", 0.1, 2e-3), ("latentsync", 3.0, 0.03)])
def test_crops_and_offset_of_a_real_clip_are_those_of_the_reference(
    lrs2_grid: Path, golden: Golden, network: SyncNet, name: str, pixels: float, near: float
) -> None:
    # LatentSync's H.264 differs with the processor and its AAC with FFmpeg's release, so it can only be near.
    protocol, frames, track, faces = _parts(name)
    features = Features(_clip(lrs2_grid), known={faces.name: _faces(golden, name)})
    found = features[track]
    assert int(found["start"]) == 0
    np.testing.assert_allclose(found["boxes"], golden[f"{name}_boxes"], atol=1e-4)
    crops = features[frames]
    assert crops.shape == (75, 224, 224, 3)
    first = [*pipelines._crops(_jpegs(features, frames), found["pictures"], smooth(found["boxes"]))]
    means = np.stack(first)[::5, ..., ::-1].reshape(-1, 7, 32, 7, 32, 3).mean(axis=(2, 4))
    assert np.abs(means - golden[f"{name}_crops"]).max() < pixels
    embedded = embed(network, crops, features[protocol.speech])
    cells = distances(embedded["video"], embedded["audio"])
    stored = golden[f"{name}_distances"]
    np.testing.assert_allclose(cells, stored, atol=near * stored.mean())
    _near(lse(cells), lse(stored), near)


def _faces(golden: Golden, name: str) -> dict[str, NDArray[Any]]:
    """Return what the faces' feature would hold had it found the reference's boxes."""
    frames = 75
    held = {"mochabench": 2, "latentsync": 0}[name]
    pictures = pipelines.places(np.arange(frames) + np.where(np.arange(frames) > 0, held, 0))
    boxes = np.zeros((frames, 5), np.float32)
    counts = np.zeros(frames, np.int64)
    for picture, box in zip(pictures, golden[f"{name}_boxes"], strict=False):
        boxes[picture], counts[picture] = [*box, 1.0], 1
    return {"boxes": boxes[counts > 0], "counts": counts, "slots": np.arange(frames), "changes": np.zeros(frames)}


def _jpegs(features: Features, frames: Feature) -> Any:
    return through_jpeg(frames.compute.__self__._recoded(features.clip, []), FINE_JPEG)  # type: ignore[attr-defined]


def _near(found: LseResult, expected: LseResult, share: float) -> None:
    assert found.offset == expected.offset
    assert found.lse_d == pytest.approx(expected.lse_d, rel=share)
    assert found.lse_c == pytest.approx(expected.lse_c, rel=3 * share)


def test_a_clip_without_a_track_says_why(lrs2_grid: Path, golden: Golden) -> None:
    _, frames, _, faces = _parts("wav2lip-real")
    features = Features(_clip(lrs2_grid), known={faces.name: _faces(golden, "mochabench")})
    with pytest.raises(
        ClipError, match="no face track: S3FD sees a face in 75 of 77 frames, syncnet-pipeline wants more"
    ):
        features[frames]


def test_without_s3fd_the_protocols_say_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("SYNCBENCH_WEIGHTS", "XDG_DATA_HOME", "TORCH_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    for name in ("syncnet-pipeline", "wav2lip-real", "latentsync", "mochabench"):
        assert "syncbench weights add sfd_face.pth" in (Lse(protocol=name).unavailable() or "")


@pytest.mark.skipif(unavailable() is not None, reason=str(unavailable()))
def test_faces_of_a_real_clip_are_those_of_the_reference(lrs2_grid: Path, golden: Golden) -> None:
    _, _, track, _ = _parts("mochabench")
    found = Features(_clip(lrs2_grid))[track]
    np.testing.assert_allclose(found["boxes"], golden["mochabench_boxes"], atol=0.05)


@pytest.mark.skipif(unavailable() is not None, reason=str(unavailable()))
def test_the_official_example_goes_the_whole_way_as_in_the_reference(golden: Golden, network: SyncNet) -> None:
    example = os.environ.get("SYNCBENCH_SYNCNET_EXAMPLE")
    if not example:
        pytest.skip("set SYNCBENCH_SYNCNET_EXAMPLE to the path of syncnet_python's example.avi")
    protocol, frames, track, _ = _parts("syncnet-pipeline")
    filmed = Recording(Path(example))
    features = Features(Clip("example", video=filmed, speech=filmed))
    found = features[track]
    assert [int(found["start"]), int(found["start"]) + len(found["boxes"]) - 1] == list(golden["example_frames"])
    np.testing.assert_allclose(found["boxes"][::20], golden["example_boxes"], atol=0.01)
    first = [*pipelines._crops(_jpegs(features, frames), found["pictures"], smooth(found["boxes"]))]
    means = np.stack(first)[::10, ..., ::-1][::5].reshape(-1, 7, 32, 7, 32, 3).mean(axis=(2, 4))
    assert np.abs(means - golden["example_crops"]).max() < 0.1
    embedded = embed(network, features[frames], features[protocol.speech])
    result = lse(distances(embedded["video"], embedded["audio"]))
    np.testing.assert_allclose(result.means, golden["example_means"], rtol=1e-3)
    assert result.offset == 15 - int(np.argmin(golden["example_means"]))
