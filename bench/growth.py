"""Draw how costs grow: with routes, statements, keys, workers and clients, as bench.micro measures them.

    python -m bench.growth [RESULT]

Reads a result of bench.micro, or makes a new one, and writes an SVG for each part to bench/plots/. Both axes are
logarithmic: a flat line costs the same at any size, one that climbs a decade with each decade grows with it.
"""

import json
import math
import subprocess
import sys
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

from bench.results import RESULTS

PLOTS: Final = Path(__file__).parent / "plots"
TITLES: Final = {
    "policy": ("Policy decisions", "statements"),
    "routing": ("Routing", "routes"),
    "tokens": ("RS256 tokens", "keys in the set"),
    "workers": ("A call, all processes", "workers"),
    "connections": ("A call", "clients at one time"),
}
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 640, 360, 70, 40, 200, 50
COLOURS: Final = ("#1b6ca8", "#c1502e", "#3a7d44", "#6b4c9a", "#8a6d1f", "#5a5a5a")
NOT_DRAWN: Final = ("cedarpy, deny", "casbin, deny")  # as dear to them as what they allow

Line = tuple[str, list[tuple[float, float]]]


def main() -> int:
    """Draw every part that grows."""
    if len(sys.argv) > 1:
        source = Path(sys.argv[1])
    else:
        subprocess.run(
            [sys.executable, "-m", "bench.micro", "--only", ",".join(TITLES), "--name", "growth"], check=True
        )
        source = max(RESULTS.glob("*-growth*.json"), key=lambda path: path.stat().st_mtime)
    report = json.loads(source.read_text())
    PLOTS.mkdir(exist_ok=True)
    for part, (title, unit) in TITLES.items():
        if part in report["parts"]:
            path = PLOTS / f"{part}.svg"
            path.write_text(
                draw(f"{title}: CPU µs by {unit} ({report['taken_at'][:10]})", _lines(report["parts"][part]))
            )
            print(path)
    return 0


def _lines(rows: Iterable[dict[str, Any]]) -> list[Line]:
    lines: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        if row["name"] in NOT_DRAWN:
            continue
        lines.setdefault(row["name"], []).append((row["size"], row["us_min"]))
    return list(lines.items())


def draw(title: str, lines: Sequence[Line]) -> str:
    """An SVG of lines over logarithmic axes, which span whole decades."""
    across = _decades([x for _, points in lines for x, _ in points])
    upward = _decades([y for _, points in lines for _, y in points])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" ',
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="24" font-size="15">{escape(title)}</text>',
    ]
    for decade in range(across[0], across[1] + 1):
        x = _place(decade, across, LEFT, WIDTH - RIGHT)
        parts.append(f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{10**decade:,}</text>')
    for decade in range(upward[0], upward[1] + 1):
        y = _place(decade, upward, HEIGHT - BOTTOM, TOP)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{10.0**decade:g}</text>')
    for number, (name, points) in enumerate(lines):
        colour = COLOURS[number % len(COLOURS)]
        places = [
            (
                _place(math.log10(x), across, LEFT, WIDTH - RIGHT),
                _place(math.log10(y), upward, HEIGHT - BOTTOM, TOP),
            )
            for x, y in points
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        at = TOP + 16 + 20 * number
        parts.append(f'<text x="{WIDTH - RIGHT + 12}" y="{at}" fill="{colour}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _decades(values: Sequence[float]) -> tuple[int, int]:
    """The powers of ten that enclose the values, one apart at least."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def _place(exponent: float, span: tuple[int, int], start: float, end: float) -> float:
    return start + (end - start) * (exponent - span[0]) / (span[1] - span[0])


if __name__ == "__main__":
    sys.exit(main())
