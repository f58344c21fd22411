"""Draws a simulation: the use of each resource over time, and which job ran where. Needs the extra `plot`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import heappop, heappush
from pathlib import Path
from typing import Any

from mockserver.measure import BINS, MOST_BARS, MOST_NODES, RESOURCES, Bar, Measure, Usage
from mockserver.simulation.clock import MICRO

FORMATS = (".svg", ".png")
MOST_LANES = 8
"""Most jobs side by side on a node that are still told apart."""

_ENDINGS = {
    "succeeded": ("succeeded", "#4c9f70"),
    "failed": ("failed", "#c8553d"),
    "cancelled": ("cancelled", "#8a8a8a"),
    "queued": ("sent back to the queue", "#e0a458"),
}
_LINES = (("#1f77b4", 2.8, "-"), ("#ff7f0e", 1.8, "-"), ("#2ca02c", 1.2, "-"))  # equal ones are seen below each other
_UNITS = ((1.0, "s"), (60.0, "min"), (3600.0, "h"), (86400.0, "d"))
_LONGEST_NAME, _LONGEST_TITLE = 24, 90


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

    metadata = {"Date": None} if file.suffix.lower() == ".svg" else None
    with matplotlib.rc_context({"svg.hashsalt": "understudy", "svg.fonttype": "none"}):
        figure_of(measure, title).savefig(file, metadata=metadata, dpi=110)


def figure_of(measure: Measure, title: str) -> Any:
    """The picture as a figure of matplotlib."""
    from matplotlib.figure import Figure

    scale, unit = next(((size, name) for size, name in reversed(_UNITS) if measure.end / MICRO >= 5 * size), _UNITS[0])
    nodes = min(len(measure.names), MOST_NODES)
    lanes = lanes_of(measure.bars) if measure.stays <= MOST_BARS else {}
    is_legible = max(lanes.values(), default=0) <= MOST_LANES and measure.stays <= MOST_BARS
    has_bars = is_legible or not measure.loads
    height = nodes * (max(0.14, 0.07 * max(lanes.values(), default=1)) if has_bars else 0.14) + 0.8
    figure = Figure(figsize=(11, 5.2 + height), layout="constrained")
    upper, middle, lower = figure.subplots(3, 1, sharex=True, height_ratios=[3, 1.2, height])
    _draw_usage(upper, measure, scale)
    _draw_queue(middle, measure, scale)
    (_draw_bars if has_bars else _draw_loads)(lower, measure, scale, nodes)
    _name_nodes(lower, measure.names, nodes)
    figure.suptitle(_short(title, _LONGEST_TITLE))
    lower.set_xlabel(f"simulated time ({unit})")
    lower.set_xlim(0, max(measure.end / MICRO / scale, 1e-6))
    return figure


def lanes_of(bars: Sequence[Bar]) -> Mapping[int, int]:
    """How many jobs at most were on each node at once."""
    ends: dict[int, list[float]] = {}
    most: dict[int, int] = {}
    for bar in sorted(bars, key=lambda one: one.begin):
        open_ones = ends.setdefault(bar.node, [])
        while open_ones and open_ones[0] <= bar.begin:
            heappop(open_ones)
        heappush(open_ones, bar.end)
        most[bar.node] = max(most.get(bar.node, 0), len(open_ones))
    return most


def _head(axes: Any, words: str) -> None:
    """Words above a panel at its left, its legend above it at its right: neither hides a line."""
    axes.set_title(words, loc="left", fontsize=9)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0.1, ncols=5, fontsize=8, frameon=False)


def _edges(usage: Usage, end: int, scale: float) -> tuple[int, list[float]]:
    """How many bins of a usage are filled at an instant, and their edges on the axis."""
    filled = min(BINS, -(-end // usage.width)) or 1
    return filled, [number * usage.width / MICRO / scale for number in range(filled + 1)]


def _draw_usage(axes: Any, measure: Measure, scale: float) -> None:
    usage = measure.usage
    filled, edges = _edges(usage, measure.end, scale)
    edges[-1] = measure.end / MICRO / scale
    spans = [usage.width] * (filled - 1) + [max(measure.end - (filled - 1) * usage.width, 1)]
    for index, (name, whole) in enumerate(zip(RESOURCES, measure.capacity, strict=True)):
        if whole:
            shares = [100 * amounts[index] / (whole * span) for amounts, span in zip(usage.bins, spans, strict=False)]
            colour, width, style = _LINES[index]
            axes.stairs(shares, edges, baseline=None, label=name, color=colour, linewidth=width, linestyle=style)
    axes.set_ylim(0, 105)
    axes.grid(alpha=0.3)
    _head(axes, "in use, % of all nodes")


def _draw_queue(axes: Any, measure: Measure, scale: float) -> None:
    """How many jobs wait, and how many nodes are down if any ever was."""
    queue = measure.queue
    queue.until(max(measure.end, queue.last))
    filled, edges = _edges(queue, queue.last, scale)
    highest = 0.0
    for index, (name, colour) in enumerate((("jobs waiting", "#555555"), ("nodes down", "#c8553d"))):
        values = [amounts[index] / queue.width for amounts in queue.bins[:filled]]
        highest = max(highest, *values)
        if index == 0 or any(values):
            axes.stairs(values, edges, baseline=None, label=name, color=colour, linewidth=1.4)
    axes.set_ylim(0, max(1.05 * highest, 1))
    axes.locator_params(axis="y", integer=True, nbins=5)
    axes.grid(alpha=0.3)
    _head(axes, "how many" if highest else "how many: no job ever waited")


def _draw_bars(axes: Any, measure: Measure, scale: float, nodes: int) -> None:
    """Each stay of a job on a node, in a lane of its own."""
    lanes = lanes_of(measure.bars)
    placed = [(bar, lane) for bar, lane in _in_lanes(measure.bars) if bar.node < nodes]
    for ending in sorted({bar.ending for bar, _ in placed}, key=lambda name: [*_ENDINGS, name].index(name)):
        label, colour = _ENDINGS.get(ending, (ending, "#6b8fb5"))
        mine = [(bar, lane, 0.84 / lanes[bar.node]) for bar, lane in placed if bar.ending == ending]
        axes.barh(
            [bar.node - 0.42 + (lane + 0.5) * height for bar, lane, height in mine],
            [(bar.end - bar.begin) / scale for bar, _, _ in mine],
            left=[bar.begin / scale for bar, _, _ in mine],
            height=[height for _, _, height in mine],
            color=colour,
            edgecolor="white",
            linewidth=0.3,
            label=label,
        )
    _head(axes, _of_nodes("jobs by node", measure, nodes))


def _in_lanes(bars: Sequence[Bar]) -> list[tuple[Bar, int]]:
    """Every bar with a lane of its node in which no other is at that time."""
    free: dict[int, list[int]] = {}
    taken: dict[int, list[tuple[float, int]]] = {}
    found = []
    for bar in sorted(bars, key=lambda one: (one.begin, one.node)):
        mine, others = taken.setdefault(bar.node, []), free.setdefault(bar.node, [])
        while mine and mine[0][0] <= bar.begin:
            heappush(others, heappop(mine)[1])
        lane = heappop(others) if others else len(mine)
        heappush(mine, (bar.end, lane))
        found.append((bar, lane))
    return found


def _draw_loads(axes: Any, measure: Measure, scale: float, nodes: int) -> None:
    """How full each node was over time, where there are too many jobs to tell them apart."""
    end = max([measure.end, *(load.last for load in measure.loads)])
    for load in measure.loads:
        load.until(end)  # so that all bins are equally wide
    width = measure.loads[0].width
    filled = min(BINS, -(-measure.end // width)) or 1
    shares = [_shares(load, whole, filled) for load, whole in zip(measure.loads, measure.sizes, strict=False)][:nodes]
    extent = (0, filled * width / MICRO / scale, nodes - 0.5, -0.5)
    axes.imshow(shares, aspect="auto", extent=extent, cmap="Greens", vmin=0, vmax=100, interpolation="nearest")
    _head(axes, _of_nodes("how full each node is, by its scarcest resource: white 0 %, darkest 100 %", measure, nodes))


def _shares(load: Usage, whole: Sequence[int], filled: int) -> list[float]:
    """The share in use, bin by bin, of whatever is shortest on a node."""
    return [
        max(
            (100 * amount / (most * load.width) for amount, most in zip(amounts, whole, strict=True) if most), default=0
        )
        for amounts in load.bins[:filled]
    ]


def _of_nodes(words: str, measure: Measure, nodes: int) -> str:
    return words if nodes == len(measure.names) else f"{words} (the first {nodes} of {len(measure.names):,} nodes)"


def _name_nodes(axes: Any, names: Sequence[str], nodes: int) -> None:
    axes.set_yticks(range(nodes), [_short(name, _LONGEST_NAME) for name in names[:nodes]], fontsize=7)
    axes.set_ylim(nodes - 0.5, -0.5)
    for number in range(1, nodes):
        axes.axhline(number - 0.5, color="#dddddd", linewidth=0.5, zorder=0)


def _short(text: str, most: int) -> str:
    """A text without its middle where it is long: the number of a node is at its end."""
    half = (most - 1) // 2
    return text if len(text) <= most else f"{text[:half]}…{text[-half:]}"
