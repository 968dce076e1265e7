"""The sync expert's training: what its losses ask for, and which clips it can use."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from syncbench import registry
from syncbench.baselines.evaluators.expert.training.recipe import losses
from syncbench.clip import Clip
from syncbench.errors import CommandError

from ...asking import cut


def test_losses_ask_for_partners_in_sync() -> None:
    torch.manual_seed(0)
    video = F.normalize(torch.randn(2, 30, 16), dim=-1)
    scale = torch.tensor(12.0)
    right, late, unrelated = (
        losses(video, audio, scale) for audio in (video, video.roll(3, 1), F.normalize(torch.randn(2, 30, 16), dim=-1))
    )
    for together, apart in zip(right, late, strict=True):
        assert together < 0.1 < apart
    assert right[0] < unrelated[0]
    assert unrelated[1] < late[1], "unrelated speech is as near at every shift; late speech is nearest at a wrong one"


def test_clips_shorter_than_a_piece_are_said_so(synthetic_clips: list[Clip], tmp_path: Path) -> None:
    recipe = registry.recipe("expert")
    with pytest.raises(CommandError, match="no clip has 40 frames or more"):
        recipe.train(recipe.training([cut(synthetic_clips[0], 1.0)], tmp_path, steps=1))
