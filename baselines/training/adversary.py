"""The discriminator that is trained beside a generator."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

__all__ = ["Judge", "Pictures"]


class Pictures(NamedTuple):
    """What a discriminator is to tell apart: images ``[N, 3, H, W]``."""

    real: Tensor
    generated: tuple[Tensor, ...]


class Judge(nn.Module):
    """Wraps a discriminator as the objective that trains it: BCE, real to 1, generated to 0."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Pictures) -> Tensor:
        bce = nn.functional.binary_cross_entropy_with_logits
        real = self.network(pictures.real)
        loss = bce(real, torch.ones_like(real))
        for images in pictures.generated:
            fake = self.network(images.detach())
            loss = loss + bce(fake, torch.zeros_like(fake))
        return loss
