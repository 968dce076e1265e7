"""One synthetic clip from its seed: sentence, speaker, speech, articulation, motion, frames and the truth of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import FPS, SAMPLE_RATE, SAMPLES_PER_FRAME, Frames, Waveform, Word
from syncbench.datasets.synthetic.articulation import articulate
from syncbench.datasets.synthetic.identity import SPLITS, Identity, speakers
from syncbench.datasets.synthetic.landmarks import landmarks
from syncbench.datasets.synthetic.motion import Motion, camera, motion
from syncbench.datasets.synthetic.render import render
from syncbench.datasets.synthetic.sentences import Sentence, grid_sentence, open_sentence, word_sentence
from syncbench.errors import CommandError
from syncbench.phonetics.espeak import Spoken, Utterance, speak
from syncbench.phonetics.inventory import Phone

__all__ = ["WORD_FRAMES", "Grammar", "Performance", "Script", "perform", "script"]

Grammar = Literal["grid", "open", "words", "mixed"]

WORD_FRAMES = 29  # as in LRW
_GRID_FRAMES = 75  # as in GRID
_GRAMMARS: tuple[Grammar, ...] = ("grid", "open", "words", "mixed")
_MIX = {"grid": 0.6, "open": 0.25, "words": 0.15}


@dataclass(frozen=True, slots=True)
class Script:
    """What clip ``index`` of a split will be; depends on grammar, seed, split and index alone.

    ``stream`` seeds all that follows; ``reach`` is the temporal reach of coarticulation.
    """

    grammar: Grammar
    split: str
    seed: int
    index: int
    person: Identity
    sentence: Sentence
    utterance: Utterance
    reach: float
    stream: tuple[int, ...]

    @property
    def speaker(self) -> str:
        """The speaker's name, such as ``syn-012``."""
        return f"syn-{self.person.number:03d}"

    @property
    def id(self) -> str:
        """The clip's name, such as ``syn-012/00003``."""
        return f"{self.speaker}/{self.index:05d}"


@dataclass(frozen=True, slots=True)
class Performance:
    """A clip and its truth. Frame t shows the face at ``(t + 0.5) / 25`` s of the speech: audio and video are in sync.

    Attributes:
        script: what was asked.
        frames: uint8 ``[T, 160, 160, 3]``.
        speech: float32 ``[T * 640]``.
        words, phones: with their times in the clip.
        articulators: float32 ``[T, 8]``, columns ``ARTICULATORS``.
        landmarks: float32 ``[T, 68, 2]``, exact.
        motion: of the head, eyes and brows.
    """

    script: Script
    frames: Frames
    speech: Waveform
    words: tuple[Word, ...]
    phones: tuple[Phone, ...]
    articulators: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    motion: Motion

    @property
    def transcript(self) -> str:
        """The words in upper case."""
        return " ".join(word.text for word in self.words)


def script(grammar: Grammar, split: str, seed: int, index: int, reach: float = 1.0) -> Script:
    """Script clip ``index``. ``reach`` multiplies the speaker's own reach of coarticulation."""
    if split not in SPLITS:
        raise CommandError(f"unknown split '{split}': known: {', '.join(SPLITS)}")
    if seed < 0:
        raise CommandError(f"the seed must not be negative, and is {seed}")
    stream = (seed, SPLITS.index(split), _GRAMMARS.index(grammar), index)
    rng = np.random.default_rng([*stream, 1])
    cast = speakers(split)
    order = np.random.default_rng([seed, SPLITS.index(split), 99]).permutation(len(cast))
    person = cast[int(order[index % len(cast)])]
    spoken_as = grammar
    if grammar == "mixed":
        names: list[Grammar] = ["grid", "open", "words"]
        spoken_as = names[int(rng.choice(3, p=[_MIX[name] for name in names]))]
    write = {"grid": grid_sentence, "open": open_sentence, "words": word_sentence}[spoken_as]
    sentence = write(rng)
    utterance = Utterance(
        sentence.spoken,
        person.voice,
        int(np.clip(person.speed + rng.normal(0, 9), 120, 200)),
        int(np.clip(person.pitch + rng.normal(0, 3), 5, 95)),
        int(np.clip(person.pitch_range + rng.normal(0, 6), 5, 95)),
    )
    return Script(spoken_as, split, seed, index, person, sentence, utterance, person.reach * reach, stream)


def _placed(spoken: Spoken, script: Script, rng: np.random.Generator) -> tuple[Waveform, list[Word], list[Phone], int]:
    """Put the speech into a clip: silence around it, or a window of 29 frames around the word that matters."""
    length = len(spoken.speech) / SAMPLE_RATE
    words = [Word(w.text.upper(), w.start, w.end) for w in spoken.words]
    if script.grammar == "words":
        target = words[script.sentence.target]
        words = [target]
        frames = WORD_FRAMES
        start = 0.5 * (target.start + target.end) - 0.5 * frames / FPS
    elif script.grammar == "grid":
        lead = 0.2 + rng.uniform(0, 1) * float(np.clip(_GRID_FRAMES / FPS - length - 0.35, 0.05, 0.8))
        frames = max(_GRID_FRAMES, int(np.ceil((lead + length + 0.12) * FPS)))
        start = -lead
    else:
        lead = rng.uniform(0.12, 0.4)
        frames = int(np.ceil((lead + length + rng.uniform(0.12, 0.4)) * FPS))
        start = -lead
    shift = round(-start * SAMPLE_RATE)  # whole samples, so that times and speech agree exactly
    total = frames * SAMPLES_PER_FRAME
    speech = np.zeros(total, np.float32)
    first, last = max(shift, 0), min(shift + len(spoken.speech), total)
    speech[first:last] = spoken.speech[first - shift : last - shift]
    moved = shift / SAMPLE_RATE
    phones = [
        replace(p, start=p.start + moved, end=p.end + moved, release=p.release + moved)
        for p in spoken.phones
        if p.symbol
    ]
    return speech, [Word(w.text, w.start + moved, w.end + moved) for w in words], phones, frames


def perform(scripts: Sequence[Script]) -> list[Performance]:
    """Speak and render clips. Equal scripts give equal frames and samples, in any process and any order."""
    spoken = speak([p.utterance for p in scripts])
    return [_perform(p, s) for p, s in zip(scripts, spoken, strict=True)]


def _perform(script: Script, spoken: Spoken) -> Performance:
    rng = np.random.default_rng([*script.stream, 2])
    speech, words, phones, frames = _placed(spoken, script, rng)
    energy = np.sqrt(np.mean(speech.reshape(frames, SAMPLES_PER_FRAME) ** 2, 1))
    loudness = (energy / max(float(energy.max()), 1e-6)).astype(np.float32)
    articulators = articulate(phones, frames, reach=script.reach, effort=script.person.effort)
    move = motion(rng, frames, loudness)
    film = camera(rng)
    pictures = render(script.person, articulators, move, film, rng)
    # a quiet room, and a microphone at some distance
    room = rng.standard_normal(len(speech)).astype(np.float32)
    room[1:] += 0.9 * room[:-1]
    level = 10 ** (rng.uniform(-66, -56) / 20)
    gain = 10 ** (rng.uniform(-3, 2) / 20)
    speech = np.clip(gain * speech + level * room / room.std(), -1, 1).astype(np.float32)
    seen = [p for p in phones if p.end > 0 and p.start < frames / FPS]
    points = landmarks(script.person, articulators, move)
    return Performance(script, pictures, speech, tuple(words), tuple(seen), articulators, points, move)
