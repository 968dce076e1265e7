"""The bundled sync expert as a sync evaluator: embeddings of a clip's lips and speech, a window every frame."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from syncbench.baselines.expert.audio import log_mel
from syncbench.baselines.landmarks import MOUTHS
from syncbench.contracts import SAMPLES_PER_FRAME, Clip, Feature, Speech
from syncbench.errors import ClipError
from syncbench.features.core import file_hash
from syncbench.features.speech import SPEECH

if TYPE_CHECKING:
    from syncbench.baselines.expert.network import SyncExpert

__all__ = ["WEIGHTS", "Expert", "ExpertEmbeddings", "embed"]

WEIGHTS = Path(__file__).with_name("weights.safetensors")
_CHUNK = 64  # frames at a time: bounds memory and changes nothing else


@lru_cache(maxsize=2)
def _network(path: Path = WEIGHTS) -> SyncExpert:
    import torch
    from safetensors.torch import load_file

    from syncbench.baselines.expert.network import SyncExpert

    network = SyncExpert()
    network.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in load_file(path).items()})
    network.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def embed(mouths: NDArray[np.uint8], speech: Speech, weights: Path = WEIGHTS) -> dict[str, NDArray[np.float32]]:
    """Embed a clip's lips and speech.

    Args:
        mouths: grey crops, uint8 [T, 64, 64].
        speech: float32 [N] in -1..1, 16 kHz; the shorter of the two decides.
        weights: another checkpoint of the same network.

    Returns:
        ``{"video": [n, 257], "audio": [n, 257]}``, float32, ``n = min(T, N // 640) - 4``: window i sees frames
        i .. i + 4 and hears the same 0.2 s. The first 256 coordinates lie on a sphere of radius 10; the last is always
        10, which moves no distance between lips and speech but puts the zeros that LSE compares with beyond the ends of
        a clip as far away as unrelated speech.

    Raises:
        ClipError: fewer than 5 frames.
    """
    import torch

    from syncbench.baselines.expert.network import RADIUS, WINDOW, standardise

    length = min(len(mouths), len(speech) // SAMPLES_PER_FRAME)
    if length < WINDOW:
        raise ClipError(f"{length} frames with speech; the sync expert needs at least {WINDOW}")
    network = _network(weights)
    seen: list[NDArray[np.float32]] = []
    with torch.inference_mode():
        pixels = standardise(torch.from_numpy(mouths[:length]).float())
        for start in range(0, length - WINDOW + 1, _CHUNK):
            seen.append(network.embed_video(pixels[None, start : start + _CHUNK + WINDOW - 1])[0].numpy())
        said = network.embed_audio(torch.from_numpy(log_mel(speech, length))[None])[0].numpy()
    return {"video": _on_sphere(np.concatenate(seen), RADIUS), "audio": _on_sphere(said, RADIUS)}


def _on_sphere(units: NDArray[np.float32], radius: float) -> NDArray[np.float32]:
    """Scale unit vectors [n, D] and append a constant coordinate, [n, D + 1]."""
    return np.hstack([units, np.ones((len(units), 1), np.float32)]) * np.float32(radius)


@dataclass(frozen=True)
class ExpertEmbeddings:
    """``{"video": [T - 4, 257], "audio": [T - 4, 257]}`` of a clip, see :func:`embed`."""

    version: int = 1
    needs: tuple[Feature, ...] = (MOUTHS, SPEECH)
    stored: bool = True

    @property
    def name(self) -> str:
        return f"expert@{self.weights[:8]}"

    @property
    def weights(self) -> str:
        return file_hash(WEIGHTS)

    def compute(self, clip: Clip, *needs: Any) -> dict[str, NDArray[np.float32]]:
        mouths, speech = needs
        try:
            return embed(mouths, speech)
        except ClipError as error:
            raise ClipError(f"{clip.id}: {error}") from error


@dataclass(frozen=True)
class Expert:
    """The bundled sync expert, ready for LSE."""

    @property
    def name(self) -> str:
        return f"expert@{file_hash(WEIGHTS)[:8]}"

    @property
    def protocol(self) -> str:
        return "native.1"

    @property
    def embeddings(self) -> Feature:
        return ExpertEmbeddings()

    def unavailable(self) -> str | None:
        """Return None: its weights come with the package."""
        return None
