"""Ladders of known faults: the same clip, spoiled by a known amount.

Each fault is a pure function of a scene (the real clip's arrays) and a level, and changes one thing. Level 0 of every
ladder is the untouched clip. Levels are in the unit the ladder names.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, rotate

from syncbench import media
from syncbench.clip import SAMPLE_RATE, SAMPLES_PER_FRAME, Frames, Waveform, Word

__all__ = ["LADDERS", "Ladder", "Scene"]


@dataclass(frozen=True, slots=True)
class Scene:
    """What a fault may touch, and what it may borrow.

    Attributes:
        frames: uint8 ``[T, H, W, 3]``.
        speech: float32 ``[T * 640]``.
        landmarks: float32 ``[T, 68, 2]``, to find the mouth.
        words: the words said, with times.
        transcript: the words of ``speech``.
        other: frames of another speaker of the same size; borrowed by ``other_face``.
        face: which face is meant, as ``Clip.face`` says it.
    """

    frames: Frames
    speech: Waveform
    landmarks: NDArray[np.float32]
    words: tuple[Word, ...]
    transcript: str
    other: Frames
    face: str = "frame"


Fault = Callable[[Scene, float, np.random.Generator], Scene]


@dataclass(frozen=True, slots=True)
class Ladder:
    """A fault in growing doses. ``levels[0]`` leaves the clip as it is."""

    name: str
    unit: str
    levels: tuple[float, ...]
    fault: Fault


def audio_shift(scene: Scene, frames: float, rng: np.random.Generator) -> Scene:
    """Delay the speech by a number of frames; silence comes in."""
    shift = round(frames * SAMPLES_PER_FRAME)
    speech = np.concatenate([np.zeros(shift, np.float32), scene.speech])[: len(scene.speech)]
    return replace(scene, speech=speech)


def _mouth_mask(scene: Scene) -> NDArray[np.float32]:
    """Return a soft mask of the mouth and chin per frame, ``[T, H, W, 1]``."""
    height, width = scene.frames.shape[1:3]
    points = scene.landmarks[:, 48:68]
    centre = np.nanmean(points, axis=1)
    centre = np.asarray(np.where(np.isfinite(centre), centre, np.nanmean(centre, axis=0)))
    half = 1.1 * np.nanmax(np.ptp(points[..., 0], axis=1)) / 2
    x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]
    dx = (x - centre[:, 0, None, None]) / half
    dy = (y - centre[:, 1, None, None] - 0.25 * half) / (1.1 * half)
    inside = np.clip((1.15 - np.hypot(dx, dy)) / 0.3, 0, 1)
    return np.asarray(inside[..., None], np.float32)


def mouth_freeze(scene: Scene, fraction: float, rng: np.random.Generator) -> Scene:
    """Hold the mouth still for a fraction of the clip, in one stretch at a random place."""
    count = len(scene.frames)
    length = round(fraction * count)
    if length == 0:
        return scene
    start = int(rng.integers(0, count - length + 1))
    mask = _mouth_mask(scene)[start : start + length]
    frames = scene.frames.copy()
    held = frames[start].astype(np.float32)
    mixed = frames[start : start + length] * (1 - mask) + held * mask
    frames[start : start + length] = np.rint(mixed).astype(np.uint8)
    return replace(scene, frames=frames)


def mouth_amplitude(scene: Scene, lost: float, rng: np.random.Generator) -> Scene:
    """Draw the mouth towards its mean picture: at 1 it does not move at all (a cross-fade in pixels)."""
    mask = _mouth_mask(scene) * lost
    mean = scene.frames.astype(np.float32).mean(axis=0)
    mixed = scene.frames * (1 - mask) + mean * mask
    return replace(scene, frames=np.rint(mixed).astype(np.uint8))


def words_swapped(scene: Scene, fraction: float, rng: np.random.Generator) -> Scene:
    """Let a fraction of the words change places in the speech; each is cut or padded to the place it goes to."""
    count = len(scene.words)
    chosen = rng.permutation(count)[: round(fraction * count)]
    if len(chosen) < 2:
        return scene
    spans = [(round(w.start * SAMPLE_RATE), round(w.end * SAMPLE_RATE)) for w in scene.words]
    speech, texts = scene.speech.copy(), [w.text for w in scene.words]
    for to, source in zip(chosen, np.roll(chosen, 1), strict=True):
        (a, b), (c, d) = spans[to], spans[source]
        piece = scene.speech[c:d][: b - a]
        speech[a:b] = 0
        speech[a : a + len(piece)] = piece[: max(0, len(speech) - a)]
        texts[to] = scene.words[source].text
    return replace(scene, speech=speech, transcript=" ".join(texts))


def blur(scene: Scene, sigma: float, rng: np.random.Generator) -> Scene:
    """Blur every frame by a Gaussian of ``sigma`` pixels."""
    return replace(scene, frames=gaussian_filter(scene.frames, (0, sigma, sigma, 0)) if sigma else scene.frames)


def jpeg(scene: Scene, loss: float, rng: np.random.Generator) -> Scene:
    """Compress every frame as JPEG of quality ``100 - loss``; 0 leaves it alone."""
    from PIL import Image

    if loss == 0:
        return scene

    def squeezed(frame: Frames) -> Frames:
        file = io.BytesIO()
        Image.fromarray(frame).save(file, "JPEG", quality=round(100 - loss))
        return np.asarray(Image.open(file))

    return replace(scene, frames=np.stack([squeezed(frame) for frame in scene.frames]))


def noise(scene: Scene, deviation: float, rng: np.random.Generator) -> Scene:
    """Add Gaussian noise of so many grey levels to every pixel."""
    noisy = scene.frames + rng.normal(0, deviation or 1e-12, scene.frames.shape).astype(np.float32)
    return replace(scene, frames=np.clip(np.rint(noisy), 0, 255).astype(np.uint8))


def colour_cast(scene: Scene, levels: float, rng: np.random.Generator) -> Scene:
    """Add grey levels to red and take them from blue."""
    cast = scene.frames + np.array([levels, 0, -levels], np.float32)
    return replace(scene, frames=np.clip(np.rint(cast), 0, 255).astype(np.uint8))


def frame_rate(scene: Scene, percent: float, rng: np.random.Generator) -> Scene:
    """Play the pictures slower by ``percent``: what a wrong frame rate does; the speech keeps its pace."""
    count = len(scene.frames)
    index = np.floor(np.arange(count) * (1 - percent / 100)).astype(int)
    return replace(scene, frames=scene.frames[index])


def dropped_frames(scene: Scene, fraction: float, rng: np.random.Generator) -> Scene:
    """Lose a fraction of the frames at random; the one before stays on screen."""
    count = len(scene.frames)
    lost = np.zeros(count, bool)
    lost[1 + rng.permutation(count - 1)[: round(fraction * (count - 1))]] = True
    index = np.maximum.accumulate(np.where(lost, 0, np.arange(count)))
    return replace(scene, frames=scene.frames[index])


def other_face(scene: Scene, fraction: float, rng: np.random.Generator) -> Scene:
    """Show another speaker for a fraction of the clip, from its end."""
    count = len(scene.frames)
    length = round(fraction * count)
    if length == 0:
        return scene
    borrowed = scene.other[np.arange(count) % len(scene.other)]
    return replace(scene, frames=np.concatenate([scene.frames[: count - length], borrowed[count - length :]]))


def face_size(scene: Scene, lost: float, rng: np.random.Generator) -> Scene:
    """Show the clip smaller, in the middle of a grey picture of its size; the face has to be found."""
    if lost == 0:
        return scene
    height, width = scene.frames.shape[1:3]
    small = _resized(scene.frames, round(height * (1 - lost)), round(width * (1 - lost)))
    frames = np.full_like(scene.frames, 110)
    top, left = (height - small.shape[1]) // 2, (width - small.shape[2]) // 2
    frames[:, top : top + small.shape[1], left : left + small.shape[2]] = small
    return replace(scene, frames=frames, face="auto")


def crop_shift(scene: Scene, share: float, rng: np.random.Generator) -> Scene:
    """Move the crop by a share of its side, in a random direction; its border is repeated."""
    angle = rng.uniform(0, 2 * np.pi)
    height, width = scene.frames.shape[1:3]
    rows = np.clip(np.arange(height) + round(share * height * np.sin(angle)), 0, height - 1)
    columns = np.clip(np.arange(width) + round(share * width * np.cos(angle)), 0, width - 1)
    return replace(scene, frames=scene.frames[:, rows][:, :, columns])


def crop_scale(scene: Scene, percent: float, rng: np.random.Generator) -> Scene:
    """Cut the face with so many percent more around it; the border is repeated."""
    if percent == 0:
        return scene
    height, width = scene.frames.shape[1:3]
    top, left = round(height * percent / 200), round(width * percent / 200)
    wide = np.pad(scene.frames, ((0, 0), (top, top), (left, left), (0, 0)), mode="edge")
    return replace(scene, frames=_resized(wide, height, width))


def rotation(scene: Scene, degrees: float, rng: np.random.Generator) -> Scene:
    """Turn the picture in its plane; the border is repeated."""
    if degrees == 0:
        return scene
    return replace(scene, frames=rotate(scene.frames, degrees, (1, 2), reshape=False, order=1, mode="nearest"))


def video_size(scene: Scene, percent: float, rng: np.random.Generator) -> Scene:
    """Make the whole video smaller by so many percent of its sides."""
    if percent == 0:
        return scene
    height, width = scene.frames.shape[1:3]
    return replace(
        scene, frames=_resized(scene.frames, round(height * (1 - percent / 100)), round(width * (1 - percent / 100)))
    )


def recoding(scene: Scene, crf: float, rng: np.random.Generator) -> Scene:
    """Encode the picture as H.264 at this quality, and read it back."""
    if crf == 0:
        return scene
    with tempfile.TemporaryDirectory(prefix="syncbench-") as folder:
        return replace(
            scene, frames=media.read_frames(media.write_video(Path(folder) / "x.mp4", scene.frames, crf=round(crf)))
        )


_SOUND: tuple[tuple[Literal["aac", "libmp3lame"], int], ...] = (
    ("aac", 128_000), ("aac", 64_000), ("libmp3lame", 128_000), ("libmp3lame", 64_000), ("libmp3lame", 32_000)
)  # fmt: skip


def speech_recoding(scene: Scene, step: float, rng: np.random.Generator) -> Scene:
    """Encode the speech as AAC at 128 or 64, or as MP3 at 128, 64 or 32 kb/s, and read it back."""
    if step == 0:
        return scene
    sound, bit_rate = _SOUND[round(step) - 1]
    with tempfile.TemporaryDirectory(prefix="syncbench-") as folder:
        tiny = np.zeros((len(scene.frames), 16, 16, 3), np.uint8)
        path = media.write_video(Path(folder) / "x.mp4", tiny, scene.speech, sound=sound, bit_rate=bit_rate)
        heard = media.read_speech(path)[: len(scene.speech)]
    return replace(scene, speech=np.pad(heard, (0, len(scene.speech) - len(heard))))


def _resized(frames: Frames, height: int, width: int) -> Frames:
    from PIL import Image

    pictures = [Image.fromarray(frame).resize((width, height), Image.Resampling.BICUBIC) for frame in frames]
    return np.stack([np.asarray(picture) for picture in pictures])


LADDERS = (
    Ladder("audio_shift", "frames", (0, 1, 2, 3, 5, 8, 12), audio_shift),
    Ladder("mouth_freeze", "share of clip", (0, 0.2, 0.4, 0.6, 0.8, 1), mouth_freeze),
    Ladder("mouth_amplitude", "share lost", (0, 0.2, 0.4, 0.6, 0.8, 1), mouth_amplitude),
    Ladder("words_swapped", "share of words", (0, 0.34, 0.5, 0.67, 0.84, 1), words_swapped),
    Ladder("blur", "px sigma", (0, 0.5, 1, 1.5, 2, 3), blur),
    Ladder("jpeg", "100 - quality", (0, 20, 40, 60, 80, 95), jpeg),
    Ladder("noise", "grey levels", (0, 3, 6, 12, 24, 48), noise),
    Ladder("colour_cast", "grey levels", (0, 5, 10, 20, 30, 45), colour_cast),
    Ladder("frame_rate", "% slower", (0, 1, 2, 4, 8, 16), frame_rate),
    Ladder("dropped_frames", "share of frames", (0, 0.1, 0.2, 0.4, 0.6, 0.8), dropped_frames),
    Ladder("other_face", "share of clip", (0, 0.2, 0.4, 0.6, 0.8, 1), other_face),
    Ladder("face_size", "share of side lost", (0, 0.1, 0.2, 0.35, 0.5, 0.6), face_size),
    Ladder("crop_shift", "share of side", (0, 0.02, 0.04, 0.08, 0.12, 0.16), crop_shift),
    Ladder("crop_scale", "% wider", (0, 5, 10, 15, 20, 30), crop_scale),
    Ladder("rotation", "degrees", (0, 2, 4, 8, 12, 16), rotation),
    Ladder("video_size", "% smaller", (0, 20, 35, 50, 60, 70), video_size),
    Ladder("recoding", "CRF", (0, 18, 23, 28, 33, 38), recoding),
    Ladder("speech_recoding", "AAC 128, 64, MP3 128, 64, 32 kb/s", (0, 1, 2, 3, 4, 5), speech_recoding),
)
