"""What the memory's slots look like: mouths drawn from one slot alone, or from a mixture of two.

All pictures are of one frame, the reference frame that the generator draws from. The decoder's unit is fused from
recalled lips and the audio feature; here the audio feature is the clip's mean one (ASSUMED: the paper's figure does not
say), so that the recalled lips alone make the difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from syncbench.baselines.evaluators.landmarks.finder import find_landmarks
from syncbench.baselines.faces.mel import mel_chunks, mel_spectrogram
from syncbench.baselines.faces.networks import Face, hide
from syncbench.baselines.faces.squares import Boxes, crop, find_boxes, looks, paste, to_images, to_pixels
from syncbench.baselines.faces.synctalkface.network import Generator
from syncbench.clip import Frames, Waveform
from syncbench.features.landmarks import mouth_opening
from syncbench.media import Footage

__all__ = ["PAIRS", "STEPS", "Probe", "exhibit", "pairs_of", "probe", "used_slots"]

STEPS = 9
"""Pictures from one slot to another, both ends included."""
PAIRS = 8
"""Pairs of slots that are blended, at most."""
_BATCH = 32
_WIDE, _HIGH = 0.75, 0.55  # half a mouth's picture, in units of the distance from the eyes to the nose


@dataclass(frozen=True)
class Probe:
    """Draws one frame of a clip with any memory address.

    Attributes:
        frame: the reference frame, uint8 ``[1, H, W, 3]``; ``box`` its square, ``[1, 3]``.
        identity: the networks' view of it, ``[1, 6, size, size]``.
        audio: the clip's mean audio feature, ``[1, D]``.
        addresses: what the clip's speech addresses, ``[T, S]``.
    """

    generator: Generator
    frame: Frames
    box: Boxes
    identity: Tensor
    audio: Tensor
    addresses: NDArray[np.float32]

    @property
    def face(self) -> Face:
        return self.generator.config.face

    def faces(self, addresses: NDArray[np.floating[Any]]) -> Frames:
        """Return whole frames for addresses ``[N, S]`` over the slots, uint8 ``[N, H, W, 3]``."""
        memory = self.generator.memory
        images: list[Frames] = []
        with torch.inference_mode():
            lips = torch.as_tensor(addresses, dtype=torch.float32, device=memory.values.device) @ memory.values.float()
            units = memory.fuse(self.audio.expand(len(lips), -1), lips)  # [N, D]
            for start in range(0, len(units), _BATCH):
                some = units[start : start + _BATCH]
                images.append(to_pixels(self.generator.draw(some, self.identity.expand(len(some), -1, -1, -1))))
        count = len(addresses)
        return paste(self.frame.repeat(count, 0), np.concatenate(images), self.box.repeat(count, 0), self.face)

    def gallery(self) -> Frames:
        """Return one frame per slot, addressed alone, uint8 ``[S, H, W, 3]``."""
        return self.faces(np.eye(self.generator.config.slots))

    def blend(self, first: int, second: int, steps: int = STEPS) -> Frames:
        """Return frames from one slot to another in equal steps, uint8 ``[steps, H, W, 3]``."""
        shares = np.linspace(0, 1, steps)[:, None]
        slots = np.eye(self.generator.config.slots)
        return self.faces((1 - shares) * slots[first] + shares * slots[second])

    def mouths(self, frames: Frames) -> Frames:
        """Return the mouths of whole frames at the size at which they are generated, uint8 ``[N, h, w, 3]``."""
        squares = crop(frames, self.box.repeat(len(frames), 0), self.face.size)
        unit = self.face.size / self.face.side  # eyes to nose
        x, y = (self.face.size * place for place in self.face.mouth)
        left, right = round(x - _WIDE * unit), round(x + _WIDE * unit)
        return squares[:, round(y - _HIGH * unit) : round(y + _HIGH * unit), max(0, left) : right]


def probe(
    generator: Generator,
    footage: Footage,
    speech: Waveform,
    landmarks: NDArray[np.float32] | None,
    reference: int = 0,
    shown: NDArray[np.bool_] | None = None,
) -> Probe:
    """Prepare a clip for probing: ``landmarks`` and ``shown`` as for ``find_boxes``, ``reference`` as for ``looks``: the
    frame to draw is that of the first shot with a face. Raises ClipError.
    """
    boxes = find_boxes(landmarks, footage.shape, generator.config.face, shown)
    at = int(looks(boxes, landmarks, reference)[np.argmax(boxes[:, 2] > 0)])
    place = slice(at, at + 1)
    frame = footage[place]
    device = generator.memory.keys.device
    look = to_images(torch.from_numpy(crop(frame, boxes[place], generator.config.face.size))).to(device)
    chunks = torch.from_numpy(mel_chunks(mel_spectrogram(speech), len(footage))).to(device)
    with torch.inference_mode():
        audio = generator.audio(chunks[:, None])  # [T, D]
        addresses = generator.memory.hear(audio).addresses.cpu().numpy()
    identity = torch.cat([hide(look, generator.config.face), look], dim=1)
    return Probe(generator, frame, boxes[place], identity, audio.mean(dim=0, keepdim=True), addresses)


def used_slots(addresses: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """Return the slots whose mean address in ``[T, S]`` is at least 1 / S, or the two largest where fewer are."""
    mean = addresses.mean(axis=0, dtype=np.float64)
    used = np.flatnonzero(mean >= 1 / len(mean))
    return np.sort(used if len(used) > 1 else np.argsort(-mean, kind="stable")[:2])


def pairs_of(slots: NDArray[np.int64], opening: NDArray[np.floating[Any]], most: int = PAIRS) -> NDArray[np.int64]:
    """Return pairs of slots to blend, int64 ``[N, 2]``: the most closed mouth with the most open one, then the next two.

    ``opening`` ``[S]`` is how far each slot's mouth is open; slots without one (NaN) are left out.
    """
    known = slots[np.isfinite(opening[slots])]
    order = known[np.argsort(opening[known], kind="stable")]
    count = min(most, len(order) // 2)
    return np.stack([order[:count], order[::-1][:count]], axis=1)


def _opening(frames: Frames) -> NDArray[np.float64]:
    """Return how far the mouth is open in each frame ``[N]``, each by itself: landmarks of a video are smoothed over it."""
    return mouth_opening(np.concatenate([find_landmarks(frame[None]) for frame in frames]))


def exhibit(probed: Probe) -> dict[str, NDArray[Any]]:
    """Return what a run keeps of the memory (``System.probe``).

    - ``slots``: the mouth drawn from each slot alone, uint8 ``[S, h, w, 3]``;
    - ``slot_opening``: how far each of these mouths is open, by the bundled landmarks, in interocular distances ``[S]``;
    - ``blend``: from one slot to another, uint8 ``[STEPS, h, w, 3]``: of the slots that the clip's speech uses, the
      one whose mouth is most closed and the one whose mouth is most open;
    - ``blend_slots``: the pairs of slots that were blended, int64 ``[N, 2]``; the first is the one shown;
    - ``blend_opening``: the mouth's opening along each blend, ``[N, STEPS]``.
    """
    gallery = probed.gallery()
    opening = _opening(gallery)
    found: dict[str, NDArray[Any]] = {
        "slots": probed.mouths(gallery),
        "slot_opening": opening.astype(np.float32),
    }
    pairs = pairs_of(used_slots(probed.addresses), opening)
    if not len(pairs):
        return found
    blends = [probed.blend(first, second) for first, second in pairs.tolist()]
    openings = np.stack([_opening(blend) for blend in blends])
    return found | {
        "blend": probed.mouths(blends[0]),
        "blend_slots": pairs,
        "blend_opening": openings.astype(np.float32),
    }
