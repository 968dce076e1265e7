"""A table and its head."""

from __future__ import annotations

import pytest

from syncbench.reports.tables.table import Cell, Column, Row, Table, head

from ..writers.samples import table


def test_a_row_must_have_one_cell_per_column() -> None:
    with pytest.raises(ValueError, match="2 cells for 1 columns"):
        Table("t", "", (Column("a", "A", "", "none", 1, ""),), (Row("r", "", "", "", (Cell(1, "1", "none"),) * 2),))


def test_a_head_says_variant_unit_and_the_better_way() -> None:
    assert head(table().columns[1]) == "WER (wav2lip) [%] ↓"
