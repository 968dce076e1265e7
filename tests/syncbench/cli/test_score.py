"""``syncbench score`` and ``syncbench sync``: one video, no dataset."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from syncbench import media

from .conftest import Command


@pytest.fixture
def talk(lrs2_grid: Path) -> Path:
    return sorted(lrs2_grid.rglob("*.mp4"))[1]


def test_one_video_has_the_scores_that_need_no_other(command: Command, talk: Path) -> None:
    done = command("score", str(talk))
    assert done.returncode == 0, done.stderr
    assert "LSE-C" in done.stdout
    assert "PSNR" not in done.stdout
    assert "expert@" in done.stdout


def test_a_reference_and_the_words_give_the_others(command: Command, talk: Path) -> None:
    words = "BIN BLUE AT L SEVEN SOON"
    done = command(
        "score", str(talk), str(talk), "--text", words, "--json", "--metrics", "psnr,lse_c,relative_readability"
    )
    assert done.returncode == 0, done.stderr
    scores = {score["name"]: score for score in json.loads(done.stdout)["scores"]}
    assert scores["psnr"]["value"] == 100
    assert scores["lse_c"]["value"] > 2
    assert scores["relative_readability"]["value"] is not None
    assert scores["lse_c"]["signature"].startswith("lse_c|evaluator=expert@")


def test_a_silent_video_takes_the_speech_of_its_reference_and_says_so(
    command: Command, talk: Path, tmp_path: Path
) -> None:
    mute = media.write_video(tmp_path / "mute.mp4", media.read_frames(talk))
    done = command("score", str(mute), str(talk))
    assert done.returncode == 0, done.stderr
    assert "mute.mp4 is silent: the speech is that of" in done.stdout.replace("\n", "")
    done = command("score", str(mute), "--metrics", "lse")
    assert done.returncode == 1
    assert "there is no speech" in done.stdout


def test_what_cannot_be_scored_is_said_in_a_line(command: Command, tmp_path: Path) -> None:
    assert "no such file" in command("score", "none.mp4").stderr
    (tmp_path / "text.mp4").write_text("this is no video")
    done = command("score", "text.mp4")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_words_that_are_given_are_not_what_the_video_says(command: Command, talk: Path) -> None:
    done = command("score", str(talk), "--text", "hello world", "--metrics", "wer")
    assert done.returncode == 2
    assert "'word_error' measures transcript" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_score_that_needs_the_real_video_says_so_beside_its_family(command: Command, talk: Path) -> None:
    done = command("score", str(talk), "--text", "bin blue at l seven soon", "--metrics", "readability")
    assert done.returncode == 0, done.stderr
    assert "Lip WER" in done.stdout
    assert "no Readability: needs the real video of the same speech" in done.stdout


def test_what_is_no_video_is_said_in_a_line_whichever_it_is(command: Command, talk: Path, tmp_path: Path) -> None:
    media.write_wav(tmp_path / "sound.wav", media.read_speech(talk))
    (tmp_path / "folder").mkdir()
    for no_video, reason in {"sound.wav": "no video stream", "folder": "a folder without numbered"}.items():
        for line in (["score", no_video], ["score", str(talk), no_video], ["sync", no_video]):
            done = command(*line)
            assert done.returncode == 2
            assert not done.stdout
            assert done.stderr.count("\n") == 1
            assert f"{no_video}: {reason}" in done.stderr


def test_a_folder_of_frames_and_a_mute_video_have_no_sound(command: Command, talk: Path, tmp_path: Path) -> None:
    (tmp_path / "frames").mkdir()
    for number, frame in enumerate(media.read_frames(talk)):
        Image.fromarray(frame).save(tmp_path / "frames" / f"{number}.png")
    media.write_video(tmp_path / "mute.mp4", media.read_frames(talk))
    for silent in ("frames", "mute.mp4"):
        done = command("sync", silent)
        assert done.returncode == 2
        assert (
            done.stderr
            == f"syncbench: {silent} has no sound, or a silent one: there is nothing for lips to be in sync with\n"
        )
    done = command("score", "frames", str(talk), "--metrics", "lse_c,psnr", "--json")
    assert done.returncode == 0, done.stderr
    assert {s["name"]: s["value"] for s in json.loads(done.stdout)["scores"]}["psnr"] == 100


@pytest.mark.parametrize("late", [-7, 0, 4])
def test_a_shifted_sound_is_told_and_mended(command: Command, talk: Path, tmp_path: Path, late: int) -> None:
    here = json.loads(command("sync", str(talk), "--json").stdout)["offset_frames"]
    shifted = media.shift_speech(talk, tmp_path / "shifted.mp4", late / 25)
    done = command("sync", str(shifted), "--out", "fixed.mp4", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["offset_frames"] == here - late
    assert found["sure"]
    assert found["certainty"] >= 0.9
    mended = json.loads(command("sync", "fixed.mp4", "--json").stdout)
    assert mended["offset_frames"] == 0
    np.testing.assert_array_equal(media.read_frames(tmp_path / "fixed.mp4"), media.read_frames(talk))


def test_lips_that_belong_to_other_words_have_no_offset(command: Command, talk: Path, tmp_path: Path) -> None:
    frames = media.read_frames(talk)
    still = media.write_video(tmp_path / "still.mp4", frames[[20] * len(frames)], media.read_speech(talk))
    done = command("sync", str(still), "--out", "fixed.mp4")
    assert done.returncode == 1
    assert "no meaningful offset" in done.stdout
    assert not (tmp_path / "fixed.mp4").exists()


def test_a_shift_beyond_the_reach_is_not_taken_for_a_near_one(command: Command, talk: Path, tmp_path: Path) -> None:
    speech = media.read_speech(talk)
    early = np.concatenate([speech[25 * 640 :], np.zeros(25 * 640, np.float32)])
    film = media.write_video(tmp_path / "early.mp4", media.read_frames(talk), early)
    done = command("sync", str(film), "--out", "fixed.mp4")
    assert done.returncode == 1
    assert "try --reach 30" in done.stdout
    assert not (tmp_path / "fixed.mp4").exists()
    found = json.loads(command("sync", str(film), "--reach", "30", "--json").stdout)
    assert abs(found["offset_frames"] - 25) <= 1


@pytest.mark.parametrize(
    ("out", "said"),
    [("talk.mp4", "is the video itself"), ("fixed.avi", "end its name in one of .mp4"), ("x", "end its")],
)
def test_a_copy_goes_where_it_can(command: Command, talk: Path, tmp_path: Path, out: str, said: str) -> None:
    film = tmp_path / "talk.mp4"
    film.write_bytes(talk.read_bytes())
    done = command("sync", str(film), "--out", out)
    assert done.returncode == 2
    assert said in done.stderr
    assert film.read_bytes() == talk.read_bytes()


def test_lengths_that_differ_are_remarked(command: Command, talk: Path, tmp_path: Path) -> None:
    short = media.write_video(tmp_path / "short.mp4", media.read_frames(talk)[:40], media.read_speech(talk)[: 40 * 640])
    done = command("score", str(talk), str(short), "--metrics", "psnr", "--json")
    assert done.returncode == 0, done.stderr
    assert "has 75 frames" in json.loads(done.stdout)["remarks"][0]


def test_an_offset_beyond_the_reach_asks_for_more(command: Command, talk: Path, tmp_path: Path) -> None:
    shifted = media.shift_speech(talk, tmp_path / "shifted.mp4", -20 / 25)
    found = json.loads(command("sync", str(shifted), "--reach", "30", "--json").stdout)
    assert abs(found["offset_frames"] - 20) <= 1
    assert command("sync", str(talk), "--reach", "100").returncode == 2
