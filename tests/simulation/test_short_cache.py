from __future__ import annotations

import gc

from mockserver.simulation.cluster.cluster import Cluster
from mockserver.simulation.cluster.node import Node
from mockserver.simulation.request import ResourceRequest
from mockserver.simulation.short_cache import LONGEST, short_cache


def test_results_of_short_arguments_are_remembered_and_long_arguments_are_let_go() -> None:
    calls = []

    @short_cache(10)
    def count(text: str, parts: tuple[str, ...] = ()) -> int:
        calls.append(text)
        return len(text) + len(parts)

    assert [count("a", ("b",)) for _ in range(3)] == [2, 2, 2]
    assert [count("x" * (LONGEST + 1)) for _ in range(2)] == [LONGEST + 1] * 2
    assert [count("y", ("x" * LONGEST,)) for _ in range(2)] == [2, 2]
    assert len(calls) == 5


def test_a_cluster_remembers_no_long_wishes() -> None:
    cluster = Cluster([Node("n", "c", cpu=4, memory=1 << 30, labels={"a": "b"})])
    for number in range(50):
        label = f"{number}" + "x" * 100_000
        shape = cluster.shape(ResourceRequest(cpu=1, labels=(label,), any_labels=("a", label), gpu_model=label))
        assert shape.possible == 0
    fits = cluster.shape(ResourceRequest(cpu=1, labels=("a=b",)))
    gc.collect()

    assert fits.possible == 1
    assert fits is cluster.shape(ResourceRequest(cpu=1, labels=("a=b",)))
    assert sum(len(str(key)) for key in (*cluster.shapes, *cluster.traits)) < 10_000
