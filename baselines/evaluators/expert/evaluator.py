"""The bundled sync expert as a sync evaluator: embeddings of a clip's lips and speech, a window every frame."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from syncbench.baselines.evaluators.expert.audio import log_mel
from syncbench.baselines.evaluators.landmarks.finder import FACE_LIMITS, MOUTHS, SEEN
from syncbench.clip import SAMPLES_PER_FRAME, Waveform
from syncbench.errors import ClipError, unknown_name
from syncbench.feature import Feature
from syncbench.features.evaluators import SyncEvaluator, windows_of
from syncbench.features.speech import VOICE_LIMITS, VOICED
from syncbench.files import file_hash

if TYPE_CHECKING:
    from syncbench.baselines.evaluators.expert.network import SyncExpert

__all__ = ["EMBEDDINGS", "WEIGHTS", "embed", "expert"]

WEIGHTS = Path(__file__).with_name("weights.safetensors")
_CHUNK = 64  # frames at a time: bounds memory and changes nothing else


@lru_cache(maxsize=2)
def _network(path: Path = WEIGHTS) -> SyncExpert:
    import torch

    from syncbench.baselines.checkpoint import load_tensors
    from syncbench.baselines.evaluators.expert.network import SyncExpert

    network = SyncExpert()
    network.load_state_dict(load_tensors(path))
    network.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def embed(mouths: NDArray[np.uint8], speech: Waveform, weights: Path = WEIGHTS) -> dict[str, NDArray[np.float32]]:
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

    from syncbench.baselines.evaluators.expert.network import RADIUS, WINDOW, standardise

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


def _embeddings(mouths: NDArray[np.uint8], speech: Waveform, seen: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
    found = embed(mouths, speech)
    return {**found, "seen": windows_of(seen, len(found["video"]))}


EMBEDDINGS = Feature(
    f"expert@{file_hash(WEIGHTS)[:8]}",
    _embeddings,
    needs=(MOUTHS, VOICED, SEEN),
    version=2,
    weights=file_hash(WEIGHTS),
    stored=True,
)
"""``{"video": [n, 257], "audio": [n, 257], "seen": [n]}`` of a clip, see :func:`embed`."""


def expert(protocol: str = "native") -> SyncEvaluator:
    """The bundled sync expert, ready for LSE. Its weights come with the package."""
    if protocol != "native":
        raise unknown_name("protocol of the bundled expert", protocol, ["native"])
    return SyncEvaluator(EMBEDDINGS.name, "native.2", EMBEDDINGS, limits=f"{FACE_LIMITS},{VOICE_LIMITS}")
