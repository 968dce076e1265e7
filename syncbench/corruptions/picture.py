"""Corruptions of the picture: occluders over the mouth, noise, blur, mosaic, darkness, lost frames. A row each."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import Frames
from syncbench.corruptions import visual
from syncbench.corruptions.corruption import Corruption, Part, Scene
from syncbench.errors import ClipError
from syncbench.features.landmarks import fill_missing

__all__ = [
    "BLUR",
    "DARK",
    "DESYNC",
    "DROP",
    "FREEZE",
    "GAUSSIAN",
    "LOWRES",
    "OBJECTS",
    "noise_or_blur",
    "occlude_mouth",
]

Filter = Callable[[Frames, float, np.random.Generator], Frames]


def _filter(filtered: Filter) -> Callable[[Scene, Part, np.random.Generator], Scene]:
    """Return the corruption that filters frames: all of them, or spans where the part says so."""

    def apply(scene: Scene, part: Part, rng: np.random.Generator) -> Scene:
        count = len(scene.frames)
        spans = visual.segments(count, rng) if part.spans else [range(count)]
        changed = scene.frames.copy()
        for span in spans:
            inside = slice(span.start, span.stop)
            changed[inside] = filtered(scene.frames[inside], part.value, rng)
        level = _in_spans(spans, count, part.value)
        done = {f"{part.kind}_frames": float(np.isfinite(level).mean())}
        return scene.seen(changed, **done).at(f"video.{part.kind}", level)

    return apply


def _in_spans(spans: Iterable[range], count: int, value: float) -> NDArray[np.float64]:
    level = np.full(count, np.nan)
    for span in spans:
        level[span.start : span.stop] = value
    return level


def _freeze(scene: Scene, part: Part, rng: np.random.Generator) -> Scene:
    count = len(scene.frames)
    length = min(count, max(2, round(part.value * count)))
    start = int(rng.integers(count - length + 1))
    span = range(start, start + length)
    level = _in_spans([span], count, part.value)
    return scene.seen(visual.freeze(scene.frames, span), frozen_frames=length / count).at("video.freeze", level)


def _drop(scene: Scene, part: Part, rng: np.random.Generator) -> Scene:
    shown, lost = visual.drop_frames(scene.frames, part.value, rng)
    level = np.where(lost, part.value, np.nan)
    return scene.seen(shown, dropped_frames=float(lost.mean())).at("video.drop", level)


def _desync(scene: Scene, part: Part, rng: np.random.Generator) -> Scene:
    moved = visual.desync(scene.frames, int(part.value))
    return scene.seen(moved, desync_frames=part.value).at("video.desync", np.full(len(scene.frames), part.value))


def noise_or_blur(scene: Scene, rng: np.random.Generator) -> Scene:
    """Gaussian noise of variance U(0, 0.2) or a 7x7 blur of sigma U(0.1, 2), half each, span by span."""
    count = len(scene.frames)
    changed = scene.frames.copy()
    noise, blurred = np.full(count, np.nan), np.full(count, np.nan)
    for span in visual.segments(count, rng, single=(0.1, 0.5)):
        inside = slice(span.start, span.stop)
        if rng.random() < 0.5:
            noise[inside] = float(rng.uniform(0.0, 0.2))
            changed[inside] = visual.gaussian_noise(scene.frames[inside], noise[span.start], rng)
        else:
            blurred[inside] = float(rng.uniform(0.1, 2.0))
            changed[inside] = visual.blur(scene.frames[inside], blurred[span.start], radius=3)
    scene = scene.seen(changed)
    for name, level in (("gaussian", noise), ("blur", blurred)):
        touched = np.isfinite(level)
        scene = scene.seen(scene.frames, **{f"{name}_frames": float(touched.mean())})
        if touched.any():
            scene = scene.at(f"video.{name}", level)
    return scene


def occlude_mouth(scene: Scene, part: Part, rng: np.random.Generator) -> Scene:
    """One object for each span, over one mouth landmark (48-67) that it follows; 30 pixels of a 160 pixel frame."""
    if scene.landmarks is None:
        raise ClipError("no landmarks: occluders follow the mouth and need them")
    if len(scene.landmarks) != len(scene.frames):
        raise ClipError(
            f"{len(scene.frames)} frames but landmarks for {len(scene.landmarks)}: compute the landmarks again"
        )
    points = fill_missing(scene.landmarks)
    size = max(2, round(0.1875 * scene.frames.shape[2]))
    spans = visual.segments(len(scene.frames), rng)
    patches: list[visual.Patch] = []
    paths: list[NDArray[np.float64]] = []
    for _ in spans:
        paths.append(points[:, int(rng.integers(48, 68))])
        folder = part.folder
        patches.append(visual.folder_patch(folder, size, rng) if folder else visual.random_patch(size, rng))
    covered, cover = visual.occlude(scene.frames, np.stack(paths), patches, spans)
    level = np.full(len(scene.frames), np.nan)
    for span in spans:
        for t in span:
            level[t] = _mouth_cover(cover[t], points[t, 48:68])
    share, mouth = float(np.isfinite(level).mean()), float(np.nanmean(level))
    return scene.seen(covered, occluded_frames=share, occluded_mouth=mouth).at("video.occlusion", level)


def _mouth_cover(cover: NDArray[np.float32], mouth: NDArray[np.float64]) -> float:
    """Return the covered share of the mouth's bounding box."""
    left, top = np.floor(mouth.min(axis=0)).astype(int)
    right, bottom = np.ceil(mouth.max(axis=0)).astype(int) + 1
    box = cover[max(top, 0) : max(bottom, 1), max(left, 0) : max(right, 1)]
    return float(box.mean()) if box.size else 0.0


GAUSSIAN = Corruption(
    "gaussian", "visual", "Gaussian noise of so much variance, pixels in 0..1", _filter(visual.gaussian_noise), (0.0, 4.0),
    intermittent="-spans",
)  # fmt: skip
BLUR = Corruption(
    "blur", "visual", "Gaussian blur of so many pixels",
    _filter(lambda frames, value, _: visual.blur(frames, value)), (0.05, 100.0), intermittent="-spans",
)  # fmt: skip
LOWRES = Corruption(
    "lowres", "visual", "mosaic: so many times less resolution",
    _filter(lambda frames, value, _: visual.low_resolution(frames, value)), (1.0, 1000.0), intermittent="-spans",
)  # fmt: skip
DARK = Corruption(
    "dark", "visual", "pixel values times so much",
    _filter(lambda frames, value, _: visual.darken(frames, value)), (0.0, 1.0), intermittent="-spans",
)  # fmt: skip
FREEZE = Corruption("freeze", "visual", "one span of so large a share of the clip stands still", _freeze, (0.0, 1.0))
DROP = Corruption(
    "drop", "visual", "so large a share of the frames is lost, the last one shown again", _drop, (0.0, 1.0)
)
DESYNC = Corruption(
    "desync", "visual", "video so many frames late (negative: early)", _desync, (-1000.0, 1000.0), whole=True
)
OBJECTS = Corruption(
    "objects", "visual", "cut-outs of a folder over the mouth in 30-50 % of the frames, following it", occlude_mouth,
    takes="folder", needs=frozenset({"landmarks"}),
)  # fmt: skip
