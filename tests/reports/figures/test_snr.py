"""Error rates against noise."""

from __future__ import annotations

from pathlib import Path

from syncbench.reports.figures.drawing import WIDTHS, style
from syncbench.reports.figures.snr import snr

from ..conftest import MakeRun
from .kinds import drawn


def test_recognisers_get_error_rates_against_noise(make_run: MakeRun, tmp_path: Path) -> None:
    noisy = [(f"audio=babble@{snr},visual=clean", [4 - snr // 5, 3, 3]) for snr in (0, 5, 10)]
    run = make_run("av", [0, 1, 0], task="avsr", conditions=noisy)
    assert "snr" in drawn([run], tmp_path)
    blurred = [(condition.replace("visual=clean", "visual=blur@2"), values) for condition, values in noisy]
    both = make_run("lips $too$", [0, 1, 0], task="avsr", conditions=[*noisy, *blurred])
    with style():
        canvas = snr([run, both], WIDTHS["cvpr"])
        assert canvas is not None
        canvas.draw_without_rendering()
    assert [axis.get_title("left") for axis in canvas.axes] == ["video: clean", "video: blur@2"]
    assert [text.get_text() for text in canvas.axes[0].get_xticklabels()] == ["0", "5", "10", "clean"]
    lines = [[line for line in axis.lines if len(line.get_xdata()) == 3] for axis in canvas.axes]
    assert [len(found) for found in lines] == [2, 1]
    legend = canvas.legends[0].get_window_extent()
    assert canvas.bbox.x0 <= legend.x0 < legend.x1 <= canvas.bbox.x1, "nothing is cut off"
