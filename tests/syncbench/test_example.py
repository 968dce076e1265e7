"""The example plugin: a task of its own, video-to-speech, without a line of SyncBench changed."""

from __future__ import annotations

import doctest
import importlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncbench import registry
from syncbench.runs import load_run

from ..conftest import Command

ROOT = Path(__file__).parents[2]
RUN = ["run", "--dataset", "interviews", "--workers", "1", "--visual", "clean,stripes@0.3"]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plugin as ``syncbench example`` writes it."""
    folder = tmp_path_factory.mktemp("example") / "mine"
    subprocess.run([sys.executable, "-P", "-m", "syncbench", "example", str(folder)], check=True)
    return folder


@pytest.fixture(scope="module")
def site(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the plugin is installed in."""
    folder = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", "install", "--no-deps"]
    subprocess.run([*pip, "--no-build-isolation", "--target", str(folder), str(package)], check=True)
    return folder


@pytest.fixture(scope="module")
def interviews(tmp_path_factory: pytest.TempPathFactory, lrs2_grid: Path) -> Path:
    """Six real clips of two speakers, as the plugin's dataset wants them; one has no transcript."""
    folder = tmp_path_factory.mktemp("interviews")
    for i, name in enumerate((lrs2_grid / "test.txt").read_text().split()[:6]):
        place = folder / ("ana", "ben")[i % 2]
        place.mkdir(exist_ok=True)
        shutil.copyfile(lrs2_grid / "mvlrs_v1/main" / f"{name}.mp4", place / f"{i}.mp4")
        if i != 5:
            (place / f"{i}.txt").write_text("bin blue at f two now\n")
    return folder


@pytest.fixture
def example(site: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[Command]:
    """The command line with the plugin installed."""
    monkeypatch.syspath_prepend(str(site))
    registry.forget()
    yield command
    registry.forget()


def test_a_task_with_anchors_runs_reports_compares_and_is_gated(
    example: Command, interviews: Path, tmp_path: Path
) -> None:
    asked = [*RUN, "--root", str(interviews), "--fail-on", "2"]
    done = example(*asked, "--model", "hum", "--out", "hum")
    assert done.returncode == 0, done.stderr
    for said in ("hum", "real-speech (real speech)", "silence (no speech at all)", "LSD", "LSE-C", "stripes@0.3"):
        assert said in done.stdout
    run = load_run(tmp_path / "hum")
    assert next(f.reason for f in run.summary.failures if f.clip == "ben/5") == "5.txt is not there"
    assert run.score("distance_low").value > 0
    assert load_run(tmp_path / "hum/anchors/real-speech").score("spectral_distance").value == 0
    assert run.score("lse_c").n == 5, "sync is measured on the kept video and the answered speech"

    assert example("report", "hum", "--out", "report").returncode == 0
    page = (tmp_path / "report/index.html").read_text()
    assert "Where speech differs, by band" in page
    assert (tmp_path / "report/figures/bands.pdf").is_file()
    assert len(list((tmp_path / "report/media").glob("*.mp4"))) > 5, "real and made"
    board = (tmp_path / "report/leaderboard.md").read_text()
    assert "LSD under corruption" in board

    assert example(*asked, "--model", "hum", "--option", "pitch=3500", "--out", "high", "--alone").returncode == 0
    told = json.loads(example("compare", "hum", "high", "--json").stdout)
    changed = {d["name"]: d["difference"] for d in told["differences"] if not d["condition"]}
    assert changed["distance_low"] < 0 < changed["distance_high"]

    (tmp_path / "gate.toml").write_text("min_clips = 2\nunseen = 9\n[scores.spectral_distance]\nabsolute = 5\n")
    gated = example("gate", "high", "--against", "hum", "--policy", "gate.toml", "--json")
    assert {v["outcome"] for v in json.loads(gated.stdout)["verdicts"]} == {"pass"}
    assert gated.returncode == 0
    assert example("verify", "hum").returncode == 0


def test_what_is_wrong_is_told_in_a_line(example: Command, interviews: Path) -> None:
    asked = ["run", "--model", "hum", "--dataset", "interviews", "--root", str(interviews), "--out", "x"]
    done = example(*asked, "--option", "pich=9")
    assert (done.returncode, done.stderr) == (
        2,
        "syncbench: unknown option 'pich' of model 'hum': did you mean pitch?\n",
    )
    done = example(*asked, "--option", "pitch=low")
    assert done.returncode == 2
    assert done.stderr.startswith("syncbench: --option pitch=low of model 'hum': ")
    done = example(*asked, "--metrics", "wer")
    assert done.returncode == 2
    assert "'hum' is a video-to-speech system" in done.stderr


def test_lists_name_the_package(example: Command) -> None:
    assert "video-to-speech          say what silent lips say [of syncbench-example]" in example("list", "tasks").stdout
    assert "anchors: real-speech (real speech), silence" in example("describe", "task", "video-to-speech").stdout
    assert "Gray & Markel 1976" in example("describe", "metric", "spectral_distance").stdout
    assert "share, 0 to 1" in example("describe", "corruption", "stripes").stdout


def test_examples_in_its_docstrings_hold(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(site))
    module = importlib.import_module("syncbench_example.metric")
    assert doctest.testmod(module, extraglobs={"np": importlib.import_module("numpy")}).failed == 0


def test_the_documentation_shows_the_package_as_it_is(package: Path) -> None:
    page = (ROOT / "docs/plugins.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r"```(?:python|toml)\n# (\S+)\n(.*?)```", page, flags=re.S))
    written = {p.name: p.read_text(encoding="utf-8") for p in package.rglob("*.*") if p.suffix in (".py", ".toml")}
    written.pop("__init__.py")
    assert shown == written


def test_the_example_is_not_written_over(package: Path, command: Command) -> None:
    done = command("example", str(package))
    assert (done.returncode, done.stderr) == (2, f"syncbench: {package} is there already: name a new folder\n")
