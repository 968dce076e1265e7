"""What a request comes to: which families its metric names mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncbench.errors import CommandError
from syncbench.runs import Request
from syncbench.runs.plan import choose_metrics, plan

from .conftest import Install

GLOW = """
from syncbench import Metric, Ratios, ScoreSpec

SPEC = ScoreSpec("glow", "Glow", "", "higher", (0, 1), False, "here", "How bright it is.")


def glow(family, on_request):
    class Glow(Metric):
        inputs = frozenset({"video"})
        scores = (SPEC,)

        def measure(self, reference, output):
            return Ratios({"glow": (1, 1)})

    Glow.name, Glow.on_request = family, on_request
    return Glow


Warm, Cold = glow("glow-warm", True), glow("glow-cold", True)
Sun, Moon = glow("glow-sun", False), glow("glow-moon", False)
"""
RARE = {"glow-warm": "Warm", "glow-cold": "Cold"}
USUAL = {"glow-sun": "Sun", "glow-moon": "Moon"}


def chosen(films: Path, *metrics: str, model: str = "reference") -> list[str]:
    request = Request(model=model, dataset="folder", root=str(films), metrics=metrics)
    planned = plan(request)
    measured, unavailable = choose_metrics(request, planned.system, planned.task, planned.listing.usable)
    return [metric.name for metric in measured] + list(unavailable)


@pytest.mark.parametrize(
    ("metric", "model", "family"),
    [
        ("lse_c", "reference", "lse"),
        ("lse_d", "reference", "lse"),
        ("mouth_lmd", "reference", "landmark_distance"),
        ("wer", "avsr-audio", "word_error"),
        ("cer", "avsr-audio", "word_error"),
    ],
)
def test_a_score_means_its_default_family(films: Path, metric: str, model: str, family: str) -> None:
    assert chosen(films, metric, model=model) == [family]


def test_a_family_goes_by_its_own_name(films: Path) -> None:
    assert chosen(films, "lse-wav2lip-lrs") == ["lse-wav2lip-lrs"]
    assert chosen(films, "word_error-raw", model="avsr-audio") == ["word_error-raw"]
    assert chosen(films, "lse_c", "lse", "psnr") == ["lse", "image_quality"], "each family once, in the order of tables"


def test_a_score_of_several_families_none_of_them_default_is_asked_back(install: Install, films: Path) -> None:
    install(GLOW, metrics=RARE)
    with pytest.raises(CommandError, match="metric 'glow' is a score of glow-cold, glow-warm: name the family"):
        chosen(films, "glow")
    assert chosen(films, "glow-cold") == ["glow-cold"]


def test_a_score_of_one_family_alone_means_it_though_it_is_no_default(install: Install, films: Path) -> None:
    install(GLOW, metrics={"glow-warm": "Warm"})
    assert chosen(films, "glow") == ["glow-warm"]
    assert "glow-warm" not in chosen(films), "unasked it is not measured"


def test_the_default_family_is_meant_among_others_and_two_defaults_are_asked_back(
    install: Install, films: Path
) -> None:
    install(GLOW, metrics=RARE | {"glow-sun": "Sun"})
    assert chosen(films, "glow") == ["glow-sun"]
    install(GLOW, metrics=RARE | USUAL)
    with pytest.raises(CommandError, match="metric 'glow' is a score of glow-moon, glow-sun: name the family"):
        chosen(films, "glow")


def test_a_metric_of_another_task_is_refused(films: Path) -> None:
    with pytest.raises(CommandError, match="metric 'wer' measures transcript; 'reference' is a talking-face system"):
        chosen(films, "wer")
