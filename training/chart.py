"""Draw the curves of a training run as an SVG picture.

python -m training.chart --output DIR --picture docs/images/reader-training.svg
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 760, 300, 46, 34, 26
SMOOTH = 20
"""Log entries in a running mean."""

Points = list[tuple[float, float]]


class Curve(NamedTuple):
    """A line through points of (examples, value)."""

    name: str
    colour: str
    points: Points
    marked: bool = False


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, required=True, help="the folder that was trained in")
    parser.add_argument("--picture", type=Path, required=True)
    options = parser.parse_args()
    lines = (options.output / "log.jsonl").read_text(encoding="utf-8").splitlines()
    options.picture.write_text(draw([json.loads(line) for line in lines]), encoding="utf-8")


def draw(log: Sequence[dict[str, Any]]) -> str:
    """The picture: losses on the left scale 0 to 10, shares of held-out questions as marked points on 0 to 1."""
    log = _lasting(log)
    steps = [entry for entry in log if "span" in entry]
    judged = [entry for entry in log if "development" in entry]
    curves = [
        Curve("損失: スパン ÷10", "#1f5fa8", _smoothed([(e["examples"], e["span"] / 10) for e in steps])),
        Curve("損失: 関連度", "#2a8a5c", _smoothed([(e["examples"], e["relevance"]) for e in steps])),
        Curve("損失: 回答可能性", "#b06a10", _smoothed([(e["examples"], e["answerable"]) for e in steps])),
        Curve("検証 F1", "#a02050", [(e["examples"], e["development"]["f1"]) for e in judged], True),
        Curve(
            "検証 AUROC", "#6a3fa0", [(e["examples"], e["development"]["auroc_margin"]) for e in judged], True
        ),
    ]
    return _svg(curves, log[-1]["examples"])


def _lasting(log: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without the steps that were lost when a run was stopped after its last checkpoint."""
    kept: list[dict[str, Any]] = []
    for entry in log:
        while kept and kept[-1]["step"] > entry["step"]:
            kept.pop()
        kept.append(entry)
    return kept


def _smoothed(points: Points) -> Points:
    known = [(at, value) for at, value in points if not math.isnan(value)]  # 20 steps may teach no relevance
    return [
        (at, fmean(value for _, value in known[max(0, n - SMOOTH + 1) : n + 1]))
        for n, (at, _) in enumerate(known)
    ]


def _svg(curves: Sequence[Curve], most: float) -> str:
    body = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        'font-size="12" role="img"><title>読解モデルの学習曲線</title>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
    ]
    for tick in range(6):
        y = _y(tick / 5)
        body.append(f'<path d="M{LEFT} {y:.0f}H{WIDTH - 12}" stroke="#ddd"/>')
        body.append(f'<text x="{LEFT - 8}" y="{y + 4:.0f}" text-anchor="end">{tick / 5:.1f}</text>')
    every = 10 ** (len(str(int(most))) - 1) // 2
    for tick in range(0, int(most) + 1, every):
        x = _x(tick, most)
        body.append(f'<text x="{x:.0f}" y="{HEIGHT - 16}" text-anchor="middle">{tick:,}</text>')
    body.append(f'<text x="{WIDTH - 12}" y="{HEIGHT - 2}" text-anchor="end">学習した例</text>')
    for number, curve in enumerate(curves):
        places = [(_x(at, most), _y(min(1.0, value))) for at, value in curve.points]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        body.append(f'<polyline points="{line}" fill="none" stroke="{curve.colour}" stroke-width="1.6"/>')
        if curve.marked:
            body += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{curve.colour}"/>' for x, y in places]
        x = LEFT + 8 + number * 140
        body.append(f'<text x="{x}" y="16" fill="{curve.colour}">{curve.name}</text>')
    return "\n".join([*body, "</svg>", ""])


def _x(at: float, most: float) -> float:
    return LEFT + (WIDTH - 12 - LEFT) * at / most


def _y(value: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * value


if __name__ == "__main__":
    main()
