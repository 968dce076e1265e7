"""The recognisers: front ends, fusion, decoder and CTC."""

from __future__ import annotations

from typing import Literal, cast, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from syncbench.baselines.recognisers.conformer import length_mask
from syncbench.baselines.recognisers.decoder import BLANK, END, SYMBOLS, Decoder
from syncbench.baselines.recognisers.frontends import AudioFrontend, CompactAudio, CompactVisual, VisualFrontend
from syncbench.baselines.recognisers.fusion import Concatenation, OneStream, RelScore, VCafe
from syncbench.baselines.recognisers.presets import Preset

__all__ = ["ARCHITECTURES", "Architecture", "Recogniser", "build"]

Architecture = Literal["audio", "video", "av", "vcafe", "relscore"]
ARCHITECTURES: tuple[Architecture, ...] = get_args(Architecture)

_FUSION: dict[Architecture, type[nn.Module]] = {
    "audio": OneStream,
    "video": OneStream,
    "av": Concatenation,
    "vcafe": VCafe,
    "relscore": RelScore,
}

SMOOTHING = 0.1


def _visual(preset: Preset) -> nn.Module:
    return VisualFrontend(preset.width) if preset.frontend == "resnet" else CompactVisual()


def _audio(preset: Preset) -> nn.Module:
    return AudioFrontend(preset.width) if preset.frontend == "resnet" else CompactAudio(preset.features)


class Recogniser(nn.Module):
    """Speech, mouth or both to characters, by hybrid CTC and attention.

    ``visual`` or ``audio`` is None where the architecture does not use the stream.
    """

    def __init__(self, architecture: Architecture, preset: Preset) -> None:
        super().__init__()
        self.architecture = architecture
        self.preset = preset
        self.visual = _visual(preset) if architecture != "audio" else None
        self.audio = _audio(preset) if architecture != "video" else None
        self.fusion = _FUSION[architecture](preset)
        self.decoder = Decoder(preset.dimension, preset.heads, preset.hidden, preset.layers, preset.dropout)
        self.ctc = nn.Linear(preset.dimension, len(SYMBOLS))

    def features(self, frames: Tensor | None, waveform: Tensor | None) -> tuple[Tensor | None, Tensor | None]:
        """Return the streams' features ``[B, T, C]`` from mouths ``[B, T, S, S]`` and waveforms ``[B, 640 T]``."""
        visual = self.visual(frames) if self.visual is not None and frames is not None else None
        audio = self.audio(waveform) if self.audio is not None and waveform is not None else None
        return visual, audio

    def encode(self, visual: Tensor | None, audio: Tensor | None, lengths: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the memory ``[B, T, d]`` and the traces ``[B, T]`` of features ``[B, T, C]``."""
        return cast("tuple[Tensor, dict[str, Tensor]]", self.fusion(visual, audio, lengths))

    def forward(
        self, frames: Tensor | None, waveform: Tensor | None, lengths: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        return self.encode(*self.features(frames, waveform), lengths)

    def loss(self, memory: Tensor, lengths: Tensor, texts: list[list[int]]) -> Tensor:
        """Return the training loss: CTC and label-smoothed attention, weighted by the preset's ``ctc``."""
        device = memory.device
        sizes = torch.tensor([len(t) for t in texts], device=device)
        target = torch.full((len(texts), int(sizes.max()) + 1), -1, device=device)
        for row, text in zip(target, texts, strict=True):
            row[: len(text)] = torch.tensor(text, device=device)
            row[len(text)] = END
        given = torch.cat([torch.full_like(target[:, :1], END), target[:, :-1]], dim=1).clamp(min=0)
        logits = self.decoder(given, memory, length_mask(lengths, memory.shape[1]))
        attention = F.cross_entropy(
            logits.flatten(0, 1).float(), target.flatten(), ignore_index=-1, label_smoothing=SMOOTHING
        )
        frames = self.ctc(memory).float().log_softmax(dim=-1).transpose(0, 1)
        ctc = F.ctc_loss(frames, target.clamp(min=0), lengths, sizes, BLANK, reduction="mean", zero_infinity=True)
        return self.preset.ctc * ctc + (1.0 - self.preset.ctc) * attention


def build(architecture: Architecture, preset: Preset) -> Recogniser:
    """Return an untrained recogniser."""
    return Recogniser(architecture, preset)
