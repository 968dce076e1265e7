"""The Wav2Lip-type baseline (after Prajwal et al., ACM MM 2020): 0.2 s of sound and a face, straight to the image."""

from __future__ import annotations

from torch import Tensor, nn

from syncbench.baselines.faces.networks import AudioEncoder, Decoder, IdentityEncoder
from syncbench.baselines.faces.wav2lip.config import Config

__all__ = ["Generator"]


class Generator(nn.Module):
    """Draws a face ``[N, 3, H, W]`` in -1..1 from mel chunks ``[N, 80, 16]`` and an identity ``[N, 6, H, W]``."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.audio = AudioEncoder(config.face)
        self.identity = IdentityEncoder(config.face)
        self.decoder = Decoder(config.face)

    def units(self, chunks: Tensor) -> Tensor:
        """Return the decoder's units ``[N, D]`` for mel chunks ``[N, 80, 16]``."""
        result: Tensor = self.audio(chunks[:, None])
        return result

    def draw(self, units: Tensor, identity: Tensor) -> Tensor:
        """Return images ``[N, 3, H, W]`` for units ``[N, D]``."""
        result: Tensor = self.decoder(units, self.identity(identity), identity[:, 3:])
        return result

    def forward(self, chunks: Tensor, identity: Tensor) -> Tensor:
        return self.draw(self.units(chunks), identity)
