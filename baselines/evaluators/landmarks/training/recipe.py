"""The landmark networks' training: the whole face, then the mouth alone, under strong augmentation of face crops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from syncbench.baselines.checkpoint import load_networks, load_plain, network_tensors, write_tensors
from syncbench.baselines.evaluators.landmarks.network import INPUT_SIZE, MOUTH_SIZE, Landmarker, LandmarkNet, MouthNet
from syncbench.baselines.evaluators.landmarks.training.augment import MIRROR, augment, faceless
from syncbench.baselines.evaluators.landmarks.training.portraits import portraits
from syncbench.baselines.evaluators.landmarks.training.views import MouthViews, mouth_views
from syncbench.baselines.evaluators.training.decoded import SIDE, Decoded, decode
from syncbench.baselines.evaluators.training.mouths import STORED_SCALE
from syncbench.baselines.training.adversary import Pictures
from syncbench.baselines.training.batches import Batch, Running
from syncbench.baselines.training.further import Further, further_sets
from syncbench.baselines.training.loop import Stage, fit
from syncbench.baselines.training.optimisation import Cosine, Optimisation
from syncbench.baselines.training.precision import mixed_precision
from syncbench.errors import CommandError
from syncbench.features.mouths import SIDE_PER_FACE
from syncbench.recipe import Recipe, Training

__all__ = ["RECIPE", "FaceObjective", "LandmarkOptions", "MouthObjective"]

STEPS = 2500
_STAGES = ("face", "mouth")


class LandmarkOptions(Further):
    """Options of the recipe.

    Attributes:
        start: weights of these networks to begin with.
        stills: a folder of stills (see the crowd dataset): its people to train on are learned from as they are, too.
        rate: highest learning rate.
    """

    start: Path | None = None
    stills: Path | None = None
    rate: float = 2e-3


class FaceObjective(nn.Module):
    """Finds the points of the face, and says whether there is one."""

    def __init__(self, model: LandmarkNet) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], Pictures | None]:
        crops, points = batch["crops"], batch["points"]
        with mixed_precision(crops.device.type):
            found, face = self.model(crops)
        eyes = (points[:, 36] - points[:, 45]).norm(dim=-1).clamp(min=0.05)
        distance = (found[: len(points)] - points).norm(dim=-1) / eyes[:, None]  # [B, 68]
        truth = torch.cat([torch.ones(len(points)), torch.zeros(len(crops) - len(points))]).to(crops.device)
        loss = distance.mean() + 0.1 * F.binary_cross_entropy_with_logits(face, truth)
        return {"loss": loss, "error": 100 * distance.mean()}, None


class _Faces(Running):
    """Batches of face crops with their points, and crops without a face behind them; equal shares of each material."""

    def __init__(self, materials: Sequence[Decoded], count: int, seed: int) -> None:
        super().__init__(seed)
        self.materials, self.count = materials, count
        self.usable = [np.flatnonzero(np.isfinite(m.landmarks).all((1, 2))) for m in materials]

    def __call__(self, step: int, rank: int) -> Batch:
        share = self.count // len(self.materials)
        picks = [np.sort(self.dice.choice(usable, share)) for usable in self.usable]
        images = np.concatenate([m.frames[p] for m, p in zip(self.materials, picks, strict=True)])
        points = np.concatenate([m.landmarks[p] for m, p in zip(self.materials, picks, strict=True)]) / SIDE
        x, y = augment(
            torch.from_numpy(images).float()[:, None], torch.from_numpy(points), MIRROR, self.rng,
            size=INPUT_SIZE, zoom=(0.58, 1.28), shift=0.09,
        )  # fmt: skip
        others = max(1, len(x) // 8)
        x = torch.cat([x, faceless(x[:others], self.rng)]).contiguous(memory_format=torch.channels_last)
        return {"crops": x, "points": y}


def _spans(points: Tensor) -> Tensor:
    """Return what a mouth does, [B, P, 2] -> [B, 6, 2]: inner and outer opening, widths, in the points' unit."""
    first, second = torch.tensor([13, 14, 15, 3, 0, 12]), torch.tensor([19, 18, 17, 9, 6, 16])
    return points[:, second] - points[:, first]


class MouthObjective(nn.Module):
    """Finds the points of the mouth, and how far they are apart.

    Positions alone would be learned well by a network that never sees the lips part: an opening is small beside the
    places a mouth can be.
    """

    def __init__(self, model: MouthNet) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], Pictures | None]:
        points = batch["points"]
        with mixed_precision(points.device.type):
            found = self.model(batch["crops"])
        distance = (found - points).norm(dim=-1)
        spans = (_spans(found) - _spans(points)).norm(dim=-1)
        return {"loss": distance.mean() + 2 * spans.mean(), "error": 100 * SIDE_PER_FACE * distance.mean()}, None


class _Mouths(Running):
    """Batches of mouth crops with their points; equal shares of each material."""

    def __init__(self, views: Sequence[MouthViews], count: int, seed: int) -> None:
        super().__init__(seed)
        self.views, self.count = views, count

    def __call__(self, step: int, rank: int) -> Batch:
        picks = [np.sort(self.dice.integers(0, len(v.crops), self.count // len(self.views))) for v in self.views]
        crops = np.concatenate([v.crops[p] for v, p in zip(self.views, picks, strict=True)])
        points = np.concatenate([v.points[p] for v, p in zip(self.views, picks, strict=True)])
        x, y = augment(
            torch.from_numpy(crops).float()[:, None], torch.from_numpy(points), MIRROR[48:] - 48, self.rng,
            size=MOUTH_SIZE, zoom=(0.8 / STORED_SCALE, 1.2 / STORED_SCALE), shift=0.06,
        )  # fmt: skip
        return {"crops": x.contiguous(memory_format=torch.channels_last), "points": y}


def _train(training: Training[LandmarkOptions]) -> Path:
    options, folder, seed = training.options, training.folder, training.seed
    groups = [list(training.clips), *further_sets(options)]
    materials = [decode(clips, folder / "decoded") for clips in groups if clips]
    if options.stills is not None:
        materials.append(portraits(options.stills))
    if any(not np.isfinite(m.landmarks).any() for m in materials):
        raise CommandError("these clips have no landmark files, so there is nothing to learn landmarks from")
    both = Landmarker()
    if options.start is not None:
        load_plain(options.start, both)
    written = folder
    for name in training.stages:
        optimisation = Optimisation(
            steps=training.steps or STEPS, batch=96 if name == "face" else 128, rate=options.rate, betas=(0.9, 0.999),
            weight_decay=1e-3, schedule=Cosine(warm_up=100, decay=1.0), clip=1.0,
        )  # fmt: skip
        torch.manual_seed(seed)
        model = LandmarkNet() if name == "face" else MouthNet()
        model.load_state_dict(getattr(both, name).state_dict() if options.start else model.state_dict())
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if isinstance(model, LandmarkNet):
            objective: nn.Module = FaceObjective(model)
            batches: Running = _Faces(materials, optimisation.batch, seed)
        else:
            objective = MouthObjective(model)
            batches = _Mouths([mouth_views(m) for m in materials], optimisation.batch, seed)
        stage = Stage(name, objective, {name: model}, batches, optimisation)
        written = fit(stage, folder, seed=seed, resume=training.resume, device=training.device)
        getattr(both, name).load_state_dict(model.state_dict())
    for name in {*_STAGES} - {*training.stages}:
        other = folder / f"{name}.safetensors"
        if other.exists():
            load_networks(other, {name: getattr(both, name)})
        elif options.start is None:
            return written  # the other network is still to be trained
    path = folder / "weights.safetensors"
    write_tensors(path, network_tensors({"": both}, half=True))
    return path


RECIPE = Recipe(
    name="landmarks",
    summary="the bundled landmark networks, on clips with landmark files",
    presets={"embedded": _STAGES},
    train=_train,
    takes=LandmarkOptions,
)
