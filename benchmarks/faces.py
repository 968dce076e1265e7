"""What a face's place and size in the picture do to LSE, whose face is measured of two, and how fast it is found.

    python benchmarks/faces.py --uncropped GRID --crops LRS2 [--others FOLDER ...] [--clips N] [--json FILE]

``--uncropped`` holds videos as recorded, ``--crops`` face crops of the same names (any depth), ``--others`` further
uncropped videos of other talkers. Every picture is made anew in a temporary folder: pasted at its own size into 1280 x 720,
at smaller sizes into 640 x 360, two clips side by side with the sound of either.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from syncbench import media
from syncbench.baselines.evaluators.faces import DETECTIONS, FACE
from syncbench.baselines.evaluators.landmarks.finder import LANDMARKS, MIN_EYES
from syncbench.baselines.evaluators.speaker import find_speaker
from syncbench.clip import Clip, Frames, Recording
from syncbench.datasets.walk import VIDEO_SUFFIXES
from syncbench.errors import ClipError
from syncbench.faces.choice import places
from syncbench.feature import Features
from syncbench.features.frames import FOOTAGE
from syncbench.features.landmarks import interocular
from syncbench.metrics.lse import Lse

HEIGHTS = (288, 200, 144, 108, 80, 60, 48)
"""Of the whole recorded picture, pasted into 640 x 360."""


@dataclass(frozen=True)
class Scores:
    lse_c: float
    offset: int
    sure: float  # %
    found: float  # share of frames with a face


@dataclass(frozen=True)
class Row:
    data: str
    what: str
    value: float
    unit: str
    clips: int


def scored(path: Path, face: str = "auto") -> Scores | str:
    """Return the scores of a video, or why there are none."""
    clip = Features(Clip(path.stem, Recording(path), Recording(path), face=face))
    try:
        found = Lse().measure(clip, clip).measurement.scores()
        seen = float(np.isfinite(clip[LANDMARKS]).all(axis=(1, 2)).mean())
    except ClipError as error:
        return str(error)
    return Scores(float(found["lse_c"]), int(found["av_offset"]), float(found["offset_certainty"]), seen)


def background(height: int, width: int) -> Frames:
    """Return a picture of smooth waves, uint8 ``[height, width, 3]``."""
    y, x = np.mgrid[:height, :width]
    waves = [90 + 60 * np.sin(x / 97) + 20 * np.sin(y / 31), 110 + 50 * np.cos(y / 71), 100 + 40 * np.sin((x + y) / 53)]
    return np.stack(waves, axis=-1).clip(0, 255).astype(np.uint8)


def resized(frames: Frames, height: int) -> Frames:
    width = round(frames.shape[2] * height / frames.shape[1])
    pictures = [Image.fromarray(frame).resize((width, height), Image.Resampling.LANCZOS) for frame in frames]
    return np.stack([np.asarray(picture) for picture in pictures])


def pasted(path: Path, out: Path, size: tuple[int, int], height: int | None = None) -> Path:
    """Write a video in the right half of a picture of ``size``, at its own height or another."""
    frames = media.read_frames(path)
    frames = frames if height is None else resized(frames, height)
    behind = background(*size)
    top, left = int((size[0] - frames.shape[1]) * 0.4), int((size[1] - frames.shape[2]) * 0.6)

    def pieces() -> Iterator[Frames]:
        for span in media.spans(frames, 8):
            picture = np.tile(behind, (len(frames[span]), 1, 1, 1))
            picture[:, top : top + frames.shape[1], left : left + frames.shape[2]] = frames[span]
            yield picture

    return media.write_video(out, pieces(), media.read_speech(path))


def beside(left: Path, right: Path) -> tuple[Frames, int]:
    """Return two clips side by side, and where the right one begins."""
    first, second = media.read_frames(left), media.read_frames(right)
    count, height = min(len(first), len(second)), min(first.shape[1], second.shape[1]) // 2 * 2
    first, second = (resized(frames[:count], height) for frames in (first, second))
    both = np.concatenate([first, second], axis=2)
    return both[:, :, : both.shape[2] // 2 * 2], first.shape[2]


def compare_crops(uncropped: Sequence[Path], crops: dict[str, Path], folder: Path) -> Iterator[Row]:
    gaps: dict[str, list[float]] = {"as recorded": [], "pasted into 1280x720": []}
    moved = dict.fromkeys(gaps, 0)
    found: dict[str, list[float]] = {name: [] for name in gaps}
    for path in uncropped:
        known = scored(crops[path.stem], "frame")
        large = pasted(path, folder / f"{path.stem}.mp4", (720, 1280))
        for name, video in zip(gaps, (path, large), strict=True):
            here = scored(video)
            if isinstance(here, Scores) and isinstance(known, Scores):
                gaps[name].append(here.lse_c - known.lse_c)
                moved[name] += here.offset != known.offset
                found[name].append(here.found)
    for name, values in gaps.items():
        yield Row(name, "LSE-C less that of the crop, mean", float(np.mean(values)), "", len(values))
        yield Row(name, "the same, largest", float(np.abs(values).max()), "", len(values))
        yield Row(name, "clips with another offset", moved[name], "clips", len(values))
        yield Row(name, "frames with a face", 100 * float(np.mean(found[name])), "%", len(values))


def other_talkers(others: Sequence[Path]) -> Iterator[Row]:
    rows = [scored(path) for path in others]
    good = [row for row in rows if isinstance(row, Scores)]
    yield Row("other talkers", "clips scored", len(good), "clips", len(rows))
    yield Row("other talkers", "frames with a face", 100 * float(np.mean([r.found for r in good])), "%", len(good))
    yield Row("other talkers", "worst clip: frames with a face", 100 * min(r.found for r in good), "%", len(good))
    yield Row("other talkers", "offset of -1, 0 or 1 frames", sum(abs(r.offset) <= 1 for r in good), "clips", len(good))
    yield Row("other talkers", "LSE-C, lowest", min(r.lse_c for r in good), "", len(good))


def sizes(uncropped: Sequence[Path], folder: Path) -> Iterator[Row]:
    for height in HEIGHTS:
        eyes, values, right = list[float](), list[float](), 0
        for path in uncropped:
            small = pasted(path, folder / f"{path.stem}-{height}.mp4", (360, 640), height)
            clip = Features(Clip("a", Recording(small), Recording(small)))
            try:
                eyes.append(float(np.nanmedian(interocular(clip[LANDMARKS]))))
            except ClipError:
                continue
            found = scored(small)
            if isinstance(found, Scores):
                values.append(found.lse_c)
                right += abs(found.offset) <= 1
        name = f"eyes {np.mean(eyes):.0f} px apart" if eyes else f"picture {height} px high"
        if values:
            yield Row(name, "LSE-C", float(np.mean(values)), "", len(values))
            yield Row(name, "offset of -1, 0 or 1 frames", right, "clips", len(values))
        else:
            yield Row(name, f"refused (under {MIN_EYES:g} px)", len(uncropped), "clips", len(uncropped))


def speakers(clips: Sequence[Path], folder: Path) -> Iterator[Row]:
    right = asked = 0
    for number, (left, other) in enumerate(zip(clips, [*clips[len(clips) // 2 :], *clips], strict=False)):
        if left == other:
            continue
        both, middle = beside(left, other)
        for side, speaks in enumerate((left, other)):
            path = media.write_video(
                folder / f"{number}-{side}.mp4", both, media.read_speech(speaks)[: len(both) * 640]
            )
            clip = Features(Clip("a", Recording(path), Recording(path)))
            place = places(find_speaker(clip))
            asked += 1
            right += bool(place) and (place[0].centre(both.shape[2], both.shape[1])[0] >= middle) == bool(side)
    yield Row("two people, one sound", "the speaker is measured", 100 * right / asked, "%", asked)


def speed(path: Path, folder: Path) -> Iterator[Row]:
    large = pasted(path, folder / "speed.mp4", (720, 1280), 600)
    torch.set_num_threads(2)
    start = time.perf_counter()
    clip = Features(Clip("a", Recording(large), Recording(large)))
    length = len(clip[FOOTAGE])
    decoded = time.perf_counter()
    assert clip[DETECTIONS]["shots"].size
    assert len(clip[FACE]) == length
    end = time.perf_counter()
    torch.set_num_threads(1)
    yield Row(
        "1280x720, two cores", "found and followed, decoding once included", length / (end - start), "frames/s", 1
    )
    yield Row("1280x720, two cores", "of which decoding", length / (decoded - start), "frames/s", 1)


def videos(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in VIDEO_SUFFIXES)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--uncropped", type=Path, required=True)
    parser.add_argument("--crops", type=Path, required=True)
    parser.add_argument("--others", type=Path, nargs="*", default=[])
    parser.add_argument("--clips", type=int, default=40)
    parser.add_argument("--json", type=Path, default=Path(__file__).with_name("faces.json"))
    asked = parser.parse_args()
    torch.set_num_threads(1)
    crops = {path.stem: path for path in videos(asked.crops)}
    uncropped = [path for path in videos(asked.uncropped) if path.stem in crops][: asked.clips]
    others = [path for folder in asked.others for path in videos(folder)]
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mixed = [path for pair in zip(others, uncropped, strict=False) for path in pair]
        parts = (
            compare_crops(uncropped, crops, folder),
            other_talkers(others) if others else iter(()),
            sizes(uncropped[:8], folder),
            speakers(mixed or uncropped, folder),
            speed(uncropped[0], folder),
        )
        for part in parts:
            for row in part:
                rows.append(row)
                print(f"{row.data:28} {row.what:44} {row.value:9.3f} {row.unit:8} of {row.clips}", flush=True)
    asked.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
