"""Writing clips as LRS2 lays them out, the truth of each beside it.

``mvlrs_v1/main/<speaker>/<clip>.{mp4,txt,npz}``, the lists ``{train,val,test}.txt`` and all landmarks in
``landmarks68.npz``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import Frames, Waveform, Word
from syncbench.errors import CommandError
from syncbench.files import write_arrays, write_text
from syncbench.media import write_video

__all__ = ["MEDIA", "clips_of_splits", "open_folder", "write_clip", "write_lists"]

MEDIA = Path("mvlrs_v1") / "main"
_SHARES: Mapping[str, float] = {"val": 0.08, "test": 0.12}  # train has the rest


def clips_of_splits(clips: int, split: str | None) -> dict[str, int]:
    """Return how many of ``clips`` go to each split: all to ``split``, or 80 / 8 / 12 % to train, val and test.

    Raises CommandError where none is asked for.
    """
    if clips < 1:
        raise CommandError(f"at least one clip must be asked for, not {clips}")
    if split is not None:
        return {split: clips}
    least = 1 if clips > len(_SHARES) else 0
    counts = {name: max(least, int(clips * share)) for name, share in _SHARES.items()}
    return {**counts, "train": clips - sum(counts.values())}


def open_folder(out: Path, recipe: Mapping[str, Any]) -> Path:
    """Make a folder for clips of one recipe, kept in ``<dataset>.json``, and return where the clips go.

    Raises CommandError where it holds clips of another recipe or dataset.
    """
    out.mkdir(parents=True, exist_ok=True)
    note = out / f"{recipe['dataset']}.json"
    if note.is_file() and json.loads(note.read_text()) != recipe:
        raise CommandError(f"{out} holds clips of another recipe ({note.name}): choose an empty folder")
    if not note.is_file() and any((out / MEDIA).glob("*")):
        raise CommandError(f"{out} holds clips of another dataset: choose an empty folder")
    write_text(note, json.dumps(recipe, indent=2) + "\n")
    return out / MEDIA


def write_clip(
    path: Path,
    frames: Frames,
    speech: Waveform,
    truth: Mapping[str, NDArray[Any]],
    transcript: str,
    words: Sequence[Word],
    *,
    crf: int = 12,
) -> None:
    """Write one clip, the video last: where ``path`` (.mp4) is, the clip is whole."""
    write_arrays(path.with_suffix(".npz"), truth, compressed=True)
    times = ["WORD START END ASDSCORE", *(f"{w.text} {w.start:.2f} {w.end:.2f} 10.0" for w in words)] if words else []
    text = [f"Text:  {transcript}", "Conf:  10", *([""] if times else []), *times]
    write_text(path.with_suffix(".txt"), "\n".join(text) + "\n")
    write_video(path, frames, speech, crf=crf)


def write_lists(out: Path, names: Mapping[str, Sequence[str]]) -> None:
    """Write the lists of some splits, and the landmarks of all listed clips in one file (from each clip's truth)."""
    for split, ids in names.items():
        write_text(out / f"{split}.txt", "".join(f"{name}\n" for name in ids))
    marks: dict[str, NDArray[Any]] = {}
    for listing in (out / f"{split}.txt" for split in ("train", "val", "test")):
        for line in listing.read_text().splitlines() if listing.is_file() else []:
            with np.load(out / MEDIA / f"{line}.npz") as kept:
                marks[line] = kept["landmarks68"]
    write_arrays(out / "landmarks68.npz", marks, compressed=True)
