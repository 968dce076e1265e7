"""Speech in other voices: what is asked of pitch, formants, pace and microphone is what is heard."""

from __future__ import annotations

import numpy as np
import pytest

from syncbench.baselines.recognisers.training.voice import Voice, random_voice, spoken, stretched
from syncbench.clip import SAMPLE_RATE, Waveform

SECONDS = 2


def vowel(pitch: float, formants: tuple[float, ...] = (700.0, 1200.0, 2600.0)) -> Waveform:
    """Return a vowel: harmonics of ``pitch`` under resonances 120 Hz wide."""
    time = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE
    wave = np.zeros(len(time))
    for harmonic in np.arange(pitch, 7000.0, pitch):
        level = sum(1.0 / (1.0 + ((harmonic - formant) / 60.0) ** 2) for formant in formants)
        wave += level * np.sin(2 * np.pi * harmonic * time + harmonic)
    return (0.1 * wave / wave.std()).astype(np.float32)


def pitch_of(wave: Waveform) -> float:
    """Return the fundamental frequency: the strongest peak of the autocorrelation between 60 and 420 Hz."""
    power = np.abs(np.fft.rfft(wave[4000:-4000], 2 * len(wave))) ** 2
    alike = np.fft.irfft(power)[: SAMPLE_RATE // 60]
    first = SAMPLE_RATE // 420
    return SAMPLE_RATE / (first + int(alike[first:].argmax()))


def formant_of(wave: Waveform) -> float:
    """Return the centre of gravity of the power between 1.9 and 4 kHz, where there is one formant."""
    power, frequency = np.abs(np.fft.rfft(wave[4000:-4000])) ** 2, np.fft.rfftfreq(len(wave) - 8000, 1 / SAMPLE_RATE)
    band = (frequency > 1900) & (frequency < 4000)
    return float((power * frequency)[band].sum() / power[band].sum())


def test_the_same_voice_at_the_same_pace_is_the_same_speech() -> None:
    speech = vowel(120.0)
    np.testing.assert_allclose(spoken(speech, len(speech), Voice()), speech, atol=1e-5)


@pytest.mark.parametrize("pitch", [0.8, 1.4, 1.8])
def test_the_pitch_is_changed_and_the_formants_stay(pitch: float) -> None:
    speech = vowel(110.0)
    said = spoken(speech, len(speech), Voice(pitch=pitch))
    assert pitch_of(said) == pytest.approx(110.0 * pitch, rel=0.03)
    assert formant_of(said) == pytest.approx(formant_of(speech), rel=0.06)


@pytest.mark.parametrize("tract", [0.85, 1.2])
def test_the_formants_are_moved_and_the_pitch_stays(tract: float) -> None:
    speech = vowel(110.0)
    said = spoken(speech, len(speech), Voice(tract=tract))
    assert pitch_of(said) == pytest.approx(110.0, rel=0.02)
    assert formant_of(said) == pytest.approx(formant_of(speech) * tract, rel=0.06)


@pytest.mark.parametrize("pace", [0.8, 1.25])
def test_another_pace_keeps_pitch_loudness_and_order(pace: float) -> None:
    speech = np.concatenate([vowel(110.0), 0.1 * vowel(160.0)])
    samples = round(len(speech) * pace)
    said = stretched(speech, samples)
    assert said.shape == (samples,)
    assert said.dtype == np.float32
    for begin, pitch, level in ((0, 110.0, 0.1), (samples // 2, 160.0, 0.01)):
        part = said[begin + 3000 : begin + samples // 2 - 3000]
        assert pitch_of(part) == pytest.approx(pitch, rel=0.02)
        assert part.std() == pytest.approx(level, rel=0.1)


def test_a_microphone_raises_the_bands_that_it_favours() -> None:
    noise = np.random.default_rng(0).standard_normal(32000).astype(np.float32)
    said = spoken(noise, len(noise), Voice(microphone=(1.0, 0.0, -1.0)))
    before, after = (np.abs(np.fft.rfft(wave)) ** 2 for wave in (noise, said))
    gain = [10 * np.log10(after[band].sum() / before[band].sum()) for band in np.array_split(np.arange(16000), 8)]
    assert gain[0] == pytest.approx(7.6, abs=1.0)  # the band of 0 to 1 kHz: 0.875 nepers at its middle
    assert gain[-1] == pytest.approx(-7.6, abs=1.0)
    assert np.all(np.diff(gain) < 0)


def test_silence_and_short_pieces_are_said_too() -> None:
    assert not spoken(np.zeros(6400, np.float32), 7040, Voice(1.5, 1.2)).any()
    short = vowel(110.0)[:640]
    for samples in (640, 1280):
        said = spoken(short, samples, Voice(1.9, 1.3))
        assert said.shape == (samples,)
        assert np.isfinite(said).all()


def test_random_voices_are_drawn_by_the_generator_and_stay_in_their_ranges() -> None:
    once, again = (np.random.default_rng(3) for _ in range(2))
    voices = [random_voice(once) for _ in range(300)]
    assert voices == [random_voice(again) for _ in range(300)]
    pitches, tracts = (np.array([getattr(voice, name) for voice in voices]) for name in ("pitch", "tract"))
    assert 0.75 <= pitches.min() < 0.8
    assert 1.8 < pitches.max() <= 1.9
    assert tracts.min() >= 0.75
    assert tracts.max() <= 1.35
    assert np.corrcoef(pitches, tracts)[0, 1] > 0.4
