"""SyncNet v2 as a sync evaluator: embeddings of a clip's lips and speech, a window every frame."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from syncbench import weights
from syncbench.baselines.syncnet_v2.protocols import Protocol, lookup
from syncbench.contracts import SAMPLES_PER_FRAME, Clip, Feature, Frames, Speech
from syncbench.errors import ClipError, Unavailable
from syncbench.features.core import file_hash
from syncbench.features.mfcc import int16_scale, mfcc
from syncbench.features.speech import SPEECH

if TYPE_CHECKING:
    from syncbench.baselines.syncnet_v2.network import SyncNet

__all__ = ["SyncNetEmbeddings", "SyncNetV2", "embed", "speech_windows"]

_LOST = 5  # frames minus windows: one cepstrum of the last window's twenty would lie beyond the speech


@dataclass(frozen=True)
class SyncNetV2:
    """SyncNet v2 under one protocol.

    ``checkpoint`` None means the official weights, looked up when needed; another file is named by its own hash, so its
    scores are never taken for official ones.
    """

    protocol_name: str = "native"
    checkpoint: Path | None = None

    @property
    def name(self) -> str:
        return f"syncnet_v2@{self._sha256[:8]}"

    @property
    def protocol(self) -> str:
        return lookup(self.protocol_name).signature

    @property
    def embeddings(self) -> Feature:
        return SyncNetEmbeddings(lookup(self.protocol_name), self._sha256, self.checkpoint)

    def unavailable(self) -> str | None:
        protocol = lookup(self.protocol_name)
        if protocol.prepare is None:
            return (
                f"protocol {protocol.name} is known but not implemented ({protocol.summary}); use native or wav2lip-lrs"
            )
        return None if self.checkpoint else weights.unavailable("syncnet_v2")

    @property
    def _sha256(self) -> str:
        return file_hash(self.checkpoint) if self.checkpoint else weights.lookup("syncnet_v2").sha256


@dataclass(frozen=True)
class SyncNetEmbeddings:
    """``{"video": [n, 1024], "audio": [n, 1024]}``, float32: window i sees frames i..i+4 and hears their 0.2 s.

    A clip of T frames has ``n = T - 5`` windows, as in the published scorers.
    """

    protocol: Protocol
    weights: str
    checkpoint: Path | None = None
    version: int = 1
    needs: tuple[Feature, ...] = (SPEECH,)
    stored: bool = True

    @property
    def name(self) -> str:
        return f"syncnet_v2@{self.weights[:8]}[{self.protocol.signature}]"

    def compute(self, clip: Clip, *needs: Any) -> dict[str, NDArray[np.float32]]:
        (speech,) = needs
        if self.protocol.prepare is None:
            raise Unavailable(f"protocol {self.protocol.name} is known but not implemented")
        network = _network(self.checkpoint or weights.require("syncnet_v2"))
        try:
            return embed(network, self.protocol.prepare(clip), speech)
        except ClipError as error:
            raise ClipError(f"{clip.id}: {error}") from error


def embed(network: SyncNet, frames: Frames, speech: Speech, batch: int = 16) -> dict[str, NDArray[np.float32]]:
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


def speech_windows(speech: Speech, windows: int) -> NDArray[np.float32]:
    """Return the cepstra beside each of the first ``windows`` five-frame windows, float32 ``[windows, 13, 20]``."""
    cepstra = mfcc(int16_scale(speech)).astype(np.float32)  # [M, 13], four per frame
    return np.lib.stride_tricks.sliding_window_view(cepstra, 20, axis=0)[::4][:windows].copy()


@lru_cache(maxsize=1)
def _network(path: Path) -> SyncNet:
    from syncbench.baselines.syncnet_v2.network import load

    return load(path)
