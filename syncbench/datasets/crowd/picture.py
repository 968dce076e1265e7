"""The frames of a clip: a still warped to speak, with the inside of the driver's mouth, under a light and a camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from syncbench.clip import Frames
from syncbench.datasets.crowd.mouth import Manner, Pose, closed_mouth, poses, speak, upright
from syncbench.datasets.crowd.stills import Still
from syncbench.datasets.crowd.warp import apply_spline, fit_spline, kernel
from syncbench.datasets.synthetic.motion import Motion

__all__ = ["SIDE", "Scene", "draw_picture", "draw_scene"]

SIDE = 160
_CANVAS = 224  # pixels a side of the upright still
_UNIT = 64.0  # pixels of it that a face of unit size takes
_CANVAS_MIDDLE = (0.5, 0.42)  # where the middle between the eyes lies in it
_STEP = 2  # pixels between the places at which maps are computed
_PIECE = 25  # frames at once
_WINDOW = 0.75  # half the side of the square in which a mouth is painted, in face sizes
_LIDS = ((37, 41), (38, 40), (43, 47), (44, 46))
_LOWER_LIP = (55, 56, 57, 58, 59, 65, 66, 67)
_UPPER_LIP = (49, 50, 51, 52, 53, 61, 62, 63)
_SEAM = 0.015  # face sizes over which the upper face passes into the lower
_EDGE = 0.012  # softness of the inner lips, in face sizes


@dataclass(frozen=True)
class Scene:
    """How a clip is filmed.

    Attributes:
        size: of the face in pixels, and ``place`` of the middle between its eyes.
        lean, turn: of the head in radians, and to the side and up or down, in pixels of parallax per pixel of depth.
        exposure, gamma, colour: of the camera, per channel.
        light: change of brightness from edge to edge, across and down.
        shadow: 4 x 4 field of smooth light and shade.
        blur, noise: deviation in pixels, and in levels of 255.
        detail: lines that the picture is reduced to and enlarged from.
        crf: quality of the encoding.
        inside: brightness of what lies within the lips.
    """

    size: float
    place: tuple[float, float]
    lean: float
    turn: tuple[float, float]
    exposure: float
    gamma: float
    colour: tuple[float, float, float]
    light: tuple[float, float]
    shadow: NDArray[np.float32]
    blur: float
    noise: float
    detail: int
    crf: int
    inside: float


def draw_scene(rng: np.random.Generator) -> Scene:
    """Return a scene."""
    colour = 1 + rng.normal(0, 0.05, 3)
    detail = SIDE if rng.random() < 0.5 else int(rng.integers(64, SIDE))
    return Scene(
        size=float(rng.normal(53, 3.5)),
        place=(float(rng.normal(80, 4)), float(rng.normal(66, 4))),
        lean=float(rng.normal(0, 0.06)),
        turn=(float(np.clip(rng.normal(0, 0.13), -0.3, 0.3)), float(np.clip(rng.normal(0, 0.08), -0.2, 0.2))),
        exposure=float(np.exp(rng.normal(-0.05, 0.28))),
        gamma=float(np.exp(rng.normal(0, 0.2))),
        colour=(float(colour[0]), float(colour[1]), float(colour[2])),
        light=(float(rng.normal(0, 0.28)), float(rng.normal(0, 0.15))),
        shadow=(rng.standard_normal((4, 4)) * rng.uniform(0, 0.16)).astype(np.float32),
        blur=float(rng.choice([0.0, rng.uniform(0.3, 1.1)], p=[0.6, 0.4])),
        noise=float(rng.uniform(0.3, 4.0)),
        detail=detail,
        crf=int(rng.integers(10, 27)),
        inside=float(np.exp(rng.normal(-0.05, 0.22))),
    )


def draw_picture(
    still: Still,
    picture: NDArray[np.uint8],
    driver: Frames,
    landmarks: NDArray[np.float32],
    manner: Manner,
    scene: Scene,
    motion: Motion,
    rng: np.random.Generator,
) -> tuple[Frames, NDArray[np.float32]]:
    """Return frames uint8 ``[T, 160, 160, 3]`` and their landmarks float32 ``[T, 68, 2]`` in pixels.

    Args:
        still, picture: who speaks.
        driver: frames of who spoke, uint8 ``[T, H, W, 3]``; landmarks: theirs, ``[T, 68, 2]``.
        motion: of the head and eyelids, for T frames or more.
    """
    canvas, face, depth = _canvas(still, picture)
    rest = closed_mouth(face, still.smile if still.parted else 0.4 * still.smile)
    spoken = speak(rest, upright(landmarks, poses(landmarks)), manner)  # [T, 68, 2]
    length = len(spoken)
    for lid, below in _LIDS:
        spoken[:, lid] += 0.8 * motion.blink[:length, None] * (spoken[:, below] - spoken[:, lid])
    turn = np.array(scene.turn) + motion.turn[:length].astype(np.float64)  # [T, 2]
    spoken = spoken - depth[:, None] * turn[:, None]
    pose = Pose(
        middle=np.array(scene.place) + motion.shift[:length].astype(np.float64) * scene.size / 53,
        size=scene.size * motion.scale[:length].astype(np.float64),
        angle=scene.lean + motion.roll[:length].astype(np.float64),
    )
    points = np.einsum("tij,tkj->tki", pose.turn, spoken) + pose.middle[:, None]  # [T, 68, 2] pixels
    drawn = np.empty((length, SIDE, SIDE, 3), np.float32)
    for first in range(0, length, _PIECE):
        part = slice(first, min(first + _PIECE, length))
        piece = Pose(pose.middle[part], pose.size[part], pose.angle[part])
        faces = _warped(canvas, face, spoken[part], depth, turn[part], piece)
        drawn[part] = faces.permute(0, 2, 3, 1).numpy()
    gain = _match(canvas, face, driver[0], landmarks[0]) * scene.inside
    for t in range(length):
        _fill_mouth(drawn[t], points[t], spoken[t], pose, t, driver[t], landmarks[t], gain)
    return _filmed(drawn, scene, rng), points.astype(np.float32)


def _canvas(still: Still, picture: NDArray[np.uint8]) -> tuple[Tensor, NDArray[np.float64], NDArray[np.float64]]:
    """Return the still upright and at one size [1, 3, C, C], its landmarks at unit size [68, 2], and their depth [68]."""
    marks = still.points[None, :, :2]
    pose = poses(marks, sigma=0)
    face = upright(marks, pose)[0]
    depth = (still.points[:, 2] - still.points[:, 2].mean()) / pose.size[0]
    pixels = torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float()
    shrink = min(1.0, _UNIT / float(pose.size[0]))
    size = (round(picture.shape[0] * shrink), round(picture.shape[1] * shrink))
    pixels = F.interpolate(pixels, size, mode="bilinear", antialias=True, align_corners=False)
    axis = (torch.arange(_CANVAS) + 0.5 - _CANVAS * torch.tensor(_CANVAS_MIDDLE)[:, None]) / _UNIT  # [2, C]
    places = torch.stack(torch.meshgrid(axis[0], axis[1], indexing="xy"), -1).double()  # [C, C, 2]
    at = places @ torch.from_numpy(pose.turn[0]).T + torch.from_numpy(pose.middle[0])
    scaled = at * 2 / torch.tensor([picture.shape[1], picture.shape[0]]) - 1
    canvas = F.grid_sample(pixels, scaled[None].float(), padding_mode="border", align_corners=False)
    return canvas, face, depth


def _warped(
    canvas: Tensor, face: NDArray[np.float64], spoken: NDArray[np.float64], depth: NDArray[np.float64],
    turn: NDArray[np.float64], pose: Pose,
) -> Tensor:  # fmt: skip
    """Return the still with its landmarks where they are wanted, [t, 3, 160, 160].

    What is above the line between the lips follows the upper lip, the rest the lower one: lips that meet are no fold.
    """
    t = len(spoken)
    corners = np.array([[x, y] for x in (-1.5, 1.5) for y in (-1.2, 0.2, 1.8)])
    rear = depth.max() * np.ones(len(corners))
    moved = corners[None] - rear[:, None] * turn[:, None]
    targets = torch.from_numpy(np.concatenate([spoken, moved], 1)).float()  # [t, n, 2]
    sources = torch.from_numpy(np.concatenate([face, corners])).float().expand(t, -1, -1)
    axis = torch.arange(0, SIDE, _STEP) + _STEP / 2
    pixels = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), -1).reshape(1, -1, 2).double()
    inverse = torch.from_numpy(np.linalg.inv(pose.turn))
    at = torch.einsum("tij,tkj->tki", inverse, pixels - torch.from_numpy(pose.middle)[:, None]).float()  # [t, m, 2]
    near = kernel(at, targets)  # [t, m, n]
    n = SIDE // _STEP
    halves = []
    for without in (_LOWER_LIP, _UPPER_LIP):
        kept = [k for k in range(targets.shape[1]) if k not in without]
        weights = fit_spline(targets[:, kept], sources[:, kept])
        places = apply_spline(weights, near[:, :, kept], at)  # [t, m, 2] upright, in face sizes
        scaled = (places * _UNIT / _CANVAS + torch.tensor(_CANVAS_MIDDLE)) * 2 - 1
        coarse = scaled.reshape(t, n, n, 2).permute(0, 3, 1, 2)
        fine = F.interpolate(coarse, (SIDE, SIDE), mode="bilinear", align_corners=False).permute(0, 2, 3, 1)
        halves.append(F.grid_sample(canvas.expand(t, -1, -1, -1), fine, padding_mode="border", align_corners=False))
    heights = F.interpolate(at[..., 1].reshape(t, 1, n, n), (SIDE, SIDE), mode="bilinear", align_corners=False)
    across = F.interpolate(at[..., 0].reshape(t, 1, n, n), (SIDE, SIDE), mode="bilinear", align_corners=False)
    upper, lower = _inner_lips(spoken, across[:, 0].numpy())
    line = torch.from_numpy((upper + lower) / 2).float()[:, None]
    below = ((heights - line) / _SEAM).sigmoid()
    return halves[0] * (1 - below) + halves[1] * below


def _inner_lips(
    spoken: NDArray[np.float64], across: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the heights of the upper and lower inner lips of faces [t, 68, 2] at places [t, ...]; level beyond corners."""
    upper = [np.interp(x, face[60:65, 0], face[60:65, 1]) for face, x in zip(spoken, across, strict=True)]
    lower = [
        np.interp(x, face[[60, 67, 66, 65, 64], 0], face[[60, 67, 66, 65, 64], 1])
        for face, x in zip(spoken, across, strict=True)
    ]
    return np.stack(upper), np.stack(lower)


def _match(
    canvas: Tensor, face: NDArray[np.float64], driver: NDArray[np.uint8], landmarks: NDArray[np.float32]
) -> float:
    """Return how much brighter the still's skin is than the driver's, within bounds: below the eyes, beside the nose."""
    middle = np.array(_CANVAS_MIDDLE) * _CANVAS

    def skin(picture: NDArray[np.floating], points: NDArray[np.floating]) -> float:
        spots = (points[[2, 14]] + points[[31, 35]]) / 2
        x, y = np.clip(np.rint(spots).astype(int), 2, np.array(picture.shape[1::-1]) - 3).T
        return float(np.mean([picture[b - 2 : b + 3, a - 2 : a + 3].mean() for a, b in zip(x, y, strict=True)]))

    own = skin(canvas[0].permute(1, 2, 0).numpy(), face * _UNIT + middle)
    theirs = skin(driver.astype(np.float32), landmarks)
    return float(np.clip(own / max(theirs, 1.0), 0.55, 1.5))


def _fill_mouth(
    frame: NDArray[np.float32], points: NDArray[np.float64], spoken: NDArray[np.float64], pose: Pose, t: int,
    driver: NDArray[np.uint8], landmarks: NDArray[np.float32], gain: float,
) -> None:  # fmt: skip
    """Put the inside of the driver's mouth between the lips of a frame [160, 160, 3]; where they meet, a shade."""
    centre, reach = points[48:68].mean(0), _WINDOW * pose.size[t]
    low = np.clip(np.floor(centre - reach), 0, SIDE - 2).astype(int)
    high = np.clip(np.ceil(centre + reach), low + 1, SIDE).astype(int)
    xs, ys = np.meshgrid(np.arange(low[0], high[0]) + 0.5, np.arange(low[1], high[1]) + 0.5)
    places = np.stack([xs, ys], -1)  # [h, w, 2]
    local = (places - pose.middle[t]) @ np.linalg.inv(pose.turn[t]).T
    upper, lower = (heights[0] for heights in _inner_lips(spoken[None], local[None, ..., 0]))
    # a pixel is inside as far as it lies between both lips and both corners
    within = np.minimum(local[..., 0] - spoken[60, 0], spoken[64, 0] - local[..., 0])
    room = np.minimum(np.minimum(local[..., 1] - upper, lower - local[..., 1]), within)
    cover = np.clip(room / _EDGE + 0.5, 0, 1) * np.clip((lower - upper) / _EDGE, 0, 1)
    # from pixels here to the driver's, as the lips' points go
    design = np.column_stack([points[48:68], np.ones(20)])
    solution = np.linalg.lstsq(design, landmarks[48:68].astype(np.float64), rcond=None)[0]  # [3, 2]
    theirs = places @ solution[:2] + solution[2]
    scaled = torch.from_numpy(theirs * 2 / np.array(driver.shape[1::-1]) - 1).float()[None]
    colours = torch.from_numpy(np.ascontiguousarray(driver)).permute(2, 0, 1)[None].float()
    inside = F.grid_sample(colours, scaled, padding_mode="border", align_corners=False)[0].permute(1, 2, 0).numpy()
    line = np.exp(-(((local[..., 1] - (upper + lower) / 2) / 0.02) ** 2)) * (within > -0.02)
    shut = np.clip(1 - (lower - upper) / 0.05, 0, 1)
    window = frame[low[1] : high[1], low[0] : high[0]]
    window *= 1 - 0.35 * (line * shut)[..., None]
    window += cover[..., None] * (np.clip(inside * gain, 0, 255) - window)


def _filmed(drawn: NDArray[np.float32], scene: Scene, rng: np.random.Generator) -> Frames:
    """Return frames [T, 160, 160, 3] as the camera of a scene gives them."""
    x = torch.from_numpy(drawn).permute(0, 3, 1, 2).clamp(0, 255) / 255  # [T, 3, S, S]
    axis = torch.linspace(-1, 1, SIDE)
    light = torch.exp(scene.light[0] * axis[None, :] + scene.light[1] * axis[:, None])
    shadow = F.interpolate(torch.from_numpy(scene.shadow)[None, None], (SIDE, SIDE), mode="bicubic", align_corners=True)
    x = x.clamp(min=1e-4) ** scene.gamma * scene.exposure * light * shadow.exp()[0, 0]
    x = x * torch.tensor(scene.colour, dtype=torch.float32)[:, None, None]
    if scene.blur:
        taps = torch.exp(-0.5 * (torch.arange(-3, 4) / scene.blur) ** 2).float()
        taps = taps / taps.sum()
        x = F.conv2d(
            F.pad(x, (3, 3, 3, 3), mode="replicate").flatten(0, 1)[:, None],
            taps[None, None, :, None] * taps[None, None, None],
        )
        x = x.reshape(-1, 3, SIDE, SIDE)
    if scene.detail < SIDE:
        small = F.interpolate(x, (scene.detail, scene.detail), mode="bilinear", antialias=True, align_corners=False)
        x = F.interpolate(small, (SIDE, SIDE), mode="bilinear", align_corners=False)
    noise = torch.from_numpy(rng.standard_normal(x.shape, dtype=np.float32))
    out = (x * 255 + scene.noise * noise).round().clamp(0, 255).to(torch.uint8)
    return np.ascontiguousarray(out.permute(0, 2, 3, 1).numpy())
