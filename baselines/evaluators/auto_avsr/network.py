"""Auto-AVSR's visual speech recogniser: a 3-D convolution, a ResNet-18, a Conformer, CTC, and a Transformer decoder.

Source: P. Ma et al., "Auto-AVSR: Audio-Visual Speech Recognition with Automatic Labels" (ICASSP 2023, arXiv 2303.14307).
Layers and state-dict keys are those of the public checkpoints of mpc001/auto_avsr (250 million parameters), whose Conformer
and decoder come from ESPnet. Two things differ from the papers: the Conformer's feed-forward layers have ReLU, and norms an
epsilon of 1e-12.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from syncbench.errors import Unavailable
from syncbench.weights import load_checkpoint

__all__ = ["BLANK", "INPUT_SIDE", "GrowingTexts", "Sizes", "VisualRecogniser", "build", "load_recogniser"]

BLANK = 0
"""CTC's blank. The last unit ends a text, and begins one."""
INPUT_SIDE = 88
"""Height and width of what the network sees."""
_SEEN = 512  # channels of the ResNet's answer
_SPAN = 100  # frames that the 3-D convolution sees at a time: bounds memory and changes nothing else
_CONTEXT = 2  # frames either side that it looks at

_Norm = partial(nn.LayerNorm, eps=1e-12)


@dataclass(frozen=True, slots=True)
class Sizes:
    """What a checkpoint's tensors say about its network.

    Attributes:
        width: of the Conformer and of the decoder.
        heads: of their attention.
        hidden: units of their feed-forward layers.
        blocks: of the Conformer.
        layers: of the decoder.
        kernel: frames that the Conformer's convolution sees.
        units: of text, with blank and end.
    """

    width: int = 768
    heads: int = 12
    hidden: int = 3072
    blocks: int = 12
    layers: int = 6
    kernel: int = 31
    units: int = 5049

    @classmethod
    def of(cls, state: Mapping[str, Tensor]) -> Sizes:
        """Return the sizes of a checkpoint. Raises Unavailable where it is of another network."""
        try:
            return cls(
                width=state["proj_encoder.weight"].shape[0],
                heads=state["encoder.encoders.0.self_attn.pos_bias_u"].shape[0],
                hidden=state["encoder.encoders.0.feed_forward.w_1.weight"].shape[0],
                blocks=_count(state, r"encoder\.encoders\.(\d+)\."),
                layers=_count(state, r"decoder\.decoders\.(\d+)\."),
                kernel=state["encoder.encoders.0.conv_module.depthwise_conv.weight"].shape[2],
                units=state["ctc.ctc_lo.weight"].shape[0],
            )
        except (KeyError, IndexError) as error:
            raise Unavailable(f"this is no checkpoint of Auto-AVSR's visual recogniser: it lacks {error}") from error


def _count(state: Mapping[str, Tensor], pattern: str) -> int:
    return 1 + max((int(found[1]) for key in state if (found := re.match(pattern, key))), default=-1)


class _Block(nn.Module):
    """Two convolutions around a shortcut, [N, C, H, W]."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        inner = self.bn2(self.conv2(F.silu(self.bn1(self.conv1(x)))))
        return F.silu(inner + (x if self.downsample is None else self.downsample(x)))


class _Trunk(nn.Module):
    """ResNet-18 without its first convolution: [N, 64, 22, 22] -> [N, 512]."""

    def __init__(self) -> None:
        super().__init__()
        for number, (inputs, outputs) in enumerate([(64, 64), (64, 128), (128, 256), (256, _SEEN)], 1):
            stride = 1 if inputs == outputs else 2
            self.add_module(
                f"layer{number}", nn.Sequential(_Block(inputs, outputs, stride), _Block(outputs, outputs, 1))
            )

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.children():
            x = layer(x)
        return x.mean(dim=(2, 3))


class _Frontend(nn.Module):
    """Grey mouths [B, T, 88, 88] -> [B, T, 512]."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = _Trunk()
        self.frontend3D = nn.Sequential(
            nn.Conv3d(1, 64, (5, 7, 7), (1, 2, 2), (_CONTEXT, 3, 3), bias=False),  # [B, 64, T, 44, 44]
            nn.BatchNorm3d(64),
            nn.SiLU(inplace=True),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)),  # 22 x 22
        )

    def forward(self, mouths: Tensor) -> Tensor:
        length = mouths.shape[1]
        return torch.cat(
            [self._span(mouths, start, min(start + _SPAN, length)) for start in range(0, length, _SPAN)], 1
        )

    def _span(self, mouths: Tensor, start: int, stop: int) -> Tensor:
        first = max(0, start - _CONTEXT)
        seen = self.frontend3D(mouths[:, None, first : stop + _CONTEXT])[:, :, start - first : stop - first]
        flat = seen.transpose(1, 2).flatten(0, 1)  # [B t, 64, 22, 22]
        return cast("Tensor", self.trunk(flat)).reshape(len(mouths), stop - start, _SEEN)


class _Attention(nn.Module):
    """Multi-head attention of queries [B, U, d] over keys and values [B, h, L, s]."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.linear_q = nn.Linear(width, width)
        self.linear_k = nn.Linear(width, width)
        self.linear_v = nn.Linear(width, width)
        self.linear_out = nn.Linear(width, width)

    def keys_and_values(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Memory [B, L, d] -> keys and values [B, h, L, s]."""
        return self._split(self.linear_k(memory)), self._split(self.linear_v(memory))

    def look(self, x: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Queries [B, U, d] -> what they find, [B, U, d]."""
        found = F.scaled_dot_product_attention(self._split(self.linear_q(x)), keys, values)
        return cast("Tensor", self.linear_out(found.transpose(1, 2).flatten(2)))

    def _split(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)


class _RelativeAttention(_Attention):
    """Self-attention whose logits have a term in the distance of query and key (Dai et al., ACL 2019)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__(width, heads)
        self.linear_pos = nn.Linear(width, width, bias=False)
        self.pos_bias_u = nn.Parameter(torch.zeros(heads, width // heads))
        self.pos_bias_v = nn.Parameter(torch.zeros(heads, width // heads))

    def forward(self, x: Tensor, distances: Tensor) -> Tensor:
        """[B, T, d], sinusoids of the distances T - 1 .. 1 - T [1, 2 T - 1, d] -> [B, T, d]."""
        query, (keys, values) = self._split(self.linear_q(x)), self.keys_and_values(x)
        places = self._split(self.linear_pos(distances))  # [1, h, 2 T - 1, s]
        by_distance = (query + self.pos_bias_v[:, None]) @ places.transpose(2, 3)  # [B, h, T, 2 T - 1]
        # Row i wants the distances i .. i - (T - 1): those from column T - 1 - i on.
        length = x.shape[1]
        column = torch.arange(length) - torch.arange(length)[:, None] + length - 1  # [T, T]
        logits = by_distance.gather(3, column.expand(*by_distance.shape[:2], -1, -1))
        found = F.scaled_dot_product_attention(
            query + self.pos_bias_u[:, None], keys, values, logits / math.sqrt(query.shape[-1])
        )
        return cast("Tensor", self.linear_out(found.transpose(1, 2).flatten(2)))


class _FeedForward(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.w_1 = nn.Linear(width, hidden)
        self.w_2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        return cast("Tensor", self.w_2(F.relu(self.w_1(x))))


class _Convolution(nn.Module):
    """Gated pointwise, depthwise, normalised and pointwise convolution over time, [B, T, d]."""

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.pointwise_cov1 = nn.Conv1d(width, 2 * width, 1)
        self.depthwise_conv = nn.Conv1d(width, width, kernel, padding=(kernel - 1) // 2, groups=width)
        self.norm = nn.BatchNorm1d(width)
        self.pointwise_cov2 = nn.Conv1d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.glu(self.pointwise_cov1(x.transpose(1, 2)), dim=1)
        x = F.silu(self.norm(self.depthwise_conv(x)))
        return cast("Tensor", self.pointwise_cov2(x).transpose(1, 2))


class _ConformerBlock(nn.Module):
    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.self_attn = _RelativeAttention(sizes.width, sizes.heads)
        self.feed_forward = _FeedForward(sizes.width, sizes.hidden)
        self.feed_forward_macaron = _FeedForward(sizes.width, sizes.hidden)
        self.conv_module = _Convolution(sizes.width, sizes.kernel)
        self.norm_ff = _Norm(sizes.width)
        self.norm_mha = _Norm(sizes.width)
        self.norm_ff_macaron = _Norm(sizes.width)
        self.norm_conv = _Norm(sizes.width)
        self.norm_final = _Norm(sizes.width)

    def forward(self, x: Tensor, distances: Tensor) -> Tensor:
        x = x + 0.5 * self.feed_forward_macaron(self.norm_ff_macaron(x))
        x = x + self.self_attn(self.norm_mha(x), distances)
        x = x + self.conv_module(self.norm_conv(x))
        x = x + 0.5 * self.feed_forward(self.norm_ff(x))
        return cast("Tensor", self.norm_final(x))


class _Encoder(nn.Module):
    """[B, T, d] -> memory [B, T, d]."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.encoders = nn.ModuleList(_ConformerBlock(sizes) for _ in range(sizes.blocks))
        self.after_norm = _Norm(sizes.width)

    def forward(self, x: Tensor) -> Tensor:
        length, width = x.shape[1:]
        distances = sinusoids(torch.arange(length - 1, -length, -1), width)[None]  # [1, 2 T - 1, d]
        x = x * math.sqrt(width)
        for block in self.encoders:
            x = block(x, distances)
        return cast("Tensor", self.after_norm(x))


def sinusoids(places: Tensor, width: int) -> Tensor:
    """Places [n] -> sines and cosines in turn, [n, width]."""
    rate = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))
    angle = places[:, None] * rate
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)


class _DecoderLayer(nn.Module):
    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.self_attn = _Attention(sizes.width, sizes.heads)
        self.src_attn = _Attention(sizes.width, sizes.heads)
        self.feed_forward = _FeedForward(sizes.width, sizes.hidden)
        self.norm1 = _Norm(sizes.width)
        self.norm2 = _Norm(sizes.width)
        self.norm3 = _Norm(sizes.width)


class _Decoder(nn.Module):
    """Reads texts unit by unit: :class:`GrowingTexts`."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.embed = nn.Sequential(nn.Embedding(sizes.units, sizes.width))  # the key is embed.0.weight
        self.decoders = nn.ModuleList(_DecoderLayer(sizes) for _ in range(sizes.layers))
        self.after_norm = _Norm(sizes.width)
        self.output_layer = nn.Linear(sizes.width, sizes.units)


class _Ctc(nn.Module):
    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.ctc_lo = nn.Linear(sizes.width, sizes.units)


class VisualRecogniser(nn.Module):
    """From mouths to memory, and from memory to the units of text: CTC here, attention in :class:`GrowingTexts`."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.frontend = _Frontend()
        self.proj_encoder = nn.Linear(_SEEN, sizes.width)
        self.encoder = _Encoder(sizes)
        self.decoder = _Decoder(sizes)
        self.ctc = _Ctc(sizes)

    def remember(self, mouths: Tensor) -> Tensor:
        """Standardised grey mouths [B, T, 88, 88] -> memory [B, T, d]."""
        return cast("Tensor", self.encoder(self.proj_encoder(self.frontend(mouths))))

    def spelled(self, memory: Tensor) -> Tensor:
        """Memory [B, T, d] -> CTC's log-probabilities of units, [B, T, V]."""
        return F.log_softmax(self.ctc.ctc_lo(memory), dim=-1)


class GrowingTexts:
    """Texts that the decoder reads unit by unit, all of one clip; keys and values are computed once.

    Args:
        decoder: of a :class:`VisualRecogniser`. memory: of the clip, ``[T, d]``.
    """

    def __init__(self, network: VisualRecogniser, memory: Tensor) -> None:
        self.decoder = network.decoder
        self.layers = [cast("_DecoderLayer", layer) for layer in self.decoder.decoders]
        self.sources = [layer.src_attn.keys_and_values(memory[None]) for layer in self.layers]
        self.own: list[tuple[Tensor, Tensor]] = []  # of each layer, [N, h, u, s]
        self.length = 0

    def read(self, newest: Tensor) -> Tensor:
        """Newest unit of each text [N] -> log-probabilities of the one after, [N, V]."""
        width = self.decoder.after_norm.weight.shape[0]
        x = self.decoder.embed(newest)[:, None] * math.sqrt(width) + sinusoids(torch.tensor([self.length]), width)
        grown: list[tuple[Tensor, Tensor]] = []
        for number, layer in enumerate(self.layers):
            y = layer.norm1(x)  # [N, 1, d]
            keys, values = layer.self_attn.keys_and_values(y)
            if self.own:
                keys, values = torch.cat([self.own[number][0], keys], 2), torch.cat([self.own[number][1], values], 2)
            grown.append((keys, values))
            x = x + layer.self_attn.look(y, keys, values)
            asked = layer.norm2(x).transpose(0, 1)  # [1, N, d]: all texts ask the same memory
            x = x + layer.src_attn.look(asked, *self.sources[number]).transpose(0, 1)
            x = x + layer.feed_forward(layer.norm3(x))
        self.own = grown
        self.length += 1
        return F.log_softmax(self.decoder.output_layer(self.decoder.after_norm(x[:, 0])), dim=-1)

    def choose(self, texts: Tensor) -> None:
        """Go on with the texts ``texts [N]``."""
        self.own = [(keys[texts], values[texts]) for keys, values in self.own]


def build(state: Mapping[str, Tensor]) -> VisualRecogniser:
    """Return the network holding ``state``, ready to read. Raises Unavailable where any key or shape differs."""
    with torch.device("meta"):
        network = VisualRecogniser(Sizes.of(state))
    try:
        network.load_state_dict(dict(state), assign=True)
    except RuntimeError as error:
        reason = str(error).partition("\n")[2].strip().partition("\n")[0] or str(error)
        raise Unavailable(f"this is no checkpoint of Auto-AVSR's visual recogniser: {reason}") from error
    return network.float().eval().requires_grad_(False)


def load_recogniser(path: Path) -> VisualRecogniser:
    """Return the network of a checkpoint file. Raises Unavailable where it is of another one."""
    try:
        return build(load_checkpoint(path))
    except Unavailable as error:
        raise Unavailable(f"{path}: {error}" if str(path) not in str(error) else str(error)) from error
