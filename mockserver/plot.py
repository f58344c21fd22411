"""Draws a simulation: the use of each resource over time, and which job ran where. Needs the extra `plot`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mockserver.measure import BINS, RESOURCES, Measure
from mockserver.simulation.clock import MICRO

FORMATS = (".svg", ".png")
MOST_NODES = 60
_COLOURS = {"succeeded": "#4c9f70", "failed": "#c8553d", "cancelled": "#8a8a8a", "queued": "#e0a458"}
_UNITS = ((1.0, "s"), (60.0, "min"), (3600.0, "h"), (86400.0, "d"))


class PlotUnavailable(Exception):
    """The picture cannot be drawn; the message says what to do."""


def prepare(file: Path) -> None:
    """Check that `file` can be drawn before the simulation starts. Raises PlotUnavailable."""
    if file.suffix.lower() not in FORMATS:
        raise PlotUnavailable(f"cannot draw {str(file)!r}: expected a name that ends in {' or '.join(FORMATS)}")
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise PlotUnavailable("drawing needs matplotlib: pip install 'matplotlib>=3.9,<4'") from error


def draw(measure: Measure, title: str, file: Path) -> None:
    """Write the picture of a simulation; the same simulation gives the same picture."""
    import matplotlib
    from matplotlib.figure import Figure

    scale, unit = next(((size, name) for size, name in reversed(_UNITS) if measure.end / MICRO >= 5 * size), _UNITS[0])
    nodes = min(len(measure.names), MOST_NODES)
    figure = Figure(figsize=(11, 5.5 + nodes * 0.14), layout="constrained")
    upper, middle, lower = figure.subplots(3, 1, sharex=True, height_ratios=[3, 1.2, 1 + nodes * 0.14])
    _draw_usage(upper, measure, scale)
    _draw_queue(middle, measure, scale)
    _draw_bars(lower, measure, scale, nodes)
    upper.set_title(title)
    lower.set_xlabel(f"simulated time ({unit})")
    lower.set_xlim(0, max(measure.end / MICRO / scale, 1e-6))
    metadata = {"Date": None} if file.suffix.lower() == ".svg" else None
    with matplotlib.rc_context({"svg.hashsalt": "understudy", "svg.fonttype": "none"}):
        figure.savefig(file, metadata=metadata, dpi=110)


def _draw_usage(axes: Any, measure: Measure, scale: float) -> None:
    width = measure.usage.width
    filled = min(BINS, -(-measure.end // width)) or 1
    edges = [number * width / MICRO / scale for number in range(filled + 1)]
    edges[-1] = measure.end / MICRO / scale
    for index, (name, whole) in enumerate(zip(RESOURCES, measure.capacity, strict=True)):
        if not whole:
            continue
        spans = [width] * (filled - 1) + [max(measure.end - (filled - 1) * width, 1)]
        shares = [
            100 * amounts[index] / (whole * span) for amounts, span in zip(measure.usage.bins, spans, strict=False)
        ]
        axes.stairs(shares, edges, label=name, linewidth=1.4)
    axes.set_ylim(0, 105)
    axes.set_ylabel("% in use")
    axes.legend(loc="upper right", ncols=3)
    axes.grid(alpha=0.3)


def _draw_queue(axes: Any, measure: Measure, scale: float) -> None:
    """How many jobs wait, and how many nodes are down if any ever was."""
    queue = measure.queue
    queue.until(max(measure.end, queue.last))
    filled = min(BINS, -(-queue.last // queue.width)) or 1
    edges = [number * queue.width / MICRO / scale for number in range(filled + 1)]
    for index, (name, colour) in enumerate((("jobs waiting", "#555555"), ("nodes down", "#c8553d"))):
        values = [amounts[index] / queue.width for amounts in queue.bins[:filled]]
        if index == 0 or any(values):
            axes.stairs(values, edges, label=name, color=colour, linewidth=1.2)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("count")
    axes.legend(loc="upper right", ncols=2, fontsize=7)
    axes.grid(alpha=0.3)


def _draw_bars(axes: Any, measure: Measure, scale: float, nodes: int) -> None:
    for ending, colour in _COLOURS.items():
        bars = [bar for bar in measure.bars if bar.node < nodes and bar.ending == ending]
        if bars:
            axes.barh(
                [bar.node for bar in bars],
                [(bar.end - bar.begin) / scale for bar in bars],
                left=[bar.begin / scale for bar in bars],
                height=0.8,
                color=colour,
                alpha=0.45,
                edgecolor=colour,
                linewidth=0.4,
                label=ending,
            )
    axes.set_yticks(range(nodes), measure.names[:nodes], fontsize=7)
    axes.invert_yaxis()
    shown = [f"{nodes} of {len(measure.names)} nodes"] if nodes < len(measure.names) else []
    shown += (
        [f"the first {len(measure.bars):,} of {measure.stays:,}", "stays, others left out"]
        if measure.stays > len(measure.bars)
        else []
    )
    axes.set_ylabel("\n".join(["jobs by node", *shown]), fontsize=8)
    if axes.patches:
        axes.legend(loc="upper right", fontsize=7, ncols=len(_COLOURS))
