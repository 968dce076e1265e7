"""How each score must respond to each fault, written down before measuring.

``+`` must rise, ``-`` must fall, ``0`` must not care; a pair that is not listed is shown without a verdict. LSE searches
the best shift within ±15 frames, so a constant shift alone must *not* move LSE-C or LSE-D: that is what the offset scores
are for.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["EXPECTED", "expected"]


def _row(**signs: str) -> Mapping[str, str]:
    return signs


_LOOKS = ("blur", "jpeg", "noise", "colour_cast")
_MOUTH = ("mouth_freeze", "mouth_amplitude", "frame_rate", "dropped_frames", "other_face")


def _all(sign: str, *ladders: str) -> dict[str, str]:
    return dict.fromkeys(ladders, sign)


_SYNC_UP = _row(
    audio_shift="0", mouth_freeze="-", mouth_amplitude="-", words_swapped="-", frame_rate="-", dropped_frames="-",
    other_face="-", colour_cast="0",
)  # fmt: skip
_OPPOSITE = {"+": "-", "-": "+", "0": "0"}
_SYNC_DOWN = {ladder: _OPPOSITE[sign] for ladder, sign in _SYNC_UP.items()}
_CLOSER = {**_all("-", *_MOUTH, *_LOOKS), **_all("0", "audio_shift", "words_swapped")}
_FARTHER = {ladder: _OPPOSITE[sign] for ladder, sign in _CLOSER.items()}
_SHAPE = {**_all("+", *_MOUTH), **_all("0", "audio_shift", "words_swapped", "colour_cast")}
_WORDS = _row(
    audio_shift="0", mouth_freeze="+", mouth_amplitude="+", words_swapped="+", dropped_frames="+", other_face="+",
    colour_cast="0",
)  # fmt: skip

EXPECTED: Mapping[str, Mapping[str, str]] = {
    "lse_c": _SYNC_UP,
    "lse_c_masked": _SYNC_UP,
    "lse_d": _SYNC_DOWN,
    "lse_d_masked": _SYNC_DOWN,
    "av_offset_abs": _row(audio_shift="+", colour_cast="0"),
    "in_sync": _row(audio_shift="-", colour_cast="0"),
    "psnr": _CLOSER,
    "ssim": _CLOSER,
    "psnr_mouth": _CLOSER,
    "ssim_mouth": _CLOSER,
    "lpips_alex": _FARTHER,
    "lpips_mouth": _FARTHER,
    "lpips_vgg": _FARTHER,
    "fid": _row(blur="+", jpeg="+", noise="+", colour_cast="+", audio_shift="0", words_swapped="0"),
    "lmd": _SHAPE,
    "lmd_eye": _SHAPE,
    "mouth_lmd": _SHAPE,
    "mouth_lmd_eye": _SHAPE,
    "mouth_velocity_ratio": _row(mouth_freeze="-", mouth_amplitude="-", audio_shift="0", words_swapped="0"),
    "lip_wer": _WORDS,
    "lip_accuracy": {ladder: _OPPOSITE[sign] for ladder, sign in _WORDS.items()},
}


def expected(score: str, ladder: str) -> str:
    """Return ``+``, ``-``, ``0``, or an empty string where nothing was promised."""
    return EXPECTED.get(score, {}).get(ladder, "")
