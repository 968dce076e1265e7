"""In which precision networks are trained."""

from __future__ import annotations

import torch

__all__ = ["mixed_precision"]


def mixed_precision(device: str) -> torch.autocast:
    """Return a context in which layers compute in bfloat16 where the device has it.

    Processors without it (``avx512_bf16``, AMX) would imitate it, three times slower than 32 bits: there nothing changes.
    """
    kind = device.partition(":")[0]
    native = kind != "cpu" or torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return torch.autocast(kind, torch.bfloat16, enabled=native)
