"""The networks that the generators share: encoders, decoder, discriminator, sync module.

Layers, shapes and counts are those of SyncTalkFace's released code (AAAI 2022; 128 x 128 pixels, 512 channels), which
derives from Wav2Lip (ACM MM 2020). ``Face`` scales the same classes down: ``width`` multiplies every channel
count, ``size`` the image side. Images are ``[N, 3, size, size]`` in -1..1, RGB order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from syncbench.baselines.faces.blocks import Conv, Residual, Upsample, plain_conv, residuals

__all__ = [
    "SMALL_FACE",
    "WINDOW",
    "AudioEncoder",
    "Decoder",
    "Discriminator",
    "Face",
    "IdentityEncoder",
    "LipEncoder",
    "SyncModule",
    "by_window",
    "emphasis",
    "face_from",
    "hide",
    "lip_windows",
    "lower",
    "show",
    "stack_lower",
]

WINDOW = 5
"""Frames in a lip or sync window."""


@dataclass(frozen=True, slots=True)
class Face:
    """What part of the face is generated, and by how large a network.

    Attributes:
        size: side of the generated square, pixels; a multiple of 32.
        width: multiplies every channel count; 1 is the published network.
        hidden_from: the rows from this fraction of the height on are hidden from the pose prior and generated.
            0.5 is published ("lower half").
        side: side of the square on the clip, in units of the distance from the eyes' centre to the base of the nose.
            ASSUMED 3.2: brows to chin, as the face detector's box of the published preparation shows.
        down: centre of the square below the eyes' centre, same unit. ASSUMED 1.1: the lower half starts at the nose.
        box: centre x, centre y and side in fractions of the frame's width, height and width, used where a clip has
            no landmarks. ASSUMED: the frame is a face crop as in LRS2.
        mouth: where the mouth is expected in the square, x and y as fractions of its side.
        shine_through: the decoder paints a fourth channel that says how much of the reference frame shows through.
            ASSUMED, in the embedded presets alone: skin then stays as sharp as it was filmed, which the published
            decoder takes far longer to learn.
        own_norm: layers on maps of one pixel normalise each sample by itself. ASSUMED, in the embedded presets alone:
            their batches are too small to say mean and variance of a channel that has one value per sample.
    """

    size: int = 128
    width: float = 1.0
    hidden_from: float = 0.5
    side: float = 3.2
    down: float = 1.1
    box: tuple[float, float, float] = (0.525, 0.585, 0.616)
    mouth: tuple[float, float] = (0.5, 0.68)
    shine_through: bool = False
    own_norm: bool = False

    def channels(self, published: int) -> int:
        """Return the channel count that stands for a published one."""
        return max(1, round(published * self.width))

    @property
    def dim(self) -> int:
        """Channels of a lip unit: 512 as published."""
        return self.channels(512)

    @property
    def hidden_row(self) -> int:
        """The first hidden row."""
        return round(self.size * self.hidden_from)


SMALL_FACE = Face(
    size=64,
    width=0.25,
    hidden_from=0.25,
    side=2.08,
    down=1.70,
    box=(0.525, 0.70, 0.40),
    mouth=(0.5, 0.46),
    shine_through=True,
    own_norm=True,
)
"""The square of the embedded presets: nose to chin, 64 pixels, all but its upper quarter generated (ASSUMED)."""


def face_from(values: Mapping[str, Any]) -> Face:
    """Return the face that a checkpoint's header says."""
    pairs: dict[str, Any] = {key: tuple(values[key]) for key in ("box", "mouth")}
    return Face(**{**values, **pairs})


def hide(images: Tensor, face: Face) -> Tensor:
    """Return images whose lower part is zero: the pose prior."""
    kept = torch.arange(face.size, device=images.device) < face.hidden_row
    return images * kept[:, None].to(images.dtype)


def show(images: Tensor, face: Face) -> Tensor:
    """Return images whose upper part is zero: what the lip encoder sees."""
    kept = torch.arange(face.size, device=images.device) >= face.hidden_row
    return images * kept[:, None].to(images.dtype)


def lower(images: Tensor, face: Face) -> Tensor:
    """Return the lower part alone, ``[..., size - hidden_row, size]``."""
    return images[..., face.hidden_row :, :]


def emphasis(face: Face, strength: float) -> Tensor | None:
    """Return pixel weights of mean 1, float ``[size, size]``: ``1 + strength`` at the mouth, 1 far off; None for 0."""
    if strength <= 0:
        return None
    place = (torch.arange(face.size) + 0.5) / face.size
    across = torch.exp(-(((place - face.mouth[0]) / 0.22) ** 2) / 2)
    down = torch.exp(-(((place - face.mouth[1]) / 0.14) ** 2) / 2)
    weights = 1 + strength * down[:, None] * across[None, :]
    return weights / weights.mean()


def by_window(x: Tensor) -> Tensor:
    """Return ``[B * 5, ...]`` as ``[B, 5, ...]``."""
    return x.reshape(-1, WINDOW, *x.shape[1:])


def lip_windows(images: Tensor, face: Face) -> Tensor:
    """Return five frames around each inner one, upper part zero: ``[B, T + 4, 3, H, W]`` to ``[B * T, 3, 5, H, W]``."""
    return show(images, face).unfold(1, WINDOW, 1).movedim(-1, 3).flatten(0, 1)


def stack_lower(images: Tensor, face: Face) -> Tensor:
    """Return five frames' lower parts on the channels, as the sync module sees them.

    ``images`` is ``[B, 5, 3, size, size]`` in -1..1; the result ``[B, 15, size - hidden_row, size]`` in 0..1.
    """
    return lower(images, face).flatten(1, 2) * 0.5 + 0.5


def _last_kernel(face: Face) -> int:
    if face.size % 32:
        raise ValueError(f"the image side must be a multiple of 32, not {face.size}")
    return face.size // 32


def _audio_trunk(face: Face, extra: int = 0) -> nn.Sequential:
    c = face.channels
    return nn.Sequential(  # [N, 1, 80, 16]
        Conv(1, c(32), 3, 1, 1),
        *residuals(c(32), 2),
        Conv(c(32), c(64), 3, (3, 1), 1),  # [27, 16]
        *residuals(c(64), 2),
        Conv(c(64), c(128), 3, 3, 1),  # [9, 6]
        *residuals(c(128), 2),
        Conv(c(128), c(256), 3, (3, 2), 1),  # [3, 3]
        *residuals(c(256), 1 + extra),
        Conv(c(256), c(512), 3, 1, 0, own=face.own_norm),  # [1, 1]
        Conv(c(512), c(512), 1, own=face.own_norm),
    )


class AudioEncoder(nn.Module):
    """A chunk of mel, ``[N, 1, 80, 16]``, to a phone-level feature ``[N, 512]``. 2.81 M parameters."""

    def __init__(self, face: Face) -> None:
        super().__init__()
        self.trunk = _audio_trunk(face)

    def forward(self, chunks: Tensor) -> Tensor:
        result: Tensor = self.trunk(chunks).flatten(1)
        return result


class LipEncoder(nn.Module):
    """Five frames with the upper part hidden, ``[N, 3, 5, H, W]``, to a lip feature ``[N, 512]``. 10.04 M."""

    def __init__(self, face: Face) -> None:
        super().__init__()
        c, k = face.channels, _last_kernel(face)
        self.motion = nn.Conv3d(3, c(64), (WINDOW, 7, 7), 2, (0, 3, 3))
        self.trunk = nn.Sequential(  # [N, 64, 64, 64]
            Conv(c(64), c(64), 3, 2, 1),  # 32
            *residuals(c(64), 3),
            Conv(c(64), c(128), 3, 2, 1),  # 16
            *residuals(c(128), 2),
            Conv(c(128), c(256), 3, 2, 1),  # 8
            *residuals(c(256), 2),
            Conv(c(256), c(512), 3, 2, 1),  # 4
            *residuals(c(512), 1),
            Conv(c(512), c(512), k, own=face.own_norm),  # 1
            Conv(c(512), c(512), 1, own=face.own_norm),
        )

    def forward(self, windows: Tensor) -> Tensor:
        result: Tensor = self.trunk(self.motion(windows).squeeze(2)).flatten(1)
        return result


class IdentityEncoder(nn.Module):
    """Pose prior and reference frame, ``[N, 6, H, W]``, to seven feature maps from the image's side to 1. 10.01 M."""

    def __init__(self, face: Face) -> None:
        super().__init__()
        c, k = face.channels, _last_kernel(face)
        self.levels = nn.ModuleList(
            [
                nn.Sequential(Conv(6, c(16), 7, 1, 3)),  # 128
                nn.Sequential(Conv(c(16), c(32), 3, 2, 1), *residuals(c(32), 2)),  # 64
                nn.Sequential(Conv(c(32), c(64), 3, 2, 1), *residuals(c(64), 3)),  # 32
                nn.Sequential(Conv(c(64), c(128), 3, 2, 1), *residuals(c(128), 2)),  # 16
                nn.Sequential(Conv(c(128), c(256), 3, 2, 1), *residuals(c(256), 2)),  # 8
                nn.Sequential(Conv(c(256), c(512), 3, 2, 1), *residuals(c(512), 1)),  # 4
                nn.Sequential(
                    Conv(c(512), c(512), k, own=face.own_norm),  # 1
                    Conv(c(512), c(512), 1, own=face.own_norm),
                ),
            ]
        )

    def forward(self, faces: Tensor) -> list[Tensor]:
        maps: list[Tensor] = []
        for level in self.levels:
            faces = level(faces)
            maps.append(faces)
        return maps


class Decoder(nn.Module):
    """A unit ``[N, 512]`` and the identity's maps to an image ``[N, 3, H, W]`` in -1..1. 28.98 M parameters."""

    def __init__(self, face: Face) -> None:
        super().__init__()
        c, k = face.channels, _last_kernel(face)
        self.levels = nn.ModuleList(
            [
                nn.Sequential(Conv(c(512), c(512), 1, own=face.own_norm)),  # 1
                nn.Sequential(Upsample(2 * c(512), c(512), k, 1, 0, 0), Residual(c(512))),  # 4
                nn.Sequential(Upsample(2 * c(512), c(512), 3, 2, 1, 1), *residuals(c(512), 2)),  # 8
                nn.Sequential(Upsample(c(512) + c(256), c(384), 3, 2, 1, 1), *residuals(c(384), 2)),  # 16
                nn.Sequential(Upsample(c(384) + c(128), c(256), 3, 2, 1, 1), *residuals(c(256), 2)),  # 32
                nn.Sequential(Upsample(c(256) + c(64), c(128), 3, 2, 1, 1), *residuals(c(128), 2)),  # 64
                nn.Sequential(Upsample(c(128) + c(32), c(64), 3, 2, 1, 1), *residuals(c(64), 2)),  # 128
            ]
        )
        self.shine_through = face.shine_through
        self.paint = nn.Sequential(Conv(c(64) + c(16), c(32), 3, 1, 1), nn.Conv2d(c(32), 3 + face.shine_through, 1))

    def forward(self, unit: Tensor, maps: Sequence[Tensor], reference: Tensor) -> Tensor:
        """Return the image for a unit, the identity's maps, and the reference frame ``[N, 3, H, W]``."""
        x = unit[:, :, None, None]  # [N, 512, 1, 1]
        for level, identity in zip(self.levels, reversed(maps), strict=True):
            x = torch.cat([level(x), identity], dim=1)
        painted: Tensor = self.paint(x)
        if not self.shine_through:
            return painted.tanh()
        covered = painted[:, 3:].sigmoid()
        return covered * painted[:, :3].tanh() + (1 - covered) * reference


class Discriminator(nn.Module):
    """How real the lower part of an image ``[N, 3, H, W]`` looks: a logit ``[N]``. 15.95 M parameters.

    The published network ends in a sigmoid; it is left to the loss, where it is numerically safe.
    """

    def __init__(self, face: Face) -> None:
        super().__init__()
        c = face.channels
        self.face = face
        self.trunk = nn.Sequential(  # [N, 3, 64, 128]
            *plain_conv(3, c(32), 7, 1, 3),
            *plain_conv(c(32), c(64), 5, (1, 2), 2),  # [64, 64]
            *plain_conv(c(64), c(64), 5, 1, 2),
            *plain_conv(c(64), c(128), 5, 2, 2),  # 32
            *plain_conv(c(128), c(128), 5, 1, 2),
            *plain_conv(c(128), c(256), 5, 2, 2),  # 16
            *plain_conv(c(256), c(256), 5, 1, 2),
            *plain_conv(c(256), c(512), 3, 2, 1),  # 8
            *plain_conv(c(512), c(512), 3, 1, 1),
            *plain_conv(c(512), c(512), 3, 2, 1),  # 4
            *plain_conv(c(512), c(512), 3, 1, 1),
            *plain_conv(c(512), c(512), self._last(face), 1, 0),  # 1
            *plain_conv(c(512), c(512), 1, 1, 0),
            nn.Conv2d(c(512), 1, 1),
        )

    @staticmethod
    def _last(face: Face) -> tuple[int, int]:
        height, width = face.size - face.hidden_row, -(-face.size // 2)
        for _ in range(4):
            height, width = -(-height // 2), -(-width // 2)
        return height, width

    def forward(self, images: Tensor) -> Tensor:
        result: Tensor = self.trunk(lower(images, self.face)).flatten()
        return result


class SyncModule(nn.Module):
    """Wav2Lip's colour SyncNet: embeds five lower face parts and 0.2 s of mel, both of unit length. 22.99 M parameters.

    ``look`` takes ``[N, 15, lower, size]`` in 0..1 (see ``stack_lower``), ``listen`` ``[N, 1, 80, 16]``; both give
    ``[N, 512]``, non-negative, since both towers end in a ReLU: their cosine is a probability.
    """

    def __init__(self, face: Face) -> None:
        super().__init__()
        c = face.channels
        self.visual = nn.Sequential(  # [N, 15, 64, 128]
            Conv(3 * WINDOW, c(32), 7, 1, 3),
            Conv(c(32), c(64), 5, (1, 2), 1),  # [62, 63]
            *residuals(c(64), 2),
            Conv(c(64), c(128), 3, 2, 1),  # [31, 32]
            *residuals(c(128), 3),
            Conv(c(128), c(256), 3, 2, 1),  # [16, 16]
            *residuals(c(256), 2),
            Conv(c(256), c(512), 3, 2, 1),  # [8, 8]
            *residuals(c(512), 2),
            Conv(c(512), c(512), 3, 2, 1),  # [4, 4]
            *residuals(c(512), 2),
            Conv(c(512), c(512), self._last(face), own=face.own_norm),  # 1
            Conv(c(512), c(512), 1, own=face.own_norm),
        )
        self.audio = _audio_trunk(face, extra=1)

    @staticmethod
    def _last(face: Face) -> tuple[int, int]:
        height, width = face.size - face.hidden_row - 2, (face.size - 3) // 2 + 1
        for _ in range(4):
            height, width = (height + 1) // 2, (width + 1) // 2
        return height, width

    def look(self, stacked: Tensor) -> Tensor:
        return F.normalize(self.visual(stacked).flatten(1).float(), dim=1)

    def listen(self, chunks: Tensor) -> Tensor:
        return F.normalize(self.audio(chunks).flatten(1).float(), dim=1)

    def forward(self, stacked: Tensor, chunks: Tensor) -> tuple[Tensor, Tensor]:
        """Return the visual and the audio embedding, each ``[N, 512]``."""
        return self.look(stacked), self.listen(chunks)
