"""From the features of the streams to the memory that the decoder reads.

Every module takes ``visual`` and ``audio`` ``[B, T, C]`` (None where it does not use the stream) and ``lengths [B]`` in
frames, and returns the memory ``[B, T, d]`` and its traces: arrays per frame, ``[B, T]``.
"""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor, nn

from syncbench.baselines.recognisers.conformer import ConformerEncoder, length_mask
from syncbench.baselines.recognisers.presets import Preset
from syncbench.baselines.recognisers.scoring import Reliability

__all__ = ["Concatenation", "OneStream", "RelScore", "VCafe"]

Memory = tuple[Tensor, dict[str, Tensor]]


def _encoder(preset: Preset, inside: int) -> ConformerEncoder:
    return ConformerEncoder(
        inside, preset.dimension, preset.heads, preset.hidden, preset.kernel, preset.blocks, preset.dropout
    )


class OneStream(nn.Module):
    """A Conformer over the one stream that is given."""

    def __init__(self, preset: Preset) -> None:
        super().__init__()
        self.encoder = _encoder(preset, preset.features)

    def forward(self, visual: Tensor | None, audio: Tensor | None, lengths: Tensor) -> Memory:
        x = visual if visual is not None else audio
        if x is None:
            raise ValueError("one stream must be given")
        return self.encoder(x, length_mask(lengths, x.shape[1])), {}


class Concatenation(nn.Module):
    """A Conformer for each stream, joined frame by frame by a small network: the plain audio-visual baseline."""

    def __init__(self, preset: Preset) -> None:
        super().__init__()
        self.visual = _encoder(preset, preset.features)
        self.audio = _encoder(preset, preset.features)
        self.widen = nn.Linear(2 * preset.dimension, preset.joint)
        self.norm = nn.BatchNorm1d(preset.joint)
        self.narrow = nn.Linear(preset.joint, preset.dimension)

    def forward(self, visual: Tensor, audio: Tensor, lengths: Tensor) -> Memory:
        mask = length_mask(lengths, visual.shape[1])
        joint = self.widen(torch.cat([self.visual(visual, mask), self.audio(audio, mask)], dim=-1))
        joint = self.norm(joint.transpose(1, 2)).relu().transpose(1, 2)
        return self.narrow(joint), {}


class VCafe(nn.Module):
    """V-CAFE: video tells which parts of the audio features to trust (Hong, Kim, Park and Ro, Interspeech 2022).

    A single-head attention from audio to video gives a visual context; two convolutions make a mask of it, which
    emphasises the audio features. The mask's input is the attended context alone: ASSUMED where sources are silent.
    """

    def __init__(self, preset: Preset) -> None:
        super().__init__()
        size = preset.features
        self.query = nn.Linear(size, size)
        self.key = nn.Linear(size, size)
        self.value = nn.Linear(size, size)
        self.mask = nn.Sequential(
            nn.Conv1d(size, size, 3, padding=1), nn.ReLU(), nn.Conv1d(size, size, 1), nn.Sigmoid()
        )
        self.dropout = nn.Dropout(0.3)
        self.join = nn.Linear(2 * size, size)
        self.encoder = _encoder(preset, size)

    def forward(self, visual: Tensor, audio: Tensor, lengths: Tensor) -> Memory:
        real = length_mask(lengths, visual.shape[1])
        weight = self.query(audio) @ self.key(visual).transpose(1, 2) / math.sqrt(audio.shape[-1])  # [B, T, T]
        weight = weight.masked_fill(~real[:, None, :], float("-inf")).softmax(dim=-1)
        context = weight @ self.value(visual)  # [B, T, C]
        mask = self.mask(context.transpose(1, 2)).transpose(1, 2)
        enhanced = audio * mask + audio
        joined = self.join(self.dropout(torch.cat([enhanced, visual], dim=-1)))
        return self.encoder(joined, real), {"mask_audio": mask.mean(dim=-1)}


class RelScore(nn.Module):
    """AV-RelScore: each stream is weighted by its own reliability, and one Conformer reads both, one after the other."""

    def __init__(self, preset: Preset) -> None:
        super().__init__()
        self.visual_score = Reliability(preset.features, preset.scoring)
        self.audio_score = Reliability(preset.features, preset.scoring)
        self.encoder = _encoder(preset, preset.features)

    def forward(self, visual: Tensor, audio: Tensor, lengths: Tensor) -> Memory:
        count = visual.shape[1]
        visual_score, audio_score = self.visual_score(visual), self.audio_score(audio)
        both = torch.cat([visual * visual_score + visual, audio * audio_score + audio], dim=1)  # [B, 2T, C]
        mask = length_mask(lengths, count).repeat(1, 2)
        memory = self.encoder(both, mask)[:, :count]  # the video's positions
        traces = {"reliability_video": visual_score.mean(dim=-1), "reliability_audio": audio_score.mean(dim=-1)}
        return cast("Tensor", memory), traces
