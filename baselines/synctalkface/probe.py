"""What a single memory slot looks like: mouths decoded from one slot, or from a mixture of two.

The decoder's unit is fused from recalled lips and the audio feature; here the audio feature is the clip's mean one
(ASSUMED: the paper's figure does not say), so that the recalled lips alone make the difference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from syncbench.baselines.audio import mel_chunks, mel_spectrogram
from syncbench.baselines.family import hide
from syncbench.baselines.synctalkface.network import Generator
from syncbench.baselines.talking_face import crop, find_boxes, find_landmarks, paste, to_images, to_pixels
from syncbench.contracts import Clip, Frames

__all__ = ["Probe", "monotonicity", "probe"]


@dataclass(frozen=True)
class Probe:
    """Draws one frame of a clip with any memory address."""

    generator: Generator
    frames: Frames
    squares: Tensor
    boxes: NDArray[np.int64]
    audio: Tensor

    def faces(self, addresses: NDArray[np.floating]) -> Frames:
        """Return whole frames for addresses ``[N, S]`` over the slots, uint8 ``[N, H, W, 3]``."""
        face = self.generator.config.face
        look = to_images(self.squares[:1])  # [1, 3, size, size]
        with torch.inference_mode():
            values = self.generator.memory.values
            lips = torch.as_tensor(addresses, dtype=torch.float32, device=values.device) @ values
            units = self.generator.memory.fuse(self.audio.expand(len(lips), -1), lips)
            identity = torch.cat([hide(look, face), look], dim=1).expand(len(lips), -1, -1, -1)
            images = to_pixels(self.generator.draw(units, identity))
        count = len(images)
        return paste(np.repeat(self.frames[:1], count, 0), images, np.repeat(self.boxes[:1], count, 0), face)

    def gallery(self) -> Frames:
        """Return one frame per slot, addressed alone, uint8 ``[S, H, W, 3]``."""
        return self.faces(np.eye(self.generator.config.slots))

    def blend(self, first: int, second: int, steps: int = 9) -> Frames:
        """Return frames from one slot to another in equal steps, uint8 ``[steps, H, W, 3]``."""
        shares = np.linspace(0, 1, steps)[:, None]
        slots = np.eye(self.generator.config.slots)
        return self.faces((1 - shares) * slots[first] + shares * slots[second])


def probe(generator: Generator, clip: Clip) -> Probe:
    """Prepare a clip for probing. Raises ClipError."""
    frames = clip.frames()
    boxes = find_boxes(find_landmarks(clip, frames), frames.shape, generator.config.face)
    squares = torch.from_numpy(crop(frames[:1], boxes[:1], generator.config.face.size))
    chunks = mel_chunks(mel_spectrogram(clip.speech(len(frames))), len(frames))
    with torch.inference_mode():
        audio = generator.audio(torch.from_numpy(chunks)[:, None]).mean(dim=0, keepdim=True)
    return Probe(generator, frames, squares, boxes, audio)


def monotonicity(
    probed: Probe, pairs: NDArray[np.int64], opening: Callable[[Frames], NDArray[np.float64]], steps: int = 9
) -> float:
    """Return the mean absolute rank correlation of mouth opening with the blend between two slots, 0..1.

    ``pairs`` is int64 ``[N, 2]``; ``opening`` gives the mouth's opening in frames, such as by landmarks. 1 means that
    mixing two slots passes through the mouths between theirs.
    """
    from scipy.stats import spearmanr

    shares = np.linspace(0, 1, steps)
    found = [abs(float(spearmanr(shares, opening(probed.blend(a, b, steps))).statistic)) for a, b in pairs.tolist()]
    return float(np.nanmean(found))
