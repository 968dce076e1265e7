"""The lip reader's training: clips that wait for their turn, texts that are known, and what is taken up after a kill."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from syncbench import registry
from syncbench.baselines.evaluators.lipreader.network import LipReader
from syncbench.baselines.evaluators.lipreader.training.batches import Mouths, Views, warp_times
from syncbench.baselines.evaluators.lipreader.training.material import Material, look_at, words_said
from syncbench.baselines.evaluators.lipreader.training.recipe import ReadingObjective
from syncbench.baselines.evaluators.lipreader.vocabulary import KNOWN_WORDS
from syncbench.baselines.training.loop import Stage
from syncbench.baselines.training.optimisation import Cosine, Group, Optimisation
from syncbench.clip import Clip, Word
from syncbench.errors import CommandError

from ...killing import assert_takes_the_same_steps

LENGTHS = (9, 10, 12, 9, 11, 14, 10)
TEXTS = ("BIN BLUE", "SET RED", "LAY WITH A", "BIN RED", "PLACE NOW", "UNKNOWN NOW", "SET AT B")
ASKED = Optimisation(
    steps=9, batch=2, rate=1e-3, betas=(0.9, 0.999), weight_decay=0.01, schedule=Cosine(2, 1.0), clip=5.0
)


@pytest.fixture(scope="module")
def material() -> Material:
    """Seven clips of noise, some of whose words are known by their times."""
    rng = np.random.default_rng(0)
    starts = np.cumsum([0, *LENGTHS])
    said = [[Word(text.split()[0], 0.04, 0.2)] if i % 2 else [] for i, text in enumerate(TEXTS)]
    mouths = rng.integers(0, 256, (int(starts[-1]), 96, 96)).astype(np.uint8)
    return Material(mouths, starts, TEXTS, words_said(starts, said))


def words(material: Material) -> Stage:
    torch.manual_seed(0)
    model = LipReader()
    batches = Views(material, partial(look_at, model, material, 2, 0), 2, seed=0)
    above = Group(tuple(p for n, p in model.named_parameters() if not n.startswith("trunk.")))
    return Stage("words", ReadingObjective(model, whole=False), {"lipreader": model}, batches, ASKED, groups=(above,))


def whole(material: Material) -> Stage:
    torch.manual_seed(0)
    model = LipReader()
    batches = Mouths(material, 2, seed=1)
    return Stage("whole", ReadingObjective(model, whole=True), {"lipreader": model}, batches, replace(ASKED, steps=5))


@pytest.mark.parametrize(
    ("stage", "at"),
    [(words, 1), (words, 3), (words, 4), (words, 6), (whole, 2)],
    ids=lambda x: getattr(x, "__name__", x),
)
def test_a_killed_training_takes_the_same_steps(
    stage: Callable[[Material], Stage], at: int, material: Material, tmp_path: Path
) -> None:
    assert_takes_the_same_steps(lambda: stage(material), tmp_path, at)


def test_every_clip_has_its_turn_before_one_comes_again_and_the_waiting_ones_are_kept(material: Material) -> None:
    batches = Mouths(material, 2, seed=0)
    first = [batches(step, 0)["texts"] for step in range(4)]
    assert sorted(text for texts in first for text in texts) == sorted(TEXTS)
    assert sorted(map(len, first)) == [1, 2, 2, 2]
    batches(4, 0)
    state = {key: value.clone() for key, value in batches.state().items()}
    rest = [batches(step, 0) for step in (5, 6)]
    other = Mouths(material, 2, seed=9)
    other.restore(5, state)
    for step, wanted in zip((5, 6), rest, strict=True):
        again = other(step, 0)
        assert again["texts"] == wanted["texts"]
        assert torch.equal(again["seen"], wanted["seen"])


def test_a_clip_is_said_quicker_or_slower() -> None:
    lengths = []
    for seed in range(200):
        times = warp_times(50, np.random.default_rng(seed))
        lengths.append(len(times))
        assert (times[0], times[-1]) == (0, 49)
        assert (np.diff(times) >= 0).all()
    assert 38 <= min(lengths) < 46
    assert 54 < max(lengths) <= 64


def test_the_word_said_is_known_frame_by_frame() -> None:
    spoken = [[Word("BIN", 0.04, 0.12), Word("ODD", 0.12, 0.2)], [], [Word("RED", 0.08, 9.0)]]
    said = words_said(np.array([0, 6, 8, 12]), spoken)
    bin_, red = KNOWN_WORDS.index("BIN"), KNOWN_WORDS.index("RED")
    assert said.tolist() == [0, bin_, bin_, -1, -1, 0, -1, -1, 0, 0, red, red]


def test_clips_without_words_other_devices_and_missing_stages_are_said_clearly(
    synthetic_clips: list[Clip], tmp_path: Path
) -> None:
    recipe = registry.recipe("lipreader")
    bare = [Clip("x", video=synthetic_clips[0].video, speech=synthetic_clips[0].speech)]
    with pytest.raises(CommandError, match="no transcripts"):
        recipe.train(recipe.training(bare, tmp_path))
    with pytest.raises(CommandError, match="device 'cuda': this recipe runs on the cpu"):
        recipe.train(recipe.training(synthetic_clips, tmp_path, device="cuda"))
    with pytest.raises(CommandError, match=r"words\.safetensors is not there: train the stage 'words' first"):
        recipe.train(recipe.training(synthetic_clips, tmp_path, stage="whole"))
