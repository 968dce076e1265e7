"""Published numbers: apart from measured ones, and never ranked."""

from __future__ import annotations

from syncbench.reports.tables.literature import load_literature, published_tables
from syncbench.reports.writers import latex, markdown, page

from ..writers.samples import table


def test_literature_stands_apart_and_is_never_ranked() -> None:
    tables = published_tables()
    assert {t.dataset for t in tables} == {"lrs2", "lrs3", "hdtf"}
    for published in tables:
        assert not published.measured
        for row in published.rows:
            assert row.literature
            assert not row.run
            assert all(c.rank is None and c.order is None and not c.beats_real and not c.signature for c in row.cells)
    for writer in (markdown.to_markdown, latex.to_latex):
        text = writer(tables[0])
        assert "7.15" in text
        assert "**" not in text
        assert "textbf" not in text
    text = page.render([table()], tables, [], [])
    assert text.index('id="nothing"') < text.index('class="card literature"')


def test_literature_holds_confirmed_rows_alone() -> None:
    rows = {(row.method, row.dataset): row.scores for row in load_literature().rows}
    assert rows["Wav2Lip", "lrs2"] == {"lse_d": 6.386, "fid": 4.887}  # its LSE-C is in doubt: not shipped
    assert all(dataset != "lrw" for _, dataset in rows)
    assert not any("SyncTalkFace" in method or "LipGAN" in method for method, _ in rows)
    assert all(row.source and row.certainty and row.protocol for row in load_literature().rows)
