"""Speech with exact phone and word times, from espeak-ng (the ``espeakng-loader`` package)."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import resample_poly

from syncbench.clip import SAMPLE_RATE, Waveform, Word
from syncbench.errors import CommandError, Unavailable
from syncbench.phonetics.inventory import Phone

__all__ = ["Spoken", "Utterance", "speak"]

LEVEL = 10 ** (-23 / 20)  # root mean square of the voiced part, re full scale
STRESS = "ˈˌ"
STOPS = frozenset("pbtdkgɡʔ")
CLOSED = 10 ** (-46 / 20)  # root mean square below which the vocal tract counts as closed
LONGEST_CLOSURE = 0.1  # s


@dataclass(frozen=True, slots=True)
class Utterance:
    """What to say and how: an espeak-ng voice such as ``en-us+f3``, words per minute, pitch and its range (0-99)."""

    text: str
    voice: str
    speed: int = 160
    pitch: int = 50
    range: int = 50


@dataclass(frozen=True, slots=True)
class Spoken:
    """Speech float32 ``[N]`` at 16 kHz with its phones and words."""

    speech: Waveform
    phones: tuple[Phone, ...]
    words: tuple[Word, ...]


def _paths() -> tuple[str, str]:
    try:
        loader: Any = importlib.import_module("espeakng_loader")
    except ImportError as error:
        raise Unavailable("synthetic speech needs espeak-ng: pip install espeakng-loader") from error
    return str(loader.get_library_path()), str(loader.get_data_path())


def _run(lines: list[str]) -> bytes:
    """Answer requests in one short-lived worker process: a fork here would inherit the caller's threads."""
    command = [sys.executable, "-I", "-S", str(Path(__file__).with_name("espeak_worker.py")), *_paths()]
    done = subprocess.run(command, input="\n".join(lines).encode(), capture_output=True, check=False)
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise CommandError(f"espeak-ng failed: {said[-1] if said else f'exit code {done.returncode}'}")
    return done.stdout


def speak(utterances: Sequence[Utterance]) -> list[Spoken]:
    """Return the speech of each utterance. Equal utterances give equal samples, in any process and any order.

    Raises Unavailable where espeakng-loader is not installed, CommandError where espeak-ng fails.
    """
    lines = [
        json.dumps({"text": u.text, "voice": u.voice, "speed": u.speed, "pitch": u.pitch, "range": u.range})
        for u in utterances
    ]
    if not lines:
        return []
    batches = [lines] if hasattr(os, "fork") else [[line] for line in lines]
    answer = b"".join(_run(batch) for batch in batches)
    spoken: list[Spoken] = []
    at = 0
    for utterance in utterances:
        end = answer.index(b"\n", at)
        header = json.loads(answer[at:end])
        if "error" in header:
            raise CommandError(header["error"])
        at = end + 1 + 2 * header["samples"]
        spoken.append(_spoken(utterance.text, header, np.frombuffer(answer[end + 1 : at], dtype="<i2")))
    return spoken


def _spoken(text: str, header: dict[str, Any], wave: Any) -> Spoken:
    total = len(wave) / header["rate"]
    speech = resample_poly(wave.astype(np.float64) / 32768, SAMPLE_RATE // 50, header["rate"] // 50)
    voiced = speech[np.abs(speech) > 0.01]
    level = float(np.sqrt(np.mean(voiced**2))) if len(voiced) else 1.0
    speech = np.clip(speech * (LEVEL / level), -0.98, 0.98).astype(np.float32)

    raw = [(name.strip(STRESS + " _:|-"), ms / 1000, name) for name, ms in header["phones"]]
    begins = [min(begin, total) for _, begin, _ in raw]
    closures = [
        _closure(speech, begin, begins[i - 1] if i else 0.0) if symbol[:1] in STOPS else begin
        for i, ((symbol, _, _), begin) in enumerate(zip(raw, begins, strict=True))
    ]
    ends = [*closures[1:], total]
    phones = [
        Phone(
            symbol,
            start,
            end,
            burst if symbol in STOPS and start < burst else start + 0.6 * (end - start) if symbol in STOPS else end,
            2 if "ˈ" in name else 1 if "ˌ" in name else 0,
        )
        for (symbol, _, name), start, burst, end in zip(raw, closures, begins, ends, strict=True)
        if end > start
    ]

    silences = [p.start for p in phones if not p.symbol]
    return Spoken(speech, tuple(phones), _words(text, header["words"], silences, total))


def _closure(speech: Waveform, burst: float, previous: float) -> float:
    """Return when a stop closes: espeak-ng dates stops at the burst and leaves the silence to the phone before."""
    step = SAMPLE_RATE // 200  # 5 ms
    at = int(burst * SAMPLE_RATE)
    earliest = int(max(0.5 * (burst + previous), burst - LONGEST_CLOSURE) * SAMPLE_RATE)
    start = at
    while start - step >= earliest:
        piece = speech[start - step : start]
        # one louder step next to the burst is its onset, not speech
        if float(np.sqrt(np.mean(piece**2))) > CLOSED and start < at - step:
            break
        start -= step
    return start / SAMPLE_RATE if at - start > 2 * step else burst


def _words(text: str, events: list[list[int]], silences: list[float], total: float) -> tuple[Word, ...]:
    """Return every word of the text with its times. espeak-ng dates words by their place in the text and joins some
    (``of the``): joined words share their span by length."""
    starts = {position - 1: ms / 1000 for position, _, ms in events}
    found: list[tuple[str, float | None]] = []
    for match in re.finditer(r"[\w']+", text):
        found.append((match.group(), starts.get(match.start())))
    words: list[Word] = []
    i = 0
    while i < len(found):
        last = i + 1
        while last < len(found) and found[last][1] is None:
            last += 1
        start = found[i][1] or 0.0
        end = found[last][1] if last < len(found) else total
        end = max(total if end is None else end, start)
        end = min([s for s in silences if start < s < end], default=end)
        letters = sum(len(word) for word, _ in found[i:last])
        for word, _ in found[i:last]:
            until = start + (end - start) * len(word) / letters
            words.append(Word(word, start, until))
            start, letters = until, letters - len(word)
        i = last
    return tuple(words)
