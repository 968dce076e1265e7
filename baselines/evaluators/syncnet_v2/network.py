"""SyncNet v2: a lip tower and an audio tower that meet in one 1024-dimensional space.

Source: J. S. Chung and A. Zisserman, "Out of time: automated lip sync in the wild" (2016); the layers and state-dict keys
are those of the public checkpoint ``syncnet_v2.model``, 13,631,616 parameters. The published scores are computed in
float32, and so is everything here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from syncbench.errors import Unavailable
from syncbench.weights import load_checkpoint

__all__ = ["CEPSTRA", "COLUMNS_PER_FRAME", "SIZE", "WINDOW", "SyncNet", "build", "load_syncnet"]

SIZE = 224
"""Height and width of the frames the lip tower sees."""
WINDOW = 5
"""Frames a lip embedding sees."""
COLUMNS_PER_FRAME = 4
"""Cepstra per frame; an audio embedding sees ``WINDOW * COLUMNS_PER_FRAME`` of them."""
CEPSTRA = 13


def _lip_layer(
    inputs: int, outputs: int, size: int, *, window: int = 1, stride: int = 1, pad: int = 0
) -> list[nn.Module]:
    kernel, strides, pads = (window, size, size), (1, stride, stride), (0, pad, pad)
    return [nn.Conv3d(inputs, outputs, kernel, strides, pads), nn.BatchNorm3d(outputs), nn.ReLU(inplace=True)]


def _audio_layer(inputs: int, outputs: int, size: tuple[int, int], pad: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, size, padding=pad), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]


def _pool(pad: int = 0) -> nn.Module:
    return nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, pad, pad))


def _head() -> nn.Sequential:
    return nn.Sequential(nn.Linear(512, 512), nn.BatchNorm1d(512), nn.ReLU(inplace=True), nn.Linear(512, 1024))


class SyncNet(nn.Module):
    """Embeds five frames of lips, and the 0.2 s of speech beside them, near each other where they belong together."""

    def __init__(self) -> None:
        super().__init__()
        # Only the first convolution looks across time, so the tower runs over a whole clip at once: five frames give
        # one embedding, T frames give T - 4, and no window is ever copied.
        self.netcnnlip = nn.Sequential(
            *_lip_layer(3, 96, 7, window=WINDOW, stride=2),  # [1, 96, T - 4, 109, 109]
            _pool(),  # 54 x 54
            *_lip_layer(96, 256, 5, stride=2, pad=1),  # 26 x 26
            _pool(1),  # 13 x 13
            *_lip_layer(256, 256, 3, pad=1),
            *_lip_layer(256, 256, 3, pad=1),
            *_lip_layer(256, 256, 3, pad=1),
            _pool(),  # 6 x 6
            *_lip_layer(256, 512, 6),  # [1, 512, T - 4, 1, 1]
        )
        self.netcnnaud = nn.Sequential(
            *_audio_layer(1, 64, (3, 3), 1),  # [n, 64, 13, 20]
            nn.Identity(),  # a 1 x 1 pooling in the checkpoint: it keeps the numbering of the layers
            *_audio_layer(64, 192, (3, 3), 1),
            nn.MaxPool2d(3, (1, 2)),  # 11 x 9
            *_audio_layer(192, 384, (3, 3), 1),
            *_audio_layer(384, 256, (3, 3), 1),
            *_audio_layer(256, 256, (3, 3), 1),
            nn.MaxPool2d(3, 2),  # 5 x 4
            *_audio_layer(256, 512, (5, 4), 0),  # [n, 512, 1, 1]
        )
        self.netfcaud = _head()
        self.netfclip = _head()

    def embed_lips(self, frames: Tensor) -> Tensor:
        """Embed every five consecutive frames: float32 ``[T, 3, 224, 224]``, BGR, 0..255, to ``[T - 4, 1024]``."""
        clip = frames.transpose(0, 1)[None]  # [1, 3, T, 224, 224]
        seen = self.netcnnlip(clip)[0, :, :, 0, 0]  # [512, T - 4]
        return torch.as_tensor(self.netfclip(seen.T))

    def embed_speech(self, cepstra: Tensor) -> Tensor:
        """Embed windows of cepstra: float32 ``[n, 13, 20]``, computed at 16-bit scale, to ``[n, 1024]``."""
        heard = self.netcnnaud(cepstra[:, None])[:, :, 0, 0]  # [n, 512]
        return torch.as_tensor(self.netfcaud(heard))


def build(state: Mapping[str, Tensor]) -> SyncNet:
    """Return the network holding ``state``, ready to embed.

    ``num_batches_tracked`` may be absent, as older checkpoints lack it. Raises Unavailable where any other key or any
    shape differs from SyncNet v2's.
    """
    with torch.device("meta"):
        network = SyncNet()
    expected = network.state_dict()
    missing = [key for key in expected if key not in state and not key.endswith("num_batches_tracked")]
    unknown = [key for key in state if key not in expected]
    wrong = [key for key in state if key in expected and state[key].shape != expected[key].shape]
    for what, keys in (("lacks", missing), ("has the unknown key", unknown), ("has another shape for", wrong)):
        if keys:
            more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
            raise Unavailable(f"this is not a SyncNet v2 checkpoint: it {what} {keys[0]}{more}")
    complete = {key: state[key] if key in state else torch.zeros((), dtype=torch.long) for key in expected}
    network.load_state_dict(complete, assign=True)
    # The same arithmetic with channels last is 1.4 times as fast on a CPU.
    network.netcnnlip.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    return network.float().eval().requires_grad_(False)


def load_syncnet(path: Path) -> SyncNet:
    """Return the network of a checkpoint file. Raises Unavailable where it is not SyncNet v2's."""
    return build(load_checkpoint(path))
