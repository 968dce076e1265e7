"""The synthetic datasets: made on demand in the user's cache, or written in LRS2's layout."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import Clip, Recording, Word
from syncbench.dataset import Dataset, Problem, Unusable
from syncbench.datasets.lrs2_layout import clips_of_splits, open_folder, write_clip, write_lists
from syncbench.datasets.synthetic.articulation import ARTICULATORS
from syncbench.datasets.synthetic.identity import SPLITS
from syncbench.datasets.synthetic.performance import Grammar, Performance, Script, perform, script
from syncbench.errors import CommandError, Unavailable
from syncbench.files import cache_folder, write_arrays
from syncbench.media import write_video

__all__ = ["SYNTHETIC", "SYNTHETIC_OPEN", "SYNTHETIC_WORDS", "VERSION", "Synthetic", "make", "truth_of"]

VERSION = "v1"
"""Of what the seeds give: raised whenever equal seeds would no longer give equal clips."""
_CLIPS: Mapping[str, int] = {"train": 400, "val": 40, "test": 24}
_BATCH = 16

T = TypeVar("T")


def truth_of(done: Performance) -> dict[str, NDArray[Any]]:
    """Return the truth of a clip as arrays, as kept in its npz file.

    ``phones``, ``phone_start``, ``phone_end``, ``phone_release``, ``phone_stress``; ``words``, ``word_start``,
    ``word_end`` (seconds); ``landmarks68`` float32 [T, 68, 2]; ``articulators`` float32 [T, 8] and
    ``articulator_names``; ``blink`` [T]; ``sync_offset_frames`` (0); ``reach``; ``speaker``; ``transcript``;
    ``identity`` and ``utterance`` (JSON).
    """
    return {
        "phones": np.array([p.symbol for p in done.phones], dtype=np.str_),
        "phone_start": np.array([p.start for p in done.phones]),
        "phone_end": np.array([p.end for p in done.phones]),
        "phone_release": np.array([p.release for p in done.phones]),
        "phone_stress": np.array([p.stress for p in done.phones], dtype=np.int8),
        "words": np.array([w.text for w in done.words], dtype=np.str_),
        "word_start": np.array([w.start for w in done.words]),
        "word_end": np.array([w.end for w in done.words]),
        "landmarks68": done.landmarks,
        "articulators": done.articulators,
        "articulator_names": np.array(ARTICULATORS),
        "blink": done.motion.blink,
        "sync_offset_frames": np.array(0),
        "reach": np.array(done.script.reach),
        "speaker": np.array(done.script.speaker),
        "transcript": np.array(done.transcript),
        "identity": np.array(json.dumps(dataclasses.asdict(done.script.person))),
        "utterance": np.array(json.dumps(dataclasses.asdict(done.script.utterance))),
    }


def _track(items: Sequence[T], what: str) -> Iterator[T]:
    """Yield the items, with a progress bar where somebody watches."""
    if not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(items, what, console=Console(stderr=True), transient=True)


def _batches(items: Sequence[T]) -> list[Sequence[T]]:
    return [items[i : i + _BATCH] for i in range(0, len(items), _BATCH)]


class Synthetic(Dataset):
    """Rendered faces speaking espeak-ng speech, with exact truth. See the modules beside this one.

    Clip i of a split depends on grammar, seed and i alone: a smaller ``limit`` gives the first of the same clips.
    """

    licence = "made by SyncBench; free to use"
    url = "https://github.com/espeak-ng/espeak-ng"
    splits = SPLITS
    needs_root = False

    def __init__(self, name: str, title: str, grammar: Grammar) -> None:
        self.name, self.title = name, title
        self.grammar: Grammar = grammar

    def clips(
        self, root: Path | None, split: str, limit: int | None = None, seed: int = 0
    ) -> Sequence[Clip | Unusable]:
        """Return the first ``limit`` clips of a split, rendering those not there yet.

        They are kept under ``root``, or the user's cache. Without ``limit``: 400 to train, 40 to validate, 24 to test.
        Raises Unavailable where espeakng-loader is not installed.
        """
        if split not in self.splits:
            raise CommandError(f"unknown split '{split}' of {self.name}: known: {', '.join(self.splits)}")
        folder = (root or cache_folder() / "synthetic") / VERSION / self.grammar / f"seed-{seed}" / split
        count = _CLIPS[split] if limit is None else limit
        scripts = [script(self.grammar, split, seed, index) for index in range(count)]
        missing = [p for p in scripts if not (folder / f"{p.id}.mp4").is_file()]
        batches = [[p] for p in missing] if len(missing) < 2 * _BATCH else _batches(missing)
        for batch in _track(batches, f"rendering {len(missing)} clips"):
            _render_into(folder, batch)
        return [_clip(folder, p) for p in scripts]

    def problems(self, root: Path) -> Iterator[Problem]:
        """Yield what keeps clips from being made."""
        from syncbench.phonetics.espeak import Utterance, speak

        try:
            speak([Utterance("test", "en-us")])
        except (Unavailable, CommandError) as error:
            yield Problem("espeak-ng", str(error), "pip install espeakng-loader")


def _render_into(folder: Path, scripts: Sequence[Script]) -> None:
    """Make clips in the cache: truth first, the video last, so that a video stands for a complete clip."""
    for done in perform(scripts):
        path = folder / f"{done.script.id}.mp4"
        write_arrays(path.with_suffix(".npz"), truth_of(done), compressed=True)
        write_arrays(path.with_suffix(".landmarks.npz"), {done.script.id: done.landmarks}, compressed=True)
        write_video(path, done.frames, done.speech)


def _clip(folder: Path, script: Script) -> Clip:
    path = folder / f"{script.id}.mp4"
    truth = path.with_suffix(".npz")
    with np.load(truth) as kept:
        words = tuple(
            Word(str(text), float(start), float(end))
            for text, start, end in zip(kept["words"], kept["word_start"], kept["word_end"], strict=True)
        )
    return Clip(
        id=script.id,
        video=Recording(path),
        face="frame",
        speech=Recording(path),
        speaker=script.speaker,
        group=script.speaker,
        transcript=" ".join(word.text for word in words),
        words=words,
        extras={"landmarks": path.with_suffix(".landmarks.npz"), "truth": truth},
    )


SYNTHETIC = Synthetic("synthetic", "Synthetic speakers, GRID sentences", "grid")
SYNTHETIC_OPEN = Synthetic("synthetic-open", "Synthetic speakers, open sentences", "open")
SYNTHETIC_WORDS = Synthetic("synthetic-words", "Synthetic speakers, single words of 29 frames", "words")


def make(
    out: Path,
    clips: int,
    seed: int = 0,
    *,
    split: str | None = None,
    grammar: Grammar = "grid",
    reach: float = 1.0,
    workers: int = 1,
) -> Path:
    """Write synthetic clips in LRS2's layout, the truth beside each, and return ``out``.

    ``out/mvlrs_v1/main/<speaker>/<NNNNN>.{mp4,txt,npz}``, the lists ``out/{train,val,test}.txt``, all landmarks in
    ``out/landmarks68.npz`` (``<speaker>/<NNNNN>`` -> float32 [T, 68, 2]) and the recipe in ``out/synthetic.json``.
    Clips already there are kept, so that an interrupted call goes on and a larger ``clips`` adds to a smaller one.

    Args:
        out: folder; made where absent.
        clips: how many, in the split, or shared 80 / 8 / 12 % among train, val and test where ``split`` is None.
        seed: equal seeds give equal clips.
        split: ``train``, ``val`` or ``test``; speakers are disjoint.
        grammar: ``grid``, ``open``, ``words``, or ``mixed`` (60 / 25 / 15 %).
        reach: temporal reach of coarticulation, 1 for ordinary speech.
        workers: processes that render.

    Raises CommandError where ``out`` holds clips of another recipe, Unavailable without espeakng-loader.
    """
    counts = clips_of_splits(clips, split)
    scripts = {name: [script(grammar, name, seed, i, reach) for i in range(n)] for name, n in counts.items()}
    recipe = {"dataset": "synthetic", "version": VERSION, "seed": seed, "grammar": grammar, "reach": reach}
    main = open_folder(out, recipe)
    missing = [p for group in scripts.values() for p in group if not (main / f"{p.id}.mp4").is_file()]
    jobs = [(main, batch) for batch in _batches(missing)]
    if workers > 1 and len(jobs) > 1:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            for done in _track([pool.submit(_write_lrs2, *job) for job in jobs], f"rendering {len(missing)} clips"):
                done.result()
    else:
        for job in _track(jobs, f"rendering {len(missing)} clips"):
            _write_lrs2(*job)
    write_lists(out, {name: [p.id for p in group] for name, group in scripts.items()})
    return out


def _write_lrs2(main: Path, scripts: Sequence[Script]) -> None:
    for done in perform(scripts):
        path = main / f"{done.script.id}.mp4"
        write_clip(path, done.frames, done.speech, truth_of(done), done.transcript, done.words)
