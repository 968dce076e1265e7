"""SyncNet v2 as a sync evaluator: embeddings of a clip's lips and speech, a window every frame."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from syncbench import registry, weights
from syncbench.clip import SAMPLES_PER_FRAME, Frames, Waveform
from syncbench.errors import ClipError, Unavailable
from syncbench.feature import Feature
from syncbench.features.evaluators import SyncEvaluator, windows_of
from syncbench.features.mfcc import int16_scale, mfcc
from syncbench.features.speech import VOICE_LIMITS, check_voice
from syncbench.files import file_hash
from syncbench.media import Footage

if TYPE_CHECKING:
    from syncbench.baselines.evaluators.syncnet_v2.network import SyncNet

__all__ = ["embed", "speech_windows", "syncnet_v2"]

_LOST = 5  # frames minus windows: one cepstrum of the last window's twenty would lie beyond the speech


def syncnet_v2(protocol: str = "native", checkpoint: Path | None = None) -> SyncEvaluator:
    """SyncNet v2 under one protocol.

    ``checkpoint`` None means the official weights, looked up when needed; another file is named by its own hash, so its
    scores are never taken for official ones.
    """
    prepared = registry.protocol(protocol)
    sha256 = file_hash(checkpoint) if checkpoint else weights.lookup("syncnet_v2").sha256
    label = f"syncnet_v2@{sha256[:8]}"

    def unavailable() -> str | None:
        if prepared.frames is None:
            return (
                f"protocol {prepared.name} is known but not implemented ({prepared.summary}); "
                "see: syncbench list protocols"
            )
        return prepared.unavailable() or (None if checkpoint else weights.unavailable("syncnet_v2"))

    def embeddings(speech: Waveform, frames: Footage, seen: NDArray[np.bool_] | None = None) -> dict[str, NDArray[Any]]:
        network = _network(checkpoint or weights.require("syncnet_v2"))
        found: dict[str, NDArray[Any]] = {**embed(network, frames, check_voice(speech))}
        return found if seen is None else {**found, "seen": windows_of(seen, len(found["video"]))}

    def missing(speech: Waveform) -> dict[str, NDArray[Any]]:
        raise Unavailable(f"protocol {prepared.name} is known but not implemented")

    feature = Feature(
        f"{label}[{prepared.signature}]",
        missing if prepared.frames is None else embeddings,
        needs=tuple(
            need
            for need in (prepared.speech, prepared.frames, None if prepared.frames is None else prepared.seen)
            if need is not None
        ),
        version=2,
        weights=sha256,
        stored=True,
    )
    return SyncEvaluator(label, prepared.signature, feature, unavailable, VOICE_LIMITS)


def embed(
    network: SyncNet, frames: Frames | Footage, speech: Waveform, batch: int = 16
) -> dict[str, NDArray[np.float32]]:
    """Embed a clip's lips and speech.

    Args:
        network: SyncNet v2.
        frames: uint8 ``[T, 224, 224, 3]``, BGR.
        speech: float32 ``[N]`` in -1..1, 16 kHz; the shorter of the two decides.
        batch: windows at a time, which bounds memory and changes nothing else.

    Returns:
        ``{"video": [n, 1024], "audio": [n, 1024]}``, float32, ``n = min(T, N // 640) - 5``.

    Raises:
        ClipError: fewer than 6 frames.
    """
    import torch

    length = min(len(frames), len(speech) // SAMPLES_PER_FRAME)
    windows = length - _LOST
    if windows < 1:
        raise ClipError(f"{length} frames with speech; SyncNet needs at least {_LOST + 1}")
    heard = torch.from_numpy(speech_windows(speech, windows))
    seen: list[NDArray[np.float32]] = []
    said: list[NDArray[np.float32]] = []
    with torch.inference_mode():
        for start in range(0, windows, batch):
            stop = min(start + batch, windows)
            pixels = torch.from_numpy(np.ascontiguousarray(frames[start : stop + 4])).permute(0, 3, 1, 2).float()
            seen.append(network.embed_lips(pixels).numpy())
            said.append(network.embed_speech(heard[start:stop]).numpy())
    return {"video": np.concatenate(seen), "audio": np.concatenate(said)}


def speech_windows(speech: Waveform, windows: int) -> NDArray[np.float32]:
    """Return the cepstra beside each of the first ``windows`` five-frame windows, float32 ``[windows, 13, 20]``."""
    cepstra = mfcc(int16_scale(speech)).astype(np.float32)  # [M, 13], four per frame
    return np.lib.stride_tricks.sliding_window_view(cepstra, 20, axis=0)[::4][:windows].copy()


@lru_cache(maxsize=1)
def _network(path: Path) -> SyncNet:
    from syncbench.baselines.evaluators.syncnet_v2.network import load_syncnet

    return load_syncnet(path)
