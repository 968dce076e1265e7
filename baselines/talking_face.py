"""What every talking-face generator here does around its network: find the face, crop, generate, blend back.

The square that is generated follows the eyes and the nose alone, so its place and size say nothing about the mouth. Of
the frame to be generated, a network sees only what lies above ``Face.hidden_row``; the rest comes from one
reference frame. The generated part is pasted into the clip's own frames with a soft edge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from torch import Tensor

from syncbench.baselines.audio import mel_spectrogram
from syncbench.baselines.family import Face, hide
from syncbench.contracts import Answer, Clip, Feature, Frames, Setup, Task, Value
from syncbench.errors import ClipError, CommandError, unknown_name
from syncbench.features import landmarks
from syncbench.features.core import file_hash
from syncbench.features.frames import FRAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "Boxes",
    "Driver",
    "Opened",
    "Painter",
    "TalkingFace",
    "blend_mask",
    "crop",
    "find_boxes",
    "find_landmarks",
    "open_options",
    "paste",
    "to_images",
    "to_pixels",
]

Boxes = NDArray[np.int64]
"""``[T, 3]``: left, top and side of a square per frame, in pixels; may reach outside the frame."""

Driver = Callable[[NDArray[np.float32], int], tuple[Tensor, dict[str, NDArray[Any]]]]
"""Mel ``[80, steps]`` and the number of frames to units ``[T, D]`` and the traces worth keeping."""

Painter = Callable[[Tensor, Tensor], Tensor]
"""Units ``[N, D]`` and identities ``[N, 6, size, size]`` to images ``[N, 3, size, size]`` in -1..1."""

_STABLE_FRAMES = 2.0
_EDGE = 0.1
_NEAR = 0.1


def find_boxes(points: NDArray[np.float32] | None, shape: Sequence[int], face: Face) -> Boxes:
    """Return the square of each frame.

    ``points`` is ``[T, 68, 2]``, landmarks with NaN where no face was found (filled in from the neighbours), or None
    for the fixed box of ``face``. ``shape`` is the frames' ``(T, H, W, ...)``. The side is one for the clip. Where it is
    within 10 % of ``face.size`` it is taken as ``face.size``, which saves a blurring resize. Raises ClipError where
    no frame has a face.
    """
    count, height, width = shape[:3]
    if points is None:
        x, y, side = face.box[0] * width, face.box[1] * height, face.box[2] * width
        centres = np.tile([x, y], (count, 1))
    else:
        eyes = points[:, 36:48].mean(axis=1)
        nose = points[:, 33]
        anchors = np.concatenate([eyes, nose], axis=1).astype(np.float64)  # [T, 4]
        seen = np.isfinite(anchors).all(axis=1)
        if len(points) != count:
            raise ClipError(f"the landmarks count {len(points)} frames, the video {count}: compute the landmarks again")
        if not seen.any():
            raise ClipError("no face was found in any frame: give landmarks, or use --option face=box for face crops")
        frames = np.arange(count)
        filled = np.stack([np.interp(frames, frames[seen], anchors[seen, i]) for i in range(4)], axis=1)
        steady = gaussian_filter1d(filled, _STABLE_FRAMES, axis=0, mode="nearest")
        unit = float(np.median(np.hypot(*(steady[:, 2:] - steady[:, :2]).T)))
        centres = steady[:, :2] + [0.0, face.down * unit]
        side = face.side * unit
    if abs(side - face.size) <= _NEAR * face.size:
        side = face.size
    side = max(8, round(side))
    corners = np.rint(centres - side / 2).astype(np.int64)
    return np.concatenate([corners, np.full((count, 1), side)], axis=1)


def find_landmarks(clip: Clip, frames: Frames, source: str = "auto") -> NDArray[np.float32] | None:
    """Return a clip's landmarks, float32 ``[T, 68, 2]``, or None for the fixed box.

    ``source`` is a landmark provider, ``box``, or ``auto``: the clip's own landmark file where it has one, the bundled
    network otherwise. Raises ClipError.
    """
    if source == "box":
        return None
    if source == "auto":
        source = "precomputed" if "landmarks" in clip.extras else "bundled"
    points = np.asarray(_value(landmarks.provider(source), clip, frames), np.float32)
    # A stored file may be a frame longer or shorter than what the video decodes to.
    whole = np.full((len(frames), 68, 2), np.nan, np.float32)
    whole[: len(points)] = points[: len(frames)]
    return whole


def _value(feature: Feature, clip: Clip, frames: Frames) -> Value:
    """Compute a feature that rests on nothing but the clip and its frames."""
    if feature.name == FRAMES.name:
        return frames
    return feature.compute(clip, *(_value(need, clip, frames) for need in feature.needs))


def _resize(images: Tensor, side: int) -> Tensor:
    """Resize ``[N, 3, H, W]`` in 0..255 to a square, antialiased; the same size is left as it is."""
    if images.shape[-1] == side:
        return images
    return F.interpolate(images, (side, side), mode="bicubic", antialias=True).clamp(0, 255)


def crop(frames: Frames, boxes: Boxes, size: int) -> Frames:
    """Return the squares, uint8 ``[T, size, size, 3]``; beyond the frame its edge is repeated."""
    height, width = frames.shape[1:3]
    squares = np.stack(
        [
            frame[
                np.clip(np.arange(top, top + side), 0, height - 1)[:, None],
                np.clip(np.arange(left, left + side), 0, width - 1)[None, :],
            ]
            for frame, (left, top, side) in zip(frames, boxes, strict=True)
        ]
    )
    if squares.shape[1] == size:
        return squares
    pixels = torch.from_numpy(squares).permute(0, 3, 1, 2).float()
    return _resize(pixels, size).round().byte().permute(0, 2, 3, 1).contiguous().numpy()


def blend_mask(face: Face, side: int) -> NDArray[np.float32]:
    """Return how much of each pixel of a square is the generated one, float32 ``[side, side]`` in 0..1.

    0 above the hidden row, rising to 1 within a tenth of the side from each edge.
    """
    soft = max(1.0, _EDGE * side)
    rows = np.arange(side) + 0.5
    from_top = (rows - face.hidden_row / face.size * side) / soft
    from_bottom = (side - rows) / soft
    across = np.minimum(rows, side - rows) / soft
    down = np.clip(np.minimum(from_top, from_bottom), 0, 1)
    mask = down[:, None] * np.clip(across, 0, 1)[None, :]
    return np.asarray(mask * mask * (3 - 2 * mask), np.float32)


def paste(frames: Frames, images: Frames, boxes: Boxes, face: Face) -> Frames:
    """Return the frames with the generated squares ``[T, size, size, 3]`` blended in; all else is untouched."""
    height, width = frames.shape[1:3]
    side = int(boxes[0, 2])
    scaled = _resize(torch.from_numpy(images).permute(0, 3, 1, 2).float(), side).permute(0, 2, 3, 1).numpy()
    mask = blend_mask(face, side)[..., None]
    result = frames.copy()
    for frame, square, (left, top, _) in zip(result, scaled, boxes, strict=True):
        x0, y0, x1, y1 = max(0, left), max(0, top), min(width, left + side), min(height, top + side)
        if x0 >= x1 or y0 >= y1:
            raise ClipError("the face lies outside the frame: give landmarks of this video, or --option face=box")
        inside = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
        old = frame[y0:y1, x0:x1].astype(np.float32)
        frame[y0:y1, x0:x1] = np.rint(old + mask[inside] * (square[inside] - old)).astype(np.uint8)
    return result


def to_images(pixels: Tensor) -> Tensor:
    """Return uint8 ``[..., H, W, 3]`` as float ``[..., 3, H, W]`` in -1..1."""
    return pixels.movedim(-1, -3).float() / 127.5 - 1


def to_pixels(images: Tensor) -> Frames:
    """Return float ``[N, 3, H, W]`` in -1..1 as uint8 ``[N, H, W, 3]``."""
    return ((images.float() + 1) * 127.5).round().clamp(0, 255).byte().movedim(-3, -1).contiguous().cpu().numpy()


@dataclass(frozen=True)
class TalkingFace:
    """A generator as a system: answers a clip with its own frames, mouth regenerated from its speech.

    Attributes:
        drive: what the speech says, per frame.
        draw: the image of it.
        find: the landmarks of a clip's frames, ``[T, 68, 2]``; None for the fixed box.
        observe: what the real lips say, ``[T, 3, size, size]`` to traces; it never reaches the image.
        reference: the frame that shows how the person looks; its mouth does not follow the speech.
        batch: frames per network call.
        traces: names of the traces its answers leave.
        probe: what is inside the generator, shown on one clip; None where there is nothing to show.
    """

    name: str
    face: Face
    drive: Driver
    draw: Painter
    find: Callable[[Clip, Frames], NDArray[np.float32] | None]
    observe: Callable[[Tensor], dict[str, NDArray[Any]]] | None = None
    device: str = "cpu"
    reference: int = 0
    batch: int = 32
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    traces: frozenset[str] = frozenset()
    probe: Callable[[Clip], Mapping[str, NDArray[Any]]] | None = None
    task: Task = "talking-face"

    def answer(self, clip: Clip) -> Answer:
        """Return the clip's frames with a generated mouth, at the clip's size. Raises ClipError."""
        frames = clip.frames()
        boxes = find_boxes(self.find(clip, frames), frames.shape, self.face)
        squares = torch.from_numpy(crop(frames, boxes, self.face.size))
        mel = mel_spectrogram(clip.speech(len(frames)))
        look = to_images(squares[min(self.reference, len(frames) - 1)]).to(self.device)
        with torch.inference_mode():
            units, traces = self.drive(mel, len(frames))
            images: list[Frames] = []
            for start in range(0, len(frames), self.batch):
                poses = hide(to_images(squares[start : start + self.batch].to(self.device)), self.face)
                identity = torch.cat([poses, look.expand_as(poses)], dim=1)  # [N, 6, size, size]
                images.append(to_pixels(self.draw(units[start : start + self.batch], identity)))
            if self.observe is not None and clip.reference:
                traces |= self.observe(to_images(squares).to(self.device))
        return Answer(video=paste(frames, np.concatenate(images), boxes, self.face), traces=traces)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a generator's command-line options say: its weights, and how to run it."""

    weights: Path
    face: str
    reference: int
    rest: Mapping[str, str]

    def saying(self, **rest: str) -> Opened:
        """Return the same with further options as they are understood."""
        return replace(self, rest={**self.rest, **rest})

    def system(
        self,
        name: str,
        face: Face,
        drive: Driver,
        draw: Painter,
        setup: Setup,
        observe: Callable[[Tensor], dict[str, NDArray[Any]]] | None = None,
    ) -> TalkingFace:
        """Return the system, its settings saying what ran."""
        settings = {
            "weights": file_hash(self.weights)[:8],
            "face": self.face,
            "reference": str(self.reference),
            **self.rest,
        }
        find = partial(find_landmarks, source=self.face)
        return TalkingFace(name, face, drive, draw, find, observe, setup.device, self.reference, settings=settings)


def open_options(name: str, setup: Setup, more: Mapping[str, str]) -> Opened:
    """Read ``--option`` pairs: ``weights=FILE``, ``face=auto|box|PROVIDER``, ``reference=FRAME``, and ``more``'s keys.

    ``more`` holds further options with their defaults. Without ``weights`` (or ``--model name:FILE``), the bundled
    ones are taken. Raises CommandError.
    """
    known = {"weights": setup.argument, "face": "auto", "reference": "0", **more}
    for key in setup.options:
        if key not in known:
            raise unknown_name(f"option of {name}", key, known)
    values = {**known, **setup.options}
    path = Path(values["weights"]) if values["weights"] else Path(__file__).parent / name / "weights.safetensors"
    if not path.exists():
        raise CommandError(f"the weights of {name} are not at {path}: train them with syncbench train {name}")
    if values["face"] not in ("auto", "box"):
        landmarks.provider(values["face"])
    if not values["reference"].isdecimal():
        raise CommandError(f"option reference must be a frame number, not '{values['reference']}'")
    return Opened(path, values["face"], int(values["reference"]), {key: values[key] for key in more})
