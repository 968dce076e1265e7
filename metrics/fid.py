"""FID: the Fréchet distance between the real and the generated frames of a whole corpus.

Network and image convention are those of pytorch-fid: RGB / 255, resized to 299 x 299 (bilinear, corners not aligned), the
2048 pool3 activations of the Inception v3 of the original FID. All frames of all clips are pooled, so FID belongs to a
corpus: one clip has none. The distance itself is computed from symmetric eigenvalues and never needs a matrix square
root, whose rounding has given complex and absurd values.

Source: M. Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium" (2017);
mseitzer/pytorch-fid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from syncbench import _torchvision, weights
from syncbench.clip import Frames
from syncbench.feature import Feature, Features
from syncbench.features.frames import FOOTAGE
from syncbench.measurement import Measurement
from syncbench.media import Footage, spans
from syncbench.metric import Metric, ScoreSpec

__all__ = ["POOL3", "Fid", "FidMeasurement", "activations", "frechet_distance", "network"]

DIMENSIONS = 2048
ENOUGH = DIMENSIONS
"""Images below which the covariance is singular and FID is not to be compared with published values."""


def frechet_distance(
    mean_a: NDArray[np.float64], cov_a: NDArray[np.float64], mean_b: NDArray[np.float64], cov_b: NDArray[np.float64]
) -> float:
    """Return the squared Fréchet distance between two Gaussians: means ``[D]``, covariances ``[D, D]``, float64.

    ``|m_a - m_b|^2 + Tr(A + B - 2 (A B)^(1/2))``. The last trace is the sum of the square roots of the eigenvalues of
    ``A^(1/2) B A^(1/2)``, which is symmetric; directions that A does not have are left out, so that covariances of fewer
    images than dimensions do no harm.
    """
    values, vectors = np.linalg.eigh(cov_a)
    present = values > values[-1] * len(values) * np.finfo(np.float64).eps
    root = vectors[:, present] * np.sqrt(values[present])  # [D, rank]: root @ root.T is A
    shared = np.linalg.eigvalsh(root.T @ cov_b @ root)
    overlap = np.sqrt(np.clip(shared, 0, None)).sum()
    gap = mean_a - mean_b
    return float(gap @ gap + np.trace(cov_a) + np.trace(cov_b) - 2 * overlap)


def network(state: Mapping[str, Any]) -> Any:
    """Return pytorch-fid's Inception v3 up to pool3, holding ``state``, the content of its checkpoint."""
    import torch

    inception: Any = _torchvision.load("pytorch_fid.inception")
    download = inception.load_state_dict_from_url
    inception.load_state_dict_from_url = lambda *_, **__: state
    try:
        built = inception.InceptionV3([inception.InceptionV3.BLOCK_INDEX_BY_DIM[DIMENSIONS]])
    finally:
        inception.load_state_dict_from_url = download
    return built.eval().to(memory_format=torch.channels_last)  # a third faster on a CPU, the same arithmetic


def activations(network: Any, frames: Frames | Footage, batch: int = 16) -> NDArray[np.float32]:
    """Return the pool3 activations of frames, uint8 ``[T, H, W, 3]`` RGB of any size, as float32 ``[T, 2048]``."""
    import torch

    parts: list[NDArray[np.float32]] = []
    with torch.inference_mode():
        for span in spans(frames, batch):
            pixels = torch.from_numpy(np.ascontiguousarray(frames[span])).permute(0, 3, 1, 2)
            parts.append(network(pixels.float() / 255)[0][:, :, 0, 0].numpy())
    return np.concatenate(parts) if parts else np.zeros((0, DIMENSIONS), np.float32)


@lru_cache(maxsize=1)
def _official(path: Path) -> Any:
    return network(weights.load_checkpoint(path))


def _pool3(frames: Footage) -> NDArray[np.float32]:
    return activations(_official(weights.require("inception_fid")), frames)


POOL3 = Feature(
    "inception_pool3", _pool3, needs=(FOOTAGE,), weights=weights.lookup("inception_fid").sha256, stored=True
)
"""The pool3 activations of a clip's frames, float32 ``[T, 2048]``."""


def _none() -> NDArray[np.float32]:
    return np.zeros((0, DIMENSIONS), np.float32)


@dataclass(frozen=True)
class FidMeasurement(Measurement):
    """The activations of one clip, or the second moments of many.

    One clip keeps its activations, which are small; adding turns them into moments, whose size does not depend on how
    many clips went in. With a 1 put before each activation, the sum of outer products holds number, sum and products at
    once: ``[[n, s], [s, P]]``.

    Attributes:
        reference, output: activations of one clip, float32 ``[T, D]``; empty in a sum.
        reference_moments, output_moments: float64 ``[1 + D, 1 + D]`` of a sum; 0 in one clip.
    """

    reference: NDArray[np.float32] = field(default_factory=_none)
    output: NDArray[np.float32] = field(default_factory=_none)
    reference_moments: Any = 0.0
    output_moments: Any = 0.0

    def __add__(self, other: Self) -> Self:  # pyright: ignore[reportIncompatibleMethodOverride]
        return type(self)(
            reference_moments=(self.reference_moments + _moments(self.reference))
            + (other.reference_moments + _moments(other.reference)),
            output_moments=(self.output_moments + _moments(self.output))
            + (other.output_moments + _moments(other.output)),
            measured=self.measured + other.measured,
            asked=self.asked + other.asked,
        )

    @property
    def images(self) -> tuple[int, int]:
        """Number of real and of generated frames."""
        return _count(self.reference, self.reference_moments), _count(self.output, self.output_moments)

    def scores(self) -> dict[str, Any]:
        if len(self.reference) or len(self.output) or min(self.images) < 2:
            return {"fid": np.nan}
        return {"fid": frechet_distance(*_gaussian(self.reference_moments), *_gaussian(self.output_moments))}


def _moments(rows: NDArray[np.float32]) -> Any:
    if not len(rows):
        return 0.0
    extended = np.concatenate([np.ones((len(rows), 1)), rows], axis=1)  # float64 [T, 1 + D]
    return extended.T @ extended


def _count(rows: NDArray[np.float32], moments: Any) -> int:
    return len(rows) + (int(moments[0, 0]) if np.ndim(moments) else 0)


def _gaussian(moments: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean ``[D]`` and covariance ``[D, D]`` (divided by n - 1)."""
    n, total, products = moments[0, 0], moments[0, 1:], moments[1:, 1:]
    return total / n, (products - np.outer(total, total) / n) / (n - 1)


class Fid(Metric):
    """FID over the frames of all clips, real against generated."""

    name = "fid"
    inputs = frozenset({"video"})
    scores = (
        ScoreSpec(
            "fid", "FID", "", "lower", (0.0, None), True, "Heusel et al. 2017 (mseitzer/pytorch-fid)",
            "Fréchet distance between pool3 activations of all real and all generated frames", 2,
        ),
    )  # fmt: skip
    measurement = FidMeasurement
    features = (POOL3,)
    settings = {"network": f"inception_fid@{POOL3.weights[:8]}", "region": "frame"}

    def unavailable(self) -> str | None:
        return weights.unavailable("inception_fid")

    def measure(self, reference: Features, output: Features) -> FidMeasurement:
        return FidMeasurement(reference=reference[POOL3], output=output[POOL3])

    def remarks(self, total: Measurement) -> list[str]:
        """Return what a reader of the corpus score must know: too few images."""
        assert isinstance(total, FidMeasurement)
        fewest = min(total.images)
        if fewest >= ENOUGH:
            return []
        return [f"FID of {fewest} images: below {ENOUGH} it is biased upwards; do not compare it with published values"]
