"""The landmark networks' training: one after the other or both at once, and only where landmarks are known."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncbench import registry
from syncbench.baselines.evaluators.landmarks.training.portraits import portraits
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


def test_portraits_are_learned_from_upright_and_at_the_size_of_crops(stills: Path) -> None:
    material = portraits(stills, "train")
    assert len(material) == len(material.frames) == 9
    for frame, points in zip(material.frames, material.landmarks, strict=True):
        assert frame.shape == (160, 160)
        assert points[36, 1] == pytest.approx(points[45, 1], abs=0.01), "upright"
        assert points[36:48].mean(0) == pytest.approx([80, 66], abs=2)
        dark = frame[int(points[37:42, 1].mean()) - 1 :][:3, int(points[36:42, 0].mean()) - 2 :][:, :4].mean()
        assert dark < frame.mean(), "the eye is where its landmarks are"


def test_people_of_stills_are_trained_on_beside_clips(
    synthetic_clips: list[Clip], stills: Path, tmp_path: Path
) -> None:
    options = {"stills": str(stills)}
    with_people = RECIPE.train(RECIPE.training(synthetic_clips[:1], tmp_path / "a", steps=1, options=options))
    without = RECIPE.train(RECIPE.training(synthetic_clips[:1], tmp_path / "b", steps=1))
    assert with_people.read_bytes() != without.read_bytes()
