"""S3FD against syncnet_python's detector: its arithmetic with stand-in weights, its faces with the official ones."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from syncbench import weights
from syncbench.baselines.evaluators.s3fd.detector import find_faces, suppress, unavailable
from syncbench.baselines.evaluators.s3fd.network import S3FD, anchors, boxes_of, load_s3fd
from syncbench.errors import Unavailable
from syncbench.features.resize import rescale
from syncbench.media import open_footage

from ...pseudo_weights import pseudo_state_dict

PARITY = Path(__file__).parents[2] / "data" / "parity"


@pytest.fixture(scope="module")
def golden() -> dict[str, NDArray[Any]]:
    with np.load(PARITY / "s3fd.npz") as stored:
        return dict(stored)


@pytest.fixture
def official() -> None:
    if reason := unavailable():
        pytest.skip(reason)


def test_every_anchor_gets_the_score_and_box_of_the_reference(golden: dict[str, NDArray[Any]]) -> None:
    network = S3FD().eval()
    drawn = pseudo_state_dict({key: tuple(value.shape) for key, value in network.state_dict().items()})
    network.load_state_dict({key: torch.from_numpy(value) for key, value in drawn.items()})
    pictures = np.random.default_rng(7).integers(0, 256, (1, 3, 75, 100)).astype(np.float32) / 64 - 2
    with torch.inference_mode():
        scores, offsets, grids = network(torch.from_numpy(pictures))
        boxes = boxes_of(offsets, anchors(grids, 75, 100))
    assert scores.shape == (1, int(golden["anchors"]))
    np.testing.assert_allclose(scores[0, golden["at"]], golden["scores"], atol=1e-5)
    np.testing.assert_allclose(boxes[0, golden["at"]], golden["boxes"], atol=1e-5)
    np.testing.assert_allclose([scores.mean(), boxes.mean()], golden["mean"], atol=1e-5)


def test_frames_are_rescaled_as_opencv_does(golden: dict[str, NDArray[Any]]) -> None:
    picture = np.random.default_rng(3).integers(0, 256, (1, 45, 67, 3), dtype=np.uint8)
    for factor in (0.25, 0.4):  # sizes that do not divide: pixels lie 4 apart, not 45 / 11
        np.testing.assert_array_equal(rescale(picture, factor)[0], golden[f"resize_{factor}"])


def test_a_surer_box_suppresses_those_it_overlaps() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [20, 20, 30, 30], [0, 0, 10, 9]], np.float64)
    assert list(suppress(boxes, np.array([0.8, 0.9, 0.7, 0.95]), 0.5)) == [3, 2]
    assert list(suppress(boxes, np.array([0.8, 0.9, 0.7, 0.95]), 0.8)) == [3, 1, 2]  # 0.9 of one, 0.74 of the other
    assert list(suppress(boxes[:0], np.zeros(0), 0.5)) == []


def test_without_its_weights_it_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("SYNCBENCH_WEIGHTS", "XDG_DATA_HOME", "TORCH_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    with pytest.raises(Unavailable, match=r"syncbench weights add sfd_face\.pth"):
        find_faces(np.zeros((1, 64, 64, 3), np.uint8))
    torch.save({"vgg.0.weight": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(Unavailable, match="not an S3FD checkpoint"):
        load_s3fd(tmp_path / "other.pth")


@pytest.mark.usefixtures("official")
@pytest.mark.parametrize("clip", ["bbal6n", "bbbm1s"])
def test_faces_in_uncropped_originals_are_those_of_the_reference(shared: Path, clip: str) -> None:
    footage = open_footage(shared / "data" / "grid" / "s1" / "video" / f"{clip}.mpg")
    stored = json.loads((PARITY / "s3fd_faces.json").read_text())
    _equal(find_faces(footage[0:75][::15]), stored[clip])
    _equal(find_faces(footage[0:1], scale=1), stored[f"{clip}@1"])


@pytest.mark.usefixtures("official")
def test_faces_in_the_official_example_are_those_of_the_reference() -> None:
    example = os.environ.get("SYNCBENCH_SYNCNET_EXAMPLE")
    if not example:
        pytest.skip("set SYNCBENCH_SYNCNET_EXAMPLE to the path of syncnet_python's example.avi")
    footage = open_footage(Path(example))
    stored = json.loads((PARITY / "s3fd_faces.json").read_text())
    _equal(find_faces(footage[0:8]), stored["example"])
    _equal(find_faces(footage[100:102], scale=1), stored["example@1"])


def _equal(found: list[NDArray[np.float32]], stored: list[list[list[float]]]) -> None:
    assert [len(faces) for faces in found] == [len(faces) for faces in stored]
    for faces, expected in zip(found, stored, strict=True):
        wanted = np.array(expected).reshape(-1, 5)
        np.testing.assert_allclose(faces[:, :4], wanted[:, :4], atol=0.01)  # pixels
        np.testing.assert_allclose(faces[:, 4], wanted[:, 4], atol=1e-5)


def test_the_official_file_is_known_by_size_and_hash() -> None:
    known = weights.lookup("sfd_face.pth")
    assert (known.name, known.bytes, known.sha256[:8]) == ("s3fd", 89_844_381, "d54a87c2")
