"""Audio corruptions: pure functions of float32 speech ``[N]`` at 16 kHz and a random generator.

Signal-to-noise ratios are exact: the noise is scaled so that the mean power of the speech over the whole clip,
silence included, stands to the mean power of the noise over the whole clip as asked. 0 dB is 0 dB. Where the sum leaves
-1..1 the whole mixture is scaled down until its peak is 1, which keeps the ratio; the factor is reported as ``gain``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import SAMPLE_RATE, Waveform
from syncbench.corruptions.corruption import Voices
from syncbench.errors import ClipError, CommandError, Unavailable

__all__ = [
    "babble",
    "band_limit",
    "clip_peaks",
    "drop_packets",
    "excerpt",
    "folder_noise",
    "mix",
    "pink",
    "punch_gaps",
    "reverberate",
    "speech_shaped",
    "white",
]

Noise = NDArray[np.float64]
Mask = NDArray[np.bool_]


def mix(speech: Waveform, noise: Noise, snr_db: float) -> tuple[Waveform, dict[str, float]]:
    """Add ``noise`` to ``speech`` at ``snr_db``, both ``[N]``.

    Returns the mixture and what was achieved, measured on the samples as stored: ``snr_db`` and ``gain`` (the factor,
    at most 1, by which the mixture was scaled to stay within -1..1). Raises ClipError where either is silent.
    """
    signal_power = float(np.mean(np.square(speech, dtype=np.float64)))
    noise_power = float(np.mean(np.square(noise)))
    if signal_power == 0.0:
        raise ClipError("silent speech: no noise level gives a signal-to-noise ratio; leave the clip out")
    if noise_power == 0.0:
        raise ClipError("silent noise: no level of it gives a signal-to-noise ratio; choose another noise")
    scaled = noise * np.sqrt(signal_power / noise_power / 10.0 ** (snr_db / 10.0))
    total = speech.astype(np.float64) + scaled
    gain = float(min(1.0, 1.0 / np.max(np.abs(total))))
    mixed = (total * gain).astype(np.float32)
    residual = mixed.astype(np.float64) / gain - speech
    achieved = 10.0 * np.log10(signal_power / float(np.mean(residual**2)))
    return mixed, {"snr_db": float(achieved), "gain": gain}


def white(samples: int, rng: np.random.Generator) -> Noise:
    """Return Gaussian white noise ``[samples]``."""
    return rng.standard_normal(samples)


def pink(samples: int, rng: np.random.Generator) -> Noise:
    """Return noise whose power falls by 3 dB an octave above 20 Hz, ``[samples]``."""
    frequency = np.fft.rfftfreq(samples, 1.0 / SAMPLE_RATE)
    return _shape(rng.standard_normal(samples), 1.0 / np.sqrt(np.maximum(frequency, 20.0)))


def speech_shaped(speech: Waveform, rng: np.random.Generator) -> Noise:
    """Return Gaussian noise with the long-term average spectrum of ``speech``, ``[N]``.

    The spectrum is the clip's own, averaged over 512-sample Hann windows (Welch), so the masker fits the talker.
    """
    from scipy.signal import welch

    width = min(512, len(speech))
    bins, power = welch(speech.astype(np.float64), SAMPLE_RATE, nperseg=width)
    frequency = np.fft.rfftfreq(len(speech), 1.0 / SAMPLE_RATE)
    return _shape(rng.standard_normal(len(speech)), np.sqrt(np.interp(frequency, bins, power)))


def babble(others: Voices, samples: int, talkers: int, rng: np.random.Generator) -> Noise:
    """Return the sum of ``talkers`` other voices at equal power, ``[samples]``.

    Each talker is one of ``others``, drawn without repetition while they last, then again; only the drawn ones are
    read, so a lazy sequence serves. A talker shorter than the clip is tiled, with a random start. Silent ones are
    passed over. Raises ClipError where nobody speaks.
    """
    if not len(others):
        raise ClipError("babble needs the speech of other clips and there are none: run on more than one clip")
    order: list[int] = []
    total = np.zeros(samples)
    voices = 0
    for _ in range(talkers + len(others)):
        if not order:
            order = [int(i) for i in rng.permutation(len(others))]
        voice = excerpt(others[order.pop()], samples, rng)
        level = float(np.sqrt(np.mean(voice**2)))
        if level == 0.0:
            continue
        total += voice / level
        voices += 1
        if voices == talkers:
            return total
    raise ClipError("silent noise: too few of the other clips have speech to make babble of")


def folder_noise(folder: Path, samples: int, rng: np.random.Generator) -> tuple[Noise, str]:
    """Return an excerpt of one audio file of ``folder``, ``[samples]``, and that file's name.

    The file is drawn from the sorted names, and the excerpt's start at random; a file shorter than the clip is tiled.
    Raises CommandError where the folder holds no audio.
    """
    import soundfile
    from scipy.signal import resample_poly

    suffixes = {".wav", ".flac", ".ogg"}
    files = sorted(p for p in folder.glob("*") if p.suffix.lower() in suffixes) if folder.is_dir() else []
    if not files:
        raise CommandError(f"no .wav, .flac or .ogg file in {folder}: name a folder of noise recordings")
    file = files[int(rng.integers(len(files)))]
    try:
        data, rate = soundfile.read(file, dtype="float64", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise ClipError(f"noise file {file} cannot be read ({error}): replace it") from error
    mono = data.mean(axis=1)
    if rate != SAMPLE_RATE:
        mono = np.asarray(resample_poly(mono, SAMPLE_RATE, int(rate)), dtype=np.float64)
    return excerpt(mono, samples, rng), file.name


def excerpt(noise: Waveform | Noise, samples: int, rng: np.random.Generator) -> Noise:
    """Return ``samples`` of ``noise`` from a random start, tiled where it is shorter. Raises ClipError where empty."""
    if not len(noise):
        raise ClipError("empty noise: the recording has no samples; replace it")
    last = len(noise) - samples
    if last >= 0:
        start = int(rng.integers(last + 1))
        return noise[start : start + samples].astype(np.float64)
    start = int(rng.integers(len(noise)))
    return np.resize(np.roll(noise.astype(np.float64), -start), samples)


def punch_gaps(noise: Noise, rng: np.random.Generator) -> tuple[Noise, Mask]:
    """Return ``noise`` with 1 to 5 silent gaps and the samples that still sound, both ``[N]``.

    The gaps are those of AV-RelScore's test generator: r ~ U{1..5}, each from 0.05 s to N/(2r) long. There the gaps
    are cut after the level is set; here they are cut before, so that the ratio over the whole clip stays exact.
    """
    samples = len(noise)
    gaps = int(rng.integers(1, 6))
    longest = samples // (2 * gaps)
    shortest = min(int(0.05 * SAMPLE_RATE), longest)
    sounding = np.ones(samples, dtype=bool)
    for _ in range(gaps):
        length = int(rng.integers(shortest, longest + 1))
        start = int(rng.integers(samples - length + 1))
        sounding[start : start + length] = False
    return np.where(sounding, noise, 0.0), sounding


def reverberate(speech: Waveform, rt60: float, rng: np.random.Generator) -> tuple[Waveform, dict[str, float]]:
    """Return ``speech`` in a shoebox room whose reverberation time is ``rt60`` seconds, same length and power.

    Image-source method of pyroomacoustics. ASSUMED room: sides drawn from 4-7 x 3-6 x 2.5-3.5 m, talker and microphone
    0.5 m or more from the walls; the direct path's delay is removed, so lips and voice stay together. Reports
    ``rt60`` (asked) and ``rt60_measured`` (from the decay of the impulse response between -5 and -25 dB, times 3).
    """
    try:
        import pyroomacoustics as pra
    except ImportError as error:
        raise Unavailable("reverberation needs pyroomacoustics: pip install 'syncbench[reverb]'") from error

    size = rng.uniform((4.0, 3.0, 2.5), (7.0, 6.0, 3.5))
    talker, microphone = (rng.uniform(0.5, size - 0.5) for _ in range(2))
    try:
        absorption, order = pra.inverse_sabine(rt60, size)
    except ValueError as error:
        raise CommandError(
            f"no room of 30 to 150 cubic metres has a reverberation time of {rt60} s: ask for 0.15 s or more"
        ) from error
    room = pra.ShoeBox(size, fs=SAMPLE_RATE, materials=pra.Material(absorption), max_order=min(order, 60))
    room.add_source(talker)
    room.add_microphone(microphone)
    room.compute_rir()
    responses: Any = room.rir
    impulse = np.asarray(responses[0][0], dtype=np.float64)
    impulse = impulse[int(np.argmax(np.abs(impulse))) :]
    from scipy.signal import fftconvolve

    wet = fftconvolve(speech.astype(np.float64), impulse)[: len(speech)]
    measured = float(pra.experimental.measure_rt60(impulse, fs=SAMPLE_RATE, decay_db=20))
    return _with_power_of(speech, wet), {"rt60": rt60, "rt60_measured": measured}


def band_limit(speech: Waveform, hz: float) -> Waveform:
    """Return ``speech`` without what lies above ``hz``: a Butterworth low pass of order 8, forth and back (no delay)."""
    from scipy.signal import butter, sosfiltfilt

    if not 0.0 < hz < SAMPLE_RATE / 2:
        raise CommandError(f"a band limit of {hz} Hz is outside 0..{SAMPLE_RATE // 2} Hz")
    sections = butter(8, hz, fs=SAMPLE_RATE, output="sos")
    return np.asarray(sosfiltfilt(sections, speech.astype(np.float64)), dtype=np.float32)


def clip_peaks(speech: Waveform, share: float) -> tuple[Waveform, Mask]:
    """Return ``speech`` hard-limited at the level that ``share`` of its samples exceed, and those samples, ``[N]``."""
    level = float(np.quantile(np.abs(speech), 1.0 - share))
    return np.clip(speech, -level, level), np.abs(speech) > level


def drop_packets(
    speech: Waveform, share: float, rng: np.random.Generator, packet: float = 0.02
) -> tuple[Waveform, Mask]:
    """Return ``speech`` with ``share`` of its packets (of ``packet`` seconds) silenced, and the lost samples, ``[N]``.

    The number of lost packets is the rounded share, at least one; which ones is drawn without repetition.
    """
    length = round(packet * SAMPLE_RATE)
    packets = -(-len(speech) // length)
    gone = rng.permutation(packets)[: max(1, round(share * packets))]
    lost = np.isin(np.arange(len(speech)) // length, gone)
    return np.where(lost, np.float32(0.0), speech), lost


def _shape(noise: Noise, magnitude: NDArray[np.float64]) -> Noise:
    """Return ``noise`` filtered by ``magnitude`` at the FFT's frequencies, without its mean."""
    spectrum = np.fft.rfft(noise) * magnitude
    spectrum[0] = 0.0
    return np.fft.irfft(spectrum, len(noise))


def _with_power_of(speech: Waveform, changed: Noise) -> Waveform:
    """Return ``changed`` at the mean power of ``speech``, lowered further only where its peak would leave -1..1."""
    power = float(np.mean(np.square(speech, dtype=np.float64)))
    level = float(np.mean(changed**2))
    if level == 0.0:
        return changed.astype(np.float32)
    scaled = changed * np.sqrt(power / level)
    quiet = scaled / max(1.0, float(np.max(np.abs(scaled))))
    return np.asarray(quiet, dtype=np.float32)
