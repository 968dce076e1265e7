"""Runs over pictures as users bring them: uncropped, with several people, or with nobody."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from syncbench import media
from syncbench.baselines.evaluators.faces import FACE
from syncbench.clip import SAMPLES_PER_FRAME, Clip, Frames, Recording
from syncbench.feature import Features
from syncbench.runs import load_run

from .conftest import Command

SIZE = (300, 520)
LEFT, RIGHT = (20, 60), (330, 90)


def _scene(*clips: tuple[Frames, tuple[int, int]]) -> Frames:
    """Return clips in a grey picture, each with its left and top."""
    frames = np.full((len(clips[0][0]), *SIZE, 3), 110, np.uint8)
    for clip, (left, top) in clips:
        frames[:, top : top + clip.shape[1], left : left + clip.shape[2]] = clip
    return frames


@pytest.fixture(scope="module")
def films(lrs2_grid: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of one talk as a crop, in a large picture, beside another talker, and of nobody."""
    one, other = sorted(lrs2_grid.rglob("*.mp4"))[:2]
    first, second = media.read_frames(one), media.read_frames(other)
    speech = media.read_speech(one)
    folder = tmp_path_factory.mktemp("films")
    media.write_video(folder / "crop.mp4", first, speech)
    media.write_video(folder / "large.mp4", _scene((first, RIGHT)), speech)
    media.write_video(folder / "left.mp4", _scene((first, LEFT), (second, RIGHT)), speech)
    media.write_video(folder / "right.mp4", _scene((second, LEFT), (first, RIGHT)), speech)
    media.write_video(folder / "nobody.mp4", _scene((np.zeros_like(first), LEFT)), speech)
    return folder


def _run(command: Command, films: Path, out: Path, *more: str) -> tuple[dict[str, dict[str, float]], dict[str, str]]:
    """Run the reference over the folder; return scores by clip, and reasons of failures by clip."""
    done = command(
        "run", "--model", "reference", "--dataset", "folder", "--root", str(films), "--alone", "--workers", "1",
        "--metrics", "lse", "--fail-on", "1.0", "--out", str(out), *more,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    run = load_run(out)
    rows = run.to_pandas().dropna(subset=["value"])
    scores = {clip: dict(zip(own["score"], own["value"], strict=True)) for clip, own in rows.groupby("clip")}
    return scores, {failure.clip: failure.reason for failure in run.summary.failures}


def test_the_speaker_is_measured_wherever_in_the_picture(command: Command, films: Path, tmp_path: Path) -> None:
    scores, failed = _run(command, films, tmp_path / "run")
    assert set(failed) == {"nobody"}
    assert "no frame shows a face" in failed["nobody"]
    for clip in ("large", "left", "right"):
        assert scores[clip]["av_offset"] == scores["crop"]["av_offset"]
        assert scores[clip]["lse_c"] == pytest.approx(scores["crop"]["lse_c"], abs=0.25)
    entries = [json.loads(line) for line in (tmp_path / "run" / "journal.jsonl").read_text().splitlines()]
    faces = {e["clip"]: e["data"]["output"]["face"] for e in entries if e["stage"] == "answer"}
    assert faces["crop"] == faces["large"] == "auto"
    assert faces["left"].startswith("0:0.1")
    assert faces["right"].startswith("0:0.7")
    assert "|face=auto:mtcnn@" in load_run(tmp_path / "run").score("lse_c").signature


def test_another_face_is_measured_where_it_is_asked_for(command: Command, films: Path, tmp_path: Path) -> None:
    asked, _ = _run(command, films, tmp_path / "box", "--face", "0.65,0.35,0.25,0.4")
    own, _ = _run(command, films, tmp_path / "auto")
    assert asked["right"]["lse_c"] == pytest.approx(own["right"]["lse_c"], abs=0.01)
    assert asked["left"]["lse_c"] < own["left"]["lse_c"] - 0.5
    whole, failed = _run(command, films, tmp_path / "frame", "--face", "frame")
    assert whole["crop"]["lse_c"] == own["crop"]["lse_c"]
    assert "landmarks are sure" in failed["large"]
    done = command("run", "--model", "reference", "--dataset", "folder", "--root", str(films), "--face", "mine")
    assert done.returncode == 2
    assert "face 'mine' says nothing" in done.stderr


def test_the_place_may_change_within_a_shot(films: Path) -> None:
    left, right = "0.04,0.2,0.3,0.5", "0.65,0.3,0.3,0.5"

    def squares(face: str) -> NDArray[np.float32]:
        recording = Recording(films / "left.mp4")
        found: NDArray[np.float32] = Features(Clip("a", recording, recording, face=face))[FACE]
        return found

    one, other, both = squares(left), squares(right), squares(f"0:{left} 1.5:{right}")
    middle = round(1.5 * 25)
    np.testing.assert_array_equal(both[:middle], one[:middle])
    np.testing.assert_array_equal(both[middle:], other[middle:])
    assert (one[:, 0] < other[:, 0]).all()


def test_frames_that_show_no_face_are_not_counted(command: Command, lrs2_grid: Path, tmp_path: Path) -> None:
    path = min(lrs2_grid.rglob("*.mp4"))
    frames, speech = media.read_frames(path).copy(), media.read_speech(path)
    frames[:20] = 90
    folder = tmp_path / "videos"
    folder.mkdir()
    media.write_video(folder / "late.mp4", frames, speech)
    media.write_video(folder / "whole.mp4", media.read_frames(path), speech)
    _, failed = _run(command, folder, tmp_path / "strict")
    assert "of 75 frames could be measured, under 90 %" in failed["late"]
    scores, _ = _run(command, folder, tmp_path / "run", "--min-coverage", "0.6")
    assert scores["late"]["av_offset"] == 0


def test_a_face_that_leaps_is_followed_at_once(command: Command, lrs2_grid: Path, tmp_path: Path) -> None:
    path = min(lrs2_grid.rglob("*.mp4"))
    frames, speech = media.read_frames(path), media.read_speech(path)
    leaping = np.concatenate([_scene((frames[:38], LEFT)), _scene((frames[38:], RIGHT))])
    folder = tmp_path / "videos"
    folder.mkdir()
    media.write_video(folder / "still.mp4", _scene((frames, LEFT)), speech)
    media.write_video(folder / "leaps.mp4", leaping, speech)
    scores, failed = _run(command, folder, tmp_path / "run", "--min-coverage", "0.4")
    assert not failed
    assert scores["leaps"]["lse_c"] > scores["still"]["lse_c"] - 0.6


def test_a_generator_draws_into_the_full_picture(command: Command, films: Path, tmp_path: Path) -> None:
    done = command(
        "run", "--model", "wav2lip", "--dataset", "folder", "--root", str(films), "--alone", "--workers", "1",
        "--metrics", "lse,psnr", "--fail-on", "1.0", "--out", str(tmp_path / "run"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    run = load_run(tmp_path / "run")
    made, real = (media.clip_frames(clip) for clip in (run.output("right"), run.reference("right")))
    assert made.shape == real.shape
    changed = np.abs(made[10:30].astype(int) - real[10:30]).mean(axis=(0, 3)) > 12
    rows, columns = np.nonzero(changed)
    assert columns.min() > RIGHT[0]
    assert rows.min() > RIGHT[1]
    assert run.reference("right").face == run.output("right").face != "auto"


def test_corruption_does_not_move_the_face(command: Command, films: Path, tmp_path: Path) -> None:
    done = command(
        "run", "--model", "avsr-video", "--dataset", "folder", "--root", str(films), "--alone", "--workers", "1",
        "--visual", "clean,dark@0.3", "--fail-on", "1.0", "--out", str(tmp_path / "run"),
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    answered = [json.loads(line) for line in (tmp_path / "run" / "journal.jsonl").read_text().splitlines()]
    heard = {(e["clip"], e["condition"]): e for e in answered if e["stage"] == "answer" and e["clip"] == "large"}
    assert all(entry["status"] == "done" for entry in heard.values())
    assert len(heard) == 2


def test_sound_that_ends_early_is_held_against_its_own_frames(
    command: Command, lrs2_grid: Path, tmp_path: Path
) -> None:
    path = min(lrs2_grid.rglob("*.mp4"))
    frames, speech = media.read_frames(path), media.read_speech(path)
    folder = tmp_path / "videos"
    folder.mkdir()
    media.write_video(folder / "whole.mp4", frames, speech)
    media.write_video(folder / "both.mp4", frames[:50], speech[: 50 * SAMPLES_PER_FRAME])
    media.write_video(folder / "sound.mp4", frames, speech[: 50 * SAMPLES_PER_FRAME])
    scores, failed = _run(command, folder, tmp_path / "run", "--face", "frame")
    assert not failed
    assert scores["sound"]["lse_c"] == pytest.approx(scores["both"]["lse_c"], abs=0.05)
    assert scores["sound"]["av_offset"] == scores["both"]["av_offset"]
    assert "sound and picture of 1 clip overlap in a part only" in " ".join(load_run(tmp_path / "run").summary.remarks)
    said = command("data", "validate", "folder", "--root", str(folder))
    assert said.returncode == 0
    assert "the picture lasts 3.00 s, the sound 2.0" in said.stdout.replace("\n", " ")


def test_the_faces_shown_are_those_of_the_answers_there_are(command: Command, films: Path, tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.mkdir()
    shutil.copyfile(films / "large.mp4", made / "large.mp4")
    data = tmp_path / "data"
    data.mkdir()
    shutil.copyfile(films / "large.mp4", data / "large.mp4")
    run = (
        "run", "--model", f"folder:{made}", "--dataset", "folder", "--root", str(data), "--alone", "--workers", "1",
        "--metrics", "lse", "--fail-on", "1.0", "--out", str(tmp_path / "run"),
    )  # fmt: skip
    assert command(*run).returncode == 0
    (first,) = (tmp_path / "run" / "faces").iterdir()
    before = first.read_bytes()
    frames = media.read_frames(made / "large.mp4")
    media.write_video(made / "large.mp4", frames // 2, media.read_speech(films / "large.mp4"))
    assert command(*run).returncode == 0
    (again,) = (tmp_path / "run" / "faces").iterdir()
    assert again == first
    assert again.read_bytes() != before
    assert _pictures(command, tmp_path) == 1
    (made / "large.mp4").unlink()
    assert command(*run).returncode == 1
    assert _pictures(command, tmp_path) == 0  # no answer, no face of one
    media.write_video(made / "large.mp4", 0 * frames, media.read_speech(films / "large.mp4"))
    assert command(*run).returncode == 1
    assert _pictures(command, tmp_path) == 0  # nor of the one before


def _pictures(command: Command, folder: Path) -> int:
    """Return how many strips of faces the report of a run shows."""
    done = command("report", str(folder / "run"), "--out", str(folder / "report"))
    assert done.returncode == 0, done.stderr
    return (folder / "report" / "index.html").read_text().count('width="480" height="96"')
