"""Audio corruptions do what their names say, to the tenth of a decibel."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from syncbench.corruptions import audio
from syncbench.errors import ClipError, CommandError

N = 16_000


def speech(seed: int = 0, samples: int = 2 * N) -> np.ndarray:
    """Return a signal with speech's ups and downs: noise under a 4 Hz envelope, silent at both ends."""
    rng = np.random.default_rng(seed)
    envelope = np.abs(np.sin(2 * np.pi * 2 * np.arange(samples) / N))
    envelope[: samples // 8] = envelope[-samples // 8 :] = 0
    return (0.1 * envelope * rng.standard_normal(samples)).astype(np.float32)


def level(x: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(x, dtype=np.float64))))


@pytest.mark.parametrize("snr", range(-10, 21, 5))
@pytest.mark.parametrize("kind", ["white", "pink", "speech-shaped", "babble"])
def test_the_achieved_ratio_is_the_asked_one(kind: str, snr: int) -> None:
    voice, rng = speech(), np.random.default_rng(1)
    noise = {
        "white": lambda: audio.white(len(voice), rng),
        "pink": lambda: audio.pink(len(voice), rng),
        "speech-shaped": lambda: audio.speech_shaped(voice, rng),
        "babble": lambda: audio.babble([speech(s, N + 100 * s) for s in range(2, 8)], len(voice), 4, rng),
    }[kind]()
    mixed, achieved = audio.mix(voice, noise, snr)
    added = mixed.astype(np.float64) / achieved["gain"] - voice
    assert level(voice) - level(added) == pytest.approx(snr, abs=0.1)
    assert achieved["snr_db"] == pytest.approx(snr, abs=0.1)
    assert mixed.dtype == np.float32
    assert np.abs(mixed).max() <= 1


def test_zero_decibels_is_not_off() -> None:
    voice = speech()
    mixed, _ = audio.mix(voice, audio.white(len(voice), np.random.default_rng(9)), 0.0)
    assert level(mixed) == pytest.approx(level(voice) + 3.0, abs=0.2)


def test_loud_mixtures_are_scaled_and_keep_their_ratio() -> None:
    voice = speech() * 8
    mixed, achieved = audio.mix(voice, audio.white(len(voice), np.random.default_rng(0)), -10.0)
    assert achieved["gain"] < 0.5
    assert np.abs(mixed).max() == pytest.approx(1.0, abs=1e-6)
    assert achieved["snr_db"] == pytest.approx(-10.0, abs=0.1)


def test_silence_is_one_clear_line() -> None:
    voice = speech()
    with pytest.raises(ClipError, match="silent speech"):
        audio.mix(np.zeros(N, np.float32), np.ones(N), 0.0)
    with pytest.raises(ClipError, match="silent noise"):
        audio.mix(voice, np.zeros(len(voice)), 0.0)
    with pytest.raises(ClipError, match="other clips"):
        audio.babble([], N, 3, np.random.default_rng(0))
    with pytest.raises(ClipError, match="silent noise"):
        audio.babble([np.zeros(N, np.float32)], N, 3, np.random.default_rng(0))


def test_short_noise_is_tiled_from_a_random_start() -> None:
    ramp = np.arange(1.0, 101.0)
    starts = set()
    for seed in range(8):
        tiled = audio.excerpt(ramp, 1000, np.random.default_rng(seed))
        assert len(tiled) == 1000
        assert np.array_equal(tiled[:100], tiled[100:200])
        starts.add(tiled[0])
    assert len(starts) > 4


def test_babble_draws_each_voice_once_before_any_twice() -> None:
    reads: list[int] = []

    class Voices:
        def __len__(self) -> int:
            return 5

        def __getitem__(self, index: int, /) -> np.ndarray:
            reads.append(index)
            return speech(index)

    audio.babble(Voices(), N, 5, np.random.default_rng(0))
    assert sorted(reads) == [0, 1, 2, 3, 4]


def test_pink_noise_loses_three_decibels_an_octave() -> None:
    noise = audio.pink(30 * N, np.random.default_rng(0))
    power = np.abs(np.fft.rfft(noise)) ** 2
    hz = np.fft.rfftfreq(len(noise), 1 / N)
    octaves = [10 * np.log10(power[(hz >= f) & (hz < 2 * f)].mean()) for f in (125, 250, 500, 1000, 2000)]
    assert np.diff(octaves) == pytest.approx(-3.01, abs=0.3)


def test_speech_shaped_noise_has_the_spectrum_of_the_speech() -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(2 * N) / N).astype(np.float32)
    noise = audio.speech_shaped(tone, np.random.default_rng(0))
    hz = np.fft.rfftfreq(len(noise), 1 / N)
    power = np.abs(np.fft.rfft(noise)) ** 2
    assert power[(hz > 380) & (hz < 500)].sum() > 0.95 * power.sum()


def test_gaps_are_silent_and_reported() -> None:
    noise, sounding = audio.punch_gaps(np.ones(3 * N), np.random.default_rng(3))
    assert not noise[~sounding].any()
    assert noise[sounding].all()
    assert 0.05 * N <= (~sounding).sum() <= 1.5 * N


def test_a_folder_of_recordings_is_noise(tmp_path) -> None:
    soundfile.write(tmp_path / "hum.wav", np.sin(2 * np.pi * 100 * np.arange(8000) / 8000), 8000)
    noise, name = audio.folder_noise(tmp_path, 2 * N, np.random.default_rng(0))
    assert name == "hum.wav"
    assert len(noise) == 2 * N
    spectrum = np.abs(np.fft.rfft(noise[:N]))
    assert np.argmax(spectrum) == 100  # resampled from 8 kHz, still 100 Hz
    with pytest.raises(CommandError, match=r"no [.]wav"):
        audio.folder_noise(tmp_path / "absent", N, np.random.default_rng(0))
    (tmp_path / "hum.wav").write_bytes(b"no audio")
    with pytest.raises(ClipError, match=r"hum\.wav cannot be read"):
        audio.folder_noise(tmp_path, N, np.random.default_rng(0))


def test_reverberation_takes_the_asked_time() -> None:
    pytest.importorskip("pyroomacoustics", reason="the reverb extra is not installed")
    voice = speech()
    wet, achieved = audio.reverberate(voice, 0.4, np.random.default_rng(0))
    assert len(wet) == len(voice)
    assert achieved["rt60_measured"] == pytest.approx(0.4, rel=0.3)
    assert level(wet) == pytest.approx(level(voice), abs=0.1)
    click = np.zeros(N, np.float32)
    click[4000] = 0.5
    assert np.argmax(np.abs(audio.reverberate(click, 0.4, np.random.default_rng(0))[0])) == 4000  # no delay
    with pytest.raises(CommandError, match="ask for"):
        audio.reverberate(voice, 0.01, np.random.default_rng(0))


def test_band_limit_clipping_and_packet_loss() -> None:
    white = audio.white(4 * N, np.random.default_rng(0)).astype(np.float32) * 0.1
    power = np.abs(np.fft.rfft(audio.band_limit(white, 2000))) ** 2
    hz = np.fft.rfftfreq(len(white), 1 / N)
    assert power[hz > 2600].mean() < 1e-5 * power[hz < 1500].mean()

    limited, cut = audio.clip_peaks(white, 0.1)
    assert cut.mean() == pytest.approx(0.1, abs=0.001)
    assert np.abs(limited).max() < np.abs(white).max()

    kept, lost = audio.drop_packets(white, 0.25, np.random.default_rng(0))
    assert lost.mean() == pytest.approx(0.25)
    assert not kept[lost].any()
    assert np.array_equal(kept[~lost], white[~lost])
    assert set(np.diff(np.flatnonzero(np.diff(lost.astype(int))))) <= {320 * k for k in range(1, 100)}
