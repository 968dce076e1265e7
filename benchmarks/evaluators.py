"""How good the bundled evaluators are on clips they never saw: every target of theirs, measured.

    python benchmarks/evaluators.py [--grid ROOT] [--synthetic ROOT] [--other ROOT] [--clips N] [--seed S] [--json FILE]

GRID's test clips are of the talker of its train clips; the synthetic test speakers share no identity with the train ones.
``--other`` takes any further face crops in LRS2's layout (its test list), such as talkers that no evaluator ever saw.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from syncbench import registry
from syncbench.baselines.evaluators.expert.evaluator import embed
from syncbench.baselines.evaluators.landmarks.finder import find_landmarks
from syncbench.baselines.evaluators.lipreader.reader import read_mouths, spell_mouths
from syncbench.clip import SAMPLES_PER_FRAME, Clip, Frames, Waveform
from syncbench.feature import Features
from syncbench.features.frames import FRAMES
from syncbench.features.landmarks import PRECOMPUTED
from syncbench.features.mouths import crop_mouths
from syncbench.features.speech import SPEECH
from syncbench.metrics.lse import distances, lse, masked_lse
from syncbench.metrics.word_error import WordErrorMeasurement, count_errors

Array = NDArray[np.float32]
SECOND = 25  # frames
REACH = 10  # frames: the shifts that must be found
EVALUATORS = ("expert", "landmarks", "lipreader")


@dataclass(frozen=True)
class Row:
    """One line of the table; ``target`` is empty where the number is for information."""

    evaluator: str
    data: str
    what: str
    value: float
    unit: str
    target: str = ""
    met: bool | None = None


@dataclass(frozen=True)
class Seen:
    """A clip with what the evaluators see of it."""

    clip: Clip
    frames: Frames
    speech: Waveform
    truth: Array
    found: Array
    mouths: NDArray[np.uint8]


def look(clips: Sequence[Clip]) -> list[Seen]:
    """Decode the clips, find landmarks, cut mouths by the found ones."""
    seen = []
    for clip in clips:
        features = Features(clip)
        frames = features[FRAMES]
        found = find_landmarks(frames)
        truth = features[PRECOMPUTED.feature][: len(frames)] if clip.has("landmarks") else np.full_like(found, np.nan)
        seen.append(Seen(clip, frames, features[SPEECH], truth, found, crop_mouths(frames, found, 64)))
    return seen


def at_most(limit: float, row: Row) -> Row:
    """Judge a row that must not exceed a limit."""
    return Row(row.evaluator, row.data, row.what, row.value, row.unit, f"<= {limit:g}", row.value <= limit)


def at_least(limit: float, row: Row) -> Row:
    """Judge a row that must reach a limit."""
    return Row(row.evaluator, row.data, row.what, row.value, row.unit, f">= {limit:g}", row.value >= limit)


def landmark_rows(data: str, seen: Sequence[Seen], limit: float) -> Iterator[Row]:
    """Yield errors in % of the distance of the outer eye corners, and whether the mouth is seen to move."""
    errors, lips, openings, frozen, frozen_truth, missing, count = [], [], [], [], [], 0, 0
    for s in seen:
        length = min(len(s.truth), len(s.found))
        truth, found = s.truth[:length], s.found[:length]
        known = np.isfinite(truth).all((1, 2))
        both = known & np.isfinite(found).all((1, 2))
        count, missing = count + int(known.sum()), missing + int(known.sum() - both.sum())
        truth, found = truth[both], found[both]
        eyes = np.linalg.norm(truth[:, 36] - truth[:, 45], axis=1)
        error = 100 * np.linalg.norm(found - truth, axis=2) / eyes[:, None]
        errors.append(error.mean(1))
        lips.append(error[:, 48:].mean(1))
        openings.append(np.corrcoef(truth[:, 66, 1] - truth[:, 62, 1], found[:, 66, 1] - found[:, 62, 1])[0, 1])
        frozen.append(_frozen_distance(found))
        frozen_truth.append(_frozen_distance(truth))
    name = "landmarks"
    yield at_most(limit, Row(name, data, "error, 68 points", _mean(errors), "% eye distance"))
    yield Row(name, data, "error, 20 lip points", _mean(lips), "% eye distance")
    yield at_least(0.9, Row(name, data, "mouth opening, correlation with truth", float(np.mean(openings)), ""))
    yield Row(name, data, "mouth LMD of a frozen face", float(np.mean(frozen)), "px")
    yield Row(name, data, "mouth LMD of a frozen face, by the truth", float(np.mean(frozen_truth)), "px")
    yield Row(name, data, "frames where no face is found", 100 * missing / count, "%")


def _mean(parts: Sequence[NDArray[np.floating]]) -> float:
    return float(np.concatenate(parts).mean())


def _frozen_distance(points: Array) -> float:
    """Mouth LMD between a clip and its first frame held, in pixels."""
    mouth = points[:, 48:68] - points[:, 48:68].mean(1, keepdims=True)
    moved = np.linalg.norm(mouth - mouth[:1], axis=2)
    return float(moved.mean())


def _distances(mouths: NDArray[np.uint8], speech: Waveform) -> Array:
    embedded = embed(mouths, speech)
    return distances(embedded["video"], embedded["audio"])


def _shifted(s: Seen, shift: int) -> tuple[NDArray[np.uint8], Waveform]:
    """Return mouths and speech of which the speech is early by ``shift`` frames: LSE's offset must say so."""
    length = len(s.mouths)
    mouths = s.mouths[max(0, -shift) : length + min(0, -shift)]
    first = max(0, shift)
    return mouths, s.speech[first * SAMPLES_PER_FRAME : (first + len(mouths)) * SAMPLES_PER_FRAME]


def _fine_offset(cells: Array) -> float:
    """Return the offset to a fraction of a frame: the top of the parabola through the best shift and its neighbours."""
    means = masked_lse(cells).means
    best = int(np.argmin(means[5:26])) + 5
    before, here, after = means[best - 1 : best + 2]
    return float(len(means) // 2 - (best + 0.5 * (before - after) / (before - 2 * here + after)))


def expert_rows(data: str, seen: Sequence[Seen], seed: int, within: float) -> Iterator[Row]:
    """Yield how often known shifts are found, and how often the real speech beats another clip's."""
    dice = np.random.default_rng(seed)
    shifts = [int(dice.integers(-REACH, REACH + 1)) for _ in seen]
    own, wrong, real, pieces, pieces_published = [], [], [], [], []
    for s, shift in zip(seen, shifts, strict=True):
        unshifted = lse(_distances(s.mouths, s.speech))
        mouths, speech = _shifted(s, shift)
        wrong.append(lse(_distances(mouths, speech)).offset - shift)
        own.append(wrong[-1] - unshifted.offset)
        real.append(unshifted.lse_c)
        for start in range(0, len(mouths) - SECOND + 1, SECOND):
            span = slice(start * SAMPLES_PER_FRAME, (start + SECOND) * SAMPLES_PER_FRAME)
            cells = _distances(mouths[start : start + SECOND], speech[span])
            pieces.append(abs(masked_lse(cells).offset - shift) <= 1)
            pieces_published.append(abs(lse(cells).offset - shift) <= 1)
    other = [lse(_distances(s.mouths, seen[k - 1].speech)).lse_c for k, s in enumerate(seen)]
    halves = np.array([_halves(s) for s in seen if len(s.mouths) >= 3 * SECOND - 1]).reshape(-1, 2)
    offsets, name = np.array(wrong), "expert"
    yield at_least(within, Row(name, data, f"shift within +-{REACH} found within +-1", _share(abs(offsets) <= 1), "%"))
    yield at_least(90, Row(name, data, "shift found exactly", _share(offsets == 0), "%"))
    yield Row(name, data, "shift found exactly, beside the clip's own offset", _share(np.array(own) == 0), "%")
    yield at_least(90, Row(name, data, "one-second pieces within +-1, masked mean", _share(np.array(pieces)), "%"))
    yield Row(name, data, "one-second pieces within +-1, published mean", _share(np.array(pieces_published)), "%")
    yield at_least(
        99, Row(name, data, "real beats another clip's speech in LSE-C", _share(np.array(real) > other), "%")
    )
    yield Row(name, data, "LSE-C, real", float(np.mean(real)), "")
    yield Row(name, data, "LSE-C, another clip's speech", float(np.mean(other)), "")
    own_offsets = [_fine_offset(_distances(s.mouths, s.speech)) for s in seen]
    yield Row(name, data, "clips' own offset, deviation", float(np.std(own_offsets)), "frames")
    if len(halves) > 2:
        agreement = float(np.corrcoef(halves.T)[0, 1])
        yield Row(name, data, "clips' own offset, correlation of first and second half", agreement, "")


def _halves(s: Seen) -> tuple[float, float]:
    middle = len(s.mouths) // 2
    first = _distances(s.mouths[:middle], s.speech[: middle * SAMPLES_PER_FRAME])
    return _fine_offset(first), _fine_offset(_distances(s.mouths[middle:], s.speech[middle * SAMPLES_PER_FRAME :]))


def _share(hits: NDArray[np.bool_]) -> float:
    return 100 * float(np.mean(hits))


def lipreader_rows(data: str, seen: Sequence[Seen], limit: float) -> Iterator[Row]:
    """Yield the lip reader's own skill: its error rates on the real video."""
    read, spelled = WordErrorMeasurement.zero(), WordErrorMeasurement.zero()
    for s in seen:
        said = s.clip.transcript or ""
        read = read + count_errors(said, read_mouths(s.mouths))
        spelled = spelled + count_errors(said, spell_mouths(s.mouths))
    yield at_most(limit, Row("lipreader", data, "WER, reading GRID's 51 words", float(read.scores()["wer"]), "%"))
    yield Row("lipreader", data, "WER, spelling", float(spelled.scores()["wer"]), "%")
    yield Row("lipreader", data, "CER, spelling", float(spelled.scores()["cer"]), "%")


def speed_rows(seen: Seen) -> Iterator[Row]:
    """Yield speeds on one core."""
    from syncbench.baselines.evaluators.syncnet_v2 import evaluator as official
    from syncbench.baselines.evaluators.syncnet_v2.network import SyncNet, build

    def rate(count: int, work: object) -> float:
        assert callable(work)
        work()
        times = []
        for _ in range(3):
            began = time.process_time()
            work()
            times.append(time.process_time() - began)
        return count / min(times)

    faces = rate(len(seen.frames), lambda: find_landmarks(seen.frames))
    yield at_least(500, Row("landmarks", "one core", "speed", faces, "frames/s"))
    windows = len(seen.mouths) - 4
    ours = rate(windows, lambda: embed(seen.mouths, seen.speech))
    yield Row("expert", "one core", "speed", ours, "windows/s")
    network = build(SyncNet().state_dict())
    pixels = np.zeros((30, 224, 224, 3), np.uint8)
    theirs = rate(25, lambda: official.embed(network, pixels, seen.speech[: 30 * SAMPLES_PER_FRAME]))
    yield Row("expert", "one core", "SyncNet v2's speed", theirs, "windows/s")
    yield at_least(10, Row("expert", "one core", "speed over SyncNet v2's", ours / theirs, "x"))
    yield Row("lipreader", "one core", "speed", rate(len(seen.mouths), lambda: read_mouths(seen.mouths)), "frames/s")


def listed(dataset: str, root: Path | None, count: int) -> list[Clip]:
    """Return test clips of a data set."""
    return [c for c in registry.dataset(dataset).clips(root, "test", count) if isinstance(c, Clip)]


def rows_of(
    data: str, seen: Sequence[Seen], seed: int, names: Sequence[str], targets: tuple[float, float, float] | None
) -> Iterator[Row]:
    """Yield the rows of the named evaluators; without targets, the numbers are for information."""
    error, within, words = targets or (4.0, 99.0, 10.0)
    rows: list[Row] = []
    if "expert" in names:
        rows += expert_rows(data, seen, seed, within)
    if "landmarks" in names and "landmarks" in seen[0].clip.extras:
        rows += landmark_rows(data, seen, error)
    if "lipreader" in names:
        rows += lipreader_rows(data, seen, words)
    yield from rows if targets else (replace(row, target="", met=None) for row in rows)


def main() -> None:
    """Measure, print the table, write it as JSON."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data" / "lrs2-grid"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--grid", type=Path, default=beside, help="GRID clips in LRS2's layout, with landmarks68.npz")
    parser.add_argument("--synthetic", type=Path, help="synthetic clips in LRS2's layout [rendered into the cache]")
    parser.add_argument("--other", type=Path, help="further clips in LRS2's layout")
    parser.add_argument("--clips", type=int, default=60, help="clips of each")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=list(EVALUATORS), action="append", help="one evaluator; may be repeated")
    parser.add_argument("--json", type=Path, help="write the rows there, too")
    chosen = parser.parse_args()
    names = chosen.only or EVALUATORS
    torch.set_num_threads(1)

    rows: list[Row] = []
    if chosen.synthetic:
        synthetic = look(listed("lrs2", chosen.synthetic, chosen.clips))
    else:
        synthetic = look(listed("synthetic", None, chosen.clips))
    rows += rows_of("synthetic test", synthetic, chosen.seed, names, (3.0, 97.0, 15.0))
    if chosen.grid.is_dir():
        grid = look(listed("lrs2", chosen.grid, chosen.clips))
        rows += rows_of("GRID test", grid, chosen.seed, names, (4.0, 99.0, 10.0))
    else:
        print(f"GRID is not measured: {chosen.grid} is not there (--grid)")
    if chosen.other:
        other = look(listed("lrs2", chosen.other, chosen.clips))
        rows += rows_of("other talkers", other, chosen.seed, names, None)
    rows += [row for row in speed_rows(synthetic[0]) if row.evaluator in names]
    for row in sorted(rows, key=lambda r: r.evaluator):
        verdict = "" if row.met is None else "met" if row.met else "MISSED"
        value = f"{row.value:.3f} {row.unit}"
        print(f"{row.evaluator:10} {row.data:15} {row.what:56} {value:24} {row.target:8} {verdict}")
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(r) for r in rows], indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
