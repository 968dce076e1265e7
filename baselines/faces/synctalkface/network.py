"""SyncTalkFace's generator (Park et al., AAAI 2022): encoders, Audio-Lip Memory, decoder."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

from syncbench.baselines.faces.networks import AudioEncoder, Decoder, IdentityEncoder, LipEncoder
from syncbench.baselines.faces.synctalkface.config import Config
from syncbench.baselines.faces.synctalkface.memory import AudioLipMemory, Recall

__all__ = ["Generator", "Step"]


class Step(NamedTuple):
    """One training step's images ``[N, 3, H, W]``, and what was recalled."""

    heard: Tensor
    seen: Tensor
    by_ear: Recall
    by_eye: Recall
    lips: Tensor


class Generator(nn.Module):
    """Draws a face ``[N, 3, H, W]`` in -1..1 from mel chunks ``[N, 80, 16]`` and an identity ``[N, 6, H, W]``."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        face = config.face
        self.config = config
        self.audio = AudioEncoder(face)
        self.lip = LipEncoder(face)
        self.identity = IdentityEncoder(face)
        self.memory = AudioLipMemory(config.slots, face.channels(512), config.radius, config.dropout)
        self.decoder = Decoder(face)

    def units(self, chunks: Tensor) -> tuple[Tensor, Recall]:
        """Return the decoder's units ``[N, D]`` for mel chunks ``[N, 80, 16]``, and what they recalled."""
        audio = self.audio(chunks[:, None])
        recall = self.memory.hear(audio)
        return self.memory.fuse(audio, recall.lips), recall

    def taught(self, audio: Tensor, lips: Tensor) -> tuple[Tensor, Recall]:
        """Return the units of the training path, from audio and true lip features, and what the lips recalled."""
        recall = self.memory.see(lips)
        return self.memory.fuse(audio, lips if self.config.teacher == "lip" else recall.lips), recall

    def draw(self, units: Tensor, identity: Tensor) -> Tensor:
        """Return images ``[N, 3, H, W]`` for units ``[N, D]``."""
        result: Tensor = self.decoder(units, self.identity(identity), identity[:, 3:])
        return result

    def forward(self, chunks: Tensor, identity: Tensor, lips: Tensor) -> Step:
        """Draw both paths. ``lips`` is ``[N, 3, 5, H, W]``, the upper part hidden."""
        audio = self.audio(chunks[:, None])
        true = self.lip(lips)
        by_ear = self.memory.hear(audio)
        taught, by_eye = self.taught(audio, true)
        maps = self.identity(identity)
        heard = self.decoder(self.memory.fuse(audio, by_ear.lips), maps, identity[:, 3:])
        return Step(heard, self.decoder(taught, maps, identity[:, 3:]), by_ear, by_eye, true)
