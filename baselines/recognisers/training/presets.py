"""How each stage is trained, in the embedded and in the paper preset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from syncbench.baselines.recognisers.network import ARCHITECTURES
from syncbench.baselines.training.optimisation import Cosine, Noam, Optimisation

__all__ = ["EMBEDDED_STAGES", "PAPER_STAGE", "STAGES", "Epochs", "StagePlan"]


@dataclass(frozen=True, slots=True)
class Epochs:
    """How a stage goes through the examples.

    Attributes:
        count, batch: passes over the examples, clips per step.
        cut: share of examples cut to a random run of whole words (where word times are known).
        also: share of the further data sets' clips that an epoch sees, drawn anew each time.
        warp: largest change of speed, as a share: frames are left out or said twice, speech is stretched.
        voices: share of examples said in another voice, see ``voice.py``.
    """

    count: int
    batch: int = 8
    cut: float = 0.5
    also: float = 1.0
    warp: float = 0.0
    voices: float = 0.0

    def steps(self, examples: int, further: int) -> int:
        """Return the steps of an epoch over so many examples, ``further`` of them of further data sets."""
        return (examples - further + round(self.also * further)) // self.batch


@dataclass(frozen=True, slots=True)
class StagePlan:
    """How a stage is trained.

    Attributes:
        rate: highest learning rate.
        noam: steps of the warm-up of Noam's schedule; None: the rate rises over 8 % of the steps, then falls to zero.
        weight_decay: of AdamW.
        naming: weight of the frame-wise word loss.
    """

    epochs: Epochs
    rate: float
    noam: int | None = None
    weight_decay: float = 1e-2
    naming: float = 1.0

    def optimisation(self, steps: int) -> Optimisation:
        """Return how so many steps are optimised."""
        return Optimisation(
            steps=steps,
            batch=self.epochs.batch,
            rate=self.rate,
            betas=(0.9, 0.98),
            weight_decay=self.weight_decay,
            schedule=Noam(self.noam) if self.noam else Cosine(_WARM * steps, 1.0 - _WARM, early=1),
            clip=5.0,
        )


_WARM = 0.08
EMBEDDED_STAGES: Mapping[str, StagePlan] = {
    "audio": StagePlan(Epochs(26, also=0.5, warp=0.15, voices=0.75), rate=1.2e-3),
    "video": StagePlan(Epochs(4, cut=0.7, also=0.25), rate=5e-4),
    "fusion": StagePlan(Epochs(20, cut=0.25, warp=0.08, also=0.0), rate=8e-4),
}
PAPER_STAGE = StagePlan(Epochs(200, cut=0.0), rate=256**-0.5 * 25_000**-0.5, noam=25_000, weight_decay=0.0, naming=0.0)
STAGES: Mapping[str, Mapping[str, StagePlan]] = {
    "embedded": EMBEDDED_STAGES,
    "paper": dict.fromkeys(ARCHITECTURES, PAPER_STAGE),
}
"""Preset -> its stages."""
