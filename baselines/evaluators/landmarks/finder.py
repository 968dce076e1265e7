"""Where a face's 68 landmarks are, frame by frame, by the bundled network."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import Frames
from syncbench.feature import Feature
from syncbench.features.frames import FOOTAGE
from syncbench.features.landmarks import Provider
from syncbench.features.mouths import crop_mouths, mouth_boxes, mouths
from syncbench.files import file_hash
from syncbench.media import Footage, spans

if TYPE_CHECKING:
    from syncbench.baselines.evaluators.landmarks.network import Landmarker

__all__ = ["BUNDLED", "LANDMARKS", "MOUTHS", "MOUTH_SIDE", "WEIGHTS", "find_landmarks"]

WEIGHTS = Path(__file__).with_name("weights.safetensors")
_CHUNK = 64


@lru_cache(maxsize=1)
def _network(path: Path = WEIGHTS) -> Landmarker:
    import torch

    from syncbench.baselines.checkpoint import load_tensors
    from syncbench.baselines.evaluators.landmarks.network import Landmarker

    network = Landmarker()
    network.load_state_dict(load_tensors(path))
    network.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def find_landmarks(frames: Frames | Footage) -> NDArray[np.float32]:
    """Return 68 landmarks per frame, float32 [T, 68, 2]: x and y in pixels, dlib's order, NaN where no face is seen.

    A first network sees the whole crop; a second one looks at the mouth alone, placed by the first, and says where the
    lips are.

    Args:
        frames: uint8 [T, H, W, 3] RGB face crops of any size: one face, upright within about 20 degrees, filling a
            third of the frame or more.
    """
    found = _find_faces(frames)
    boxes = mouth_boxes(found)
    if boxes is None:
        return found
    centres, sides = boxes
    lips = (_find_lips(frames, found) - 0.5) * sides[:, None, None] + centres[:, None]
    seen = np.isfinite(found).all((1, 2))
    found[seen, 48:68] = lips[seen]
    return found


def _find_faces(frames: Frames | Footage) -> NDArray[np.float32]:
    """Return all 68 landmarks as the first network sees them, float32 [T, 68, 2]."""
    import torch
    import torch.nn.functional as F

    from syncbench.baselines.evaluators.landmarks.network import INPUT_SIZE

    network = _network().face
    height, width = frames.shape[1:3]
    side = max(height, width)
    left, top = (side - width) // 2, (side - height) // 2
    margins = (left, side - width - left, top, side - height - top)
    luma = torch.tensor([0.299, 0.587, 0.114])
    found = np.empty((len(frames), 68, 2), np.float32)
    with torch.inference_mode():
        for part in spans(frames):
            grey = (torch.from_numpy(np.ascontiguousarray(frames[part])).float() @ luma)[:, None]  # [t, 1, H, W]
            square = F.pad(grey, margins, mode="replicate") if any(margins) else grey
            small = F.interpolate(square, (INPUT_SIZE, INPUT_SIZE), mode="bilinear", antialias=True)
            points, face = network(small)
            points = points * side - torch.tensor([float(left), float(top)])
            points[face < 0] = torch.nan
            found[part] = points.numpy()
    return found


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
    "landmarks[bundled]", find_landmarks, needs=(FOOTAGE,), version=2, weights=file_hash(WEIGHTS), stored=True
)
"""Landmarks of a clip's video by the bundled network, float32 ``[T, 68, 2]``."""
BUNDLED = Provider("bundled", LANDMARKS)
MOUTH_SIDE = 64
MOUTHS = mouths(LANDMARKS, MOUTH_SIDE)
"""What the sync expert and the lip reader look at."""
