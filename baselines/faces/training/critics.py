"""What judges generated pictures: the losses that every generator shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from syncbench.baselines.faces.networks import Discriminator, Face, SyncModule, by_window, emphasis, stack_lower
from syncbench.baselines.faces.training import losses
from syncbench.baselines.faces.training.course import Course
from syncbench.baselines.faces.training.sync import trained_sync
from syncbench.baselines.training.adversary import Judge

__all__ = ["Critics", "critics_of", "weighed"]


class Critics(nn.Module):
    """The losses on generated pictures that every generator shares: reconstruction, edges, audio-visual sync, quality.

    Holds the frozen sync module, if the recipe has one; the discriminator is trained elsewhere (``Judge``) and only
    asked here.
    """

    emphasis: Tensor | None

    def __init__(self, face: Face, sync: SyncModule | None, judge: nn.Module | None, focus: float = 0.0) -> None:
        super().__init__()
        self.register_buffer("emphasis", emphasis(face, focus), persistent=False)
        self.face, self.sync = face, sync
        self._judge = (judge,)  # in a tuple, so that its parameters are not this module's

    def forward(self, drawn: Tensor, real: Tensor, heard: Tensor) -> dict[str, Tensor]:
        """Return losses by name for images ``[B * 5, 3, H, W]`` and the window's sound ``[B, 80, 16]``."""
        found = {
            "reconstruction": losses.reconstruction(drawn, real, self.emphasis),
            "edges": losses.edges(drawn, real, self.emphasis),
        }
        if self.sync is not None:
            self.sync.eval()
            visual = self.sync.look(stack_lower(by_window(drawn), self.face))
            found["audio_visual"] = losses.sync(visual, self.sync.listen(heard[:, None]))
        if self._judge[0] is not None:
            found["adversarial"] = losses.adversarial(self._judge[0](drawn))
        return found


def weighed(found: Mapping[str, Tensor], weights: Any) -> Tensor:
    """Return the weighted sum of the losses; ``weights`` has a field for each."""
    return torch.stack([getattr(weights, name) * value for name, value in found.items()]).sum()


def critics_of(course: Course[Any]) -> tuple[Critics, Judge | None]:
    """Return what judges generated pictures, and the discriminator to train beside it, where the preset has one."""
    weights, face = course.preset.weights, course.face
    judge = Judge(Discriminator(face)) if weights.adversarial else None
    sync = trained_sync(course) if "sync" in course.preset.stages else None
    return Critics(face, sync, judge.network if judge else None, weights.focus), judge
