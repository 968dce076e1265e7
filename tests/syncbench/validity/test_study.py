"""The study finds responses that are known, and says plainly where there are none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from syncbench import registry
from syncbench.clip import Clip
from syncbench.errors import CommandError
from syncbench.validity.faults import LADDERS
from syncbench.validity.response import line, verdict
from syncbench.validity.study import study


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    """The first 0.6 seconds of two synthetic speakers."""
    found = registry.dataset("synthetic").clips(None, "test", 2, 0)
    return [
        replace(clip, video=replace(clip.video, end=0.6), speech=replace(clip.speech, end=0.6))
        for clip in found
        if isinstance(clip, Clip) and clip.video and clip.speech
    ]


def test_study_measures_what_is_known(clips: list[Clip]) -> None:
    done: list[tuple[int, int]] = []
    found = study(["image_quality"], clips, 0, 1, lambda *progress: done.append(progress))
    assert done == [(1, 2), (2, 2)]
    responses = {(r.score, r.ladder): r for r in found}
    assert len(responses) == 2 * (len(LADDERS) - 1), "a smaller video has no pixels to compare with"
    noise = responses["psnr", "noise"]
    assert noise.tau == pytest.approx(-1)
    assert noise.smallest == LADDERS[6].levels[1]
    assert noise.clips == 2
    assert noise.settings.startswith("colour=rgb, region=frame")
    assert verdict(noise) == "holds"
    shift = responses["psnr", "audio_shift"]
    assert (shift.tau, shift.smallest) == (0, None)
    assert "must not care" in line(shift)


def test_a_face_to_borrow_and_a_metric_that_can_run_are_needed(
    clips: list[Clip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("SYNCBENCH_WEIGHTS", "XDG_DATA_HOME", "TORCH_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    with pytest.raises(CommandError, match="at least two speakers"):
        study(["image_quality"], clips[:1], 0, 1)
    with pytest.raises(CommandError, match="none of these metrics can run"):
        study(["fid"], clips, 0, 1)
