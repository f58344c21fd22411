"""Counts requests as they pass, and tells Prometheus of them and of the state of every sandbox when it asks."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from mockserver.simulation.cluster.cluster import CPU, MEMORY, MILLI

if TYPE_CHECKING:
    from mockserver.http.sandbox import Sandbox, Sandboxes

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 10.0)
"""Upper bounds of the latency histogram, in real seconds."""

_DIMENSIONS = (("cpu", CPU), ("memory", MEMORY))


class Passed:
    """What passed through one operation: how often each status, how long the answers took (a count per bucket, and the sum in seconds)."""

    __slots__ = ("counts", "statuses", "sum")

    def __init__(self) -> None:
        self.statuses: dict[int, int] = {}
        self.counts = [0] * (len(BUCKETS) + 1)
        self.sum = 0.0

    def add(self, status: int, took: float) -> None:
        """Count one request; `took` is real seconds."""
        statuses = self.statuses
        statuses[status] = statuses.get(status, 0) + 1
        self.counts[bisect_left(BUCKETS, took)] += 1
        self.sum += took

    def cumulative(self) -> Iterator[tuple[str, int]]:
        """Upper bound in seconds, and how many took no longer."""
        total = 0
        for bound, count in zip((*map(str, BUCKETS), "+Inf"), self.counts, strict=True):
            total += count
            yield bound, total


class Tally:
    """What passed through one server since it started, by API and operation."""

    __slots__ = ("passed",)

    def __init__(self) -> None:
        self.passed: dict[tuple[str, str], Passed] = {}

    def of(self, api: str, operation: str) -> Passed:
        """The counts of one operation, to be kept by whoever counts."""
        return self.passed.setdefault((api, operation), Passed())


def exposition(sandboxes: Sandboxes) -> bytes:
    """Everything in Prometheus' text format."""
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(sandboxes))
    return generate_latest(registry)


class _Collector:
    def __init__(self, sandboxes: Sandboxes) -> None:
        self._sandboxes = sandboxes

    def collect(self) -> Iterable[Any]:
        """The families of metrics."""
        yield from _traffic(self._sandboxes.tally)
        yield from _worlds(list(self._sandboxes))


def _traffic(tally: Tally) -> Iterator[Any]:
    from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

    labels = ["api", "operation"]
    requests = CounterMetricFamily("understudy_requests", "Requests answered.", labels=[*labels, "status"])
    for key, one in tally.passed.items():
        for status, count in one.statuses.items():
            requests.add_metric([*key, str(status)], count)
    yield requests
    latency = HistogramMetricFamily("understudy_request_seconds", "Real seconds from the last byte of a request to its answer.", labels=labels)
    for key, one in tally.passed.items():
        latency.add_metric(list(key), list(one.cumulative()), one.sum)
    yield latency


def _worlds(boxes: list[Sandbox]) -> Iterator[Any]:
    from prometheus_client.core import GaugeMetricFamily

    yield GaugeMetricFamily("understudy_sandboxes", "Sandboxes in use.", value=len(boxes))
    jobs = GaugeMetricFamily("understudy_jobs", "Jobs by API and state.", labels=["sandbox", "api", "state", "phase"])
    clock = GaugeMetricFamily("understudy_clock_seconds", "Simulated seconds since the sandbox began.", labels=["sandbox"])
    lag = GaugeMetricFamily("understudy_clock_lag_seconds", "Simulated seconds by which the clock is behind its pace.", labels=["sandbox"])
    queue = GaugeMetricFamily("understudy_queue_length", "Jobs that wait for capacity.", labels=["sandbox"])
    used = GaugeMetricFamily("understudy_utilisation_ratio", "Part of the cluster that is taken.", labels=["sandbox", "resource"])
    for box in boxes:
        world, name = box.world, box.name
        clock.add_metric([name], world.now)
        lag.add_metric([name], (box.pace.target(world) - world.now_us) / 1_000_000 if box.pace.tempo.rate is not None else 0.0)
        queue.add_metric([name], len(world.scheduler.allotment.queue))
        for api in world.courses:
            counts = Counter(job.stage for job in world.jobs(api).values())
            for stage, count in counts.items():
                jobs.add_metric([name, api, stage.name, stage.phase], count)
        for resource, ratio in _utilisation(box):
            used.add_metric([name, resource], ratio)
    yield from (jobs, clock, lag, queue, used)


def _utilisation(box: Sandbox) -> Iterator[tuple[str, float]]:
    cluster = box.world.scheduler.cluster
    for name, index in _DIMENSIONS:
        total = sum(capacity[index] for capacity in cluster.capacity)
        if total:
            yield name, 1 - sum(cluster.dimensions[index].free) / total
    gpus = sum(len(devices) for devices in cluster.devices) * MILLI
    if gpus:
        yield "gpus", 1 - sum(map(sum, cluster.devices)) / gpus
