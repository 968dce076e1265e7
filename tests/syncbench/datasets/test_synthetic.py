"""Synthetic speakers: equal seeds give equal clips, and the truth is true."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from syncbench import media
from syncbench.clip import FPS, SAMPLES_PER_FRAME, Clip
from syncbench.dataset import Dataset
from syncbench.datasets.lrs2 import LRS2
from syncbench.datasets.synthetic import (
    ARTICULATORS,
    SYNTHETIC,
    SYNTHETIC_WORDS,
    Performance,
    articulate,
    make,
    perform,
    script,
)
from syncbench.datasets.synthetic.identity import CAST, SPLITS, identity, speakers
from syncbench.datasets.synthetic.sentences import GRID_SLOTS, GRID_WORDS, WORDS
from syncbench.errors import CommandError
from syncbench.phonetics.espeak import Utterance, speak
from syncbench.phonetics.inventory import PHONES, Phone, viseme, viseme_classes

GAP = (66, 62)  # inner lips, lower and upper middle


def _digest(done: Performance) -> str:
    parts = (done.frames, done.speech, done.landmarks, done.articulators)
    return hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest()


@pytest.fixture(scope="module")
def performances() -> list[Performance]:
    return perform([script("words", "test", 7, 0), script("grid", "train", 7, 0), script("open", "train", 7, 1)])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("made"), 3, seed=1, grammar="words")


def test_equal_seeds_give_equal_clips_in_any_process_and_order(performances: list[Performance]) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from test_synthetic import _digest\n"
        "from syncbench.datasets.synthetic import perform, script\n"
        "for done in perform([script('open', 'train', 7, 1), script('words', 'test', 7, 0)]): print(_digest(done))\n"
    )
    path = os.pathsep.join(p for p in sys.path if p)
    fresh = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": path}
    )
    assert fresh.stdout.split() == [_digest(performances[2]), _digest(performances[0])]
    again = perform([script("words", "test", 7, 0)])[0]
    other = perform([script("words", "test", 8, 0)])[0]
    assert _digest(again) == _digest(performances[0]) != _digest(other)


def test_a_clip_has_the_agreed_shapes(performances: list[Performance]) -> None:
    for done in performances:
        n = len(done.frames)
        assert done.frames.shape == (n, 160, 160, 3)
        assert done.frames.dtype == np.uint8
        assert done.speech.shape == (n * SAMPLES_PER_FRAME,)
        assert done.speech.dtype == np.float32
        assert np.abs(done.speech).max() <= 1
        assert done.landmarks.shape == (n, 68, 2)
        assert done.landmarks.dtype == np.float32
        assert done.articulators.shape == (n, len(ARTICULATORS))
        assert all(0 <= w.start < w.end <= n / FPS for w in done.words)
        starts = [p.start for p in done.phones]
        assert starts == sorted(starts)
        assert all(p.start < p.release <= p.end for p in done.phones)
    word, grid, _ = performances
    assert len(word.frames) == 29
    assert len(word.words) == 1
    assert abs((word.words[0].start + word.words[0].end) / 2 - 29 / 2 / FPS) < 1 / FPS
    assert len(grid.frames) >= 75
    assert set(grid.transcript.lower().split()) <= set(GRID_WORDS)


def test_lips_meet_in_p_b_m_and_open_in_open_vowels() -> None:
    heights: dict[str, list[float]] = {}
    for voice in ("en-us+f3", "en-gb-scotland+m2"):
        spoken = speak([Utterance("my papa may bake a big apple pie for mama after five", voice, 150)])[0]
        n = int(len(spoken.speech) / SAMPLES_PER_FRAME)
        opening = articulate(spoken.phones, n)[:, ARTICULATORS.index("opening")]
        for frame in range(n):
            t = (frame + 0.5) / FPS
            for phone in spoken.phones:
                middle = 0.2 * (phone.release - phone.start)
                if phone.start + middle <= t < phone.release - middle:
                    heights.setdefault(viseme(phone.symbol), []).append(float(opening[frame]))
    assert len(heights["bilabial"]) >= 15
    assert max(heights["bilabial"]) <= 0
    assert np.median(heights["open"]) > 0.45 > np.median(heights["spread"]) > 0.15


def test_the_mouth_opens_with_the_speech(performances: list[Performance]) -> None:
    total = np.zeros(11)
    for done in performances[1:]:
        energy = np.log(np.sqrt((done.speech.reshape(-1, SAMPLES_PER_FRAME) ** 2).mean(1)) + 1e-3)
        gap = done.landmarks[:, GAP[0], 1] - done.landmarks[:, GAP[1], 1]
        for i, shift in enumerate(range(-5, 6)):
            total[i] += np.corrcoef(energy[5:-5], gap[5 + shift : len(gap) - 5 + shift])[0, 1] / 2
    assert total[5] > 0.3
    assert abs(int(total.argmax()) - 5) <= 1


def test_landmarks_lie_where_the_face_is(performances: list[Performance]) -> None:
    for done in performances:
        points = done.landmarks
        assert np.isfinite(points).all()
        assert points.min() > 0
        assert points.max() < 160
        left, right = points[:, 36:42].mean(1), points[:, 42:48].mean(1)
        chin, nose, mouth = points[:, 8], points[:, 30], points[:, 48:68].mean(1)
        assert (left[:, 0] < nose[:, 0]).all()
        assert (nose[:, 0] < right[:, 0]).all()
        assert (left[:, 1] < nose[:, 1]).all()
        assert (nose[:, 1] < mouth[:, 1]).all()
        assert (mouth[:, 1] < chin[:, 1]).all()
        jaw = done.articulators[:, ARTICULATORS.index("jaw")]
        assert np.corrcoef(jaw, chin[:, 1] - nose[:, 1])[0, 1] > 0.95
        # what is seen between the lips is not lip: the picture changes where the landmarks say the mouth is
        box = [int(v) for v in (mouth[0, 1] - 8, mouth[0, 1] + 12, mouth[0, 0] - 14, mouth[0, 0] + 14)]
        change = done.frames.astype(np.float32).std(0).mean(-1)
        assert change[box[0] : box[1], box[2] : box[3]].mean() > 3 * np.median(change)


def test_reach_sets_how_far_a_phone_colours_its_neighbours() -> None:
    phones = [Phone("s", 0.2, 0.3, 0.3), Phone("t", 0.3, 0.4, 0.4), Phone("uː", 0.4, 0.6, 0.6, 2)]
    far = [Phone("s", 0.2, 0.3, 0.3), Phone("t", 0.3, 0.4, 0.4), Phone("iː", 0.4, 0.6, 0.6, 2)]
    column = ARTICULATORS.index("protrusion")

    def spread(reach: float) -> float:
        """How much the vowel to come is seen during /s/, before it is heard."""
        return float(abs(articulate(phones, 25, reach=reach) - articulate(far, 25, reach=reach))[5:8, column].mean())

    none, ordinary, wide = spread(0.2), spread(1.0), spread(3.0)
    assert none < 0.02 < ordinary < wide
    assert wide > 2 * ordinary


def test_splits_share_neither_speakers_nor_voices() -> None:
    people = {split: speakers(split) for split in SPLITS}
    assert sum(len(p) for p in people.values()) == CAST >= 40
    for a, b in (("train", "val"), ("train", "test"), ("val", "test")):
        assert not {p.number for p in people[a]} & {p.number for p in people[b]}
        assert not {p.voice.split("+")[1] for p in people[a]} & {p.voice.split("+")[1] for p in people[b]}
    assert identity(5) is not identity(6)
    assert identity(5).skin != identity(6).skin
    assert [script("grid", "test", 0, i).person.split for i in range(20)] == ["test"] * 20


def test_every_voice_of_the_cast_exists() -> None:
    voices = sorted({identity(number).voice for number in range(CAST)})
    assert len(speak([Utterance("yes", voice) for voice in voices])) == len(voices)


def test_phone_inventory_covers_what_is_said() -> None:
    texts = [" ".join(slot) for slot in GRID_SLOTS] + [" ".join(WORDS)]
    known = set(PHONES)
    for accent in ("en-us", "en-gb-x-rp", "en-gb-scotland", "en-us-nyc", "en-gb-x-gbclan", "en-029", "en-gb-x-gbcwmd"):
        for spoken in speak([Utterance(text, accent, 200) for text in texts]):
            for phone in spoken.phones:
                assert not phone.symbol or known & set(phone.symbol), f"{phone.symbol} of {accent} has no target"
    classes = viseme_classes()
    assert set.union(*(set(c) for c in classes.values())) == known
    assert viseme("p") == "bilabial"
    assert viseme("uː") == "rounded"
    assert viseme("") == "silence"


def test_the_dataset_renders_once_and_a_smaller_limit_gives_the_first_clips(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNCBENCH_CACHE", str(tmp_path))
    assert isinstance(SYNTHETIC, Dataset)
    assert isinstance(SYNTHETIC_WORDS, Dataset)
    two = SYNTHETIC_WORDS.clips(None, "test", limit=2, seed=4)
    files = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    one = SYNTHETIC_WORDS.clips(None, "test", limit=1, seed=4)
    assert list(one) == list(two)[:1]
    assert files == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert not [path for path in files if path.name.startswith(".")]
    clip = two[0]
    assert isinstance(clip, Clip)
    assert clip.video is not None
    assert clip.video.path.is_relative_to(tmp_path)
    assert clip.speaker.startswith("syn-")
    assert clip.group == clip.speaker
    assert clip.transcript == clip.words[0].text
    frames, speech = media.clip_frames(clip), media.clip_speech(clip)
    assert frames.shape == (29, 160, 160, 3)
    assert speech.shape == (29 * SAMPLES_PER_FRAME,)
    done = perform([script("words", "test", 4, 0)])[0]
    assert np.abs(frames.astype(int) - done.frames).mean() < 3
    with np.load(clip.extras["landmarks"]) as kept:
        np.testing.assert_array_equal(kept[clip.id], done.landmarks)
    with np.load(clip.extras["truth"]) as truth:
        assert list(truth["articulator_names"]) == list(ARTICULATORS)
        np.testing.assert_array_equal(truth["articulators"], done.articulators)
        assert int(truth["sync_offset_frames"]) == 0
        assert str(truth["speaker"]) == clip.speaker
        assert json.loads(str(truth["identity"]))["number"] == done.script.person.number
    with pytest.raises(CommandError, match="unknown split 'dev'"):
        SYNTHETIC.clips(None, "dev")


def test_made_clips_are_an_lrs2_folder(made: Path) -> None:
    for split in SPLITS:
        clips = LRS2.clips(made, split)
        assert len(clips) == 1
        clip = clips[0]
        assert isinstance(clip, Clip)
        assert clip.video is not None
        assert media.count_frames(clip.video.path) == 29
        with np.load(clip.video.path.with_suffix(".npz")) as truth:
            assert clip.transcript == str(truth["transcript"])
            marks = truth["landmarks68"]
        with np.load(made / "landmarks68.npz") as kept:
            np.testing.assert_array_equal(kept[f"{clip.video.path.parent.name}/{clip.video.path.stem}"], marks)
    assert not list(LRS2.problems(made))


def test_made_folders_do_not_mix(made: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="another recipe"):
        make(made, 3, seed=2, grammar="words")
    with pytest.raises(CommandError, match="at least one clip"):
        make(tmp_path, 0)


def test_render_rate(record_property: pytest.RecordProperty) -> None:
    first = script("grid", "train", 0, 0)
    perform([first])  # paints the portrait
    start = time.process_time()
    frames = len(perform([first])[0].frames)
    rate = frames / (time.process_time() - start)
    record_property("frames_per_second_per_core", round(rate))
    print(f"rendered {rate:.0f} frames per second per core")
    assert rate > 0
