"""The people of a crowd: one picture each, with its landmarks.

A folder of stills holds ``metadata.csv`` (columns ``file``, ``smile``, ``mouth`` and, where known, ``skin_ita``,
``glasses_guess``), ``landmarks.npz`` (``files``; ``landmarks`` [N, 478, 3], MediaPipe's face mesh, x and z over the
picture's width, y over its height) and the pictures.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from syncbench.errors import CommandError
from syncbench.features.landmarks import MESH_68

__all__ = ["Still", "people_of", "read_picture", "read_stills"]


@dataclass(frozen=True)
class Still:
    """One person.

    Attributes:
        name: such as ``p0001``.
        file: the picture.
        points: landmarks in dlib's order, float32 ``[68, 3]``: x, y and depth in pixels, nearer to the camera is less.
        smile: how much they smile, 0 to 1.
        parted: the lips are apart.
        skin: individual typology angle in degrees: over 55 very light, under -30 dark (as measured, light included).
        glasses: they wear glasses.
    """

    name: str
    file: Path
    points: NDArray[np.float32]
    smile: float
    parted: bool
    skin: float
    glasses: bool


def read_stills(folder: Path) -> list[Still]:
    """Return the people of a folder, by name. Raises CommandError where files or columns are missing."""
    from PIL import Image

    table, marks = folder / "metadata.csv", folder / "landmarks.npz"
    for path in (table, marks):
        if not path.is_file():
            raise CommandError(
                f"{path}: no such file; a folder of stills holds metadata.csv, landmarks.npz and the pictures"
            )
    with np.load(marks) as kept:
        mesh = dict(zip(kept["files"].tolist(), kept["landmarks"], strict=True))
    stills = []
    with table.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            missing = {"file", "smile", "mouth"} - row.keys()
            if missing:
                raise CommandError(f"{table}: no column '{sorted(missing)[0]}'")
            file = folder / row["file"]
            if row["file"] not in mesh or not file.is_file():
                raise CommandError(f"{table}: {row['file']} has no landmarks or is not there")
            with Image.open(file) as picture:
                width, height = picture.size
            stills.append(
                Still(
                    name=file.stem,
                    file=file,
                    points=mesh[row["file"]][list(MESH_68)].astype(np.float32)
                    * np.array([width, height, width], np.float32),
                    smile=float(row["smile"]),
                    parted=row["mouth"] != "closed",
                    skin=float(row.get("skin_ita") or "nan"),
                    glasses=row.get("glasses_guess") == "yes",
                )
            )
    return sorted(stills, key=lambda still: still.name)


def people_of(stills: Sequence[Still], split: str) -> list[Still]:
    """Return those of a split; no person is in two. Every fifth tests, every tenth validates, by their place in the list."""
    return [still for place, still in enumerate(stills) if _split(place) == split]


def _split(place: int) -> str:
    return {4: "test", 9: "test", 2: "val"}.get(place % 10, "train")


def read_picture(still: Still) -> NDArray[np.uint8]:
    """Return the picture, uint8 ``[H, W, 3]`` RGB. Raises CommandError."""
    from PIL import Image

    try:
        with Image.open(still.file) as picture:
            return np.asarray(picture.convert("RGB"))
    except OSError as error:
        raise CommandError(f"{still.file}: not a readable picture ({error})") from error
