"""Rendered people as a folder of stills, such as a crowd is made of."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from PIL import Image

from syncbench.datasets.synthetic.identity import identity
from syncbench.datasets.synthetic.landmarks import landmarks
from syncbench.datasets.synthetic.motion import camera, motion
from syncbench.datasets.synthetic.render import render
from syncbench.features.landmarks import MESH_68
from syncbench.files import write_arrays

__all__ = ["write_stills"]


def write_stills(folder: Path, people: int) -> Path:
    """Write so many pictures, every second with parted lips, their landmarks and their table."""
    (folder / "img").mkdir()
    files, mesh, rows = [], [], []
    for number in range(people):
        rng = np.random.default_rng(number)
        person, still = identity(number), motion(rng, 1)
        parted = np.array([[0.2, 0.25 * (number % 2), 0, 0, 0, 0, 0, 0]], np.float32)
        picture = render(person, parted, still, camera(rng), rng)[0]
        points = np.zeros((478, 3))
        points[list(MESH_68), :2] = landmarks(person, parted, still)[0] / 160
        file = f"img/p{number:04d}.png"
        Image.fromarray(picture).save(folder / file)
        files.append(file)
        mesh.append(points)
        rows.append({"file": file, "smile": "0.2", "mouth": "parted" if number % 2 else "closed", "skin_ita": "30"})
    write_arrays(folder / "landmarks.npz", {"files": np.array(files), "landmarks": np.array(mesh)})
    with (folder / "metadata.csv").open("w", newline="") as lines:
        table = csv.DictWriter(lines, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return folder
