"""Small inline pictures for the page: numbers in, SVG out. Colours come from the page's style sheet by class.

Every text goes through ``markupsafe.escape``; every number is formatted here, so no stranger's text reaches an attribute.
"""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

__all__ = ["curve", "heat_map", "histogram", "interval_bar", "picture", "shift_plot", "waveform"]

Numbers = NDArray[np.floating[Any]]


def interval_bar(
    value: float, interval: tuple[float, float] | None, span: tuple[float, float], real: float | None
) -> Markup:
    """Return a dot with its interval on the column's scale ``span``; a tick where the real video lies."""
    low, high = span
    width = high - low or 1.0

    def x(at: float) -> str:
        return f"{4 + 92 * min(1.0, max(0.0, (at - low) / width)):.2f}"

    parts = [Markup('<line class="track" x1="4" x2="96" y1="6" y2="6"/>')]
    if real is not None:
        parts.append(Markup(f'<line class="real" x1="{x(real)}" x2="{x(real)}" y1="1" y2="11"/>'))
    if interval is not None:
        parts.append(Markup(f'<line class="range" x1="{x(interval[0])}" x2="{x(interval[1])}" y1="6" y2="6"/>'))
    parts.append(Markup(f'<circle class="dot" cx="{x(value)}" cy="6" r="2.6"/>'))
    return _svg("bar", 100, 12, parts, "")


def histogram(values: Numbers, title: str, bins: int = 24) -> Markup:
    """Return the distribution of finite ``values`` [n], with a tick at their median."""
    finite = np.asarray(values, dtype=float)
    finite = finite[np.isfinite(finite)]
    if not finite.size:
        return Markup("")
    counts, edges = np.histogram(finite, bins=bins)
    low, high = float(edges[0]), float(edges[-1])
    top = max(1, int(counts.max()))
    parts = [
        Markup(f'<rect class="column" x="{i * 240 / bins + 0.5:.2f}" width="{240 / bins - 1:.2f}" ')
        + Markup(f'y="{70 - 64 * count / top:.2f}" height="{64 * count / top:.2f}"/>')
        for i, count in enumerate(counts)
        if count
    ]
    middle = 240 * (float(np.median(finite)) - low) / (high - low or 1.0)
    parts.append(Markup(f'<line class="median" x1="{middle:.2f}" x2="{middle:.2f}" y1="2" y2="70"/>'))
    parts.append(Markup('<line class="axis" x1="0" x2="240" y1="70" y2="70"/>'))
    parts.append(Markup(f'<text x="0" y="84">{low:.4g}</text><text x="240" y="84" text-anchor="end">{high:.4g}</text>'))
    return _svg("histogram", 240, 88, parts, f"{title}: {finite.size} clips, median {np.median(finite):.4g}")


def curve(values: Numbers, title: str, kind: str = "curve") -> Markup:
    """Return ``values`` [n] over the clip's time as a line that fills its box; NaN breaks the line."""
    series = np.asarray(values, dtype=float).ravel()
    series = series[:: max(1, len(series) // 600)]
    finite = series[np.isfinite(series)]
    if finite.size < 2:
        return Markup("")
    low, high = float(finite.min()), float(finite.max())
    scale = 44 / (high - low or 1.0)
    step = 600 / (len(series) - 1)
    path, pen = [], "M"
    for i, value in enumerate(series):
        if not np.isfinite(value):
            pen = "M"
            continue
        path.append(f"{pen}{i * step:.1f} {47 - (value - low) * scale:.1f}")
        pen = "L"
    parts = [Markup(f'<path class="line" d="{"".join(path)}"/>')]
    if low < 0 < high:
        zero = 47 + low * scale
        parts.insert(0, Markup(f'<line class="axis" x1="0" x2="600" y1="{zero:.1f}" y2="{zero:.1f}"/>'))
    return _svg(kind, 600, 50, parts, f"{title}: from {low:.4g} to {high:.4g}", stretch=True)


def shift_plot(offsets: NDArray[Any], distances: Numbers) -> Markup:
    """Return the mean distance at each offset [n] in frames, its minimum marked."""
    order = np.argsort(offsets)
    x, y = np.asarray(offsets, dtype=float)[order], np.asarray(distances, dtype=float)[order]
    keep = np.isfinite(y)
    x, y = x[keep], y[keep]
    if len(x) < 2:
        return Markup("")
    low, high = float(y.min()), float(y.max())
    across = 8 + 304 * (x - x[0]) / (x[-1] - x[0])
    down = 52 - 44 * (y - low) / (high - low or 1.0)
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(across, down, strict=True))
    best = int(np.argmin(y))
    middle = 8 + 304 * (0 - x[0]) / (x[-1] - x[0])
    parts = [
        Markup(f'<line class="axis" x1="{middle:.1f}" x2="{middle:.1f}" y1="4" y2="56"/>'),
        Markup(f'<polyline class="line" points="{points}"/>'),
        Markup(f'<circle class="dot" cx="{across[best]:.1f}" cy="{down[best]:.1f}" r="3.5"/>'),
        Markup(f'<text x="8" y="70">{x[0]:.0f}</text><text x="{middle:.1f}" y="70" text-anchor="middle">0</text>'),
        Markup(f'<text x="312" y="70" text-anchor="end">{x[-1]:.0f} frames</text>'),
    ]
    return _svg("shift", 320, 74, parts, f"mean distance by offset, smallest at {x[best]:.0f} frames")


def waveform(speech: Numbers, bars: int = 300) -> Markup:
    """Return the speech [N] as its peaks over time."""
    if not len(speech):
        return Markup("")
    peaks = [
        float(np.abs(part).max(initial=0.0)) for part in np.array_split(np.asarray(speech), min(bars, len(speech)))
    ]
    top = max(*peaks, 1e-3) if len(peaks) > 1 else 1.0
    step = 600 / len(peaks)
    path = "".join(
        f"M{(i + 0.5) * step:.1f} {25 - 24 * p / top:.1f}V{25 + 24 * p / top:.1f}" for i, p in enumerate(peaks)
    )
    return _svg("waveform", 600, 50, [Markup(f'<path class="wave" d="{path}"/>')], "speech waveform", stretch=True)


def picture(frame: NDArray[np.uint8], width: int = 96) -> str:
    """Return a frame [H, W, 3] as a data address of a small JPEG."""
    from PIL import Image

    image = Image.fromarray(frame)
    image.thumbnail((width, width))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode('ascii')}"


def heat_map(values: NDArray[Any], title: str) -> Markup:
    """Return ``values`` [T, K] as a picture with time from left to right (viridis: readable without colour vision)."""
    from matplotlib import colormaps
    from matplotlib.image import imsave

    grid = np.asarray(values, dtype=float).T[:, :2000]
    grid = grid[:: max(1, len(grid) // 400)]
    finite = grid[np.isfinite(grid)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    scaled = np.nan_to_num((grid - low) / (high - low or 1.0))
    out = io.BytesIO()
    imsave(out, colormaps["viridis"](scaled), format="png", metadata={"Software": ""})
    data = base64.b64encode(out.getvalue()).decode("ascii")
    text = escape(
        f"{title}: {grid.shape[1]} frames across, {np.asarray(values).shape[1]} rows, from {low:.3g} to {high:.3g}"
    )
    return Markup(f'<img class="heat" alt="{text}" title="{text}" src="data:image/png;base64,{data}">')


def _svg(kind: str, width: int, height: int, parts: list[Markup], title: str, *, stretch: bool = False) -> Markup:
    label = Markup(' role="img" aria-label="{}"').format(title) if title else Markup(' aria-hidden="true"')
    ratio = ' preserveAspectRatio="none"' if stretch else ""
    head = Markup(f'<svg class="{escape(kind)}" viewBox="0 0 {width} {height}"{ratio}') + label + Markup(">")
    named = Markup("<title>{}</title>").format(title) if title else Markup("")
    return head + named + Markup("").join(parts) + Markup("</svg>")
