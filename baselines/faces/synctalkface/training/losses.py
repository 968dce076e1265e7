"""The memory's two losses (SyncTalkFace, AAAI 2022): store lips, and address them from sound as from sight."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["align", "store"]


def store(recalled: Tensor, wanted: Tensor) -> Tensor:
    """Return the mean squared error between lips recalled from sight and ``wanted``, both ``[N, D]``.

    The released code wants the detached lip embedding; the paper (by secondary notes) the lip feature itself. The
    caller detaches.
    """
    return F.mse_loss(recalled.float(), wanted.float())


def align(seen: Tensor, heard: Tensor) -> Tensor:
    """Return KL(seen || heard) per sample, of addresses ``[N, S]``; ``seen`` is detached: sound follows sight."""
    seen = seen.detach().float()
    return (seen * (torch.log(seen + 1e-13) - torch.log(heard.float() + 1e-13))).sum(dim=1).mean()
