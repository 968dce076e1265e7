"""Two small convolutional networks: 68 landmarks in a face crop, and the lips again in a closer look at the mouth."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["INPUT_SIZE", "MOUTH_SIZE", "LandmarkNet", "Landmarker", "MouthNet", "standardise"]

INPUT_SIZE = 96
MOUTH_SIZE = 64
POINTS = 68
MOUTH_POINTS = 20


def standardise(images: Tensor) -> Tensor:
    """Give every image zero mean and unit deviation, so that light and exposure matter little. [B, 1, H, W]"""
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    deviation = images.std(dim=(1, 2, 3), keepdim=True)
    return (images - mean) / (deviation + 4.0)  # 4 grey levels: a blank image stays blank


def _conv(inputs: int, outputs: int, *, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            _conv(width, width), nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.inner(x))


class LandmarkNet(nn.Module):
    """Direct regression from a grey 96x96 face crop.

    Plain strided convolutions down to 6x6, then two linear layers: the whole grid of positions is kept, because where
    something is seen is the answer.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            _conv(1, 16, kernel=5, stride=2),  # [B, 16, 48, 48]
            _conv(16, 32, stride=2),  # [B, 32, 24, 24]
            _Residual(32),
            _conv(32, 64, stride=2),  # [B, 64, 12, 12]
            _Residual(64),
            _conv(64, 128, stride=2),  # [B, 128, 6, 6]
            _Residual(128),
        )
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(0.1),
            nn.Linear(128 * 36, 256),
            nn.ReLU(inplace=True),
            nn.Linear(256, POINTS * 2 + 1),
        )

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return points [B, 68, 2] with 0..1 across the crop, and the logit that it shows a face [B].

        Args:
            images: grey levels 0..255, float [B, 1, 96, 96].
        """
        features = self.trunk(standardise(images))
        answer = self.head(features).float()  # [B, 137]
        return answer[:, :-1].reshape(-1, POINTS, 2) + 0.5, answer[:, -1]


class MouthNet(nn.Module):
    """The 20 lip landmarks from a mouth crop, where an opening of the lips is several pixels wide."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            _conv(1, 16, kernel=5, stride=2),  # [B, 16, 32, 32]
            _conv(16, 32, stride=2),  # [B, 32, 16, 16]
            _Residual(32),
            _conv(32, 64, stride=2),  # [B, 64, 8, 8]
            _Residual(64),
            nn.Flatten(),
            nn.Linear(64 * 64, 192),
            nn.ReLU(inplace=True),
            nn.Linear(192, MOUTH_POINTS * 2),
        )

    def forward(self, mouths: Tensor) -> Tensor:
        """Return points [B, 20, 2] with 0..1 across the crop, of grey crops [B, 1, 64, 64] of 0..255."""
        out: Tensor = self.layers(standardise(mouths)).float().reshape(-1, MOUTH_POINTS, 2) + 0.5
        return out


class Landmarker(nn.Module):
    """Both networks, so that they share a file of weights."""

    def __init__(self) -> None:
        super().__init__()
        self.face = LandmarkNet()
        self.mouth = MouthNet()
