"""Corruptions of speech: noise at an exact ratio, rooms, bandwidth, clipping, lost packets. A row each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import SAMPLES_PER_FRAME
from syncbench.corruptions import audio
from syncbench.corruptions.corruption import Corruption, Part, Scene

__all__ = ["BABBLE", "BAND", "CLIP", "FOLDER", "LOSS", "PINK", "REVERB", "SPEECH_SHAPED", "WHITE", "add_noise"]

SNR = (-60.0, 100.0)


def frame_levels(samples: NDArray[np.bool_], count: int, value: float, share: float = 0.5) -> NDArray[np.float64]:
    """Return ``value`` for frames of which more than ``share`` of the samples are touched, NaN for the others."""
    whole = np.zeros(count * SAMPLES_PER_FRAME, dtype=bool)
    whole[: len(samples)] = samples[: len(whole)]
    touched = whole.reshape(count, SAMPLES_PER_FRAME).mean(axis=1) > share
    return np.where(touched, value, np.nan)


def add_noise(scene: Scene, part: Part, noise: audio.Noise, rng: np.random.Generator) -> Scene:
    """Return the scene with noise ``[N]`` in its speech at ``part.value`` dB, in gaps where the part says so."""
    sounding = np.ones(len(noise), dtype=bool)
    if part.spans:
        noise, sounding = audio.punch_gaps(noise, rng)
    mixed, measured = audio.mix(scene.speech, noise, part.value)
    level = frame_levels(sounding, len(scene.frames), part.value)
    return scene.heard(mixed, **measured).at(f"audio.{part.kind}", level)


def _white(scene: Scene, part: Part, rng: np.random.Generator) -> Scene:
    return add_noise(scene, part, audio.white(len(scene.speech), rng), rng)


def _pink(scene: Scene, part: Part, rng: np.random.Generator) -> Scene:
    return add_noise(scene, part, audio.pink(len(scene.speech), rng), rng)


def _speech_shaped(scene: Scene, part: Part, rng: np.random.Generator) -> Scene:
    return add_noise(scene, part, audio.speech_shaped(scene.speech, rng), rng)


def _babble(scene: Scene, part: Part, rng: np.random.Generator) -> Scene:
    noise = audio.babble(scene.voices, len(scene.speech), part.talkers, rng)
    there = min(part.talkers, len(scene.voices))
    return add_noise(scene.heard(scene.speech, babble_voices=float(there)), part, noise, rng)


def _folder(scene: Scene, part: Part, rng: np.random.Generator) -> Scene:
    assert part.folder is not None
    noise, file = audio.folder_noise(part.folder, len(scene.speech), rng)
    return add_noise(scene.heard(scene.speech, noise_file=file), part, noise, rng)


def _reverb(scene: Scene, part: Part, rng: np.random.Generator) -> Scene:
    wet, measured = audio.reverberate(scene.speech, part.value, rng)
    return scene.heard(wet, **measured).at("audio.reverb", np.full(len(scene.frames), part.value))


def _band(scene: Scene, part: Part, rng: np.random.Generator) -> Scene:
    limited = audio.band_limit(scene.speech, part.value)
    return scene.heard(limited, band_hz=part.value).at("audio.band", np.full(len(scene.frames), part.value))


def _clip(scene: Scene, part: Part, rng: np.random.Generator) -> Scene:
    clipped, cut = audio.clip_peaks(scene.speech, part.value)
    level = frame_levels(cut, len(scene.frames), part.value, share=0.0)
    return scene.heard(clipped, clipped=float(cut.mean())).at("audio.clip", level)


def _loss(scene: Scene, part: Part, rng: np.random.Generator) -> Scene:
    kept, lost = audio.drop_packets(scene.speech, part.value, rng)
    level = frame_levels(lost, len(scene.frames), part.value)
    return scene.heard(kept, lost=float(lost.mean())).at("audio.loss", level)


WHITE = Corruption("white", "audio", "Gaussian white noise at SNR dB", _white, SNR, intermittent="-gaps")
PINK = Corruption("pink", "audio", "noise that falls by 3 dB an octave, at SNR dB", _pink, SNR, intermittent="-gaps")
SPEECH_SHAPED = Corruption(
    "speech-shaped", "audio", "noise with the clip's own spectrum, at SNR dB", _speech_shaped, SNR, intermittent="-gaps"
)
BABBLE = Corruption(
    "babble", "audio", "30 voices of other clips at SNR dB; babble6: six", _babble, SNR, intermittent="-gaps",
    takes="talkers", needs=frozenset({"voices"}), version=2,
)  # fmt: skip
FOLDER = Corruption(
    "folder", "audio", "noise from a folder of recordings at SNR dB", _folder, SNR, intermittent="-gaps", takes="folder"
)
REVERB = Corruption("reverb", "audio", "a room of so many seconds of reverberation", _reverb, (0.05, 5.0))
BAND = Corruption("band", "audio", "nothing above so many Hz", _band, (100.0, 7900.0))
CLIP = Corruption("clip", "audio", "the loudest share of the samples is cut off", _clip, (0.0, 0.9))
LOSS = Corruption("loss", "audio", "share of 20 ms packets lost", _loss, (0.0, 1.0))
