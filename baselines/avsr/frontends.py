"""Front ends: mouth frames or waveform to one vector per video frame (25 Hz).

Both are ResNet-18 with Swish, as in the end-to-end Conformer line of audio-visual recognisers (Ma et al., ICASSP 2021,
arXiv 2102.06657) that V-CAFE and AV-RelScore start from. ``width`` is the first stage's channels: 64 in the paper.
"""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

__all__ = ["AudioFrontend", "VisualFrontend"]

STAGES = (1, 2, 4, 8)


class _Block2d(nn.Module):
    """Two 3x3 convolutions with a shortcut."""

    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outside)
        self.conv2 = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outside)
        self.act = nn.SiLU()
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inside != outside:
            self.shortcut = nn.Sequential(nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm2d(outside))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm2(self.conv2(self.act(self.norm1(self.conv1(x)))))
        return cast("Tensor", self.act(y + self.shortcut(x)))


class _Block1d(nn.Module):
    """Two convolutions of length 3 with a shortcut."""

    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(inside, outside, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm1d(outside)
        self.conv2 = nn.Conv1d(outside, outside, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm1d(outside)
        self.act = nn.SiLU()
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inside != outside:
            self.shortcut = nn.Sequential(nn.Conv1d(inside, outside, 1, stride, bias=False), nn.BatchNorm1d(outside))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm2(self.conv2(self.act(self.norm1(self.conv1(x)))))
        return cast("Tensor", self.act(y + self.shortcut(x)))


class VisualFrontend(nn.Module):
    """Mouth frames ``[B, T, S, S]`` (normalised grey) to features ``[B, T, 8 * width]``.

    A spatio-temporal convolution over five frames, then ResNet-18 on each frame and a global mean.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv3d(1, width, (5, 7, 7), (1, 2, 2), (2, 3, 3), bias=False), nn.BatchNorm3d(width), nn.SiLU()
        )
        self.pool = nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1))
        blocks: list[nn.Module] = []
        inside = width
        for stage, factor in enumerate(STAGES):
            blocks += [
                _Block2d(inside, factor * width, 1 if stage == 0 else 2),
                _Block2d(factor * width, factor * width, 1),
            ]
            inside = factor * width
        self.trunk = nn.Sequential(*blocks)
        self.dimension = inside

    def forward(self, frames: Tensor) -> Tensor:
        x = self.pool(self.stem(frames.unsqueeze(1)))  # [B, w, T, S/4, S/4]
        batch, channels, count, height, width = x.shape
        x = x.transpose(1, 2).reshape(batch * count, channels, height, width)
        x = self.trunk(x).mean(dim=(2, 3))  # [B * T, 8w]
        return cast("Tensor", x.view(batch, count, self.dimension))


class AudioFrontend(nn.Module):
    """Waveform ``[B, 640 * T]`` (zero mean, unit variance) to features ``[B, T, 8 * width]``.

    A convolution of 5 ms at 4 kHz, a one-dimensional ResNet-18 down to 500 Hz and means over 20: stride 640 in all.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv1d(1, width, 80, 4, 38, bias=False), nn.BatchNorm1d(width), nn.SiLU())
        blocks: list[nn.Module] = []
        inside = width
        for stage, factor in enumerate(STAGES):
            blocks += [
                _Block1d(inside, factor * width, 1 if stage == 0 else 2),
                _Block1d(factor * width, factor * width, 1),
            ]
            inside = factor * width
        self.trunk = nn.Sequential(*blocks)
        self.pool = nn.AvgPool1d(20, 20)
        self.dimension = inside

    def forward(self, waveform: Tensor) -> Tensor:
        x = self.trunk(self.stem(waveform.unsqueeze(1)))  # [B, 8w, 20 T]
        return cast("Tensor", self.pool(x).transpose(1, 2))
