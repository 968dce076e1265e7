"""The sync expert's training: contrast among the windows of one clip, under strong augmentation.

Negatives come from the same clip alone. Windows of other clips would be told apart by who speaks, which is no part of
synchrony and would not carry over to other talkers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from syncbench.baselines.checkpoint import load_plain, network_tensors, write_tensors
from syncbench.baselines.evaluators.expert.audio import COLUMNS_PER_FRAME
from syncbench.baselines.evaluators.expert.network import MOUTH, SyncExpert, standardise
from syncbench.baselines.evaluators.expert.training.mel import augment_mel, stored_mel
from syncbench.baselines.evaluators.training.decoded import Decoded, decode
from syncbench.baselines.evaluators.training.mouths import augment_mouths, stored_mouths
from syncbench.baselines.training.adversary import Pictures
from syncbench.baselines.training.batches import Batch, Running
from syncbench.baselines.training.further import Further, further_sets
from syncbench.baselines.training.loop import Stage, fit
from syncbench.baselines.training.optimisation import Cosine, Group, Optimisation
from syncbench.baselines.training.precision import mixed_precision
from syncbench.errors import CommandError
from syncbench.recipe import Recipe, Training

__all__ = ["RECIPE", "ExpertObjective", "ExpertOptions", "Material", "losses", "material_of"]

CURVE_REACH = 10  # frames
STEPS = 2500
FRAMES = 40
"""Frames of a piece of a clip; a batch is so many pieces."""


class ExpertOptions(Further):
    """Options of the recipe.

    Attributes:
        start: weights of this network to begin with.
        rate: highest learning rate.
    """

    start: Path | None = None
    rate: float = 2e-3


@dataclass(frozen=True)
class Material:
    """Mouths ``[N, 96, 96]`` and log-mel columns ``[4 N, 40]`` of many clips, and where each begins."""

    mouths: NDArray[np.uint8]
    mel: NDArray[np.float32]
    starts: NDArray[np.int64]


def material_of(decoded: Decoded) -> Material:
    """Return decoded clips as the expert is trained on them."""
    return Material(stored_mouths(decoded), stored_mel(decoded), decoded.starts)


def losses(video: Tensor, audio: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
    """Return the contrastive loss and the curve loss of embeddings [B, n, D].

    The first asks each window to find its partner among the windows of its clip, both ways. The second asks what LSE
    asks: that the mean distance over the clip be smallest where nothing is shifted.
    """
    batch, count, _ = video.shape
    similarity = torch.einsum("bid,bjd->bij", video, audio)  # [B, n, n]
    logits = (similarity * scale).flatten(0, 1)
    backward = (similarity.transpose(1, 2) * scale).flatten(0, 1)
    target = torch.arange(count, device=video.device).repeat(batch)
    contrast = (F.cross_entropy(logits, target) + F.cross_entropy(backward, target)) / 2
    distance = (2 - 2 * similarity + 1e-4).sqrt()
    reach = min(CURVE_REACH, count // 2)
    means = torch.stack([distance.diagonal(s, 1, 2).mean(-1) for s in range(-reach, reach + 1)], -1)  # [B, 2 reach + 1]
    curve = F.cross_entropy(-40 * means, torch.full((batch,), reach, device=video.device))
    return contrast, curve


class ExpertObjective(nn.Module):
    """Embeds pieces of clips and asks for synchrony; says how often a window finds its partner, in percent."""

    def __init__(self, model: SyncExpert) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], Pictures | None]:
        with mixed_precision(batch["seen"].device.type):
            video = self.model.embed_video(batch["seen"])
            audio = self.model.embed_audio(batch["heard"])
        scale = self.model.log_scale.exp()
        contrast, curve = losses(video, audio, scale.clamp(max=40))
        with torch.no_grad():
            best = torch.einsum("bid,bjd->bij", video, audio).argmax(-1)
            found = 100 * (best == torch.arange(best.shape[1], device=best.device)).float().mean()
        return {
            "loss": contrast + 0.3 * curve, "contrast": contrast, "curve": curve, "found": found, "scale": scale,
        }, None  # fmt: skip


class _Pieces(Running):
    """Batches of pieces of clips; as many are drawn of every material."""

    def __init__(self, materials: Sequence[Material], count: int, seed: int) -> None:
        super().__init__(seed)
        self.materials, self.count = materials, count
        self.usable = [np.flatnonzero(np.diff(m.starts) >= FRAMES) for m in materials]
        if not all(map(len, self.usable)):
            raise CommandError(f"no clip has {FRAMES} frames or more: training needs longer clips")

    def __call__(self, step: int, rank: int) -> Batch:
        mouths, mels = [], []
        for _ in range(self.count):
            which = int(self.dice.choice(len(self.materials), p=np.full(len(self.materials), 1 / len(self.materials))))
            material = self.materials[which]
            clip = int(self.dice.choice(self.usable[which]))
            first = int(self.dice.integers(material.starts[clip], material.starts[clip + 1] - FRAMES + 1))
            mouths.append(torch.from_numpy(np.array(material.mouths[first : first + FRAMES])))
            columns = slice(first * COLUMNS_PER_FRAME, (first + FRAMES) * COLUMNS_PER_FRAME)
            mels.append(torch.from_numpy(material.mel[columns]))
        seen = standardise(augment_mouths(torch.stack(mouths).float(), self.rng, MOUTH))
        return {"seen": seen, "heard": augment_mel(torch.stack(mels), self.rng)}


def _train(training: Training[ExpertOptions]) -> Path:
    options, folder, seed = training.options, training.folder, training.seed
    groups = [list(training.clips), *further_sets(options)]
    materials = [material_of(decode(clips, folder / "decoded")) for clips in groups if clips]
    torch.manual_seed(seed)
    model = SyncExpert()
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if options.start is not None:
        load_plain(options.start, model)
    optimisation = Optimisation(
        steps=training.steps or STEPS, batch=8, rate=options.rate, betas=(0.9, 0.999), weight_decay=0.02,
        schedule=Cosine(warm_up=50, decay=1.0), clip=2.0,
    )  # fmt: skip
    matrices = Group(tuple(p for p in model.parameters() if p.ndim > 1))
    rest = Group(tuple(p for p in model.parameters() if p.ndim <= 1), weight_decay=0.0)
    stage = Stage(
        "expert", ExpertObjective(model), {"expert": model}, _Pieces(materials, optimisation.batch, seed), optimisation,
        groups=(matrices, rest),
    )  # fmt: skip
    fit(stage, folder, seed=seed, resume=training.resume, device=training.device)
    path = folder / "weights.safetensors"
    write_tensors(path, network_tensors({"": model}, half=True))
    return path


RECIPE = Recipe(
    name="expert",
    summary="the bundled sync expert, on clips of faces that speak in sync",
    presets={"embedded": ("expert",)},
    train=_train,
    takes=ExpertOptions,
)
