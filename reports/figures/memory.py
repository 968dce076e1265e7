"""What an audio-lip memory holds, drawn: slots by phone, the mouths of slots, and mouths from one slot to another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from syncbench.phonetics.inventory import PHONES, viseme, viseme_classes
from syncbench.reports.figures.colours import FLOOR
from syncbench.reports.tables.titles import system_title
from syncbench.reports.text import figure_text
from syncbench.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

__all__ = ["interpolation", "slot_gallery", "slots_by_phone"]

_FAMILY = "memory_slots"
_ACROSS = 7
_MOST = 48
_EDGE = 0.06


def _addressed(run: Run) -> NDArray[np.float64] | None:
    """Return the summed addresses ``[P, S]`` of a run without corruption; None where it has none."""
    if _FAMILY not in run.manifest.metrics:
        return None
    table = np.asarray(getattr(run.totals(_FAMILY, run.conditions[0]), "addressed", 0.0), dtype=np.float64)
    return table if table.ndim == 2 and table.any() else None


def _classes() -> tuple[list[str], list[str]]:
    """Return the phones' symbols and their viseme classes, in the order of the inventory."""
    return [symbol or "sil." for symbol in PHONES], [viseme(symbol) for symbol in PHONES]


def _by_class(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how to sort phones, given by their rows in the inventory: by class, lips closed first."""
    order = list(viseme_classes())
    classes = _classes()[1]
    return np.lexsort((rows, np.array([order.index(classes[row]) for row in rows])))


def slots_by_phone(run: Run, width: float) -> Canvas | None:
    """Draw the mean address [P, S] of each phone, phones by class, the most used slots."""
    from matplotlib import pyplot as plt

    table = _addressed(run)
    if table is None:
        return None
    said = np.flatnonzero(table.sum(axis=1))
    said = said[_by_class(said)]
    shares = table[said] / table[said].sum(axis=1, keepdims=True)
    used = np.argsort(-shares.sum(axis=0), kind="stable")[:_MOST]
    used = used[shares[:, used].any(axis=0)]
    used = used[np.argsort(shares[:, used].argmax(axis=0), kind="stable")]  # slots in the order of their phones
    symbols, classes = _classes()
    canvas, axis = plt.subplots(figsize=(width, max(0.6 * width, 0.3 + 0.085 * len(said))))
    image = axis.imshow(shares[:, used], aspect="auto", interpolation="nearest")
    axis.grid(visible=False)
    axis.set_yticks(range(len(said)), [symbols[i] for i in said], fontsize=5)
    axis.tick_params(axis="y", length=0)
    for place, row in enumerate(said[1:], start=1):
        if classes[row] != classes[said[place - 1]]:
            axis.axhline(place - 0.5, color="white", linewidth=0.5)
    axis.set_xlabel(f"{len(used)} most used of {table.shape[1]} slots, by phone")
    axis.set_title(figure_text(system_title(run)))
    canvas.colorbar(image, ax=axis, label="mean address")
    return canvas


def slot_gallery(run: Run, width: float) -> Canvas | None:
    """Draw the mouth of every slot in use, with the phone that the slot is most of, by class of phone."""
    from matplotlib import pyplot as plt

    from syncbench.metrics.memory_slots import slot_shares, used_slots

    table, shown = _addressed(run), _probed(run, "slots")
    if table is None or shown is None or len(shown[1]["slots"]) != table.shape[1]:
        return None
    pictures = shown[1]["slots"]
    shares = slot_shares(table)
    used = used_slots(table)
    used = used[_by_class(shares[:, used].argmax(axis=0))]
    symbols, classes = _classes()
    down = -(-len(used) // _ACROSS)
    tall = pictures.shape[1] / pictures.shape[2]  # of a picture that is 1 wide
    pitch = tall + 0.42  # with the phone below it and the class above
    canvas, axis = plt.subplots(figsize=(width, 0.25 + (width - 0.1) * down * pitch / (_ACROSS + _EDGE)))
    for place, slot in enumerate(used):
        x, y = place % _ACROSS, place // _ACROSS * pitch
        row = int(shares[:, slot].argmax())
        _picture(axis, pictures[slot], x, y, tall)
        axis.text(x, y + tall + 0.03, symbols[row], ha="left", va="top", fontsize=5.5)
        share = f"{100 * shares[row, slot]:.0f} %"
        axis.text(x + 1 - _EDGE, y + tall + 0.04, share, ha="right", va="top", fontsize=4.2, color="#5b6270")
        before = int(shares[:, used[place - 1]].argmax()) if place % _ACROSS else -1
        if before < 0 or classes[before] != classes[row]:
            axis.text(x, y - 0.04, classes[row], ha="left", va="bottom", fontsize=4.6, color="#5b6270")
    axis.set_xlim(0, _ACROSS - _EDGE)
    axis.set_ylim(down * pitch - 0.2, -0.2)
    axis.set_axis_off()
    title = f"{system_title(run)}: {len(used)} of {table.shape[1]} slots in use"
    axis.set_title(figure_text(title))
    even = 100 / np.count_nonzero(table.sum(axis=1))
    axis.set_title(
        f"of all phones alike: {even:.0f} %", loc="right", fontsize=4.6, fontweight="normal", color="#5b6270"
    )
    return canvas


def interpolation(run: Run, width: float) -> Canvas | None:
    """Draw mouths from one slot to another, and below them how far the mouth is open along this and other blends."""
    from matplotlib import pyplot as plt

    from syncbench.metrics.memory_slots import monotonicity

    shown = _probed(run, "blend", "blend_slots", "blend_opening")
    if shown is None:
        return None
    arrays = shown[1]
    pictures, opening = arrays["blend"], arrays["blend_opening"]
    count = len(pictures)
    tall = pictures.shape[1] / pictures.shape[2]
    strip = (width - 0.5) / count * tall
    canvas, (top, axis) = plt.subplots(
        2, 1, sharex=True, figsize=(width, strip + 0.42 * width), height_ratios=[strip, 0.42 * width - 0.45]
    )
    for place, picture in enumerate(pictures):
        _picture(top, picture, place - 0.5 + _EDGE / 2, 0, tall)
    top.set_ylim(tall, 0)
    top.set_axis_off()
    top.set_title(figure_text(system_title(run)))
    for others in opening[1:]:
        axis.plot(range(count), others, color=FLOOR, linewidth=0.7)
    axis.plot(range(count), opening[0], color="C0", marker="o")
    first, second = arrays["blend_slots"][0].tolist()
    axis.set_xlim(-0.5, count - 0.5)
    ends = [f"slot {first}", *[""] * (count - 2), f"slot {second}"]
    axis.set_xticks(range(count), ends)
    axis.set_ylim(bottom=0)
    axis.set_ylabel("mouth opening")
    said = f"rank correlation {monotonicity(opening[:1]):.2f}"
    if len(opening) > 1:
        said += f"; mean of {len(opening)} pairs {monotonicity(opening):.2f}"
    axis.set_xlabel(said)
    return canvas


def _probed(run: Run, *names: str) -> tuple[str, dict[str, NDArray[Any]]] | None:
    """Return clip and arrays of the first probe that has all ``names``."""
    return next((found for found in run.probes().items() if set(names) <= set(found[1])), None)


def _picture(axis: Axes, picture: NDArray[np.uint8], x: float, y: float, tall: float) -> None:
    axis.imshow(picture, extent=(x, x + 1 - _EDGE, y + tall * (1 - _EDGE), y), aspect="auto", interpolation="bilinear")
