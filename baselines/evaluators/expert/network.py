"""Two small 2-D networks that put lips and speech of the same fifth of a second near each other."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["MOUTH", "RADIUS", "STACK", "WINDOW", "AudioTrunk", "SyncExpert", "VideoTrunk", "stacks", "standardise"]

WINDOW = 5  # frames: 0.2 s, as in SyncNet
STACK = 3  # frames seen by the first convolution
MOUTH = 64  # pixels
WIDTH = 256
RADIUS = 10.0  # of the sphere the embeddings lie on, so that distances have the size the field is used to


def standardise(mouths: Tensor) -> Tensor:
    """Take the clip's own brightness and contrast out of its mouth crops, float [..., T, S, S] of 0..255."""
    mean = mouths.mean(dim=(-3, -2, -1), keepdim=True)
    deviation = mouths.std(dim=(-3, -2, -1), keepdim=True)
    return (mouths - mean) / (deviation + 4.0)


def stacks(mouths: Tensor) -> Tensor:
    """[B, T, S, S] -> [B, T - 2, 3, S, S]: each frame but the outer two with its neighbours."""
    return torch.stack([mouths[:, :-2], mouths[:, 1:-1], mouths[:, 2:]], dim=2)


def _conv(inputs: int, outputs: int, kernel: int, stride: int | tuple[int, int] = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            _conv(width, width, 3), nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.inner(x))


class VideoTrunk(nn.Module):
    """Three grey mouths as three channels -> 256 features of the middle frame. The lip reader starts from these layers."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            _conv(STACK, 24, 5, 2),  # [B, 24, 32, 32]
            _conv(24, 48, 3, 2),  # [B, 48, 16, 16]
            _conv(48, 48, 3),
            _conv(48, 96, 3, 2),  # [B, 96, 8, 8]
            _Residual(96),
            _conv(96, 160, 3, 2),  # [B, 160, 4, 4]
            nn.Flatten(),
            nn.Linear(160 * 16, WIDTH),
            nn.ReLU(),
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layers(x)
        return out


class AudioTrunk(nn.Module):
    """Log-mel [B, 4 T, 40] -> 640 features a frame [B, T, 640]; each hears its frame and 40 ms on either side."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            _conv(1, 32, 3, (1, 2)),  # [B, 32, 4 T, 20]
            _conv(32, 64, 3, 2),  # [B, 64, 2 T, 10]
            _conv(64, 64, 3),
            nn.Conv2d(64, 128, (2, 3), (2, 2), (0, 1), bias=False),  # [B, 128, T, 5]
            nn.BatchNorm2d(128),
            nn.ReLU(inplace=True),
            nn.Conv2d(128, 128, (1, 3), padding=(0, 1), bias=False),
            nn.BatchNorm2d(128),
            nn.ReLU(inplace=True),
        )

    def forward(self, mel: Tensor) -> Tensor:
        out: Tensor = self.layers(mel[:, None])  # [B, 128, T, 5]
        return out.transpose(1, 2).flatten(2)


def _head(inputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, 2 * WIDTH), nn.ReLU(), nn.Linear(2 * WIDTH, WIDTH))


class SyncExpert(nn.Module):
    """SyncNet's plan at a fiftieth of its cost: one embedding per window of five frames, for lips and for speech.

    Both trunks run once per frame, knowing their frame and its two neighbours; a window joins its three inner frames,
    so that it knows its five frames exactly and nothing beyond.
    """

    def __init__(self) -> None:
        super().__init__()
        self.video = VideoTrunk()
        self.audio = AudioTrunk()
        self.video_head = _head(3 * WIDTH)
        self.audio_head = _head(3 * 640)
        self.log_scale = nn.Parameter(torch.tensor(math.log(12.0)))  # 1 / temperature of the contrastive loss

    def embed_video(self, mouths: Tensor) -> Tensor:
        """Standardised mouths [B, T, 64, 64] -> unit vectors [B, T - 4, 256]."""
        seen = stacks(mouths)  # [B, T - 2, 3, 64, 64]
        flat = seen.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        features = self.video(flat).unflatten(0, seen.shape[:2])  # [B, T - 2, 256]
        joined = torch.cat([features[:, :-2], features[:, 1:-1], features[:, 2:]], dim=-1)
        return F.normalize(self.video_head(joined).float(), dim=-1)

    def embed_audio(self, mel: Tensor) -> Tensor:
        """Log-mel [B, 4 T, 40] -> unit vectors [B, T - 4, 256]."""
        features = self.audio(mel)  # [B, T, 640]
        joined = torch.cat([features[:, 1:-3], features[:, 2:-2], features[:, 3:-1]], dim=-1)
        return F.normalize(self.audio_head(joined).float(), dim=-1)
