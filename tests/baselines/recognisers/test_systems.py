"""The recognisers as systems: their options, and the bundled weights on real clips."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncbench.clip import Clip
from syncbench.errors import CommandError, Unavailable
from syncbench.media import clip_frames
from syncbench.statistics.words import align_words

from ..asking import answer, system


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"weights": "absent.safetensors"}, Unavailable, r"no weights at absent\.safetensors"),
        ({"beem": "3"}, CommandError, "did you mean beam"),
        ({"beam": "0"}, CommandError, "--option beam=0 of model 'avsr-audio': .*greater than or equal to 1"),
        ({"decode": "gready"}, CommandError, "--option decode=gready .*'beam' or 'greedy'"),
        ({"lm-weight": "much"}, CommandError, "--option lm-weight=much .*valid number"),
        ({"lm": "absent.txt"}, CommandError, r"absent\.txt"),
    ],
)
def test_bad_options_are_one_clear_line(options: dict[str, str], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words) as said:
        system("avsr-audio", **options)
    assert "\n" not in str(said.value)


def test_weights_of_another_recogniser_are_refused() -> None:
    from syncbench.baselines.recognisers import systems

    file = Path(systems.__file__).with_name("video.safetensors")
    with pytest.raises(CommandError, match="holds weights of 'video', not of 'audio'"):
        system("avsr-audio", weights=str(file))


@pytest.mark.parametrize(
    ("name", "bound"),
    [("avsr-audio", 0.2), ("avsr-video", 0.4), ("avsr-av", 0.2), ("vcafe", 0.2), ("av-relscore", 0.2)],
)
def test_bundled_weights_recognise_real_clips(grid_clips: list[Clip], name: str, bound: float) -> None:
    asked = system(name, beam="4")
    errors = words = 0
    for clip in grid_clips:
        found = answer(asked, clip)
        spoken = (clip.transcript or "").split()
        errors += sum(letter != "C" for letter in align_words(spoken, found.text.split()))
        words += len(spoken)
        assert set(found.traces) == asked.traces
        for trace in found.traces.values():
            assert trace.shape == (len(clip_frames(clip)),)
            assert 0 <= trace.min() <= trace.max() <= 1
    assert errors / words < bound
