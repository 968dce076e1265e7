"""LPIPS: how different two frames look to a network trained on people's judgements.

Source: R. Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric" (2018), package lpips,
version 0.1 of its linear heads. Inputs are RGB, scaled to -1..1. The value depends on the size of the frames: those of the
mouth alone are not to be held against those of whole frames.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from syncbench import _torchvision, registry, weights
from syncbench.clip import Frames
from syncbench.errors import ClipError
from syncbench.feature import Features
from syncbench.features.frames import FOOTAGE
from syncbench.measurement import Ratios
from syncbench.metric import Metric, ScoreSpec
from syncbench.metrics.image_quality import MOUTH_REGION, frame_pairs, mouth_pairs

__all__ = ["Lpips", "MouthLpips", "alex", "distances", "network", "vgg"]

Trunk = Literal["alex", "vgg"]

_TRUNK_WEIGHTS = {"alex": "alexnet", "vgg": "vgg16"}
_SMALLEST = {"alex": 31, "vgg": 16}  # pixels: below this a pooling of the trunk has nothing left to pool


def network(trunk: Trunk, state: Mapping[str, Any] | None = None) -> Any:
    """Return lpips' network with its own linear heads, ready to measure.

    ``state`` is torchvision's checkpoint of the trunk (``features.N.weight`` and ``.bias``); None leaves the trunk random,
    which is good for nothing but checks of arithmetic.
    """
    lpips = _torchvision.load("lpips")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lpips builds its trunk by an argument torchvision calls deprecated
        built = lpips.LPIPS(net=trunk, pnet_rand=True, verbose=False).eval().requires_grad_(False)
    if state is not None:
        # lpips cuts the trunk into slices ("slice2.3.weight") but keeps torchvision's numbers ("features.3.weight").
        built.net.load_state_dict({key: state[f"features.{key.partition('.')[2]}"] for key in built.net.state_dict()})
    return built


def distances(network: Any, reference: Frames, output: Frames, batch: int = 16) -> NDArray[np.float32]:
    """Return the LPIPS distance of each pair of frames, >= 0, float32 ``[T]``.

    Args:
        network: from :func:`network`, or any ``lpips.LPIPS``.
        reference, output: uint8 ``[T, H, W, 3]`` RGB, of one shape.
        batch: pairs at a time; changes nothing but memory.
    """
    import torch

    if reference.shape != output.shape:
        raise ValueError(f"frames must be of one shape, not {reference.shape} and {output.shape}")

    def scaled(frames: Frames) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2).float() / 127.5 - 1

    parts: list[NDArray[np.float32]] = []
    with torch.inference_mode():
        for start in range(0, len(reference), batch):
            pair = scaled(reference[start : start + batch]), scaled(output[start : start + batch])
            parts.append(network(*pair)[:, 0, 0, 0].numpy())
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


class Lpips(Metric):
    """LPIPS with one trunk, over the frames both videos have: the corpus score is the mean over all frames of all clips."""

    inputs = frozenset({"video"})
    features = (FOOTAGE,)

    def __init__(self, trunk: Trunk = "alex") -> None:
        self.trunk: Trunk = trunk
        self.name = f"lpips_{trunk}"
        self.on_request = trunk != "alex"  # the usual one; vgg takes thirty times as long
        self.scores = (
            ScoreSpec(
                self.name, f"LPIPS ({trunk})", "", "lower", (0.0, None), True, "Zhang et al. 2018 (lpips 0.1)",
                f"perceptual distance of whole frames, {trunk} trunk, mean over frames", 4,
            ),
        )  # fmt: skip
        file = weights.lookup(_TRUNK_WEIGHTS[trunk])
        self.settings = {"network": f"{file.name}@{file.sha256[:8]}", "heads": "0.1", "region": "frame"}

    def unavailable(self) -> str | None:
        return weights.unavailable(_TRUNK_WEIGHTS[self.trunk])

    def measure(self, reference: Features, output: Features) -> Ratios:
        return _measured(self.name, self.trunk, frame_pairs(reference, output, _SMALLEST[self.trunk]))


class MouthLpips(Metric):
    """LPIPS of the mouth (AlexNet trunk): in the square that the real video's landmarks place, the same in both videos.

    Frames count in which the real face was found. The square is that of
    :class:`syncbench.metrics.image_quality.MouthQuality`, as large as it is in the video (ASSUMED).
    """

    name = "lpips_mouth"
    inputs = frozenset({"video"})
    scores = (
        ScoreSpec(
            "lpips_mouth", "LPIPS mouth", "", "lower", (0.0, None), True, "Zhang et al. 2018 (lpips 0.1); square: SyncBench",
            "perceptual distance of the mouth, alex trunk, mean over frames", 4, headline=False,
        ),
    )  # fmt: skip

    def __init__(self, landmarks: str = "bundled") -> None:
        self.provider = registry.landmarks(landmarks)
        self.features = (FOOTAGE, self.provider.feature)
        self.settings = {**Lpips("alex").settings, "region": MOUTH_REGION, "landmarks": self.provider.label}

    def unavailable(self) -> str | None:
        return weights.unavailable(_TRUNK_WEIGHTS["alex"]) or self.provider.unavailable()

    def measure(self, reference: Features, output: Features) -> Ratios:
        pairs = mouth_pairs(self.provider.feature, reference, output, _SMALLEST["alex"])
        return _measured(self.name, "alex", pairs)


def _measured(name: str, trunk: Trunk, pairs: Iterator[tuple[Frames, Frames]]) -> Ratios:
    """Return the distance, under this name, of pieces of both videos."""
    network = _official(trunk)
    found = np.concatenate([np.zeros(0, np.float32), *(distances(network, *pair) for pair in pairs)])
    if not len(found):
        raise ClipError("no frame of the answer has the mouth of the real video beside it")
    return Ratios({name: (float(found.sum(dtype=np.float64)), len(found))}, measured=len(found))


def alex() -> Lpips:
    """Return LPIPS with the AlexNet trunk, the default of package and field."""
    return Lpips("alex")


def vgg() -> Lpips:
    """Return LPIPS with the VGG trunk."""
    return Lpips("vgg")


def _official(trunk: Trunk) -> Any:
    return _loaded(trunk, weights.require(_TRUNK_WEIGHTS[trunk]))


@lru_cache(maxsize=2)
def _loaded(trunk: Trunk, path: Path) -> Any:
    return network(trunk, weights.load_checkpoint(path))
