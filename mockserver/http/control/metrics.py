"""Reports traffic and the state of every sandbox to Prometheus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from mockserver.http.records.tally import Tally
from mockserver.http.sandboxes.sandbox import Sandbox, Sandboxes
from mockserver.simulation.cluster.cluster import CPU, MEMORY, MILLI

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_DIMENSIONS = (("cpu", CPU), ("memory", MEMORY))


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
    latency = HistogramMetricFamily(
        "understudy_request_seconds", "Real seconds from the last byte of a request to its answer.", labels=labels
    )
    for key, one in tally.passed.items():
        latency.add_metric(list(key), list(one.cumulative()), one.sum)
    yield latency


def _worlds(boxes: list[Sandbox]) -> Iterator[Any]:
    from prometheus_client.core import GaugeMetricFamily

    yield GaugeMetricFamily("understudy_sandboxes", "Sandboxes in use.", value=len(boxes))
    jobs = GaugeMetricFamily("understudy_jobs", "Jobs by API and state.", labels=["sandbox", "api", "state", "phase"])
    clock = GaugeMetricFamily(
        "understudy_clock_seconds", "Simulated seconds since the sandbox began.", labels=["sandbox"]
    )
    lag = GaugeMetricFamily(
        "understudy_clock_lag_seconds", "Simulated seconds by which the clock is behind its pace.", labels=["sandbox"]
    )
    queue = GaugeMetricFamily("understudy_queue_length", "Jobs that wait for capacity.", labels=["sandbox"])
    used = GaugeMetricFamily(
        "understudy_utilisation_ratio", "Part of the cluster that is taken.", labels=["sandbox", "resource"]
    )
    for box in boxes:
        world, name = box.world, box.name
        clock.add_metric([name], world.now)
        lag.add_metric(
            [name], (box.pace.target(world) - world.now_us) / 1_000_000 if box.pace.tempo.rate is not None else 0.0
        )
        queue.add_metric([name], len(world.scheduler.placement.queue))
        for api in world.lifecycles:
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
