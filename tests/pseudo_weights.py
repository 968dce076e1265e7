"""Deterministic stand-in weights for SyncNet v2: same keys and shapes as the public checkpoint, no file needed.

Every tensor is drawn from a generator seeded by its own state-dict key, so any program can rebuild the
very same weights and be held against the golden scores in ``tests/data/parity``. They carry no knowledge of
speech: use them to check arithmetic, never to score a video.
"""

import zlib

import numpy as np

__all__ = ["pseudo_state_dict"]


def pseudo_state_dict(shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Return float32 arrays for ``shapes`` (state-dict key -> shape); ``num_batches_tracked`` is int64 zero."""
    return {key: _tensor(key, tuple(shape)) for key, shape in shapes.items()}


def _tensor(key: str, shape: tuple[int, ...]) -> np.ndarray:
    if key.endswith("num_batches_tracked"):
        return np.zeros(shape, np.int64)
    noise = np.random.default_rng(zlib.crc32(key.encode())).standard_normal(shape)
    if key.endswith("running_mean"):
        value = 0.1 * noise
    elif key.endswith("running_var"):
        value = np.exp(0.1 * noise)
    elif key.endswith("bias"):
        value = 0.05 * noise
    elif len(shape) == 1:  # batch-norm scale
        value = 1 + 0.1 * noise
    else:  # convolution or linear: He scaling
        value = noise * np.sqrt(2 / np.prod(shape[1:]))
        if key == "netcnnlip.0.weight":
            value = value / 128  # pixels come in 0..255
        elif key == "netcnnaud.0.weight":
            value = value / 10  # cepstra reach tens
    return value.astype(np.float32)
