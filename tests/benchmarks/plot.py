# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plot: seconds by number of services, both on logarithmic axes, cold beside repeated.

Text and axes take the colour of the text around the picture, or follow the reader's choice of light or dark where it is
a file of its own, and the lines have colours of middle lightness.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

from results import AGAIN, COLD, CONTENDERS, Measurement, Results

_COLOURS = dict(zip(CONTENDERS, ("#808080", "#2b8cbe", "#c4820e", "#d0503f"), strict=True))
_WIDTH, _HEIGHT, _LEFT, _TOP, _GAP, _BOTTOM = 330, 280, 56, 34, 80, 78


_READABLE = 640
"""The width in pixels below which its text is too small: on a telephone it rather scrolls."""

_ALONE = "<style>@media (prefers-color-scheme: dark) { svg { color: #ddd } }</style>"


class _Axis:
    """A logarithmic axis between two powers of ten."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        self.low = math.floor(math.log10(min(values)))
        self.high = max(math.ceil(math.log10(max(values))), self.low + 1)
        self._start, self._end = start, end

    def at(self, value: float) -> float:
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return self._start + share * (self._end - self._start)

    def ticks(self) -> list[float]:
        return [10.0**power for power in range(self.low, self.high + 1)]


def draw(results: Results, *, alone: bool = False) -> str:
    """The picture as SVG for a place in an HTML page, which must let it scroll sideways, or alone in a file."""
    plain = [each for each in results.measurements if not each.latency]
    width, height = _LEFT + 2 * _WIDTH + _GAP + 16, _TOP + _HEIGHT + _BOTTOM
    title = "Seconds over the number of services, for each way to provision them"
    style = "max-width: 100%" if alone else f"min-width: {_READABLE}px; max-width: 100%"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="{title}"'
        f' font-family="sans-serif" font-size="12" fill="currentColor" style="{style}">',
        f"<title>{title}</title>",
        *([_ALONE] if alone else []),
    ]
    seconds = [each.seconds for each in plain]
    for number, (phase, heading) in enumerate(((COLD, "First run"), (AGAIN, "Second run, unchanged"))):
        left = _LEFT + number * (_WIDTH + _GAP)
        across = _Axis(results.sizes, left, left + _WIDTH)
        up = _Axis(seconds, _TOP + _HEIGHT, _TOP)
        lines += _frame(across, up, left, heading)
        for contender in CONTENDERS:
            points = [each for each in plain if (each.contender, each.phase) == (contender, phase)]
            points.sort(key=lambda each: each.services)
            lines += _line(points, across, up, _COLOURS[contender])
    lines += _legend(height - 12)
    return "\n".join([*lines, "</svg>", ""])


def _frame(across: _Axis, up: _Axis, left: float, heading: str) -> Iterator[str]:
    bottom, middle = _TOP + _HEIGHT, left + _WIDTH / 2
    yield f'<text x="{middle}" y="{_TOP - 14}" text-anchor="middle" font-weight="bold">{heading}</text>'
    for value in across.ticks():
        x = f"{across.at(value):.1f}"
        yield f'<path d="M{x} {_TOP}V{bottom}" stroke="currentColor" stroke-opacity="0.2"/>'
        yield f'<text x="{x}" y="{bottom + 16}" text-anchor="middle">{value:,.0f}</text>'
    for value in up.ticks():
        y = f"{up.at(value):.1f}"
        yield f'<path d="M{left} {y}H{left + _WIDTH}" stroke="currentColor" stroke-opacity="0.2"/>'
        yield f'<text x="{left - 6}" y="{float(y) + 4:.1f}" text-anchor="end">{value:,.10g}</text>'
    yield f'<path d="M{left} {_TOP}V{bottom}H{left + _WIDTH}" fill="none" stroke="currentColor"/>'
    yield f'<text x="{middle}" y="{bottom + 34}" text-anchor="middle">services</text>'
    turned = f'transform="translate({left - 42} {_TOP + _HEIGHT / 2}) rotate(-90)"'
    yield f'<text {turned} text-anchor="middle">seconds</text>'


def _line(points: Sequence[Measurement], across: _Axis, up: _Axis, colour: str) -> Iterator[str]:
    """Dots are measured; to a projected one leads a dashed line."""
    places = [(across.at(each.services), up.at(each.seconds)) for each in points]
    for here, there, point in zip(places, places[1:], points[1:], strict=False):
        dashes = ' stroke-dasharray="5 4"' if point.projected else ""
        path = f"M{here[0]:.1f} {here[1]:.1f}L{there[0]:.1f} {there[1]:.1f}"
        yield f'<path d="{path}" stroke="{colour}" stroke-width="2"{dashes}/>'
    for (x, y), point in zip(places, points, strict=True):
        if not point.projected:
            services = "1 service" if point.services == 1 else f"{point.services:,} services"
            about = f"{point.contender}, {services}: {point.seconds:.2f} s"
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"><title>{escape(about)}</title></circle>'


def _legend(y: float) -> Iterator[str]:
    x = float(_LEFT)
    for contender in CONTENDERS:
        text = f"{contender} (dashed: projected)" if contender == CONTENDERS[-1] else contender
        yield f'<path d="M{x:.0f} {y - 4:.0f}h20" stroke="{_COLOURS[contender]}" stroke-width="3"/>'
        yield f'<text x="{x + 26:.0f}" y="{y:.0f}">{escape(text)}</text>'
        x += 50 + 6.6 * len(text)
