"""The stage ``face``: the face drawn from true lips, and with it what a lip feature is."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from syncbench.baselines.checkpoint import load_networks
from syncbench.baselines.faces.networks import Decoder, Discriminator, Face, IdentityEncoder, LipEncoder, emphasis
from syncbench.baselines.faces.squares import to_images
from syncbench.baselines.faces.training import losses
from syncbench.baselines.faces.training.course import Course, quick
from syncbench.baselines.faces.training.windows import REACH, face_batch, identities, lip_windows
from syncbench.baselines.training.adversary import Judge, Pictures
from syncbench.baselines.training.precision import mixed_precision

__all__ = ["FaceObjective", "lip_units", "train_face"]


class FaceObjective(nn.Module):
    """Draws the face from the true lips' feature: what the decoder can do, and what a lip feature is.

    The same role as the "tr" branch of SyncTalkFace without its memory; first stage of the embedded recipes and of
    CALS (ASSUMED there).
    """

    emphasis: Tensor | None

    def __init__(
        self,
        lip: LipEncoder,
        identity: IdentityEncoder,
        decoder: Decoder,
        face: Face,
        jitter: int,
        edge_weight: float,
        focus: float = 0.0,
        judge: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.register_buffer("emphasis", emphasis(face, focus), persistent=False)
        self.lip, self.identity, self.decoder = lip, identity, decoder
        self.face, self.jitter, self.edge_weight = face, jitter, edge_weight
        self._judge = (judge,)  # in a tuple, so that its parameters are not this module's

    def forward(self, batch: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], Pictures | None]:
        real, identity = identities(batch["window"], batch["reference"], self.face)
        jitter = self.jitter if self.training else 0
        units = self.lip(lip_windows(to_images(batch["window"]), self.face, jitter))
        drawn = self.decoder(units, self.identity(identity), identity[:, 3:])
        found = {
            "rec": losses.reconstruction(drawn, real, self.emphasis),
            "edges": losses.edges(drawn, real, self.emphasis),
        }
        loss = 10 * found["rec"] + self.edge_weight * found["edges"]
        if self._judge[0] is None:
            return {"loss": loss, **found}, None
        found["gan"] = losses.adversarial(self._judge[0](drawn))
        return {"loss": loss + 0.2 * found["gan"], **found}, Pictures(real, (drawn,))


def train_face(course: Course[Any]) -> Path:
    """Train lip encoder, identity encoder and decoder on true lips, against a discriminator where the preset has one.

    Equal presets, clips and seeds give equal networks, whichever generator is trained.
    """
    weights, face = course.preset.weights, course.face
    torch.manual_seed(course.seed)
    lip, identity, decoder = LipEncoder(face), IdentityEncoder(face), Decoder(face)
    quick(lip.trunk, identity, decoder)
    judge = Judge(Discriminator(face)) if weights.adversarial else None
    network = judge.network if judge else None
    objective = FaceObjective(
        lip, identity, decoder, face, course.augment.jitter, weights.edges, weights.focus, network
    )
    networks = {"lip": lip, "identity": identity, "decoder": decoder}
    return course.fit("face", objective, networks, partial(face_batch, course.corpus, course.augment, 1), judge)


def lip_units(course: Course[Any]) -> NDArray[np.float32]:
    """Return the face stage's lip feature of every frame of the corpus, float32 ``[frames, D]``; kept on disk."""
    source = course.checkpoint("face")
    path = course.training.folder / "lip_units.npy"
    if path.exists() and path.stat().st_mtime > source.stat().st_mtime:
        return np.asarray(np.load(path))
    lip = LipEncoder(course.face)
    load_networks(source, {"lip": lip})
    quick(lip.trunk)
    lip.to(course.training.device).eval()
    units: list[NDArray[np.float32]] = []
    with torch.inference_mode(), mixed_precision(course.training.device):
        for clip, length in enumerate(course.corpus.lengths):
            frames = course.corpus.frames(np.array([[clip, 0]]), -REACH, int(length) + REACH)
            images = to_images(torch.from_numpy(course.corpus.pixels[frames]).to(course.training.device))
            units.append(lip(lip_windows(images, course.face)).float().cpu().numpy())
    result = np.concatenate(units)
    np.save(path, result)
    return result
