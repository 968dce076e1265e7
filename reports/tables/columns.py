"""Columns from scores: those of equal signature stand in one, ranked by paired tests, never by values alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from syncbench.metric import Score
from syncbench.reports.significance import significantly_better, undecided
from syncbench.reports.tables.table import Cell, Column
from syncbench.reports.tables.titles import is_real, link
from syncbench.reports.text import number
from syncbench.runs import Run
from syncbench.signature import comparable, parse

__all__ = ["Entry", "classes", "column", "shared_parts", "variants"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A score of a run, and the column's variant where the table is about corruptions."""

    run: Run
    score: Score
    variant: str = ""


def shared_parts(signature: str) -> str:
    """Return a signature without the parts that may differ between comparable scores."""
    name, parts = parse(signature)
    return "|".join([name, *(f"{key}={value}" for key, value in parts.items() if key not in ("n", "v"))])


def classes(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Return the entries by column. A score that could not be had (no signature) joins the first column of its name."""
    found: list[list[Entry]] = []
    for entry in sorted(entries, key=lambda entry: not entry.score.signature):
        for members in found:
            if _same_column(members[0], entry):
                members.append(entry)
                break
        else:
            found.append([entry])
    order = list(dict.fromkeys((entry.variant, entry.score.metric, entry.score.name) for entry in entries))
    return sorted(found, key=lambda c: order.index((c[0].variant, c[0].score.metric, c[0].score.name)))


def _same_column(first: Entry, entry: Entry) -> bool:
    if first.variant != entry.variant:
        return False
    if not entry.score.signature or not first.score.signature:
        return (first.score.metric, first.score.name) == (entry.score.metric, entry.score.name)
    return comparable(first.score.signature, entry.score.signature)


def variants(columns: Sequence[Sequence[Entry]]) -> list[str]:
    """Return what tells each column from the others of its title: the signature parts that differ among them."""
    found: list[str] = []
    for members in columns:
        first = members[0]
        if first.variant:
            found.append(first.variant)
            continue
        twins = [parse(c[0].score.signature)[1] for c in columns if c[0].score.title == first.score.title]
        own = parse(first.score.signature)[1]
        differing = [key for key in own if key not in ("n", "v") and len({twin.get(key) for twin in twins}) > 1]
        found.append(", ".join(f"{key}={own[key]}" for key in differing))
    return found


def column(members: Sequence[Entry], variant: str, rows: Sequence[Run], key: str) -> tuple[Column, dict[str, Cell]]:
    """Return one column and its cell for every run, by the run's path."""
    score = members[0].score
    found = {str(entry.run.path): entry for entry in members}
    competing = [entry for entry in members if not entry.run.is_anchor and entry.score.value is not None]
    competing = _ordered(competing) if score.direction != "none" else []
    pairs = list(combinations(competing, 2))
    few = [undecided(a.run, b.run, a.score) for a, b in pairs]
    ranked = bool(pairs) and all(entry.score.low is not None for entry in competing) and not all(few)
    ranks = [1 + sum(_better(b, a) for b in competing if b is not a) for a in competing] if ranked else []
    clear = ranked and all(_better(competing[0], other) for other in competing[1:])
    real = next((entry for entry in members if is_real(entry.run) and entry.score.value is not None), None)
    made = Column(
        key=key,
        title=score.title,
        unit=score.unit,
        direction=score.direction,
        digits=score.digits,
        signature=shared_parts(score.signature),
        variant=variant,
        protocol=parse(score.signature)[1].get("protocol", ""),
        ranked=ranked,
        undecided=few[0] if few and all(few) else "",
    )
    cells: dict[str, Cell] = {}
    for run in rows:
        path = str(run.path)
        entry = found.get(path)
        if entry is None:
            cells[path] = Cell(None, "n/a", score.direction, anchor=run.is_anchor)
            continue
        own = entry.score
        place = next((i for i, other in enumerate(competing) if other is entry), None)
        rank = ranks[place] if ranked and place is not None else None
        cells[path] = Cell(
            value=own.value,
            display=number(own.value, own.digits),
            direction=own.direction,
            link=link(run),
            interval=(own.low, own.high) if own.low is not None and own.high is not None else None,
            rank=rank,
            tied=rank is not None and ranks.count(rank) > 1,
            order=_order(place, competing),
            clear=clear and place == 0,
            anchor=run.is_anchor,
            beats_real=not run.is_anchor and real is not None and _better(entry, real),
            note=own.reason,
            signature=own.signature,
            n=own.n,
            failed=own.failed,
            coverage=own.coverage,
            withheld=own.withheld,
        )
    return made, cells


def _better(a: Entry, b: Entry) -> bool:
    return significantly_better(a.run, b.run, a.score)


def _ordered(entries: Sequence[Entry]) -> list[Entry]:
    sign = -1 if entries and entries[0].score.direction == "higher" else 1
    return sorted(entries, key=lambda entry: sign * (entry.score.value or 0.0))


def _order(place: int | None, competing: Sequence[Entry]) -> int | None:
    """Return the place by value, equal values sharing the better place; None where nothing competes."""
    if place is None or len(competing) < 2:
        return None
    return 1 + next(i for i, other in enumerate(competing) if other.score.value == competing[place].score.value)
