"""The bundled generators against each other and the anchors on clips they never saw: every target of theirs, measured.

    python benchmarks/generators.py [--grid ROOT] [--clips N] [--out DIR] [--workers N] [--json FILE]

Runs ``cals``, ``synctalkface``, ``wav2lip`` and the anchors over GRID's test clips and the synthetic test speakers, and
compares them clip by clip (paired bootstrap; p-values are not corrected here, ``syncbench report`` corrects them). The runs
stay in ``--out``: ``syncbench report OUT/grid`` draws them, and the same command again resumes.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import syncbench
from syncbench.reports.decisions.compare import Difference, compare
from syncbench.runs import Run

GENERATORS = ("cals", "synctalkface", "wav2lip")
FLOORS = ("frozen", "shuffled")
METRICS = ("lse", "landmark_distance", "readability", "mouth_motion", "image_quality", "memory_slots")
SYNC = ("lse_c", "lse_d", "lse_c_masked", "lse_d_masked", "in_sync", "lip_accuracy")


@dataclass(frozen=True)
class Row:
    """One line of the table; ``target`` is empty where the number is for information, ``met`` None where it is no matter."""

    data: str
    what: str
    value: float
    low: float | None = None
    high: float | None = None
    p: float | None = None
    unit: str = ""
    target: str = ""
    met: bool | None = None


def value_rows(data: str, runs: Mapping[str, Run]) -> Iterator[Row]:
    """Yield what each system scored, with its interval."""
    for name, run in runs.items():
        for s in run.summary.scores:
            if s.value is not None and s.headline:
                yield Row(data, f"{name}: {s.title}", s.value, s.low, s.high, unit=s.unit)


def difference_row(data: str, pair: str, d: Difference) -> Row:
    """Return the row that says whether the first system of ``pair`` is better in a score (p < 0.05)."""
    higher = d.direction == "higher"
    met = (d.difference > 0 if higher else d.difference < 0) and d.p is not None and d.p < 0.05
    return Row(data, f"{pair}: {d.title}", d.difference, d.low, d.high, d.p, d.unit, "> 0" if higher else "< 0", met)


def difference_rows(data: str, runs: Mapping[str, Run], better: str, worse: str, names: Sequence[str]) -> Iterator[Row]:
    """Yield by how much one system is better than another in the named scores, on the clips both answered."""
    found = {d.name: d for d in compare(runs[worse], runs[better]).differences}
    for name in names:
        if name in found:
            yield difference_row(data, f"{better} - {worse}", found[name])


def target_rows(data: str, runs: Mapping[str, Run]) -> Iterator[Row]:
    """Yield the targets: above the floors in every sync score, the order of the three, shares of the real video's."""
    for system in ("cals", "synctalkface"):
        for floor in FLOORS:
            yield from difference_rows(data, runs, system, floor, SYNC)
    for better, worse in (("cals", "synctalkface"), ("synctalkface", "wav2lip"), ("cals", "wav2lip")):
        yield from difference_rows(data, runs, better, worse, ("mouth_lmd",))
    for system in GENERATORS:
        mine, real = runs[system].score("lse_c"), runs["reference"].score("lse_c")
        if mine.value is not None and real.value:
            share = 100 * mine.value / real.value
            what = f"{system}: LSE-C, share of the real video's"
            yield Row(data, what, share, unit="%", target=">= 90", met=share >= 90)
        read = runs[system].score("relative_readability")
        if read.value is not None:
            what, met = f"{system}: readability", read.value >= 90
            yield Row(data, what, read.value, read.low, read.high, unit=read.unit, target=">= 90", met=met)
    p = runs["synctalkface"].score("slot_phone_p")
    if p.value is not None:
        yield Row(data, "synctalkface: p of slots knowing phones", p.value, target="< 0.001", met=p.value < 0.001)


def rows_of(data: str, dataset: str, root: Path | None, clips: int, out: Path, workers: int) -> list[Row]:
    """Run everything over one data set and return its rows."""
    runs = {
        model: syncbench.run(
            model, dataset, root=root, out=out / model, metrics=METRICS, limit=clips, workers=workers
        )
        for model in ("reference", *FLOORS, *GENERATORS)
    }  # fmt: skip
    return [*value_rows(data, runs), *target_rows(data, runs)]


def print_rows(rows: Sequence[Row]) -> None:
    """Print one line per row."""
    for row in rows:
        interval = "" if row.low is None or row.high is None else f"[{row.low:.3f}, {row.high:.3f}]"
        p = "" if row.p is None else f"p = {row.p:.4f}"
        verdict = "" if row.met is None else "met" if row.met else "MISSED"
        value = f"{row.value:.3f} {row.unit}"
        print(f"{row.data:14} {row.what:52} {value:16} {interval:20} {p:11} {row.target:8} {verdict}")


def main() -> None:
    beside = Path(__file__).resolve().parents[2] / "shared" / "data" / "lrs2-grid"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--grid", type=Path, default=beside, help="GRID clips in LRS2's layout")
    parser.add_argument("--clips", type=int, default=60, help="clips of each")
    parser.add_argument("--out", type=Path, default=Path("runs/generators"), help="folder of the runs")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the rows there, too")
    chosen = parser.parse_args()
    rows = rows_of("synthetic test", "synthetic", None, chosen.clips, chosen.out / "synthetic", chosen.workers)
    if chosen.grid.is_dir():
        rows += rows_of("GRID test", "lrs2", chosen.grid, chosen.clips, chosen.out / "grid", chosen.workers)
    else:
        print(f"GRID is not measured: {chosen.grid} is not there (--grid)")
    print_rows(rows)
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(r) for r in rows], indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
