"""Conditions applied to a clip's arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from syncbench.contracts import SAMPLES_PER_FRAME, Frames, Speech
from syncbench.corruptions import audio, visual
from syncbench.corruptions.profiles import AUDIO, VISUAL
from syncbench.corruptions.spelling import NOISES, Condition, Part, parts, spelling
from syncbench.errors import ClipError

__all__ = ["Corrupted", "apply", "clip_seed"]

PROFILE_TALKERS = 12

Landmarks = NDArray[np.floating]
Levels = dict[str, NDArray[np.float64]]
Achieved = dict[str, float | str]


@dataclass(frozen=True, slots=True)
class Corrupted:
    """A clip's arrays after corruption.

    Attributes:
        frames, speech: as given, corrupted; the same lengths.
        achieved: measured values, such as ``snr_db``, ``occluded_frames`` (share), ``noise_variance``.
        levels: by stream and kind, such as ``video.blur``: how badly each frame is corrupted, float64 ``[T]`` (blur: sigma;
            Gaussian: variance; occlusion: covered share of the mouth's box; noise in speech: SNR in dB; others: the
            asked value), NaN where the frame was left alone.
    """

    frames: Frames
    speech: Speech
    achieved: Mapping[str, float | str]
    levels: Mapping[str, NDArray[np.float64]]

    def span(self, stream: str) -> NDArray[np.bool_]:
        """Return which frames of ``video`` or ``audio`` were corrupted in any way, ``[T]``."""
        touched = np.zeros(len(self.frames), dtype=bool)
        for name, level in self.levels.items():
            if name.startswith(f"{stream}."):
                touched |= np.isfinite(level)
        return touched

    def record(self) -> dict[str, float | str | NDArray[np.float64]]:
        """Return what is worth keeping of it: the achieved values, and the levels of each frame by stream and kind."""
        return {**self.achieved, **self.levels}


def clip_seed(run_seed: int, clip_id: str) -> int:
    """Return the seed of one clip's corruption: a stable hash of the run's seed and the clip's id."""
    digest = hashlib.sha256(f"{run_seed}\0{clip_id}".encode()).digest()
    return int.from_bytes(digest[:8], "little")


def apply(
    condition: Condition,
    frames: Frames,
    speech: Speech,
    landmarks: Landmarks | None,
    others: audio.Voices,
    seed: int,
) -> Corrupted:
    """Corrupt one clip.

    Args:
        condition: what to do.
        frames: uint8 ``[T, H, W, 3]``.
        speech: float32 ``[640 * T]``.
        landmarks: ``[T, 68, 2]`` of the clean frames, pixels, NaN where no face was found; None where
            ``condition.needs_landmarks`` is False.
        others: speech of other clips, for babble: leave the talker out where there are others. May be lazy; only
            drawn ones are read.
        seed: ``clip_seed`` of the clip.

    Raises:
        ClipError: silent speech or noise under a signal-to-noise ratio, no face, or under 10 frames where spans are asked.
        CommandError: a folder without usable files.
    """
    achieved: Achieved = {}
    levels: Levels = {}
    sound = speech
    rng = _generator(seed, "audio", condition.audio)
    for part in parts(condition.audio, "audio"):
        sound = _corrupt_audio(part, sound, len(frames), others, rng, achieved, levels)
    picture = frames
    rng = _generator(seed, "visual", condition.visual)
    for part in parts(condition.visual, "visual"):
        picture = _corrupt_video(part, picture, landmarks, rng, achieved, levels)
    return Corrupted(picture, sound, MappingProxyType(achieved), MappingProxyType(levels))


def _generator(seed: int, stream: str, text: str) -> np.random.Generator:
    """Return the generator of one stream: it knows the seed, the stream and its corruption's full spelling."""
    digest = hashlib.sha256(f"{seed}\0{stream}\0{spelling(text)}".encode()).digest()
    return np.random.default_rng(np.frombuffer(digest, dtype=np.uint32))


def _corrupt_audio(
    part: Part,
    speech: Speech,
    count: int,
    others: audio.Voices,
    rng: np.random.Generator,
    achieved: Achieved,
    levels: Levels,
) -> Speech:
    match part.kind:
        case "reverb":
            wet, measured = audio.reverberate(speech, part.value, rng)
            achieved.update(measured)
            levels["audio.reverb"] = np.full(count, part.value)
            return wet
        case "band":
            achieved["band_hz"] = part.value
            levels["audio.band"] = np.full(count, part.value)
            return audio.band_limit(speech, part.value)
        case "clip":
            clipped, cut = audio.clip_peaks(speech, part.value)
            achieved["clipped"] = float(cut.mean())
            levels["audio.clip"] = _levels(cut, count, part.value, share=0.0)
            return clipped
        case "loss":
            kept, lost = audio.drop_packets(speech, part.value, rng)
            achieved["lost"] = float(lost.mean())
            levels["audio.loss"] = _levels(lost, count, part.value)
            return kept
        case kind if kind in AUDIO:
            return _audio_profile(part, speech, count, others, rng, achieved, levels)
        case _:
            return _add_noise(part, speech, count, others, rng, achieved, levels)


def _audio_profile(
    part: Part,
    speech: Speech,
    count: int,
    others: audio.Voices,
    rng: np.random.Generator,
    achieved: Achieved,
    levels: Levels,
) -> Speech:
    profile = AUDIO[part.kind]
    steps: list[Part] = []
    if profile.rt60:
        steps.append(Part("reverb", float(rng.uniform(*profile.rt60))))
    noise = NOISES[int(rng.integers(len(NOISES)))]
    steps.append(Part(noise, float(rng.uniform(*profile.snr)), talkers=PROFILE_TALKERS))
    if profile.band:
        steps.append(Part("band", float(rng.uniform(*profile.band))))
    achieved["noise"] = noise
    for step in steps:
        speech = _corrupt_audio(step, speech, count, others, rng, achieved, levels)
    return speech


def _add_noise(
    part: Part,
    speech: Speech,
    count: int,
    others: audio.Voices,
    rng: np.random.Generator,
    achieved: Achieved,
    levels: Levels,
) -> Speech:
    samples = len(speech)
    match part.kind:
        case "white":
            noise = audio.white(samples, rng)
        case "pink":
            noise = audio.pink(samples, rng)
        case "speech-shaped":
            noise = audio.speech_shaped(speech, rng)
        case "babble":
            noise = audio.babble(others, samples, part.talkers, rng)
        case _:
            if part.folder is None:
                raise ValueError(f"no such noise: {part.kind}")
            noise, achieved["noise_file"] = audio.folder_noise(part.folder, samples, rng)
    sounding = np.ones(samples, dtype=bool)
    if part.spans:
        noise, sounding = audio.punch_gaps(noise, rng)
    mixed, measured = audio.mix(speech, noise, part.value)
    achieved.update(measured)
    levels[f"audio.{part.kind}"] = _levels(sounding, count, part.value)
    return mixed


def _levels(samples: NDArray[np.bool_], count: int, value: float, share: float = 0.5) -> NDArray[np.float64]:
    """Return ``value`` for frames of which more than ``share`` of the samples are touched, NaN for the others."""
    whole = np.zeros(count * SAMPLES_PER_FRAME, dtype=bool)
    whole[: len(samples)] = samples[: len(whole)]
    touched = whole.reshape(count, SAMPLES_PER_FRAME).mean(axis=1) > share
    return np.where(touched, value, np.nan)


def _corrupt_video(
    part: Part,
    frames: Frames,
    landmarks: Landmarks | None,
    rng: np.random.Generator,
    achieved: Achieved,
    levels: Levels,
) -> Frames:
    count = len(frames)
    match part.kind:
        case "objects":
            return _occlude(part, frames, landmarks, rng, achieved, levels)
        case "freeze":
            length = min(count, max(2, round(part.value * count)))
            start = int(rng.integers(count - length + 1))
            levels["video.freeze"] = _in_spans([range(start, start + length)], count, part.value)
            achieved["frozen_frames"] = length / count
            return visual.freeze(frames, range(start, start + length))
        case "drop":
            shown, lost = visual.drop_frames(frames, part.value, rng)
            levels["video.drop"] = np.where(lost, part.value, np.nan)
            achieved["dropped_frames"] = float(lost.mean())
            return shown
        case "desync":
            levels["video.desync"] = np.full(count, part.value)
            achieved["desync_frames"] = part.value
            return visual.desync(frames, int(part.value))
        case kind if kind in VISUAL:
            profile = VISUAL[kind]
            if profile.occlusion:
                frames = _occlude(part, frames, landmarks, rng, achieved, levels)
            return _noise_spans(frames, rng, achieved, levels) if profile.noise else frames
        case kind:
            spans = visual.segments(count, rng) if part.spans else [range(count)]
            changed = frames.copy()
            for span in spans:
                inside = slice(span.start, span.stop)
                changed[inside] = _filter(kind, frames[inside], part.value, rng)
            levels[f"video.{kind}"] = _in_spans(spans, count, part.value)
            achieved[f"{kind}_frames"] = float(np.isfinite(levels[f"video.{kind}"]).mean())
            return changed


def _filter(kind: str, frames: Frames, value: float, rng: np.random.Generator) -> Frames:
    match kind:
        case "gaussian":
            return visual.gaussian_noise(frames, value, rng)
        case "blur":
            return visual.blur(frames, value)
        case "lowres":
            return visual.low_resolution(frames, value)
        case _:
            return visual.darken(frames, value)


def _in_spans(spans: Iterable[range], count: int, value: float) -> NDArray[np.float64]:
    level = np.full(count, np.nan)
    for span in spans:
        level[span.start : span.stop] = value
    return level


def _noise_spans(frames: Frames, rng: np.random.Generator, achieved: Achieved, levels: Levels) -> Frames:
    """Gaussian noise of variance U(0, 0.2) or a 7x7 blur of sigma U(0.1, 2), half each, span by span."""
    count = len(frames)
    changed = frames.copy()
    noise, blurred = np.full(count, np.nan), np.full(count, np.nan)
    for span in visual.segments(count, rng, single=(0.1, 0.5)):
        inside = slice(span.start, span.stop)
        if rng.random() < 0.5:
            noise[inside] = float(rng.uniform(0.0, 0.2))
            changed[inside] = visual.gaussian_noise(frames[inside], noise[span.start], rng)
        else:
            blurred[inside] = float(rng.uniform(0.1, 2.0))
            changed[inside] = visual.blur(frames[inside], blurred[span.start], radius=3)
    for name, level in (("gaussian", noise), ("blur", blurred)):
        touched = np.isfinite(level)
        achieved[f"{name}_frames"] = float(touched.mean())
        if touched.any():
            levels[f"video.{name}"] = level
    return changed


def _occlude(
    part: Part,
    frames: Frames,
    landmarks: Landmarks | None,
    rng: np.random.Generator,
    achieved: Achieved,
    levels: Levels,
) -> Frames:
    """One object for each span, over one mouth landmark (48-67) that it follows; 30 pixels of a 160 pixel frame."""
    if landmarks is None:
        raise ClipError("no landmarks: occluders follow the mouth and need them")
    if len(landmarks) != len(frames):
        raise ClipError(f"{len(frames)} frames but landmarks for {len(landmarks)}: compute the landmarks again")
    points = visual.fill_missing(landmarks)
    size = max(2, round(0.1875 * frames.shape[2]))
    spans = visual.segments(len(frames), rng)
    patches: list[visual.Patch] = []
    paths: list[NDArray[np.float64]] = []
    for _ in spans:
        paths.append(points[:, int(rng.integers(48, 68))])
        folder = part.folder
        patches.append(visual.folder_patch(folder, size, rng) if folder else visual.random_patch(size, rng))
    covered, cover = visual.occlude(frames, np.stack(paths), patches, spans)
    level = np.full(len(frames), np.nan)
    for span in spans:
        for t in span:
            level[t] = _mouth_cover(cover[t], points[t, 48:68])
    levels["video.occlusion"] = level
    achieved["occluded_frames"] = float(np.isfinite(level).mean())
    achieved["occluded_mouth"] = float(np.nanmean(level))
    return covered


def _mouth_cover(cover: NDArray[np.float32], mouth: NDArray[np.float64]) -> float:
    """Return the covered share of the mouth's bounding box."""
    left, top = np.floor(mouth.min(axis=0)).astype(int)
    right, bottom = np.ceil(mouth.max(axis=0)).astype(int) + 1
    box = cover[max(top, 0) : max(bottom, 1), max(left, 0) : max(right, 1)]
    return float(box.mean()) if box.size else 0.0
