"""The landmark networks' training: one after the other or both at once, and only where landmarks are known."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncbench import registry
from syncbench.clip import Clip
from syncbench.errors import CommandError

RECIPE = registry.recipe("landmarks")


def test_stages_one_by_one_give_the_weights_of_both_at_once(synthetic_clips: list[Clip], tmp_path: Path) -> None:
    def train(out: str, stage: str | None = None) -> Path:
        return RECIPE.train(RECIPE.training(synthetic_clips[:1], tmp_path / out, stage=stage, steps=1))

    at_once = train("both")
    assert train("apart", "face") == tmp_path / "apart" / "face.safetensors"
    assert not (tmp_path / "apart" / "weights.safetensors").exists(), "half of the networks would be untrained"
    assert train("apart", "mouth").read_bytes() == at_once.read_bytes()


def test_a_stage_tuned_alone_leaves_the_other_network_as_it_was(synthetic_clips: list[Clip], tmp_path: Path) -> None:
    from syncbench.baselines.checkpoint import load_tensors
    from syncbench.baselines.evaluators.landmarks.finder import WEIGHTS

    asked = RECIPE.training(synthetic_clips[:1], tmp_path, stage="mouth", steps=1, options={"start": str(WEIGHTS)})
    tuned, shipped = load_tensors(RECIPE.train(asked)), load_tensors(WEIGHTS)
    changed = {key.partition(".")[0] for key in shipped if not tuned[key].equal(shipped[key])}
    assert changed == {"mouth"}


def test_clips_without_landmarks_are_said_so(synthetic_clips: list[Clip], tmp_path: Path) -> None:
    bare = [Clip("x", video=synthetic_clips[0].video, speech=synthetic_clips[0].speech)]
    with pytest.raises(CommandError, match="no landmark files"):
        RECIPE.train(RECIPE.training(bare, tmp_path, steps=1))
