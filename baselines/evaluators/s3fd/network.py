"""S3FD: a VGG-16 that asks, at six scales, whether a face lies about each cell of a grid.

Source: S. Zhang et al., "S3FD: Single Shot Scale-invariant Face Detector" (2017); the layers and state-dict keys are those
of the public checkpoint ``sfd_face.pth`` of joonson/syncnet_python, 22,459,110 parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from syncbench.errors import Unavailable
from syncbench.weights import load_checkpoint

__all__ = ["MEAN", "S3FD", "anchors", "boxes_of", "load_s3fd"]

MEAN = (123.0, 117.0, 104.0)
"""Subtracted from red, green and blue; nothing is divided."""
_STEPS = (4, 8, 16, 32, 64, 128)  # pixels between the cells of each grid; an anchor there has four times that side
_CENTRE, _SIZE = 0.1, 0.2  # by which the network's offsets were divided in training


def _stage(inputs: int, outputs: int, count: int) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for number in range(count):
        layers += [nn.Conv2d(outputs if number else inputs, outputs, 3, padding=1), nn.ReLU(inplace=True)]
    return layers


class _Normalised(nn.Module):
    """Channels divided by their common length, then weighed: the shallow features are too large otherwise."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        length = x.pow(2).sum(dim=1, keepdim=True).sqrt() + 1e-10
        return x / length * self.weight[:, None, None]


class S3FD(nn.Module):
    """For each anchor, whether a face is there and where it lies."""

    def __init__(self) -> None:
        super().__init__()
        self.vgg = nn.Sequential(
            *_stage(3, 64, 2),  # [n, 64, H, W]
            nn.MaxPool2d(2),
            *_stage(64, 128, 2),  # H/2
            nn.MaxPool2d(2),
            *_stage(128, 256, 3),  # H/4: the first grid, up to layer 16
            nn.MaxPool2d(2, ceil_mode=True),
            *_stage(256, 512, 3),  # H/8: the second, up to layer 23
            nn.MaxPool2d(2),
            *_stage(512, 512, 3),  # H/16: the third, up to layer 30
            nn.MaxPool2d(2),
            nn.Conv2d(512, 1024, 3, padding=6, dilation=6),  # H/32: as wide as two convolutions more, and cheaper
            nn.ReLU(inplace=True),
            nn.Conv2d(1024, 1024, 1),
            nn.ReLU(inplace=True),  # the fourth
        )
        self.extras = nn.ModuleList(
            [
                nn.Conv2d(1024, 256, 1),
                nn.Conv2d(256, 512, 3, stride=2, padding=1),  # H/64: the fifth
                nn.Conv2d(512, 128, 1),
                nn.Conv2d(128, 256, 3, stride=2, padding=1),  # H/128: the sixth
            ]
        )
        self.L2Norm3_3, self.L2Norm4_3, self.L2Norm5_3 = _Normalised(256), _Normalised(512), _Normalised(512)
        widths = (256, 512, 512, 1024, 512, 256)
        self.loc = nn.ModuleList(nn.Conv2d(width, 4, 3, padding=1) for width in widths)
        # The finest grid has by far the most cells that are no face: the largest of three answers "none" is taken.
        self.conf = nn.ModuleList(nn.Conv2d(width, 2 if at else 4, 3, padding=1) for at, width in enumerate(widths))

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, list[tuple[int, int]]]:
        """Look at pictures, float32 ``[n, 3, H, W]``, RGB, 0..255 less ``MEAN``.

        Returns:
            scores 0..1 ``[n, P]``; offsets ``[n, P, 4]`` for :func:`boxes_of`; height and width of the six grids, whose
            cells are the P anchors, row by row.
        """
        scores, offsets, grids = [], [], []
        for at, x in enumerate(self._grids(pictures)):
            answers = self.conf[at](x)
            if not at:
                answers = torch.cat([answers[:, :3].amax(dim=1, keepdim=True), answers[:, 3:]], dim=1)
            scores.append(answers.softmax(dim=1)[:, 1].flatten(1))  # [n, h * w]
            offsets.append(self.loc[at](x).permute(0, 2, 3, 1).flatten(1, 2))  # [n, h * w, 4]
            grids.append((x.shape[2], x.shape[3]))
        return torch.cat(scores, dim=1), torch.cat(offsets, dim=1), grids

    def _grids(self, x: Tensor) -> list[Tensor]:
        third = self.vgg[:16](x)
        fourth = self.vgg[16:23](third)
        fifth = self.vgg[23:30](fourth)
        last = self.vgg[30:](fifth)
        beyond = F.relu(self.extras[1](F.relu(self.extras[0](last))))
        furthest = F.relu(self.extras[3](F.relu(self.extras[2](beyond))))
        normalised = [self.L2Norm3_3(third), self.L2Norm4_3(fourth), self.L2Norm5_3(fifth)]
        return [*normalised, last, beyond, furthest]


def anchors(grids: Sequence[tuple[int, int]], height: int, width: int) -> Tensor:
    """Return the squares about all cells of grids ``(rows, columns)``: centre x, y, width, height, float32 ``[P, 4]``.

    In shares of the picture, ``height`` by ``width`` pixels.
    """
    found = []
    for (rows, columns), step in zip(grids, _STEPS, strict=True):
        y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        centre = torch.stack([(x + 0.5).double() / (width / step), (y + 0.5).double() / (height / step)], dim=-1)
        size = torch.tensor([4 * step / width, 4 * step / height], dtype=torch.float64).expand_as(centre)
        found.append(torch.cat([centre, size], dim=-1).reshape(-1, 4))
    return torch.cat(found).float()


def boxes_of(offsets: Tensor, squares: Tensor) -> Tensor:
    """Return left, top, right, bottom ``[..., P, 4]`` in shares of the picture, of the network's offsets from anchors."""
    centre = squares[:, :2] + offsets[..., :2] * _CENTRE * squares[:, 2:]
    size = squares[:, 2:] * torch.exp(offsets[..., 2:] * _SIZE)
    start = centre - size / 2
    return torch.cat([start, start + size], dim=-1)


def load_s3fd(path: Path) -> S3FD:
    """Return the network of a checkpoint file, ready to look. Raises Unavailable where it is not S3FD's."""
    with torch.device("meta"):
        network = S3FD()
    try:
        network.load_state_dict(load_checkpoint(path), assign=True)
    except RuntimeError as error:
        reason = str(error).partition("\n")[2].strip().partition("\n")[0] or str(error)
        raise Unavailable(f"{path}: not an S3FD checkpoint of syncnet_python ({reason})") from error
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network.float().eval().requires_grad_(False)
