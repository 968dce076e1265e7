"""Face crops of further talkers in LRS2's layout, MediaPipe's landmarks for truth: what ``evaluators.py --other`` reads.

    python benchmarks/other_talkers.py FOLDER OUT [--only TALKER,...]

FOLDER holds videos of any size and ``metadata.csv`` with the columns ``talker``, ``clip``, ``file`` and ``text``. Faces are
found by the bundled detector. Needs the extra ``mediapipe`` and its model (`syncbench weights`).
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
from PIL import Image

from syncbench.baselines.evaluators.faces import FACE
from syncbench.baselines.evaluators.mediapipe.landmarks import MEDIAPIPE
from syncbench.clip import Clip, Recording
from syncbench.datasets.lrs2_layout import MEDIA, write_clip, write_lists
from syncbench.faces.crops import cut
from syncbench.feature import Features
from syncbench.features.frames import FRAMES
from syncbench.features.speech import SPEECH

SIDE = 160


def main() -> None:
    """Write the crops."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", help="talkers, separated by commas")
    chosen = parser.parse_args()
    if reason := MEDIAPIPE.unavailable():
        raise SystemExit(reason)
    wanted = chosen.only and chosen.only.split(",")
    names = []
    with (chosen.folder / "metadata.csv").open(newline="", encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if not wanted or row["talker"] in wanted]
    for row in rows:
        name, file = f"{row['talker']}/{row['clip']}", Recording(chosen.folder / row["file"])
        features = Features(Clip(name, file, speech=file))
        frames, squares = features[FRAMES], features[FACE]
        points = features[MEDIAPIPE.feature]
        crops = [
            np.asarray(Image.fromarray(cut(frame, square)).resize((SIDE, SIDE), Image.Resampling.LANCZOS))
            for frame, square in zip(frames, squares, strict=True)
        ]
        inside = (points - squares[:, None, :2]) * SIDE / squares[:, None, 2:]
        path = chosen.out / MEDIA / f"{name}.mp4"
        write_clip(path, np.stack(crops), features[SPEECH], {"landmarks68": inside}, row["text"].upper(), (), crf=6)
        names.append(name)
        print(name, flush=True)
    write_lists(chosen.out, {"test": names})


if __name__ == "__main__":
    main()
