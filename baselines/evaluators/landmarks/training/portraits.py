"""Still pictures of people to learn landmarks from, as they are: expressions that nobody has while speaking."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from syncbench.baselines.evaluators.training.decoded import SIDE, Decoded
from syncbench.datasets.crowd.mouth import poses
from syncbench.datasets.crowd.stills import Still, people_of, read_picture, read_stills

__all__ = ["portraits"]

_EYES = 53.0  # pixels of the 160 that a face of unit size takes, as in LRS2's crops
_MIDDLE = np.array([80.0, 66.0])  # where the middle between the eyes lies


def portraits(folder: Path, split: str = "train") -> Decoded:
    """Return the people of a split of a folder of stills, one frame a person, upright; there is no sound."""
    people = people_of(read_stills(folder), split)
    seen = [_upright(person) for person in people]
    return Decoded(
        frames=np.stack([frame for frame, _ in seen]),
        audio=np.zeros(0, np.float32),
        landmarks=np.stack([points for _, points in seen]),
        starts=np.arange(len(people) + 1),
        ids=tuple(person.name for person in people),
        texts=("",) * len(people),
        speakers=tuple(person.name for person in people),
        folder=folder,
    )


def _upright(person: Still) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return a person's face, grey uint8 [160, 160], and its landmarks [68, 2]."""
    from PIL import Image

    points = person.points[:, :2].astype(np.float64)
    pose = poses(points[None], sigma=0)
    turn = pose.turn[0] / _EYES  # from pixels of the result to those of the picture
    matrix = np.column_stack([turn, pose.middle[0] - turn @ _MIDDLE])
    picture = Image.fromarray(read_picture(person)).convert("L")
    finer = max(1, int(np.ceil(pose.size[0] / _EYES)))
    larger = np.column_stack([matrix[:, :2] / finer, matrix[:, 2]])
    drawn = picture.transform(
        (SIDE * finer, SIDE * finer), Image.Transform.AFFINE, tuple(larger.ravel().tolist()), Image.Resampling.BILINEAR
    )
    inside = (points - matrix[:, 2]) @ np.linalg.inv(turn).T
    return np.asarray(drawn.reduce(finer)), inside.astype(np.float32)
