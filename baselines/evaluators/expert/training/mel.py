"""Log-mel columns to train the sync expert on: computed once, and changed at random each time."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from syncbench.baselines.evaluators.expert.audio import BANDS, COLUMNS_PER_FRAME, log_mel
from syncbench.baselines.evaluators.training.decoded import Decoded
from syncbench.baselines.evaluators.training.draws import chance, uniform
from syncbench.clip import SAMPLES_PER_FRAME

__all__ = ["augment_mel", "stored_mel"]


def stored_mel(material: Decoded) -> NDArray[np.float32]:
    """Return the log-mel columns ``[4 N, 40]`` of the material, computed once and kept beside it."""
    path = material.folder / "mel.npy"
    if not path.exists():
        columns = np.empty((len(material.frames) * COLUMNS_PER_FRAME, BANDS), np.float32)
        for span in material:
            a, b = span.start, span.stop
            speech = np.array(material.audio[a * SAMPLES_PER_FRAME : b * SAMPLES_PER_FRAME])
            columns[a * COLUMNS_PER_FRAME : b * COLUMNS_PER_FRAME] = log_mel(speech, b - a)
        np.save(path, columns)
    mel: NDArray[np.float32] = np.load(path)
    return mel


def augment_mel(mel: Tensor, rng: torch.Generator) -> Tensor:
    """Change voice, room and level of log-mel spectra [B, 4 T, 40] (units of :func:`log_mel`), alike for a whole clip."""
    batch, columns, bands = mel.shape
    # Another vocal tract: the band axis stretched and shifted.
    stretch, move = torch.exp(torch.randn(batch, 1, generator=rng) * 0.1), torch.randn(batch, 1, generator=rng) * 1.2
    place = ((torch.arange(bands) * stretch + move).clamp(0, bands - 1))[:, None].expand(-1, columns, -1)
    low = place.floor().long().clamp(max=bands - 2)
    share = place - low
    x = mel.gather(2, low) * (1 - share) + mel.gather(2, low + 1) * share
    # Another microphone and level.
    curve = F.interpolate(torch.randn(batch, 1, 5, generator=rng), size=bands, mode="linear", align_corners=True)
    x = x + curve * uniform(rng, (batch, 1, 1), 0, 0.15) + torch.randn(batch, 1, 1, generator=rng) * 0.06
    # Stationary noise of a random colour, added in power.
    colour = (
        F.interpolate(torch.randn(batch, 1, 4, generator=rng), size=bands, mode="linear", align_corners=True) * 0.12
    )
    noise = uniform(rng, (batch, 1, 1), -1.5, -0.3) + colour + torch.randn(x.shape, generator=rng) * 0.06
    noisy = torch.logaddexp(7 * x, 7 * noise) / 7
    x = torch.where(chance(rng, batch, 0.6, 2), noisy, x)
    x = x + torch.randn(x.shape, generator=rng) * 0.02
    # A few bands missing.
    start, wide = torch.randint(0, bands, (batch, 1), generator=rng), torch.randint(1, 7, (batch, 1), generator=rng)
    index = torch.arange(bands)
    gone = ((index >= start) & (index < start + wide))[:, None] & chance(rng, batch, 0.3, 2)
    return torch.where(gone, x.mean(dim=2, keepdim=True), x).clamp(-1, 1)
