"""Lines over time as an SVG, a small picture for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT, MARGIN, COLUMNS = 380, 120, 30, 2


def lines(at: Sequence[float], values: Mapping[str, Sequence[float]]) -> str:
    """One picture a series, each from 0 to its own highest value; ``at`` are seconds."""
    rows = -(-len(values) // COLUMNS)
    pictures = [
        _picture(name, at, series, n % COLUMNS * WIDTH, n // COLUMNS * HEIGHT)
        for n, (name, series) in enumerate(values.items())
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{COLUMNS * WIDTH}" '
        f'height="{rows * HEIGHT}" font-family="sans-serif" font-size="11">\n'
        '<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(pictures) + "\n</svg>\n"
    )


def _picture(name: str, at: Sequence[float], series: Sequence[float], x: int, y: int) -> str:
    highest, last = max(series, default=1.0) or 1.0, max(at, default=1.0) or 1.0
    wide, high = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN
    points = " ".join(
        f"{MARGIN + wide * when / last:.1f},{MARGIN + high * (1 - value / highest):.1f}"
        for when, value in zip(at, series, strict=False)
    )
    return (
        f'<g transform="translate({x} {y})">'
        f'<text x="{MARGIN}" y="{MARGIN - 8}">{escape(name)}: at most {highest:.1f}</text>'
        f'<path d="M{MARGIN} {MARGIN}v{high}h{wide}" fill="none" stroke="#bbb"/>'
        f'<text x="{MARGIN + wide}" y="{HEIGHT - 14}" text-anchor="end" fill="#666">'
        f"{last / 60:.0f} min</text>"
        f'<polyline points="{points}" fill="none" stroke="#3f51b5" stroke-width="1.5"/></g>'
    )
