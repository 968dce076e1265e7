"""How good the bundled evaluators are on clips they never saw: every target of theirs, measured.

    python benchmarks/evaluators.py [--grid ROOT] [--synthetic ROOT] [--crowd ROOT] [--other ROOT] [--stills FOLDER]
        [--clips N] [--seed S] [--before FILE] [--json FILE]

GRID's test clips are of the talker of its train clips; the synthetic and the crowd's test speakers share no identity with
the train ones. ``--other`` takes any further face crops in LRS2's layout (its test list), such as talkers that no evaluator
ever saw (``benchmarks/other_talkers.py`` makes such a folder). ``--stills`` takes pictures with landmarks, as they are.
The worst talker stands beside each mean, and with ``--before`` the value of an earlier run.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from syncbench import registry
from syncbench.baselines.evaluators.expert.evaluator import embed
from syncbench.baselines.evaluators.landmarks.finder import find_landmarks
from syncbench.baselines.evaluators.lipreader.reader import read_mouths, spell_mouths
from syncbench.baselines.evaluators.mtcnn.detector import MTCNN
from syncbench.clip import SAMPLES_PER_FRAME, Clip, Frames, Waveform
from syncbench.datasets.crowd.stills import people_of, read_picture, read_stills
from syncbench.faces.crops import face_squares
from syncbench.feature import Features
from syncbench.features.frames import FRAMES
from syncbench.features.landmarks import PRECOMPUTED, mouth_opening
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
    worst: float | None = None
    who: str = ""


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
    return replace(row, target=f"<= {limit:g}", met=row.value <= limit)


def at_least(limit: float, row: Row) -> Row:
    """Judge a row that must reach a limit."""
    return replace(row, target=f">= {limit:g}", met=row.value >= limit)


def with_worst(row: Row, seen: Sequence[Seen], values: Sequence[float], *, high: bool) -> Row:
    """Add the talker whose clips are the worst in the mean; ``high``: high values are good."""
    talkers: dict[str, list[float]] = {}
    for s, value in zip(seen, values, strict=True):
        talkers.setdefault(s.clip.speaker or s.clip.group, []).append(value)
    if len(talkers) < 2:
        return row
    means = {who: float(np.mean(found)) for who, found in talkers.items()}
    who = min(means, key=means.__getitem__) if high else max(means, key=means.__getitem__)
    return replace(row, worst=means[who], who=who)


def landmark_rows(data: str, seen: Sequence[Seen], limit: float) -> Iterator[Row]:
    """Yield errors in % of the distance of the outer eye corners, and whether the mouth is seen to move."""
    errors, lips, openings, frozen, frozen_truth, missing, followed = [], [], [], [], [], [], []
    for s in seen:
        length = min(len(s.truth), len(s.found))
        truth, found = s.truth[:length], s.found[:length]
        known = np.isfinite(truth).all((1, 2))
        both = known & np.isfinite(found).all((1, 2))
        missing.append(100 * float(1 - both.sum() / known.sum()))
        if both.sum() < 2:
            continue
        followed.append(s)
        truth, found = truth[both], found[both]
        error = _errors(truth, found)
        errors.append(float(error.mean()))
        lips.append(float(error[:, 48:].mean()))
        openings.append(float(np.corrcoef(mouth_opening(truth), mouth_opening(found))[0, 1]))
        frozen.append(_frozen_distance(found))
        frozen_truth.append(_frozen_distance(truth))
    name = "landmarks"
    row = Row(name, data, "error, 68 points", float(np.mean(errors)), "% eye distance")
    yield with_worst(at_most(limit, row), followed, errors, high=False)
    yield with_worst(
        Row(name, data, "error, 20 lip points", float(np.mean(lips)), "% eye distance"), followed, lips, high=False
    )
    row = Row(name, data, "mouth opening, correlation with truth", float(np.mean(openings)), "")
    yield with_worst(at_least(0.9, row), followed, openings, high=True)
    yield Row(name, data, "mouth LMD of a frozen face", float(np.mean(frozen)), "px")
    yield Row(name, data, "mouth LMD of a frozen face, by the truth", float(np.mean(frozen_truth)), "px")
    yield with_worst(
        Row(name, data, "frames where no face is found", float(np.mean(missing)), "%"), seen, missing, high=False
    )


def _errors(truth: Array, found: Array) -> Array:
    """Return the distance of each point in % of that between the outer eye corners, [T, 68]."""
    eyes = np.linalg.norm(truth[:, 36] - truth[:, 45], axis=1)
    return 100 * np.linalg.norm(found - truth, axis=2) / eyes[:, None]


def still_rows(folder: Path) -> Iterator[Row]:
    """Yield errors on pictures of people never trained on, as the detector finds them, by skin and glasses."""
    people = people_of(read_stills(folder), "test")
    errors, lost = [], []
    for person in people:
        picture, truth = read_picture(person)[None], person.points[None, :, :2]
        boxes = MTCNN.find(picture)[0]
        found = np.full((1, 68, 2), np.nan, np.float32)
        if len(boxes):
            largest = boxes[np.argmax(boxes[:, 2] - boxes[:, 0])]
            found = find_landmarks(picture, face_squares(largest[None, :4]))
        errors.append(float(_errors(truth, found).mean()))
        lost.append(100.0 * bool(np.isnan(errors[-1])))
    error, skin = np.array(errors), np.array([person.skin for person in people])
    groups = {
        "all": skin > -180, "light skin (over 55 degrees)": skin > 55, "medium skin (20 to 55)": (skin > 20) & (skin <= 55),
        "dark skin (20 and less)": skin <= 20, "glasses": np.array([person.glasses for person in people]),
    }  # fmt: skip
    for group, members in groups.items():
        known = np.flatnonzero(members & np.isfinite(error))
        worst = int(known[np.argmax(error[known])])
        row = Row("landmarks", "stills", f"error, 68 points, {group}", float(error[known].mean()), "% eye distance")
        yield replace(at_most(4.0, row), worst=float(error[worst]), who=people[worst].name)
    yield Row("landmarks", "stills", "faces not found", float(np.mean(lost)), "%")


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
    other = [lse(_distances(s.mouths, _other(seen, k).speech)).lse_c for k, s in enumerate(seen)]
    apart = [
        bool(a > b) for s, a in zip(seen, real, strict=True) for t, b in zip(seen, other, strict=True) if s is not t
    ]
    halves = np.array([_halves(s) for s in seen if len(s.mouths) >= 3 * SECOND - 1]).reshape(-1, 2)
    offsets, name = np.array(wrong), "expert"
    found = (100.0 * (abs(offsets) <= 1)).tolist()
    row = Row(name, data, f"shift within +-{REACH} found within +-1", _share(abs(offsets) <= 1), "%")
    yield with_worst(at_least(within, row), seen, found, high=True)
    yield at_least(90, Row(name, data, "shift found exactly", _share(offsets == 0), "%"))
    yield Row(name, data, "shift found exactly, beside the clip's own offset", _share(np.array(own) == 0), "%")
    yield at_least(90, Row(name, data, "one-second pieces within +-1, masked mean", _share(np.array(pieces)), "%"))
    yield Row(name, data, "one-second pieces within +-1, published mean", _share(np.array(pieces_published)), "%")
    yield at_least(
        99, Row(name, data, "real beats another clip's speech in LSE-C", _share(np.array(real) > other), "%")
    )
    row = Row(name, data, "real of one clip beats another's with wrong speech in LSE-C", _share(np.array(apart)), "%")
    yield at_least(95, row)
    yield with_worst(Row(name, data, "LSE-C, real", float(np.mean(real)), ""), seen, real, high=True)
    yield with_worst(
        Row(name, data, "LSE-C, another clip's speech", float(np.mean(other)), ""), seen, other, high=False
    )
    own_offsets = [_fine_offset(_distances(s.mouths, s.speech)) for s in seen]
    yield Row(name, data, "clips' own offset, deviation", float(np.std(own_offsets)), "frames")
    if len(halves) > 2:
        agreement = float(np.corrcoef(halves.T)[0, 1])
        yield Row(name, data, "clips' own offset, correlation of first and second half", agreement, "")


def _other(seen: Sequence[Seen], place: int) -> Seen:
    """Return the clip before this one that says something else, so that wrong speech is wrong."""
    said = seen[place].clip.transcript
    others = [seen[place - back] for back in range(1, len(seen)) if seen[place - back].clip.transcript != said]
    return others[0] if others else seen[place - 1]


def _halves(s: Seen) -> tuple[float, float]:
    middle = len(s.mouths) // 2
    first = _distances(s.mouths[:middle], s.speech[: middle * SAMPLES_PER_FRAME])
    return _fine_offset(first), _fine_offset(_distances(s.mouths[middle:], s.speech[middle * SAMPLES_PER_FRAME :]))


def _share(hits: NDArray[np.bool_]) -> float:
    return 100 * float(np.mean(hits))


def lipreader_rows(data: str, seen: Sequence[Seen], limit: float) -> Iterator[Row]:
    """Yield the lip reader's own skill: its error rates on the real video."""
    each = []
    read, spelled = WordErrorMeasurement.zero(), WordErrorMeasurement.zero()
    for s in seen:
        said = s.clip.transcript or ""
        here = count_errors(said, read_mouths(s.mouths))
        each.append(float(here.scores()["wer"]))
        read, spelled = read + here, spelled + count_errors(said, spell_mouths(s.mouths))
    row = Row("lipreader", data, "WER, reading GRID's sentences", float(read.scores()["wer"]), "%")
    yield with_worst(at_most(limit, row), seen, each, high=False)
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


def _rows_in(file: Path | None) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8")) if file else []
    return rows


def main() -> None:
    """Measure, print the table, write it as JSON."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data" / "lrs2-grid"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--grid", type=Path, default=beside, help="GRID clips in LRS2's layout, with landmarks68.npz")
    parser.add_argument("--synthetic", type=Path, help="synthetic clips in LRS2's layout [rendered into the cache]")
    parser.add_argument("--crowd", type=Path, help="a crowd (`syncbench data make crowd`)")
    parser.add_argument("--other", type=Path, help="further clips in LRS2's layout")
    parser.add_argument("--stills", type=Path, help="a folder of stills: landmarks in pictures as they are")
    earlier = Path(__file__).with_name("evaluators-before.json")
    parser.add_argument("--before", type=Path, default=earlier, help="rows of an earlier run (--json) [0.1.0's]")
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
    if chosen.crowd:
        rows += rows_of("crowd test", look(listed("crowd", chosen.crowd, chosen.clips)), chosen.seed, names, None)
    if chosen.other:
        other = look(listed("lrs2", chosen.other, chosen.clips))
        rows += rows_of("other talkers", other, chosen.seed, names, (4.0, 99.0, 40.0))
    if chosen.stills and "landmarks" in names:
        rows += still_rows(chosen.stills)
    rows += [row for row in speed_rows(synthetic[0]) if row.evaluator in names]
    before = {(r["evaluator"], r["data"], r["what"]): r["value"] for r in _rows_in(chosen.before)}
    for row in sorted(rows, key=lambda r: r.evaluator):
        verdict = "" if row.met is None else "met" if row.met else "MISSED"
        was = before.get((row.evaluator, row.data, row.what))
        print(
            f"{row.evaluator:10} {row.data:15} {row.what:58} {'' if was is None else f'{was:.3f}':>9} {row.value:9.3f} "
            f"{row.unit:15} {'' if row.worst is None else f'{row.worst:.3f} ({row.who})':20} {row.target:8} {verdict}"
        )
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(r) for r in rows], indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
