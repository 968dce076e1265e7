"""Datasets: who gives clips, in which layout, and what is wrong with a copy of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from syncbench.clip import Clip

__all__ = ["Dataset", "Problem", "Unusable"]


@dataclass(frozen=True, slots=True)
class Unusable:
    """A clip that a dataset lists but cannot give, with the reason. It counts in N as failed."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding of ``syncbench data validate``: the file, what is wrong with it, and what to do.

    A ``remark`` says how the file is read where that is not plain; nothing is wrong with it.
    """

    path: str
    what: str
    advice: str = ""
    remark: bool = False


class Dataset:
    """Reads one dataset's official layout from a folder.

    Attributes:
        name: as users write it.
        title, licence, url: what it is, on which terms, and where it comes from.
        splits: names of its parts.
        needs_root: False where it makes its clips itself.
    """

    name: str
    title: str
    licence: str = ""
    url: str = ""
    splits: tuple[str, ...] = ("test",)
    needs_root: bool = True

    def clips(
        self, root: Path | None, split: str, limit: int | None = None, seed: int = 0
    ) -> Sequence[Clip | Unusable]:
        """Return the split's clips in the order of its list. Raises CommandError where the layout is not there.

        Clip ``i`` of a split does not depend on ``limit``. ``seed`` matters to generated datasets alone.
        """
        raise NotImplementedError

    def problems(self, root: Path) -> Iterator[Problem]:
        """Yield what is missing or malformed under ``root``, file by file."""
        yield from ()

    def left_out(self, root: Path) -> Sequence[str]:
        """Return files under ``root`` that look like clips and are not read, with the reason: a line each."""
        return ()
