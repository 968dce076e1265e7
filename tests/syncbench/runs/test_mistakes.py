"""A stranger's mistakes: each is one line that names the package, the file and the line; the run goes on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from syncbench.runs import load_run

from .conftest import Command, Install, over

METRIC = """
from dataclasses import dataclass
from syncbench.measurement import Measurement, Ratios
from syncbench.metric import Metric, ScoreSpec

@dataclass(frozen=True)
class Own(Measurement):
    frames: int = 0
    def scores(self):
        return {"light": 1 / 0}

class Odd(Metric):
    name = "odd"
    inputs = frozenset({"video"})
    scores = (ScoreSpec("light", "Light", "", "higher", (0, None), False, "here", "how light it is"),)
"""
MEASURE = "    def measure(self, reference, output):\n        "
MEASURES = {
    "exception": (f"{MEASURE}raise KeyError('lamp')\n", r": KeyError: 'lamp' \(site\d+/stranger.py:17\)"),
    "type": (f"{MEASURE}return 0.5\n", " measured float, not the Ratios that it declares"),
    "misspelt": (
        f"{MEASURE}return Ratios({{'lihgt': (1.0, 1)}})\n",
        " gives a score 'lihgt' that it does not declare: it declares light",
    ),
    "scores": (
        f"    measurement = Own\n{MEASURE}return Own(3)\n",
        r": ZeroDivisionError: division by zero \(site\d+/stranger.py:10\)",
    ),
    "no feature": (f"{MEASURE}return output[7]\n", r": AttributeError: .* \(syncbench/feature.py:\d+\)"),
}


@pytest.mark.parametrize(("body", "reason"), MEASURES.values(), ids=MEASURES.keys())
def test_a_metric(install: Install, command: Command, films: Path, tmp_path: Path, body: str, reason: str) -> None:
    install(METRIC + body, metrics={"odd": "Odd"})
    done = command(*over(films, "reference", "odd,image_quality"), "--out", "run", "--fail-on", "5")
    run = load_run(tmp_path / "run")
    assert run.score("psnr").n == 4, "the others are measured"
    (failure,) = {f.reason for f in run.summary.failures if f.stage == "odd"}
    assert re.fullmatch(f"metric 'odd' of package stranger{reason}", failure), failure
    assert "Traceback" not in done.stderr
    assert run.score("light").reason.endswith(failure)


def test_debug_shows_where_it_was_raised(
    install: Install, command: Command, films: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNCBENCH_DEBUG", "")  # what --debug sets is taken back after the test
    install(METRIC + MEASURES["exception"][0], metrics={"odd": "Odd"})
    done = command("--debug", *over(films, "reference", "odd"), "--out", "run", "--fail-on", "5")
    assert "Traceback" in done.stderr
    assert "raise KeyError('lamp')" in done.stderr


MODEL = """
from syncbench.system import System

class Odd(System):
    task = "talking-face"
"""
RAISES = "    def __init__(self, setup, name):\n        raise ValueError('no lamp')\n"
MADE = {
    "raises": (MODEL + RAISES, r"model 'odd' of package stranger cannot be made: ValueError: no lamp \(.*:7\)"),
    "no class": ("def Odd(setup): ...\n", "model 'odd' of package stranger is no subclass of System"),
    "no task": (MODEL.replace("talking", "taking"), "unknown task 'taking-face': did you mean talking-face?"),
    "wants too much": (
        f"{MODEL}    inputs = frozenset({{'transcript'}})\n",
        r"model 'odd' wants transcript, which task 'talking-face' does not give \(landmarks, speech, video\)",
    ),
    "import": (
        "import nothing_here\n",
        r"model 'odd' of package stranger does not load \(stranger:Odd\): ModuleNotFoundError: No module .*",
    ),
}


@pytest.mark.parametrize(("source", "line"), MADE.values(), ids=MADE.keys())
def test_a_model_that_cannot_be_made(install: Install, command: Command, films: Path, source: str, line: str) -> None:
    install(source, models={"odd": "Odd"})
    done = command(*over(films, "odd"), "--out", "run")
    assert done.returncode == 2
    assert re.fullmatch(f"syncbench: {line.replace('?', chr(92) + '?')}\n", done.stderr), done.stderr


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (METRIC + RAISES.replace(", setup, name", ""), "cannot be made: ValueError: no lamp (site"),
        ("Odd = dict\n", "is of type dict, no Metric"),
    ],
)
def test_a_metric_that_cannot_be_made(install: Install, command: Command, films: Path, source: str, line: str) -> None:
    install(source, metrics={"odd": "Odd"})
    done = command(*over(films, "reference", "odd"), "--out", "run")
    assert done.returncode == 2
    assert done.stderr.startswith(f"syncbench: metric 'odd' of package stranger {line}")
    assert done.stderr.count("\n") == 1


def test_a_task_that_names_what_no_clip_has(install: Install, command: Command) -> None:
    install(
        "from syncbench.answer import Text\nfrom syncbench.task import Task\n"
        "ODD = Task('odd', 'reads minds', frozenset({'thoughts'}), (Text,))\n",
        tasks={"odd": "ODD"},
    )
    done = command("describe", "task", "odd")
    assert done.returncode == 2
    assert "task 'odd' of package stranger does not load" in done.stderr
    assert "names thoughts, which no clip has" in done.stderr


def test_a_name_that_is_taken_is_ignored_with_a_warning(install: Install, command: Command) -> None:
    install(METRIC, metrics={"lse": "Odd"})
    done = command("list", "metrics")
    assert "lse_c" in done.stdout
    assert "[of stranger]" not in done.stdout
    assert "metric 'lse' of package stranger is ignored: the name is taken" in done.stderr


def test_a_dataset_that_raises(install: Install, command: Command, films: Path) -> None:
    install(
        "from syncbench.dataset import Dataset\nclass Odd(Dataset):\n    name = title = 'odd'\n"
        "    def clips(self, root, split, limit=None, seed=0):\n        return root.nothing\nODD = Odd()\n",
        datasets={"odd": "ODD"},
    )
    done = command("run", "--model", "reference", "--dataset", "odd", "--root", str(films), "--out", "run")
    assert done.returncode == 2
    assert re.fullmatch(
        r"syncbench: dataset 'odd' of package stranger: AttributeError: .* \(site\d+/stranger.py:5\)\n", done.stderr
    )


def test_a_corruption_that_raises(install: Install, command: Command, films: Path, tmp_path: Path) -> None:
    install(
        "from syncbench.corruptions.corruption import Corruption\n"
        "ODD = Corruption('odd', 'visual', 'breaks', lambda scene, part, rng: scene.nothing)\n",
        corruptions={"odd": "ODD"},
    )
    command(*over(films, "avsr-video", "wer"), "--visual", "odd", "--out", "lips", "--fail-on", "5")
    (reason,) = {failure.reason for failure in load_run(tmp_path / "lips").summary.failures}
    assert re.fullmatch(r"corruption 'odd' of package stranger: AttributeError: .* \(site\d+/stranger.py:2\)", reason)
