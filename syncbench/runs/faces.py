"""What was taken for the face, kept with the run as small pictures, so that a wrong face is seen at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from syncbench.errors import ClipError
from syncbench.faces.crops import cut
from syncbench.feature import Feature, Features
from syncbench.features.frames import FOOTAGE
from syncbench.files import replacing
from syncbench.runs.store import file_stem

__all__ = ["SHOWN", "face_strip", "keep_faces", "kept_faces"]

SHOWN = 5
"""Frames in a strip, evenly spaced."""
_SIDE = 96  # pixels


def face_strip(clip: Features, squares: Feature) -> NDArray[np.uint8]:
    """Return the face of a clip in ``SHOWN`` frames side by side, uint8 ``[96, 96 * SHOWN, 3]``; grey where none is.

    Raises ClipError where no frame shows a face, or the video cannot be read.
    """
    places, footage = clip[squares], clip[FOOTAGE]
    strip = np.full((_SIDE, _SIDE * SHOWN, 3), 128, np.uint8)
    for i, number in enumerate(((np.arange(SHOWN) + 0.5) / SHOWN * len(footage)).astype(int).tolist()):
        if np.isfinite(places[number]).all():
            face = Image.fromarray(np.ascontiguousarray(cut(footage[number : number + 1][0], places[number])))
            strip[:, i * _SIDE : (i + 1) * _SIDE] = np.asarray(face.resize((_SIDE, _SIDE), Image.Resampling.BILINEAR))
    return strip


def keep_faces(run: Path, clip: Features, condition: str, squares: Feature) -> None:
    """Write the strip of a clip's face under ``run/faces``, where it shows one; that of an earlier answer goes."""
    if not clip.has("video"):
        return
    try:
        strip = face_strip(clip, squares)
    except ClipError:  # the metrics say so
        _path(run, clip.clip.id, condition).unlink(missing_ok=True)
        return
    with replacing(_path(run, clip.clip.id, condition)) as temporary:
        Image.fromarray(strip).save(temporary, "JPEG", quality=85)


def kept_faces(run: Path, clips: tuple[str, ...], condition: str) -> dict[str, Path]:
    """Return the strips that a run keeps of one condition, by clip."""
    return {clip: path for clip in clips if (path := _path(run, clip, condition)).exists()}


def _path(run: Path, clip: str, condition: str) -> Path:
    return run / "faces" / f"{file_stem(clip, condition)}.jpg"
