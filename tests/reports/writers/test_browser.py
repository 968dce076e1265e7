"""The page in real Chromium: sorting, filtering, playing, no console errors, no requests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from syncbench.reports.section import tables_of
from syncbench.reports.tables.literature import published_tables
from syncbench.reports.writers.page import write_page

from ..conftest import MakeRun, near

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip

values = partial(near, clips=24)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (pip install playwright)")
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("Chromium is not installed; set CHROMIUM to its path")
    with api.sync_playwright() as play:
        opened = play.chromium.launch(executable_path=path, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any, make_run: MakeRun, tmp_path: Path) -> Iterator[Any]:
    """The page of two talking faces, an anchor and a recogniser, opened as a file."""
    noisy = [("audio=babble@0,visual=clean", [3, 2, 4]), ("audio=babble@0,visual=blur@3", [3, 3, 4])]
    runs = [
        make_run("cals", values(0.5, 1), traces=True, failures={"s1/<b>bad</b>": "no face in frame 3"}, measured=24),
        make_run("wav2lip", values(0.9, 2)),
        make_run("reference", values(0, 3)),
        make_run("other", values(0, 4), dataset="lrs3"),
        make_run("av", [0, 1, 2], task="avsr", conditions=noisy, heard="<img src=x onerror=alert(1)>"),
    ]
    folder = tmp_path / "page"
    folder.mkdir()
    path = write_page(runs, tables_of(runs), published_tables(["lrs2"]), [], folder)
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.trouble = []
    opened.on("console", lambda m: opened.trouble.append(m.text) if m.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: opened.trouble.append(str(error)))
    opened.on("dialog", lambda dialog: opened.trouble.append(dialog.message))
    opened.on("request", lambda r: None if r.url.startswith(("file:", "data:")) else opened.trouble.append(r.url))
    opened.on(
        "requestfailed",
        lambda r: opened.trouble.append(f"{r.url} {r.failure}") if "ABORTED" not in str(r.failure) else None,
    )
    opened.goto(path.as_uri())
    yield opened
    assert opened.trouble == []
    context.close()


def leaderboard_of(page: Any) -> Any:
    return page.locator(".card[data-dataset=lrs2][data-task=talking-face]").first


def names(page: Any) -> list[str]:
    return leaderboard_of(page).locator("tbody.systems tr:visible .name").all_inner_texts()


def test_sorting_moves_systems_and_leaves_anchors(page: Any) -> None:
    board = leaderboard_of(page)
    button = board.get_by_role("button", name="Sort by LSE-C", exact=True)
    button.click()
    assert names(page) == ["wav2lip", "cals"]  # higher is better: the best first
    assert board.locator("th[aria-sort=descending]").count() == 1
    button.press("Enter")
    assert names(page) == ["cals", "wav2lip"]
    board.get_by_role("button", name="Sort by LSE-D", exact=True).click()
    assert names(page) == ["wav2lip", "cals"]  # lower is better
    board.get_by_role("button", name="Sort by name").click()
    assert names(page) == ["cals", "wav2lip"]
    assert board.locator("tbody.anchors tr").last.inner_text().startswith("reference")


def test_filters_by_dataset_task_protocol_and_name(page: Any) -> None:
    cards = page.locator(".card[data-dataset]:visible h2")
    assert len(cards.all_inner_texts()) == 5
    assert cards.all_inner_texts()[-1].startswith("What the memory holds")
    page.get_by_label("dataset").select_option("lrs3")
    assert cards.all_inner_texts() == ["lrs3/test · talking-face · self pairing"]
    page.get_by_label("dataset").select_option("")
    page.get_by_label("task").select_option("avsr")
    assert len(cards.all_inner_texts()) == 2
    page.get_by_label("task").select_option("")
    page.get_by_label("protocol").select_option("native.2")
    assert len(cards.all_inner_texts()) == 2
    page.get_by_label("protocol").select_option("")
    page.get_by_label("system").fill("wav")
    assert names(page) == ["wav2lip"]
    page.get_by_label("dataset").select_option("lrs3")
    page.get_by_label("task").select_option("avsr")
    assert page.get_by_text("Nothing fits these filters.").is_visible()


def test_a_number_tells_its_signature_on_hover_focus_and_click(page: Any) -> None:
    value = page.locator(".card[data-dataset=lrs2] .value").first
    tip = page.get_by_role("tooltip")
    value.hover()
    assert "lse_c|evaluator=" in tip.inner_text()
    assert "24 clips; 1 failed; 96.0 % of the frames" in tip.inner_text()
    page.mouse.move(0, 0)
    assert not tip.is_visible()
    value.focus()
    assert tip.is_visible()
    value.click()
    page.locator("h1").first.hover()
    assert tip.is_visible()  # pinned
    page.keyboard.press("Escape")
    assert not tip.is_visible()


def test_one_control_plays_the_real_and_the_generated_video_in_step(page: Any) -> None:
    page.locator(".top nav").get_by_role("link", name="cals").click()
    assert page.locator("#leaderboard").is_hidden()
    duet = page.locator(".view:visible .duet").first
    assert duet.locator("video").count() == 2
    page.wait_for_function(
        "v => [...document.querySelectorAll('.view:not(.hidden) .duet video')].slice(0, 2).every(e => e.readyState > 1)"
    )
    duet.get_by_role("button", name="Play").click()
    page.wait_for_function("() => document.querySelector('.view:not(.hidden) .duet video').currentTime > 0.2")
    times = duet.locator("video").evaluate_all("v => v.map(e => e.currentTime)")
    assert abs(times[0] - times[1]) < 0.08
    assert float(duet.locator(".head line").first.get_attribute("x1")) > 0.1
    assert duet.locator("video").evaluate_all("v => v.map(e => e.muted)") == [True, False]
    duet.get_by_role("button", name="hear").click()
    assert duet.locator("video").evaluate_all("v => v.map(e => e.muted)") == [False, True]
    page.wait_for_function("() => document.querySelector('.view:not(.hidden) .duet video').paused", timeout=10_000)
    duet.get_by_role("button", name="Play").click()
    page.wait_for_function("() => document.querySelector('.view:not(.hidden) .duet video').currentTime > 0.05")
    duet.get_by_role("button", name="Play or pause").click()
    stopped = duet.locator("video").evaluate_all("v => v.map(e => [e.paused, e.ended])")
    assert stopped == [[True, False], [True, False]]
    duet.get_by_label("Position").fill("0.5")
    page.wait_for_timeout(300)
    times = duet.locator("video").evaluate_all("v => v.map(e => e.currentTime)")
    assert times == pytest.approx([0.5, 0.5], abs=0.05)


def test_a_system_shows_its_failures_traces_and_corruption_grid(page: Any) -> None:
    page.locator(".top nav").get_by_role("link", name="cals").click()
    text = page.locator(".view:visible").inner_text()
    for expected in (
        "<b>bad</b>",
        "no face in frame 3",
        "addresses",
        "reliability_video",
        "smallest at +0 frames",
        "slot",
    ):
        assert expected in text
    page.locator(".top nav").get_by_role("link", name="av", exact=True).click()
    matrix = page.locator(".view:visible .matrix").first
    assert matrix.locator("tbody th").all_inner_texts() == ["clean", "babble@0"]
    assert matrix.locator("thead th").all_inner_texts() == ["clean", "blur@3"]
    assert "<img src=x onerror=alert(1)>" in page.locator(".view:visible .words").first.inner_text()
    page.go_back()
    page.go_back()
    assert page.locator("#leaderboard").is_visible()


def test_the_scores_of_a_system_say_how_much_of_the_clips_was_measured(page: Any) -> None:
    for system, shares in (("cals", {"96.0 %", ""}), ("wav2lip", {"100.0 %"}), ("av", {""})):
        page.locator(".top nav").get_by_role("link", name=system, exact=True).click()
        rows = page.locator(".view:visible article", has=page.get_by_role("heading", name="Scores", exact=True))
        at = rows.locator("thead th").all_inner_texts().index("frames")
        cells = rows.locator(f"tbody tr td:nth-child({at + 1})").all_inner_texts()
        assert set(cells) == shares


def test_the_theme_follows_the_system_and_the_button(page: Any) -> None:
    colour = "() => getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(colour)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(colour)
    assert light != dark
    page.get_by_role("button", name="Switch between light and dark").click()
    assert page.evaluate(colour) == light


def test_the_page_fits_a_phone(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for link in ("Leaderboard", "cals"):
        page.locator(".top nav").get_by_role("link", name=link).click()
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
