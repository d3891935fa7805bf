"""Two kinds of chart as SVG text: bars with intervals, and lines over logarithmic axes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

_COLOURS = ("#0b6e4f", "#8a8f98", "#c2571a", "#2563a8", "#7a3e9d", "#b8860b")
_STYLE = (
    'font-family="system-ui, sans-serif" font-size="13" style="background:#fff" role="img" '
    'xmlns="http://www.w3.org/2000/svg"'
)


class Bar(NamedTuple):
    """A value with its interval; an emphasised one is ours."""

    label: str
    value: float
    low: float
    high: float
    emphasised: bool = False


def bars(title: str, rows: Sequence[Bar], low: float, high: float) -> str:
    """Horizontal bars over the scale from `low` to `high`."""
    left, width, step = 190, 430, 24
    height = 60 + step * len(rows)

    def x(value: float) -> float:
        return left + width * (min(max(value, low), high) - low) / (high - low)

    body = [f'<text x="12" y="24" font-weight="bold">{escape(title)}</text>']
    for tick in range(5):
        at = low + (high - low) * tick / 4
        body.append(f'<line x1="{x(at):.1f}" x2="{x(at):.1f}" y1="36" y2="{height - 18}" stroke="#ddd"/>')
        body.append(
            f'<text x="{x(at):.1f}" y="{height - 4}" text-anchor="middle" fill="#555">{at:.2f}</text>'
        )
    for number, row in enumerate(rows):
        y, middle = 40 + step * number, 40 + step * number + 9
        colour, weight = (_COLOURS[0], "bold") if row.emphasised else (_COLOURS[1], "normal")
        body += [
            f'<text x="{left - 8}" y="{y + 13}" text-anchor="end" font-weight="{weight}">{escape(row.label)}</text>',
            f'<rect x="{left}" y="{y}" width="{x(row.value) - left:.1f}" height="18" fill="{colour}"/>',
            f'<line x1="{x(row.low):.1f}" x2="{x(row.high):.1f}" y1="{middle}" y2="{middle}" stroke="#222"/>',
            f'<text x="{left + width + 8}" y="{y + 13}" font-weight="{weight}">{row.value:.3f}</text>',
        ]
    return _svg(left + width + 60, height, title, body)


Points = Sequence[tuple[float, float]]


def lines(title: str, series: Mapping[str, Points], x_label: str, y_label: str) -> str:
    """Lines through points (x, y), both axes logarithmic, with a legend."""
    every = [point for points in series.values() for point in points]
    x_axis = _Axis.around([x for x, _ in every], 70, 470)
    y_axis = _Axis.around([y for _, y in every], 310, 44)
    body = [f'<text x="12" y="24" font-weight="bold">{escape(title)}</text>']
    for tick in x_axis.ticks:
        at = x_axis(tick)
        body.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="44" y2="310" stroke="#e5e5e5"/>')
        body.append(f'<text x="{at:.1f}" y="328" text-anchor="middle" fill="#555">{tick:,.0f}</text>')
    for tick in y_axis.ticks:
        at = y_axis(tick)
        body.append(f'<line x1="70" x2="470" y1="{at:.1f}" y2="{at:.1f}" stroke="#e5e5e5"/>')
        body.append(f'<text x="62" y="{at + 4:.1f}" text-anchor="end" fill="#555">{tick:g}</text>')
    for number, (name, points) in enumerate(series.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        path = " ".join(f"{x_axis(x):.1f},{y_axis(y):.1f}" for x, y in points)
        body.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        body += [
            f'<circle cx="{x_axis(x):.1f}" cy="{y_axis(y):.1f}" r="3.5" fill="{colour}"/>' for x, y in points
        ]
        body.append(f'<rect x="490" y="{50 + 22 * number}" width="12" height="12" fill="{colour}"/>')
        body.append(f'<text x="508" y="{61 + 22 * number}">{escape(name)}</text>')
    body.append(f'<text x="270" y="350" text-anchor="middle" fill="#555">{escape(x_label)}</text>')
    body.append(f'<text x="490" y="308" fill="#555">{escape(y_label)}</text>')
    return _svg(760, 362, title, body)


class _Axis(NamedTuple):
    """Powers of ten from `first` to `last`, drawn between two places."""

    first: int
    last: int
    begin: float
    end: float

    @classmethod
    def around(cls, values: Sequence[float], begin: float, end: float) -> _Axis:
        positive = [value for value in values if value > 0] or [1.0]
        first, last = math.floor(math.log10(min(positive))), math.ceil(math.log10(max(positive)))
        return cls(first, max(last, first + 1), begin, end)

    def __call__(self, value: float) -> float:
        share = (math.log10(max(value, 10.0**self.first)) - self.first) / (self.last - self.first)
        return self.begin + (self.end - self.begin) * share

    @property
    def ticks(self) -> list[float]:
        return [10.0**power for power in range(self.first, self.last + 1)]


def _svg(width: float, height: float, title: str, body: Sequence[str]) -> str:
    opening = f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" aria-label="{escape(title)}" {_STYLE}>'
    return "\n".join([opening, *body, "</svg>", ""])
