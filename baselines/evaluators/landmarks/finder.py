"""Where a face's 68 landmarks are, frame by frame, by the bundled network."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from syncbench.baselines.evaluators.faces import FACE
from syncbench.clip import Frames
from syncbench.errors import ClipError
from syncbench.faces.crops import cut, frame_square
from syncbench.feature import Feature
from syncbench.features.faces import seen_between
from syncbench.features.frames import FOOTAGE
from syncbench.features.landmarks import Provider, inner_opening, interocular
from syncbench.features.mouths import crop_mouths, mouth_boxes, mouths
from syncbench.files import file_hash
from syncbench.media import Footage, spans

if TYPE_CHECKING:
    from torch import Tensor

    from syncbench.baselines.evaluators.landmarks.network import Landmarker

__all__ = [
    "AGREE",
    "BRIEF",
    "BUNDLED",
    "FACE_LIMITS",
    "LANDMARKS",
    "LOOKS",
    "MIN_EYES",
    "MOUTHS",
    "MOUTH_SIDE",
    "SEEN",
    "TURNED",
    "WEIGHTS",
    "find_landmarks",
    "look_again",
]

WEIGHTS = Path(__file__).with_name("weights.safetensors")
AGREE = 0.08
"""Faces agree better: portraits of 65 strangers (0.04 at most), frames of talkers never trained on (0.04; the same at 48
pixels, under JPEG quality 5, noise or in the dark; 0.06 turned in the picture by 25 degrees), and nine tenths of the frames
of the worst of 13 talkers. Of 148 pictures without a face 11 % do."""
TURNED = 0.25
"""How far from the middle the tip of the nose may lie, of the distance between the outer eye corners. ASSUMED."""
BRIEF = 5
"""Frames: a blink of the network, and no longer than a syllable."""
MIN_EYES = 16.0
"""Least distance of the outer eye corners in pixels, over a clip in the median."""
FACE_LIMITS = f"eyes:{MIN_EYES:g}px,again:{AGREE:g},turn:{TURNED:g},lost:{BRIEF}"
"""What a face must show, as signatures say it."""
_ASK = 5  # frames
_AGAIN = 1.6  # side of the second look in sides of the landmarks' box: the share that faces have in crops
_CHUNK = 64
_OTHER_SIDE, _OTHER_PLACE = 1.06, 0.03
"""How much wider the square of the other look is, and how far aside and down, in sides. ASSUMED."""


@lru_cache(maxsize=1)
def _network(path: Path = WEIGHTS) -> Landmarker:
    import torch

    from syncbench.baselines.checkpoint import load_tensors
    from syncbench.baselines.evaluators.landmarks.network import Landmarker

    network = Landmarker()
    network.load_state_dict(load_tensors(path))
    network.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def find_landmarks(frames: Frames | Footage, squares: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
    """Return 68 landmarks per frame, float32 [T, 68, 2]: x and y in pixels, dlib's order, NaN where no face is seen.

    A first network sees the whole face; a second one looks at the mouth alone, placed by the first, and says where the
    lips are. A face counts as seen where the first network finds the same points again in the box that it found: mean
    distance at most ``AGREE`` of that between the outer eye corners, asked every fifth frame; and where it is turned by no
    more than some 35 degrees (``TURNED``).

    Args:
        frames: uint8 [T, H, W, 3] RGB, one face in each, upright within about 20 degrees.
        squares: [T, 3], left, top and side of the square around the face, NaN where there is none
            (:mod:`syncbench.faces.crops`); None where frames are face crops.
    """
    if squares is None:
        squares = np.tile(frame_square(frames.shape[2], frames.shape[1]), (len(frames), 1))
    found = _find_faces(frames, squares)
    boxes = mouth_boxes(found)
    if boxes is None:
        return found
    centres, sides = boxes
    lips = (_find_lips(frames, found) - 0.5) * sides[:, None, None] + centres[:, None]
    seen = np.isfinite(found).all((1, 2))
    found[seen, 48:68] = lips[seen]
    return found


def look_again(frames: Frames | Footage, squares: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return landmarks found in the mirrored picture, in squares a little larger and aside, float32 [T, 68, 2].

    They lie where the mirrored picture has them, and dlib's left is the speaker's right: what is told of both sides of a
    face alike (how far the lips are open) can be held against ``find_landmarks``.
    """
    mirrored = Footage(
        frames.shape, lambda: (frames[part][:, :, ::-1] for part in spans(frames)), "the mirrored picture"
    )
    left, top, side = squares.T
    wider = np.rint(_OTHER_SIDE * side)
    move = _OTHER_PLACE * side - (wider - side) / 2
    left, top = np.rint(left + move), np.rint(top + move)
    return find_landmarks(mirrored, np.column_stack([frames.shape[2] - left - wider, top, wider]).astype(np.float32))


def _find_faces(frames: Frames | Footage, squares: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return all 68 landmarks as the first network sees them, float32 [T, 68, 2]."""
    found = np.full((len(frames), 68, 2), np.nan, np.float32)
    for part in spans(frames):
        here = squares[part]
        known = np.flatnonzero(np.isfinite(here).all(axis=1))
        if not len(known):
            continue
        pictures = frames[part][known]
        points, seen = _look(pictures, here[known])
        asked = slice(None, None, _ASK)
        again, still = _look(pictures[asked], _around(points[asked]))
        eyes = np.minimum(interocular(points[asked]), interocular(again))
        apart = np.linalg.norm(again - points[asked], axis=2).mean(axis=1)
        agrees = still & (apart <= AGREE * eyes)
        seen &= np.repeat(agrees, _ASK)[: len(seen)] & (np.abs(_turn(points) - 0.5) <= TURNED)
        points[~seen] = np.nan
        found[np.arange(part.start, part.stop)[known]] = points
    return found


def _look(frames: Frames, squares: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the landmarks in the square of each frame ``[t, 68, 2]``, and whether it shows a face ``[t]``."""
    import torch

    with torch.inference_mode():
        if (squares == squares[:1]).all():
            small = _small(np.stack([cut(frame, squares[0]) for frame in frames]))
        else:
            small = torch.cat([_small(cut(f, square)[None]) for f, square in zip(frames, squares, strict=True)])
        points, face = _network().face(small)
    found: NDArray[np.float32] = points.numpy() * squares[:, 2, None, None] + squares[:, None, :2]
    return found, face.numpy() >= 0


def _small(squares: Frames) -> Tensor:
    """Return squares ``[t, S, S, 3]`` as the first network takes them, grey ``[t, 1, s, s]``."""
    import torch
    import torch.nn.functional as F

    from syncbench.baselines.evaluators.landmarks.network import INPUT_SIZE

    grey = (torch.from_numpy(np.ascontiguousarray(squares)).float() @ torch.tensor([0.299, 0.587, 0.114]))[:, None]
    return F.interpolate(grey, (INPUT_SIZE, INPUT_SIZE), mode="bilinear", antialias=True)


def _around(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the square in which landmarks ``[t, 68, 2]`` are looked for again, whole pixels, ``[t, 3]``."""
    low, high = points.min(axis=1), points.max(axis=1)
    side = np.maximum(8, np.rint(_AGAIN * (high - low).max(axis=1)))
    corner = np.rint((low + high) / 2 - side[:, None] / 2)
    return np.column_stack([corner, side]).astype(np.float32)


def _turn(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return where the tip of the nose lies between the outer eye corners ``[t]``: 0.5 in a frontal face."""
    across = points[:, 45] - points[:, 36]
    length = np.maximum((across**2).sum(axis=1), 1e-6)
    return np.asarray(((points[:, 30] - points[:, 36]) * across).sum(axis=1) / length, np.float32)


def _find_lips(frames: Frames | Footage, landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the lips' 20 landmarks, 0..1 across the mouth crop, float32 [T, 20, 2]."""
    import torch

    from syncbench.baselines.evaluators.landmarks.network import MOUTH_SIZE

    network = _network().mouth
    crops = crop_mouths(frames, landmarks, MOUTH_SIZE)
    found = np.empty((len(frames), 20, 2), np.float32)
    with torch.inference_mode():
        for start in range(0, len(frames), _CHUNK):
            part = slice(start, start + _CHUNK)
            found[part] = network(torch.from_numpy(crops[part])[:, None].float()).numpy()
    return found


LANDMARKS = Feature(
    "landmarks[bundled]", find_landmarks, needs=(FOOTAGE, FACE), version=4, weights=file_hash(WEIGHTS), stored=True
)
"""Landmarks of a clip's video by the bundled network, float32 ``[T, 68, 2]``."""


def _looks(frames: Footage, squares: NDArray[np.float32], landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.stack([inner_opening(landmarks), inner_opening(look_again(frames, squares))])


LOOKS = Feature(
    "looks[landmarks[bundled]]", _looks, needs=(FOOTAGE, FACE, LANDMARKS), weights=file_hash(WEIGHTS), stored=True
)
"""The opening of a clip's lips in the picture as it is, and mirrored, a little larger and aside, float32 ``[2, T]``."""
BUNDLED = Provider("bundled", LANDMARKS, looks=LOOKS)
MOUTH_SIDE = 64
MOUTHS = mouths(LANDMARKS, MOUTH_SIDE)
"""What the sync expert and the lip reader look at."""


def _seen(landmarks: NDArray[np.float32]) -> NDArray[np.bool_]:
    found = np.asarray(np.isfinite(landmarks).all(axis=(1, 2)))
    if not found.any():
        raise ClipError(
            "no frame shows a face whose landmarks are sure: it may be too small, turned or dark, or --face frame "
            "was said of a picture that is no face crop"
        )
    eyes = float(np.median(interocular(landmarks[found])))
    if eyes < MIN_EYES:
        raise ClipError(
            f"the face is too small: its outer eye corners are {eyes:.0f} pixels apart, at least {MIN_EYES:g} are needed "
            "to see its lips move"
        )
    return seen_between(found, BRIEF)


SEEN = Feature("seen[landmarks[bundled]]", _seen, needs=(LANDMARKS,))
"""The frames whose lips can be told, bool ``[T]``: where landmarks lack for at most ``BRIEF`` frames, neighbours tell them.

Raises ClipError where there is none, or the face is too small.
"""
