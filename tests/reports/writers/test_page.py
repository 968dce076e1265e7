"""The page as text: what it marks, what strangers' text cannot do to it, and that it asks no host for anything."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from syncbench.reports.section import tables_of
from syncbench.reports.tables.literature import published_tables
from syncbench.reports.writers import page
from syncbench.reports.writers.page import write_page

from ..conftest import MakeRun, near
from .samples import HOSTILE, table, tags


def test_html_marks_anchors_and_tells_signatures() -> None:
    text = page.render([table()], [], [], [])
    assert text.count("beats real</span>") == 1
    assert 'data-signature="lse_c|evaluator=syncnet_v2@961e8696' in text
    assert (
        text.index('class="systems"')
        < text.index("third")
        < text.index('class="anchors"')
        < text.index("(real video)</a>")
    )
    assert re.search(r'data-value="0.0">\s*<span class="rank" title="rank: 2">2</span>', text)


@pytest.mark.parametrize("text", HOSTILE)
def test_html_cannot_be_broken_out_of(text: str) -> None:
    tame, wild = (tags(page.render([table(t)], published_tables(["hdtf"]), [], [])) for t in ("wav2lip", text))
    assert [tag for tag, _ in wild] == [tag for tag, _ in tame]
    assert [sorted(attributes) for _, attributes in wild] == [sorted(attributes) for _, attributes in tame]
    for _, attributes in wild:
        assert not any(name.startswith("on") or name == "style" for name in attributes)
        assert not str(attributes.get("href", "")).lower().startswith("javascript")


def test_html_asks_no_host_for_anything() -> None:
    text = page.render([table()], published_tables(), [], [])
    for tag, attributes in tags(text):
        for name in ("src", "href", "poster", "action"):
            assert not re.match(r"(?i)[a-z]+:|//", attributes.get(name) or "") or attributes[name] == "data:,", (
                tag,
                name,
            )
    policy = next(a["content"] for _, a in tags(text) if a.get("http-equiv") == "Content-Security-Policy")
    assert policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert not re.search(r"https?://|url\(|@import|fetch\(|XMLHttp|innerHTML|eval\(", text)


def test_no_text_of_a_run_can_break_out_of_the_page(make_run: MakeRun, tmp_path: Path) -> None:
    clips = [text.encode(errors="replace").decode() + f" {i}" for i, text in enumerate(HOSTILE)]
    values = near(0, 1, clips=len(clips))
    evil = HOSTILE[0] + HOSTILE[1]
    wild = make_run(
        evil, values, name="wild", clips=clips, transcript=HOSTILE[3] + HOSTILE[1], heard=evil,
        failures={f"{evil}x": evil}, unavailable={"fid": evil}, settings={evil: evil}, traces=True,
    )  # fmt: skip
    tame = make_run(
        "tame", values, name="tame", clips=[f"clip {i}" for i in range(len(clips))], failures={"x": "y"},
        unavailable={"fid": "z"}, settings={"k": "v"}, traces=True,
    )  # fmt: skip
    pages = []
    for run in (wild, tame):
        folder = tmp_path / f"page-{run.name}"
        folder.mkdir()
        pages.append(tags(write_page([run], tables_of([run]), [], [], folder).read_text()))
    assert [tag for tag, _ in pages[0]] == [tag for tag, _ in pages[1]]
    for (tag, attributes), (_, expected) in zip(*pages, strict=True):
        assert sorted(attributes) == sorted(expected)
        for name in ("src", "href"):
            value = attributes.get(name) or ""
            assert re.match(r"(data:|media/[A-Za-z0-9_.-]+$|#)", value) or not value, (tag, value)
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+", path.name) for path in (tmp_path / "page-wild" / "media").iterdir())
