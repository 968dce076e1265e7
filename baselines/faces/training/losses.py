"""Losses that the generators share, with the names of SyncTalkFace's code. Images are in -1..1."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

__all__ = ["adversarial", "edges", "frozen_copy", "reconstruction", "sync"]


def reconstruction(generated: Tensor, real: Tensor, emphasis: Tensor | None = None) -> Tensor:
    """Return the mean absolute difference on the 0..1 scale; ``emphasis`` ``[H, W]`` weighs pixels."""
    error = (generated.float() - real.float()).abs() / 2
    return error.mean() if emphasis is None else (error * emphasis).mean()


def edges(generated: Tensor, real: Tensor, emphasis: Tensor | None = None) -> Tensor:
    """Return the mean absolute difference of neighbouring pixels' differences, 0..1 scale: it penalises blur.

    ASSUMED addition of the embedded recipes, which are too short for the adversarial loss alone to sharpen; its weight
    is zero in the paper presets.
    """
    error = (generated.float() - real.float()) / 2
    across, down = error.diff(dim=-1).abs(), error.diff(dim=-2).abs()
    if emphasis is not None:
        across, down = across * emphasis[:, 1:], down * emphasis[1:]
    return across.mean() + down.mean()


def sync(visual: Tensor, audio: Tensor, target: float | Tensor = 1.0) -> Tensor:
    """Return the BCE of the embeddings' cosine as a probability of being in sync. Both are ``[N, D]``, unit length."""
    # Computed in 32 bits: the logarithm of a 16-bit cosine near 1 is coarse, and BCE is not autocast-safe.
    with torch.autocast(visual.device.type, enabled=False):
        cosine = (visual.float() * audio.float()).sum(dim=1).clamp(1e-6, 1 - 1e-6)
        wanted = torch.as_tensor(target, dtype=torch.float32, device=cosine.device).expand_as(cosine)
        return F.binary_cross_entropy(cosine, wanted)


def adversarial(logits: Tensor) -> Tensor:
    """Return the generator's side of the quality loss: BCE of the discriminator's answer to "real"."""
    return F.binary_cross_entropy_with_logits(logits.float(), torch.ones_like(logits, dtype=torch.float32))


def frozen_copy(network: nn.Module, x: Tensor) -> Tensor:
    """Return ``network(x)`` as a deep copy of it would, so that the gradient reaches ``x`` and not the network."""
    state = {key: value.detach() for key, value in network.named_parameters()}
    state |= {key: value.clone() for key, value in network.named_buffers()}
    result: Tensor = functional_call(network, state, (x,))
    return result
