"""AV-RelScore's reliability scoring: how far each frame and channel of a stream can be trusted.

Hong, Kim, Choi and Ro, CVPR 2023, arXiv 2303.08536. No label of corruption is used: the recognition loss alone teaches it.
"""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

__all__ = ["Reliability"]


class Reliability(nn.Module):
    """Features ``[B, T, C]`` to scores in 0..1 of the same shape; each score sees 19 frames (0.76 s)."""

    def __init__(self, dimension: int = 512, hidden: int = 1024) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(dimension, hidden, 7, padding=3),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
            nn.Conv1d(hidden, hidden, 7, padding=3),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
            nn.Conv1d(hidden, dimension, 7, padding=3),
            nn.BatchNorm1d(dimension),
            nn.Sigmoid(),
        )

    def forward(self, features: Tensor) -> Tensor:
        return cast("Tensor", self.layers(features.transpose(1, 2)).transpose(1, 2))
