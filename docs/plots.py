"""Draw the plots of the concept pages with the service's own rules: python docs/plots.py"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from app.rules.retention import half_life_days, retention
from app.rules.score import SIMILARITY_WEIGHT, score

IMAGES = Path(__file__).parent / "images"
COLOURS = ("#3949ab", "#00897b", "#fb8c00", "#d81b60")

mpl.use("svg")
mpl.rcParams.update(
    {
        "svg.hashsalt": "smara",  # The same picture from every run.
        "font.family": "DejaVu Sans",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.alpha": 0.3,
    }
)


def needed_similarity(age_days: float, similarity: float) -> float:
    """Compute the least similarity with which a fresh fact comes before one of importance 1.0 that
    is ``age_days`` old and has ``similarity``; 0 when any will do."""
    to_beat = score(similarity, retention(age_days, half_life_days(1.0)))
    return max(0.0, (to_beat - score(0.0, 1.0)) / SIMILARITY_WEIGHT)


def by_importance() -> Figure:
    """Plot retention over 30 days for four importances, with a dot where half is left."""
    figure, axes = _axes("days since it was stored", "retention")
    days = np.linspace(0.0, 30.0, 301)
    for importance, colour in zip((1.0, 0.7, 0.5, 0.2), COLOURS, strict=True):
        half = half_life_days(importance)
        left = [retention(day, half) for day in days]
        axes.plot(days, left, color=colour, label=f"importance {importance} (half-life {half:g} d)")
        axes.plot([half], [retention(half, half)], "o", color=colour)
    return _finished(figure, axes)


def by_reinforcement() -> Figure:
    """Plot retention over 30 days at importance 0.5, said again on 0, 1, 3 and 7 days."""
    figure, axes = _axes("days since it was stored", "retention")
    days = np.linspace(0.0, 30.0, 301)
    for times, colour in zip((7, 3, 1, 0), COLOURS, strict=True):
        half = half_life_days(0.5, times)
        left = [retention(day, half) for day in days]
        axes.plot(
            days, left, color=colour, label=f"reinforced {times} times (half-life {half:g} d)"
        )
    return _finished(figure, axes)


def by_age_and_similarity() -> Figure:
    """Plot what similarity a fresh fact needs, over the age of the important one that it competes
    with."""
    figure, axes = _axes("age of the important memory, in days", "similarity the fresh fact needs")
    days = np.linspace(0.0, 40.0, 401)
    for similarity, colour in zip((0.8, 0.6, 0.4), COLOURS, strict=False):
        needed = [needed_similarity(day, similarity) for day in days]
        axes.plot(days, needed, color=colour, label=f"the important one has {similarity}")
    return _finished(figure, axes)


def draw(folder: Path = IMAGES) -> list[Path]:
    """Write the plots as SVG files; gives their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, figure in (
        ("retention", by_importance()),
        ("reinforcement", by_reinforcement()),
        ("score", by_age_and_similarity()),
    ):
        path = folder / f"{name}.svg"
        figure.savefig(path, metadata={"Date": None})
        written.append(path)
    return written


def _axes(x: str, y: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(7.2, 3.8), layout="constrained")
    axes = figure.subplots()
    axes.set(xlabel=x, ylabel=y)
    return figure, axes


def _finished(figure: Figure, axes: Axes) -> Figure:
    axes.set_ylim(0.0, 1.02)
    axes.set_xlim(left=0.0)
    axes.legend(frameon=False)
    return figure


if __name__ == "__main__":
    for drawn in draw():
        print(drawn)
