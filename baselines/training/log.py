"""Losses by step, to ``metrics.csv`` (step, name, value) and TensorBoard."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

__all__ = ["Log"]


class Log:
    """The log of one stage, in its folder."""

    def __init__(self, folder: Path, board: Any) -> None:
        self.file = folder / "metrics.csv"
        self.board = board
        self.losses: dict[str, list[float]] = {}

    def add(self, losses: Mapping[str, Tensor]) -> None:
        """Take the losses of a step."""
        for key, value in losses.items():
            self.losses.setdefault(key, []).append(float(value.detach()))

    def write(self, step: int, more: Mapping[str, float]) -> None:
        """Write the means since the last time, and ``more``."""
        row = {key: sum(values) / len(values) for key, values in self.losses.items()} | dict(more)
        self.losses.clear()
        self.board.log_metrics(row, step)
        new = not self.file.exists()
        with self.file.open("a", newline="") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(["step", "name", "value"])
            writer.writerows([step, key, f"{value:.6g}"] for key, value in row.items())

    def forget(self, after: int = -1) -> None:
        """Drop what was written after a step, such as by a killed run past its last checkpoint."""
        if self.file.exists():
            lines = self.file.read_text().splitlines()
            kept = [line for line in lines if line.startswith("step") or int(line.split(",")[0]) <= after]
            self.file.write_text("\n".join(kept) + "\n")
