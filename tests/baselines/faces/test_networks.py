"""The networks that the generators share, and the part of a face that is hidden from them."""

from __future__ import annotations

import pytest
import torch

from syncbench.baselines.faces.networks import SMALL_FACE, Face, SyncModule, hide, lower, show, stack_lower


def test_embeddings_have_unit_length() -> None:
    network = SyncModule(SMALL_FACE).eval()
    visual, audio = network(torch.rand(2, 15, 48, 64), torch.randn(2, 1, 80, 16))
    torch.testing.assert_close(visual.norm(dim=1), torch.ones(2))
    torch.testing.assert_close(audio.norm(dim=1), torch.ones(2))


@pytest.mark.parametrize("face", [Face(), SMALL_FACE])
def test_the_hidden_part_is_hidden(face: Face) -> None:
    images = torch.ones(2, 3, face.size, face.size)
    assert (hide(images, face) + show(images, face)).eq(1).all()
    assert hide(images, face)[:, :, face.hidden_row :].eq(0).all()
    assert lower(images, face).shape[-2] == face.size - face.hidden_row
    stacked = stack_lower(-torch.ones(1, 5, 3, face.size, face.size), face)
    assert stacked.shape == (1, 15, face.size - face.hidden_row, face.size)
    assert stacked.eq(0).all()
