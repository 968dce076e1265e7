"""Front ends: mouth frames or waveform to one vector per video frame (25 Hz).

The published ones are ResNet-18 with Swish, as in the end-to-end Conformer line of audio-visual recognisers (Ma et al.,
ICASSP 2021, arXiv 2102.06657) that V-CAFE and AV-RelScore start from; ``width`` is the first stage's channels, 64 in the
paper. The compact ones are this project's own, for small data and processors.
"""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor, nn

from syncbench.baselines.evaluators.expert.network import WIDTH, VideoTrunk, stacks
from syncbench.clip import SAMPLE_RATE

__all__ = ["AudioFrontend", "CompactAudio", "CompactVisual", "VisualFrontend", "mel_filters"]

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


class CompactVisual(nn.Module):
    """Mouth frames ``[B, T, 64, 64]`` (normalised grey) to features ``[B, T, 256]``: the sync expert's video trunk.

    Each frame is seen with its two neighbours, the outer ones repeated.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trunk = VideoTrunk()
        self.dimension = WIDTH

    def forward(self, frames: Tensor) -> Tensor:
        seen = stacks(torch.cat([frames[:, :1], frames, frames[:, -1:]], dim=1))  # [B, T, 3, S, S]
        flat = seen.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        return cast("Tensor", self.trunk(flat).unflatten(0, seen.shape[:2]))


def mel_filters(bands: int, bins: int) -> Tensor:
    """Return triangular filters evenly spaced in mel (2595 log10(1 + f/700)) up to 8 kHz, ``[bands, bins]``."""
    top = 2595.0 * math.log10(1.0 + SAMPLE_RATE / 2 / 700.0)
    edges = 700.0 * (10.0 ** (torch.linspace(0.0, top, bands + 2) / 2595.0) - 1.0)
    frequency = torch.linspace(0.0, SAMPLE_RATE / 2, bins)
    rise = (frequency - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - frequency) / (edges[2:] - edges[1:-1])[:, None]
    return torch.minimum(rise, fall).clamp(min=0.0)


class CompactAudio(nn.Module):
    """Waveform ``[B, 640 * T]`` (zero mean, unit variance) to features ``[B, T, dimension]``.

    Log-mel bands every 10 ms from windows of 25 ms, then convolutions that halve the time twice.
    """

    BANDS = 64
    HOP = 160
    WINDOW = 400
    POINTS = 512

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.register_buffer("filters", mel_filters(self.BANDS, self.POINTS // 2 + 1), persistent=False)
        self.register_buffer("window", torch.hann_window(self.WINDOW), persistent=False)

        def conv(inside: int, outside: int, stride: tuple[int, int]) -> nn.Sequential:
            return nn.Sequential(
                nn.Conv2d(inside, outside, 3, stride, 1, bias=False), nn.BatchNorm2d(outside), nn.ReLU(inplace=True)
            )

        self.layers = nn.Sequential(
            conv(1, 32, (1, 2)),  # [B, 32, 4T, 32]
            conv(32, 48, (2, 2)),  # [B, 48, 2T, 16]
            conv(48, 48, (1, 1)),
            conv(48, 96, (2, 2)),  # [B, 96, T, 8]
            conv(96, 96, (1, 2)),  # [B, 96, T, 4]
        )
        self.project = nn.Linear(96 * 4, dimension)
        self.dimension = dimension

    def forward(self, waveform: Tensor) -> Tensor:
        with torch.autocast(waveform.device.type, enabled=False):
            spectrum = torch.stft(
                waveform.float(), self.POINTS, self.HOP, self.WINDOW, cast("Tensor", self.window), return_complex=True
            )[..., :-1]  # [B, bins, 4T]
            power = cast("Tensor", self.filters) @ spectrum.abs().square()
            mel = (power + 1e-3).log() / 3.0  # [B, bands, 4T], of about unit spread
        x = self.layers(mel.transpose(1, 2).unsqueeze(1))  # [B, 96, T, 4]
        return cast("Tensor", self.project(x.transpose(1, 2).flatten(2)))
