"""Conditions applied to clips.

The draws of a clip depend on the run's seed, the clip's id and the stream's corruption alone: not on the other stream, on
the order of clips, on the process, or on who else is in the run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from syncbench import media, registry
from syncbench.clip import Clip, Frames, Recording, Waveform
from syncbench.corruptions.conditions import Condition, parts, spelling
from syncbench.corruptions.corruption import Scene, Stream, Voices
from syncbench.errors import ClipError
from syncbench.feature import Features, part_key
from syncbench.features.frames import FRAMES
from syncbench.features.landmarks import best_source
from syncbench.features.speech import SPEECH
from syncbench.files import digest

__all__ = ["POOL", "apply", "clip_seed", "corrupt", "pool_key", "voice_pool"]

POOL = 100
"""Clips whose speech babble is made of, drawn once from the whole split."""


def clip_seed(run_seed: int, clip_id: str) -> int:
    """Return the seed of one clip's corruption: a stable hash of the run's seed and the clip's id."""
    found = hashlib.sha256(f"{run_seed}\0{clip_id}".encode()).digest()
    return int.from_bytes(found[:8], "little")


def apply(
    condition: Condition,
    frames: Frames,
    speech: Waveform,
    landmarks: NDArray[np.floating] | None,
    voices: Voices,
    seed: int,
) -> Scene:
    """Corrupt one clip's arrays.

    Args:
        condition: what to do.
        frames: uint8 ``[T, H, W, 3]``.
        speech: float32 ``[640 * T]``.
        landmarks: ``[T, 68, 2]`` of the clean frames, pixels, NaN where no face was found; None where the condition
            does not need them.
        voices: speech of other clips, for babble: leave the talker out where there are others. May be lazy; only
            drawn ones are read.
        seed: ``clip_seed`` of the clip.

    Raises:
        ClipError: silent speech or noise under a signal-to-noise ratio, no face, or under 10 frames where spans are asked.
        CommandError: a folder without usable files.
    """
    scene = Scene(frames, speech, landmarks, voices)
    streams: tuple[tuple[Stream, str], ...] = (("audio", condition.audio), ("visual", condition.visual))
    for stream, text in streams:
        rng = _generator(seed, stream, spelling(text, stream))
        for row, part in parts(text, stream):
            with registry.blamed("corruption", row.name, ClipError):
                scene = row.apply(scene, part, rng)
    return scene


def _generator(seed: int, stream: str, text: str) -> np.random.Generator:
    """Return the generator of one stream: it knows the seed, the stream and its corruption's full spelling."""
    found = hashlib.sha256(f"{seed}\0{stream}\0{text}".encode()).digest()
    return np.random.default_rng(np.frombuffer(found, dtype=np.uint32))


def corrupt(features: Features, condition: Condition, pool: Sequence[Clip], seed: int) -> Scene:
    """Return a clip's arrays under a condition.

    Args:
        features: of the clean clip.
        pool: of the split (:func:`voice_pool`): babble is made of other talkers' speech, or of the same talker's other
            clips where there is one talker only.
        seed: the run's.

    Occluders follow the clip's own landmarks (``extras["landmarks"]``) where it has them, and otherwise those that the
    bundled landmark network finds on the clean frames.
    """
    clip = features.clip
    found = features[registry.landmarks(best_source(clip)).feature] if condition.needs("landmarks") else None
    frames = features[FRAMES] if clip.video is not None or condition.visual != "clean" else _NO_FRAMES
    speech = features[SPEECH] if clip.speech is not None or condition.audio != "clean" else _NO_SPEECH
    return apply(condition, frames, speech, found, _PoolVoices(clip, pool), clip_seed(seed, clip.id))


_NO_FRAMES, _NO_SPEECH = np.zeros((0, 0, 0, 3), np.uint8), np.zeros(0, np.float32)


def voice_pool(clips: Sequence[Clip]) -> tuple[Clip, ...]:
    """Return the clips of a split whose speech babble is made of: a fixed draw, whatever the run's own clips are."""
    speaking = [clip for clip in clips if clip.speech is not None]
    return tuple(sorted(speaking, key=lambda clip: digest(clip.id))[:POOL])


def pool_key(pool: Sequence[Clip]) -> str:
    """Return what signatures say of a pool: how many voices, and a hash of their speech, such as ``100@1f0c22d1``."""
    voices = [f"{clip.id} {part_key(clip, 'speech')}" for clip in pool]
    return f"{len(pool)}@{digest(*voices)[:8]}"


class _PoolVoices:
    """The speech of the pool's other clips, read when asked for; an unreadable one is silent, and passed over."""

    def __init__(self, clip: Clip, pool: Sequence[Clip]) -> None:
        others = [c for c in pool if c.id != clip.id]
        # Where speakers are not known, a group (a source video) stands for one.
        strangers = [c for c in others if (c.speaker or c.group) != (clip.speaker or clip.group)]
        self.clips = sorted(strangers or others, key=lambda c: c.id)

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, index: int, /) -> Waveform:
        clip = self.clips[index]
        return _speech(clip.video, clip.speech)


@lru_cache(maxsize=2 * POOL)
def _speech(video: Recording | None, speech: Recording | None) -> Waveform:
    try:
        return media.clip_speech(Clip("", video, speech))
    except ClipError:
        return np.zeros(1, dtype=np.float32)
