"""A corruption: black stripes over the picture."""

import numpy as np

from syncbench.corruptions.corruption import Corruption, Part, Scene


def _stripes(scene: Scene, part: Part, rng: np.random.Generator) -> Scene:
    frames = scene.frames.copy()  # [T, H, W, 3]
    rows = rng.permutation(frames.shape[1])[: round(part.value * frames.shape[1])]
    frames[:, rows] = 0
    level = np.full(len(frames), part.value)
    return scene.seen(frames).at("video.stripes", level)


STRIPES = Corruption(
    name="stripes",
    stream="visual",
    summary="rows of the picture are black; the value is their share, 0 to 1",
    apply=_stripes,
    range=(0.0, 1.0),
)
