"""The building blocks of the Wav2Lip family: convolution, batch norm, ReLU, with or without a residual."""

from __future__ import annotations

from torch import Tensor, nn

__all__ = ["Conv", "Pair", "Residual", "Upsample", "plain_conv", "residuals"]

Pair = int | tuple[int, int]


class Conv(nn.Module):
    """Convolution, batch norm, ReLU: ``c(in, out, k, s, p)`` of the family's notation.

    ``own`` normalises each sample over its channels instead of each channel over the batch.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: Pair, stride: Pair = 1, padding: Pair = 0, *, own: bool = False
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding)
        self.norm: nn.Module = nn.GroupNorm(1, outputs) if own else nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.norm(self.conv(x)).relu()
        return result


class Residual(nn.Module):
    """A 3x3 convolution of the same size whose input is added before the ReLU: ``r``."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, 1, 1)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = (self.norm(self.conv(x)) + x).relu()
        return result


class Upsample(nn.Module):
    """Transposed convolution, batch norm, ReLU: ``T(in, out, k, s, p, op)``."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, padding: int, extra: int) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose2d(inputs, outputs, kernel, stride, padding, extra)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.norm(self.conv(x)).relu()
        return result


def residuals(channels: int, count: int) -> list[nn.Module]:
    """Return ``count`` residual blocks."""
    return [Residual(channels) for _ in range(count)]


def plain_conv(inputs: int, outputs: int, kernel: Pair, stride: Pair, padding: Pair) -> list[nn.Module]:
    """Return a convolution with LeakyReLU 0.01 and no norm, as the discriminator uses."""
    return [nn.Conv2d(inputs, outputs, kernel, stride, padding), nn.LeakyReLU(0.01)]
