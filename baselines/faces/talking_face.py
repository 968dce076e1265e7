"""What every talking-face generator here does around its network: find the face, crop, generate, blend back.

Of the frame to be generated, a network sees only what lies above ``Face.hidden_row``; the rest comes from one reference
frame of the same shot. The generated part is pasted into the clip's own frames with a soft edge; frames without a face stay
as they are.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from syncbench import registry
from syncbench.answer import Video
from syncbench.baselines.faces.mel import mel_spectrogram
from syncbench.baselines.faces.networks import Face, hide
from syncbench.baselines.faces.squares import Boxes, crop, find_boxes, looks, paste, to_images, to_pixels
from syncbench.clip import Frames
from syncbench.errors import ClipError, CommandError
from syncbench.feature import Features
from syncbench.features.frames import FOOTAGE
from syncbench.features.landmarks import fitted
from syncbench.files import file_hash
from syncbench.media import Footage, spans
from syncbench.options import Options
from syncbench.system import Given, Setup, System

__all__ = ["FaceOptions", "TalkingFace", "face_landmarks", "faces_shown"]

_BATCH = 32  # frames per network call


class FaceOptions(Options):
    weights: Path | None = Field(None, description="a checkpoint, instead of the bundled one")
    face: str = Field(
        "auto", description="where the face is: auto, box (the frame is a face crop), or a landmark provider"
    )
    reference: int = Field(0, ge=0, description="which frame with a face, of each shot, shows how the person looks")


OptionsT = TypeVar("OptionsT", bound=FaceOptions)


def face_landmarks(clip: Given | Features, source: str = "auto") -> NDArray[np.float32] | None:
    """Return a clip's landmarks, float32 ``[T, 68, 2]``, or None for the fixed box.

    ``source`` is a landmark provider, ``box``, or ``auto``: the clip's own landmark file where it has one, the bundled
    network otherwise. Raises ClipError.
    """
    if source == "box":
        return None
    if source == "auto":
        source = "precomputed" if clip.has("landmarks") else "bundled"
    return fitted(np.asarray(clip[registry.landmarks(source).feature], np.float32), len(clip[FOOTAGE]))


def faces_shown(clip: Given | Features) -> NDArray[np.bool_] | None:
    """Return in which frames there is a face, bool ``[T]``; None where nobody can say, and landmarks of one's own must."""
    try:
        squares: NDArray[np.float32] = clip[registry.face_finder().squares]
    except ClipError:
        return None
    return np.asarray(np.isfinite(squares).all(axis=1))


class TalkingFace(System[OptionsT], Generic[OptionsT]):
    """A generator as a system: answers a clip with its own frames, mouth regenerated from its speech.

    A subclass loads its network (``load``), says what the speech says (``drive``) and draws it (``draw``). Weights that
    are not named lie beside its file.

    Attributes:
        face: what part of the face is generated.
    """

    task = "talking-face"
    face: Face

    def __init__(self, setup: Setup[OptionsT], name: str = "") -> None:
        super().__init__(setup, name)
        beside = Path(inspect.getfile(type(self))).with_name("weights.safetensors")
        named = Path(setup.argument) if setup.argument else beside
        self.weights = setup.options.weights or named
        if not self.weights.exists():
            raise CommandError(f"the weights of {self.name} are not at {self.weights}: train them with syncbench train")
        if setup.options.face not in ("auto", "box"):
            registry.landmarks(setup.options.face)
        self.settings = {
            "weights": file_hash(self.weights)[:8],
            "face": setup.options.face,
            "reference": str(setup.options.reference),
        }
        self.load(self.weights, setup.device)

    def load(self, weights: Path, device: str) -> None:
        """Load the network and set ``face``. Raises CommandError."""
        raise NotImplementedError

    def drive(self, mel: NDArray[np.float32], frames: int) -> tuple[Tensor, dict[str, NDArray[Any]]]:
        """Return units ``[T, D]`` of mel ``[80, steps]`` for so many frames, and the traces worth keeping."""
        raise NotImplementedError

    def draw(self, units: Tensor, identity: Tensor) -> Tensor:
        """Return images ``[N, 3, size, size]`` in -1..1 for units ``[N, D]`` and identities ``[N, 6, size, size]``."""
        raise NotImplementedError

    def observe(self, squares: Tensor) -> Mapping[str, NDArray[Any]]:
        """Return traces of what the real lips, uint8 ``[T, size, size, 3]``, say; it never reaches the image."""
        return {}

    def answer(self, given: Given) -> Video:
        """Return the clip's frames with a generated mouth, at the clip's size. Raises ClipError."""
        footage = given.footage
        points = face_landmarks(given, self.options.face)
        boxes = find_boxes(points, footage.shape, self.face, None if points is None else faces_shown(given))
        squares = torch.from_numpy(crop(footage, boxes, self.face.size))
        with torch.inference_mode():
            units, traces = self.drive(mel_spectrogram(given.speech), len(footage))
            if given.real:
                traces = {**traces, **self.observe(squares)}
        seen_in = torch.from_numpy(looks(boxes, points, self.options.reference))
        return Video(self._drawn(footage, boxes, squares, seen_in, units), traces=traces)

    def _drawn(
        self, footage: Footage, boxes: Boxes, squares: Tensor, seen_in: Tensor, units: Tensor
    ) -> Iterator[Frames]:
        """Yield the generated frames, piece by piece."""
        device = self.setup.device
        for part in spans(footage, _BATCH):
            with torch.inference_mode():
                poses = hide(to_images(squares[part].to(device)), self.face)
                identity = torch.cat([poses, to_images(squares[seen_in[part]].to(device))], dim=1)  # [N, 6, size, size]
                images = to_pixels(self.draw(units[part], identity))
            yield paste(footage[part], images, boxes[part], self.face)
