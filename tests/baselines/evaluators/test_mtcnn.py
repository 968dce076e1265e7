"""The bundled face detector."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from syncbench import media, registry
from syncbench.baselines.evaluators.mtcnn.detector import MTCNN, find_faces
from syncbench.clip import Frames

PARITY = Path(__file__).parents[2] / "data" / "parity" / "mtcnn.json"


def two_faces(lrs2_grid: Path, frames: tuple[int, ...]) -> Frames:
    """Return two test clips side by side in a grey picture of 480 x 270, the right one a little lower."""
    first, second = (media.read_frames(path) for path in sorted(lrs2_grid.rglob("*.mp4"))[:2])
    picture = np.full((len(frames), 270, 480, 3), 96, np.uint8)
    for row, number in enumerate(frames):
        picture[row, 40:200, 30:190] = first[number]
        picture[row, 60:220, 250:410] = second[number]
    return picture


def test_boxes_equal_those_of_facenet_pytorch(lrs2_grid: Path) -> None:
    """Parity: facenet-pytorch 2.6.0, whose weights these are."""
    wanted = json.loads(PARITY.read_text())["boxes"]
    found = find_faces(two_faces(lrs2_grid, (0, 30, 60)), smallest=40)
    assert [len(boxes) for boxes in found] == [2, 2, 2]
    for boxes, known in zip(found, wanted, strict=True):
        np.testing.assert_allclose(boxes, known, atol=2e-3)


def test_faces_are_found_in_large_pictures_too(lrs2_grid: Path) -> None:
    small = two_faces(lrs2_grid, (0,))
    large = small.repeat(4, axis=1).repeat(4, axis=2)
    (here,), (there,) = MTCNN.find(small), MTCNN.find(large)
    assert len(here) == len(there) == 2
    order = np.argsort(here[:, 0]), np.argsort(there[:, 0])
    np.testing.assert_allclose(there[order[1], :4] / 4, here[order[0], :4], atol=5)


def test_nothing_is_found_where_nothing_is() -> None:
    rng = np.random.default_rng(0)
    frames = np.stack([np.zeros((90, 160, 3)), np.full((90, 160, 3), 255), rng.integers(0, 256, (90, 160, 3))])
    assert [len(boxes) for boxes in MTCNN.find(frames.astype(np.uint8))] == [0, 0, 0]
    assert MTCNN.find(np.zeros((0, 90, 160, 3), np.uint8)) == []


def test_it_is_found_by_its_name() -> None:
    assert registry.detector("mtcnn") is MTCNN
    assert MTCNN.label == f"mtcnn@{MTCNN.weights[:8]}"
