"""The training stages that the generators share: the sync module, and the face drawn from true lip features."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from syncbench.baselines import losses
from syncbench.baselines.corpus import Corpus, prepare
from syncbench.baselines.decoded import clips_of
from syncbench.baselines.family import (
    WINDOW,
    AudioEncoder,
    Decoder,
    Discriminator,
    Face,
    IdentityEncoder,
    LipEncoder,
    SyncModule,
    by_window,
    emphasis,
    hide,
    show,
    stack_lower,
)
from syncbench.baselines.talking_face import find_landmarks, to_images
from syncbench.baselines.training import Batch, Judge, Optimisation, Pictures, fit, load_networks
from syncbench.contracts import Clip
from syncbench.errors import CommandError, unknown_name

__all__ = [
    "EMBEDDED_AUGMENT",
    "EMBEDDED_STAGES",
    "AudioObjective",
    "Augment",
    "Course",
    "Critics",
    "FaceObjective",
    "HasStages",
    "SyncObjective",
    "embedded_stage",
    "face_batch",
    "identities",
    "lip_batch",
    "lip_windows",
    "mirror",
    "quick",
    "start",
    "sync_batch",
    "weighed",
    "windows_batch",
]

_REACH = WINDOW // 2


@dataclass(frozen=True, slots=True)
class Augment:
    """What is changed at random in training. Nothing in the published code.

    Attributes:
        mirror: mirror half of the samples.
        jitter: the largest shift, in pixels, and light: what the lip encoder sees is moved and relit at random,
            so that a lip feature tells the lips' shape rather than their place and colour. ASSUMED: speech cannot
            tell place and colour, and the short recipes have no time to unlearn them.
        level: the largest change of the speech's level, on the mel's -4..4 scale (0.4 is 5 dB).
        bands: the largest shift of the mel's 80 bands, where lip features are learned from sound alone: longer and
            shorter vocal tracts. ASSUMED: few voices are trained on.
    """

    mirror: bool = False
    jitter: int = 0
    level: float = 0.0
    bands: int = 0

    def sound(self, chunks: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
        """Return mel chunks ``[B, ...]`` with each sample's level changed at random."""
        if not self.level:
            return chunks
        change = rng.uniform(-self.level, self.level, (len(chunks), *[1] * (chunks.ndim - 1)))
        return np.clip(chunks + change, -4, 4).astype(np.float32)

    def voice(self, chunks: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
        """Return mel chunks ``[B, ..., 80, 16]`` of other voices: level and place of the bands changed at random."""
        chunks = self.sound(chunks, rng)
        if not self.bands:
            return chunks
        moves = rng.integers(-self.bands, self.bands + 1, (len(chunks), 1))
        places = np.clip(np.arange(chunks.shape[-2]) + moves, 0, chunks.shape[-2] - 1)  # [B, 80]
        between = (1,) * (chunks.ndim - 3)
        return np.take_along_axis(chunks, places.reshape(len(chunks), *between, -1, 1), axis=-2)


embedded_stage = partial(Optimisation, precision="bf16-mixed", warm_up=100, decay=0.5)
"""A stage of the embedded presets: ``steps``, ``batch`` and ``rate`` are its own."""

EMBEDDED_STAGES: Mapping[str, Optimisation] = {
    "face": embedded_stage(steps=20_000, batch=12, rate=2e-3),
    "audio": embedded_stage(steps=3000, batch=64, rate=2e-3),
}
"""The first stages of every embedded preset: one training serves all three generators."""

EMBEDDED_AUGMENT = Augment(mirror=True, jitter=3, level=0.4, bands=2)


def mirror(batch: Batch, rng: np.random.Generator, keys: tuple[str, ...]) -> Batch:
    """Return the batch with half of its samples mirrored; ``keys`` hold pixels ``[B, ..., H, W, 3]``."""
    chosen = rng.random(len(batch[keys[0]])) < 0.5
    turned = {key: batch[key].copy() for key in keys}
    for pixels in turned.values():
        pixels[chosen] = pixels[chosen][..., ::-1, :]
    return {**batch, **turned}


def face_batch(course: Course, frames: int, rng: np.random.Generator, among: NDArray[np.int64], count: int) -> Batch:
    """Return random windows of ``frames`` frames to generate, of the clips ``among``: see ``windows_batch``."""
    windows = course.corpus.draw(rng, among, count, frames)
    batch = windows_batch(course.corpus, windows, rng, frames, course.augment)
    return mirror(batch, rng, ("window", "reference")) if course.augment.mirror else batch


def windows_batch(
    corpus: Corpus, windows: NDArray[np.int64], rng: np.random.Generator, frames: int, augment: Augment
) -> Batch:
    """Return the batch of given windows ``[B, 2]``; nothing is mirrored.

    ``window`` uint8 ``[B, frames + 4, H, W, 3]`` has two more frames on either side; ``reference`` uint8
    ``[B, frames, H, W, 3]`` comes from elsewhere in the same clip; ``chunks`` float32 ``[B, frames, 80, 16]``;
    ``heard`` float32 ``[B, 80, 16]`` is the first five frames' sound.
    """
    lengths = corpus.lengths[windows[:, 0]]
    # Another window of the same clip, never the same one.
    other = (windows[:, 1] + rng.integers(1, np.maximum(lengths - frames, 2))) % np.maximum(lengths - frames, 1)
    references = np.stack([windows[:, 0], other], axis=1)
    return {
        "window": corpus.pixels[corpus.frames(windows, -_REACH, frames + _REACH)],
        "reference": corpus.pixels[corpus.frames(references, 0, frames)],
        "chunks": augment.sound(corpus.chunks(windows, 0, frames), rng),
        "heard": corpus.sync_chunks(windows),
    }


def identities(window: Tensor, reference: Tensor, face: Face) -> tuple[Tensor, Tensor]:
    """Return the frames to generate ``[B * T, 3, H, W]`` and what the identity encoder sees ``[B * T, 6, H, W]``."""
    real = to_images(window[:, _REACH:-_REACH]).flatten(0, 1)
    seen = torch.cat([hide(real, face), to_images(reference).flatten(0, 1)], dim=1)
    return real, seen.contiguous(memory_format=torch.channels_last)


def lip_windows(images: Tensor, face: Face, jitter: int = 0) -> Tensor:
    """Return five frames around each inner one, upper part zero: ``[B, T + 4, 3, H, W]`` to ``[B * T, 3, 5, H, W]``."""
    if jitter:
        images = _jittered(images, jitter)
    return show(images, face).unfold(1, WINDOW, 1).movedim(-1, 3).flatten(0, 1)


def _jittered(images: Tensor, reach: int) -> Tensor:
    """Shift whole windows by up to ``reach`` pixels, and change contrast and brightness by up to 15 %."""
    count = len(images)
    shifts = torch.randint(-reach, reach + 1, (count, 2)).tolist()
    moved = torch.stack([torch.roll(x, (dy, dx), (-2, -1)) for x, (dy, dx) in zip(images, shifts, strict=True)])
    gain, bias = (0.15 * (2 * torch.rand(2, count, 1, 1, 1, 1, device=images.device) - 1)).unbind()
    return (moved * (1 + gain) + bias).clamp(-1, 1)


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


def sync_batch(course: Course, rng: np.random.Generator, among: NDArray[np.int64], count: int) -> Batch:
    """Return windows of five frames; half of them with the sound of another window of the same clip.

    ``window`` uint8 ``[B, 5, H, W, 3]``, ``heard`` float32 ``[B, 80, 16]``, ``target`` float32 ``[B]``.
    """
    corpus, augment = course.corpus, course.augment
    windows = corpus.draw(rng, among, count, WINDOW)
    heard = windows.copy()
    wrong = np.arange(count) % 2 == 1
    room = np.maximum(corpus.lengths[windows[:, 0]] - WINDOW, 2)
    moved = (windows[:, 1] + rng.integers(1, room)) % room
    heard[wrong, 1] = moved[wrong]
    batch: Batch = {
        "window": corpus.pixels[corpus.frames(windows, 0, WINDOW)],
        "heard": augment.sound(corpus.sync_chunks(heard), rng),
        "target": (~wrong).astype(np.float32),
    }
    return mirror(batch, rng, ("window",)) if augment.mirror else batch


def lip_batch(
    course: Course, lips: NDArray[np.float32], rng: np.random.Generator, among: NDArray[np.int64], count: int
) -> Batch:
    """Return single frames' ``chunks`` float32 ``[B, 80, 16]`` and their ``lips`` ``[B, D]``."""
    windows = course.corpus.draw(rng, among, count, 1)
    return {
        "chunks": course.augment.voice(course.corpus.chunks(windows, 0, 1)[:, 0], rng),
        "lips": lips[course.corpus.frames(windows, 0, 1)[:, 0]],
    }


class SyncObjective(nn.Module):
    """Trains the sync module as Wav2Lip does: BCE of the cosine, in sync or not."""

    def __init__(self, network: SyncModule, face: Face, jitter: int = 0) -> None:
        super().__init__()
        self.network, self.face, self.jitter = network, face, jitter

    def forward(self, batch: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], Pictures | None]:
        images = to_images(batch["window"])
        if self.jitter and self.training:
            images = _jittered(images, self.jitter)
        stacked = stack_lower(images, self.face)
        visual, audio = self.network(stacked, batch["heard"][:, None])
        loss = losses.sync(visual, audio, batch["target"])
        right = ((visual * audio).sum(1) > 0.5) == (batch["target"] > 0.5)
        return {"loss": loss, "accuracy": right.float().mean()}, None


@dataclass(frozen=True)
class Course:
    """What every stage of one training shares.

    Attributes:
        corpus: the prepared clips; ``learned`` and ``held`` are the clips to train on and those kept to validate.
        out: where checkpoints and logs go.
    """

    corpus: Corpus
    face: Face
    augment: Augment
    out: Path
    seed: int
    resume: bool
    device: str
    config: Mapping[str, Any]
    steps: int | None = None

    @property
    def learned(self) -> NDArray[np.int64]:
        return self.corpus.split()[0]

    @property
    def held(self) -> NDArray[np.int64]:
        return self.corpus.split()[1]

    def fit(
        self,
        stage: str,
        objective: nn.Module,
        networks: Mapping[str, nn.Module],
        recipe: Optimisation,
        batches: Callable[[np.random.Generator, NDArray[np.int64], int], Batch],
        judge: Judge | None = None,
    ) -> Path:
        """Train a stage. ``batches(rng, among, count)`` makes batches; a held-out one is validated on."""
        recipe = recipe if self.steps is None else replace(recipe, steps=self.steps)
        learned, held = self.corpus.split()
        quiet = batches(np.random.default_rng(self.seed), held, min(64, 2 * recipe.batch)) if len(held) else None

        def validate() -> Mapping[str, float]:
            if quiet is None:
                return {}
            place = next(objective.parameters()).device
            batch = {key: torch.from_numpy(np.ascontiguousarray(value)).to(place) for key, value in quiet.items()}
            objective.eval()
            with torch.no_grad():
                found, _ = objective(batch)
            objective.train()
            return {key: float(value) for key, value in found.items()}

        return fit(
            stage=stage,
            out=self.out,
            objective=objective,
            networks=networks,
            batches=lambda rng, _: batches(rng, learned, recipe.batch),
            recipe=recipe,
            config=self.config,
            seed=self.seed,
            resume=self.resume,
            device=self.device,
            judge=judge,
            validate=validate,
            validate_every=200,
        )

    def train_audio(self, audio: AudioEncoder, recipe: Optimisation) -> Path:
        """Train an audio encoder on the face stage's lip features, frame by frame."""
        batches = partial(lip_batch, self, self.lip_units())
        return self.fit("audio", AudioObjective(audio), {"audio": audio}, recipe, batches)

    def critics(self, judged: bool, synced: bool, focus: float) -> tuple[Critics, Judge | None]:
        """Return what judges generated pictures, and the discriminator to train beside it, if ``judged``.

        ``synced``: with the frozen sync module of the stage ``sync``. ``focus`` is that of the recipe's weights.
        """
        judge = Judge(Discriminator(self.face)) if judged else None
        sync = self.critic() if synced else None
        return Critics(self.face, sync, judge.network if judge else None, focus), judge

    def checkpoint(self, stage: str) -> Path:
        """Return a finished stage's checkpoint. Raises CommandError where it is not there."""
        path = self.out / f"{stage}.safetensors"
        if not path.exists():
            raise CommandError(f"{path} is not there: train the stage '{stage}' first (--stage {stage})")
        return path

    def train_sync(self, recipe: Optimisation) -> Path:
        """Train the sync module alone."""
        torch.manual_seed(self.seed)
        network = SyncModule(self.face)
        quick(network.visual)
        objective = SyncObjective(network, self.face, self.augment.jitter)
        return self.fit("sync", objective, {"sync": network}, recipe, partial(sync_batch, self))

    def critic(self) -> SyncModule:
        """Return the trained sync module, frozen."""
        network = SyncModule(self.face)
        load_networks(self.checkpoint("sync"), {"sync": network})
        quick(network.visual)
        return network.requires_grad_(False).eval()

    def train_face(self, recipe: Optimisation, edge_weight: float, focus: float, judged: bool) -> Path:
        """Train lip encoder, identity encoder and decoder on true lips, against a discriminator if ``judged``.

        ``edge_weight`` and ``focus`` are those of the recipe's weights. Equal recipes, clips and seeds give equal networks,
        whichever generator is trained.
        """
        torch.manual_seed(self.seed)
        lip, identity, decoder = LipEncoder(self.face), IdentityEncoder(self.face), Decoder(self.face)
        quick(lip.trunk, identity, decoder)
        judge = Judge(Discriminator(self.face)) if judged else None
        network = judge.network if judge else None
        objective = FaceObjective(lip, identity, decoder, self.face, self.augment.jitter, edge_weight, focus, network)
        networks = {"lip": lip, "identity": identity, "decoder": decoder}
        return self.fit("face", objective, networks, recipe, partial(face_batch, self, 1), judge)

    def lip_units(self) -> NDArray[np.float32]:
        """Return the face stage's lip feature of every frame of the corpus, float32 ``[frames, D]``; kept on disk."""
        source = self.checkpoint("face")
        path = self.out / "lip_units.npy"
        if path.exists() and path.stat().st_mtime > source.stat().st_mtime:
            return np.asarray(np.load(path))
        lip = LipEncoder(self.face)
        load_networks(source, {"lip": lip})
        quick(lip.trunk)
        lip.to(self.device).eval()
        units: list[NDArray[np.float32]] = []
        with torch.inference_mode(), torch.autocast(self.device.partition(":")[0], torch.bfloat16):
            for clip, length in enumerate(self.corpus.lengths):
                frames = self.corpus.frames(np.array([[clip, 0]]), -_REACH, int(length) + _REACH)
                images = to_images(torch.from_numpy(self.corpus.pixels[frames]).to(self.device))
                units.append(lip(lip_windows(images, self.face)).float().cpu().numpy())
        result = np.concatenate(units)
        np.save(path, result)
        return result


def quick(*networks: nn.Module) -> None:
    """Lay two-dimensional networks out as CPUs and GPUs convolve fastest."""
    for network in networks:
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


class AudioObjective(nn.Module):
    """Learns lip features from sound, frame by frame, without images (embedded presets, ASSUMED)."""

    def __init__(self, audio: AudioEncoder) -> None:
        super().__init__()
        self.audio = audio

    def forward(self, batch: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], Pictures | None]:
        return {"loss": F.l1_loss(self.audio(batch["chunks"][:, None]).float(), batch["lips"])}, None


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


class _HasFace(Protocol):
    @property
    def face(self) -> Face: ...


class HasStages(Protocol):
    """A recipe of any of the generators."""

    @property
    def config(self) -> _HasFace: ...
    @property
    def stages(self) -> Mapping[str, Optimisation]: ...
    @property
    def augment(self) -> Augment: ...


R = TypeVar("R", bound=HasStages)


def start(
    presets: Mapping[str, R],
    clips: Sequence[Clip],
    out: Path,
    preset: str,
    stage: str | None,
    seed: int,
    resume: bool,
    device: str,
    steps: int | None,
    also: str,
) -> tuple[R, Course, tuple[str, ...]]:
    """Return the recipe called ``preset``, its course over the prepared clips, and the stages to train.

    ``also`` names further datasets, see ``clips_of``. Raises CommandError.
    """
    clips = [*clips, *clips_of(also, "train")]
    if preset not in presets:
        raise unknown_name("preset", preset, presets)
    recipe = presets[preset]
    if stage is not None and stage not in recipe.stages:
        raise unknown_name("stage", stage, recipe.stages)
    face = recipe.config.face
    course = Course(
        corpus=prepare(clips, face, find_landmarks, out / "prepared"),
        face=face,
        augment=recipe.augment,
        out=out,
        seed=seed,
        resume=resume,
        device=device,
        config=asdict(cast(Any, recipe.config)),
        steps=steps,
    )
    return recipe, course, tuple(recipe.stages) if stage is None else (stage,)
