"""Visual corruptions: pure functions of frames uint8 ``[T, H, W, 3]`` and a random generator.

Segments, patch sizes and noise levels are those of AV-RelScore's test generator (Hong et al., CVPR 2023, arXiv
2303.08536; github.com/joannahong/AV-RelScore), written anew. On purpose different from it: an occluder follows the
mouth landmark of the frame it covers (the released generator counts landmarks from the clip's start), the patch is
centred on that landmark at every frame size, and occluders are generated shapes unless a folder of cut-outs is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import Frames
from syncbench.errors import ClipError, CommandError

__all__ = [
    "Patch",
    "blur",
    "darken",
    "desync",
    "drop_frames",
    "folder_patch",
    "freeze",
    "gaussian_noise",
    "low_resolution",
    "occlude",
    "random_patch",
    "segments",
]

SHORTEST = 10
"""Frames a clip must have for segments: below, a share of the clip is no frame at all."""

Mask = NDArray[np.bool_]
Landmarks = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Patch:
    """An occluder: ``colour`` uint8 ``[S, S, 3]`` (or 1 channel) and ``alpha`` float32 ``[S, S]`` in 0..1."""

    colour: NDArray[np.uint8]
    alpha: NDArray[np.float32]

    def grey(self) -> Patch:
        """Return the patch with one channel, for grey frames ``[T, H, W, 1]``."""
        weights = np.array([0.299, 0.587, 0.114])
        return Patch(np.rint(self.colour @ weights)[..., None].astype(np.uint8), self.alpha)


def segments(
    frames: int, rng: np.random.Generator, *, single: tuple[float, float] = (0.3, 0.5), most: int = 3
) -> list[range]:
    """Return where a clip of ``frames`` frames is corrupted: 1 to ``most`` spans, one in each equal part of the clip.

    One span covers a ``single`` share of the clip. Of two or more, each covers 30-50 % of the whole clip where that fits
    in its part, and otherwise the first half of its part. Raises ClipError for clips under 10 frames.
    """
    if frames < SHORTEST:
        raise ClipError(f"clip of {frames} frames: corrupted spans need at least {SHORTEST}; leave the clip out")
    count = int(rng.integers(1, most + 1))
    if count == 1:
        length = max(1, round(float(rng.uniform(*single)) * frames))
        start = int(rng.integers(frames - length + 1))
        return [range(start, start + length)]
    part = frames // count
    spans: list[range] = []
    for begin in range(0, part * count, part):
        length = max(1, round(float(rng.uniform(0.3, 0.5)) * frames))
        if length < part:
            start = begin + int(rng.integers(part - length + 1))
        else:
            start, length = begin, part // 2
        spans.append(range(start, start + length))
    return spans


def random_patch(size: int, rng: np.random.Generator) -> Patch:
    """Return a generated occluder of ``size`` pixels: a smooth blob of one hue, mottled and shaded, with a soft edge.

    The outline is an ellipse of random aspect and angle, wobbled by low harmonics, so that it reads as a hand, a cup or a
    microphone in front of the mouth. Some 60 % of the square is covered.
    """
    from scipy.ndimage import zoom

    axis = (np.arange(size) + 0.5) / size * 2.0 - 1.0
    y, x = np.meshgrid(axis, axis, indexing="ij")
    angle = np.arctan2(y, x)
    turn, aspect = rng.uniform(0.0, np.pi), rng.uniform(0.7, 1.0)
    outline = aspect / np.hypot(aspect * np.cos(angle - turn), np.sin(angle - turn))
    for harmonic in (2, 3, 5):
        outline = outline + rng.uniform(-0.12, 0.12) * np.cos(harmonic * angle + rng.uniform(0.0, 2.0 * np.pi))
    distance = outline - np.hypot(x, y)
    alpha = np.clip(distance * size / 3.0 + 0.5, 0.0, 1.0)
    base = rng.uniform(20.0, 235.0, 3)
    coarse = rng.normal(0.0, 22.0, (4, 4))
    mottle: NDArray[np.float64] = np.asarray(zoom(coarse, -(-size // 4), order=1))[:size, :size]
    shade = mottle + rng.uniform(-30.0, 30.0) * x + rng.uniform(-30.0, 30.0) * y
    colour = np.clip(base + shade[..., None], 0.0, 255.0)
    return Patch(colour.astype(np.uint8), alpha.astype(np.float32))


def folder_patch(folder: Path, size: int, rng: np.random.Generator) -> Patch:
    """Return one of the folder's PNG cut-outs (with an alpha channel), turned, sheared and scaled to ``size`` pixels.

    Augmented as the published occluders are: scale 0.8-1.2, turn up to 15 degrees, shear up to 8 degrees (p 0.7),
    brightness up to 10 % (p 0.5). Raises CommandError where the folder holds no PNG with an alpha channel.
    """
    from PIL import Image

    files = sorted(folder.glob("*.png")) if folder.is_dir() else []
    if not files:
        raise CommandError(f"no .png in {folder}: name a folder of cut-outs with an alpha channel")
    file = files[int(rng.integers(len(files)))]
    with Image.open(file) as image:
        if "A" not in image.getbands():
            raise CommandError(f"{file} has no alpha channel: occluders are cut-outs with transparent surroundings")
        picture = image.convert("RGBA").resize((size, size), Image.Resampling.LANCZOS)
    if rng.random() < 0.7:
        scale, turn, shear = rng.uniform(0.8, 1.2), np.deg2rad(rng.uniform(-15, 15)), np.deg2rad(rng.uniform(-8, 8))
        forward = scale * np.array(
            [[np.cos(turn), -np.sin(turn + shear)], [np.sin(turn), np.cos(turn + shear)]], dtype=np.float64
        )
        inverse = np.linalg.inv(forward)
        shift = (np.eye(2) - inverse) @ np.array([size / 2, size / 2])
        coefficients = (*inverse[0], shift[0], *inverse[1], shift[1])
        picture = picture.transform((size, size), Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR)
    pixels = np.asarray(picture, dtype=np.float32)
    bright = float(rng.uniform(0.9, 1.1)) if rng.random() < 0.5 else 1.0
    colour = np.clip(pixels[..., :3] * bright, 0, 255).astype(np.uint8)
    return Patch(colour, pixels[..., 3] / np.float32(255.0))


def occlude(
    frames: Frames, points: Landmarks, patches: Sequence[Patch], spans: Sequence[range]
) -> tuple[Frames, NDArray[np.float32]]:
    """Lay ``patches[i]`` over the frames of ``spans[i]``, centred on ``points[i, t]``.

    ``points`` are x, y in pixels, ``[len(spans), T, 2]``: one followed landmark for each span, at every frame. Returns the
    frames and how much each pixel is covered, float32 ``[T, H, W]`` in 0..1. Parts outside the frame are cut off.
    """
    covered = frames.copy()
    height, width = frames.shape[1:3]
    cover = np.zeros(frames.shape[:3], dtype=np.float32)
    for span, patch, path in zip(spans, patches, points, strict=True):
        size = len(patch.alpha)
        for t in span:
            left, top = (round(float(c) - size / 2) for c in path[t])
            rows = slice(max(top, 0), min(top + size, height))
            columns = slice(max(left, 0), min(left + size, width))
            if rows.start >= rows.stop or columns.start >= columns.stop:
                continue
            inner = (slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left))
            alpha = patch.alpha[inner][..., None]
            seen = cover[t, rows, columns]
            cover[t, rows, columns] = np.maximum(seen, alpha[..., 0])
            under = covered[t, rows, columns].astype(np.float32)
            blended = under + (patch.colour[inner].astype(np.float32) - under) * alpha
            covered[t, rows, columns] = np.rint(blended).astype(np.uint8)
    return covered, cover


def gaussian_noise(frames: Frames, variance: float, rng: np.random.Generator) -> Frames:
    """Return frames with zero-mean Gaussian noise of ``variance`` on the 0..1 scale, clipped to 0..255."""
    noise = rng.standard_normal(frames.shape, dtype=np.float32) * np.float32(255.0 * np.sqrt(variance))
    return np.clip(np.rint(frames + noise), 0, 255).astype(np.uint8)


def blur(frames: Frames, sigma: float, radius: int | None = None) -> Frames:
    """Return frames blurred by a Gaussian of ``sigma`` pixels, cut off at ``radius`` (default: three sigmas, 3 at least)."""
    from scipy.ndimage import correlate1d

    reach = max(3, round(3.0 * sigma)) if radius is None else radius
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel = (taps / taps.sum()).astype(np.float32)
    smooth = correlate1d(frames.astype(np.float32), kernel, axis=1, mode="mirror")
    smooth = correlate1d(smooth, kernel, axis=2, mode="mirror")
    return np.rint(smooth).astype(np.uint8)


def low_resolution(frames: Frames, factor: float) -> Frames:
    """Return frames shrunk ``factor`` times (area mean) and enlarged again (nearest), so that each frame is mosaic."""
    from PIL import Image

    if factor < 1.0:
        raise CommandError(f"low resolution by {factor} would enlarge: ask for a factor of 1 or more")
    height, width = frames.shape[1:3]
    small = (max(1, round(width / factor)), max(1, round(height / factor)))
    return np.stack(
        [
            np.asarray(
                Image.fromarray(frame)
                .resize(small, Image.Resampling.BOX)
                .resize((width, height), Image.Resampling.NEAREST)
            )
            for frame in frames
        ]
    )


def freeze(frames: Frames, span: range) -> Frames:
    """Return frames that stand still during ``span``, at its first frame."""
    held = frames.copy()
    held[span.start : span.stop] = frames[span.start]
    return held


def drop_frames(frames: Frames, share: float, rng: np.random.Generator) -> tuple[Frames, Mask]:
    """Return frames of which ``share`` (rounded, one at least) are lost, and which ones, ``[T]``.

    As a player shows it: a lost frame repeats the last that arrived; black until the first arrives.
    """
    count = len(frames)
    lost = np.zeros(count, dtype=bool)
    lost[rng.permutation(count)[: max(1, round(share * count))]] = True
    shown = np.maximum.accumulate(np.where(lost, -1, np.arange(count)))
    arrived = (shown >= 0)[:, None, None, None]
    picture: Frames = np.where(arrived, frames[np.maximum(shown, 0)], np.uint8(0))
    return picture, lost


def darken(frames: Frames, factor: float) -> Frames:
    """Return frames whose pixel values are multiplied by ``factor``, 0..1."""
    return np.asarray(np.rint(frames * np.float32(factor)), dtype=np.uint8)


def desync(frames: Frames, shift: int) -> Frames:
    """Return frames shown ``shift`` frames late (negative: early), the edge frame repeated. The speech stays."""
    count = len(frames)
    return frames[np.clip(np.arange(count) - shift, 0, count - 1)]
