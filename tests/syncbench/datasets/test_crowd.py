"""Stills made to speak: landmarks are where they are said to be, and nobody's picture gets into a report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from syncbench.clip import Clip
from syncbench.datasets.crowd import CROWD, make
from syncbench.datasets.crowd.mouth import Manner, closed_mouth, poses, speak, upright
from syncbench.datasets.crowd.picture import Scene, draw_picture
from syncbench.datasets.crowd.stills import people_of, read_picture, read_stills
from syncbench.datasets.synthetic import make as make_synthetic
from syncbench.datasets.synthetic.motion import Motion
from syncbench.errors import CommandError
from syncbench.feature import Features
from syncbench.features.frames import FRAMES
from syncbench.features.landmarks import PRECOMPUTED

AS_THE_DRIVER = Manner(opening=1.0, width=1.0, jaw=1.0)
STUDIO = Scene(
    size=53, place=(80, 66), lean=0.0, turn=(0.0, 0.0), exposure=1.0, gamma=1.0, colour=(1.0, 1.0, 1.0), light=(0.0, 0.0),
    shadow=np.zeros((4, 4), np.float32), blur=0.0, noise=0.0, detail=160, crf=12, inside=1.0,
)  # fmt: skip


def still_head(frames: int) -> Motion:
    flat = np.zeros(frames, np.float32)
    both = np.zeros((frames, 2), np.float32)
    return Motion(shift=both, roll=flat, scale=flat + 1, turn=both, blink=flat, gaze=both, brow=flat)


@pytest.fixture(scope="module")
def driver(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("driver") / "synthetic"
    for split, count in (("train", 2), ("test", 1)):
        make_synthetic(folder, count, split=split)
    return folder


@pytest.fixture(scope="module")
def crowd(tmp_path_factory, stills, driver) -> Path:
    out = tmp_path_factory.mktemp("crowd") / "crowd"
    make(out, 3, stills=stills, drivers=[f"lrs2:{driver}"], split="train")
    return make(out, 1, stills=stills, drivers=[f"lrs2:{driver}"], split="test")


def clips_of(crowd: Path, split: str) -> list[Clip]:
    return [clip for clip in CROWD.clips(crowd, split) if isinstance(clip, Clip)]


def opening(points):
    return points[:, 66, 1] - points[:, 62, 1]


def test_a_made_crowd_is_read_with_words_landmarks_and_speech(crowd, driver):
    clips = clips_of(crowd, "train")
    assert len(clips) == 3
    for clip in clips:
        truth = np.load(clip.extras["truth"])
        features = Features(clip)
        assert features[FRAMES].shape[1:] == (160, 160, 3)
        np.testing.assert_allclose(features[PRECOMPUTED.feature], truth["landmarks68"], atol=1e-3)
        assert clip.speaker == str(truth["still"])
        spoken = (driver / "mvlrs_v1" / "main" / f"{truth['driver']}.txt").read_text()
        assert f"Text:  {clip.transcript}\n" in spoken
        assert " ".join(word.text for word in clip.words) == clip.transcript
        assert clip.face == "frame"


def test_the_mouth_opens_as_the_drivers_does(crowd, driver):
    for clip in clips_of(crowd, "train"):
        truth = np.load(clip.extras["truth"])
        theirs = np.load(driver / "mvlrs_v1" / "main" / f"{truth['driver']}.npz")["landmarks68"]
        assert np.corrcoef(opening(truth["landmarks68"]), opening(theirs))[0, 1] > 0.98


def test_what_a_landmark_lies_on_goes_where_the_landmark_goes(stills, driver):
    """Dots painted on a still at some of its landmarks are found at the landmarks of the frames."""
    person = read_stills(stills)[0]
    spots = [30, 36, 45, 8, 51, 57, 48, 54]
    clip = sorted((driver / "mvlrs_v1" / "main").glob("*/*.npz"))[0]
    theirs = np.load(clip)["landmarks68"][:20]
    frames = np.zeros((20, 160, 160, 3), np.uint8)
    for spot in spots:
        picture = np.full_like(read_picture(person), 40)
        x, y = person.points[spot, :2]
        rows, columns = np.mgrid[0:160, 0:160] + 0.5
        near = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 1.5**2))
        picture = (picture + 200 * near[..., None]).astype(np.uint8)
        drawn, points = draw_picture(
            person, picture, frames, theirs, AS_THE_DRIVER, STUDIO, still_head(20), np.random.default_rng(0)
        )
        for frame, wanted in zip(drawn[::5], points[::5, spot], strict=True):
            bright = np.clip(frame[..., 0].astype(float) - 60, 0, None)
            place = np.array([(bright * columns).sum(), (bright * rows).sum()]) / bright.sum()
            assert np.linalg.norm(place - wanted) < 1.2, spot


def test_lips_that_were_parted_close_and_keep_their_thickness(stills):
    person = next(p for p in read_stills(stills) if p.parted)
    marks = person.points[None, :, :2]
    face = upright(marks, poses(marks, sigma=0))[0]
    rest = closed_mouth(face, smile=0.0)
    assert opening(face[None])[0] > 0.05
    np.testing.assert_allclose(opening(rest[None]), 0, atol=1e-9)
    for outer, inner in ((51, 62), (57, 66)):
        np.testing.assert_allclose(rest[outer, 1] - rest[inner, 1], face[outer, 1] - face[inner, 1], atol=1e-6)


def test_a_manner_of_speaking_opens_the_mouth_wider_and_never_turns_the_lips_over(stills, driver):
    person = read_stills(stills)[0]
    marks = person.points[None, :, :2]
    rest = closed_mouth(upright(marks, poses(marks, sigma=0))[0], smile=0.0)
    theirs = np.load(sorted((driver / "mvlrs_v1" / "main").glob("*/*.npz"))[0])["landmarks68"]
    moved = upright(theirs, poses(theirs))
    little = speak(rest, moved, Manner(opening=0.5, width=1.0, jaw=1.0))
    much = speak(rest, moved, Manner(opening=1.5, width=1.0, jaw=1.0))
    assert opening(much).max() > 2 * opening(little).max()
    assert min(opening(much).min(), opening(little).min()) >= 0


def test_no_person_is_in_two_splits(stills):
    everyone = read_stills(stills)
    parts = [{p.name for p in people_of(everyone, split)} for split in ("train", "val", "test")]
    assert all(parts)
    assert sum(map(len, parts)) == len(set.union(*parts)) == 12


def test_a_clip_does_not_depend_on_how_many_are_made(crowd, stills, driver, tmp_path):
    few = make(tmp_path / "few", 1, stills=stills, drivers=[f"lrs2:{driver}"], split="train")
    name = (few / "train.txt").read_text().strip()
    assert name == (crowd / "train.txt").read_text().split()[0]
    for suffix in (".mp4", ".txt"):
        one, other = (at / "mvlrs_v1" / "main" / f"{name}{suffix}" for at in (few, crowd))
        assert one.read_bytes() == other.read_bytes()


def test_no_picture_of_the_crowd_gets_into_a_report(command, crowd, tmp_path):
    run = tmp_path / "run"
    asked = ["run", "--dataset", "crowd", "--root", str(crowd), "--split", "train", "--model", "frozen", "--no-anchors"]
    assert command(*asked, "--metrics", "image_quality", "--out", str(run)).returncode == 0
    assert command("report", str(run), "--out", str(run / "report")).returncode == 0
    assert list((run / "report").rglob("*.wav"))
    assert not [path for path in (run / "report").rglob("*") if path.suffix in (".mp4", ".webm", ".jpg", ".jpeg")]
    assert "may not be shown" in (run / "report" / "index.html").read_text()


def test_what_is_missing_is_said(command, stills, driver, crowd, tmp_path):
    asked = ["data", "make", "crowd", "--out", str(tmp_path / "x"), "--clips", "1", "--split", "train"]
    none = command(*asked, "--stills", str(tmp_path), "--driver", "synthetic")
    assert (none.returncode, "metadata.csv" in none.stderr) == (2, True)
    unmarked = tmp_path / "unmarked"
    (unmarked / "mvlrs_v1" / "main").mkdir(parents=True)
    (unmarked / "train.txt").write_text("")
    bare = command(*asked, "--stills", str(stills), "--driver", f"lrs2:{unmarked}")
    assert (bare.returncode, "no clips with landmarks" in bare.stderr) == (2, True)
    with pytest.raises(CommandError, match="another recipe"):
        make(crowd, 1, seed=5, stills=stills, drivers=[f"lrs2:{driver}"], split="train")
    with pytest.raises(CommandError, match="data make crowd"):
        CROWD.clips(tmp_path, "train")
