"""What a restored world holds counts as what clients have a server remember, wherever the snapshot says it."""

from __future__ import annotations

import asyncio
import gc
import json
import tracemalloc
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from hashlib import blake2b
from typing import Any
from zlib import compress, decompress

import httpx
import pytest

import specs
from mockserver.http import slices
from mockserver.http.app import create_sandboxes
from mockserver.http.limits import SLICE_SECONDS
from mockserver.http.sandboxes.restoring import restored
from mockserver.http.server import serving
from mockserver.simulation.snapshot import MAGIC
from mockserver.simulation.snapshot.pauses import Steps

MIB = 2**20
Change = Callable[[dict[str, Any], str], None]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server whose sandboxes keep 2 MiB each."""
    with serving(pace="manual", most_bytes=8 * MIB) as served:
        yield served


@pytest.fixture(scope="module")
def saved(url: str) -> dict[str, Any]:
    """What the snapshot of a world with one job, which has ended, says."""
    sent = {"job_type": "dummy", "params": {}, "metadata": {"k": "v"}}
    assert httpx.post(f"{url}/sandbox/source/jobs", json=sent).status_code == 202
    httpx.post(f"{url}/sandbox/source/_mock/clock/advance", json={"seconds": 1000})
    told = httpx.post(f"{url}/sandbox/source/_mock/snapshot").json()["snapshot"]
    record: dict[str, Any] = json.loads(decompress(b64decode(told)[len(MAGIC) + 32 :]))
    return record


def sealed(record: dict[str, Any]) -> bytes:
    """A snapshot that says this."""
    body = compress(json.dumps(record).encode())
    return MAGIC + blake2b(body, digest_size=32).digest() + body


def request(record: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = record["jobs"][0]["request"]
    return found


def node(record: dict[str, Any], text: str) -> None:
    record["nodes"].append({"name": "added", "node_class": "c", "cpu": 1, "memory": 1, "labels": {"rack": text}})


PLACES: dict[str, Change] = {
    "scenario's name": lambda record, text: record["scenario"].update(name=text),
    "owner": lambda record, text: request(record).update(owner=text),
    "project": lambda record, text: request(record).update(project=text),
    "command": lambda record, text: request(record).update(command=text),
    "draw": lambda record, text: request(record).update(draw=text),
    "label": lambda record, text: request(record)["resources"].update(preferred=[text]),
    "custom resource": lambda record, text: request(record)["resources"].update(custom=[[text, 0.0]]),
    "reason of an end": lambda record, text: record["jobs"][0]["history"][-1][3].update(reason=text),
    "added node": node,
    "metadata": lambda record, text: request(record)["payload"].update(metadata={"k": text}),
    "user": lambda record, text: request(record)["payload"].update(user_id=text),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_long_text_in_a_snapshot_counts_and_the_sandbox_refuses_more_than_it_may_keep(
    place: str, url: str, saved: dict[str, Any]
) -> None:
    statuses = []
    for size in (MIB, 3 * MIB):
        record = json.loads(json.dumps(saved))
        PLACES[place](record, "x" * size)
        sent = {"snapshot": b64encode(sealed(record)).decode()}
        statuses.append(httpx.post(f"{url}/sandbox/{place[:3]}/_mock/restore", json=sent).status_code)
    httpx.delete(f"{url}/_mock/sandboxes/{place[:3]}")

    assert statuses == [200, 503]


def test_a_restored_world_takes_about_what_it_is_counted_with(saved: dict[str, Any]) -> None:
    record = json.loads(json.dumps(saved))
    job = record["jobs"][0]
    record["jobs"] = []
    for number in range(400):
        other = json.loads(json.dumps(job))
        other["request"].update(key=f"job-{number}", owner="x" * 50_000, draw="y" * 50_000)
        record["jobs"].append({**other, "serial": number + 1})
    record.update(submitted=400, logged=400, log=[])
    sandboxes = create_sandboxes(specs.names(), pace="manual")
    data = sealed(record)
    restored(data, sandboxes.lifecycles)

    tracemalloc.start()
    try:
        world = restored(data, sandboxes.lifecycles)
        gc.collect()
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(data) < 500_000
    assert taken > 30 * MIB
    assert taken <= 1.2 * world.job_limits.bytes + MIB


def test_other_requests_pass_while_a_snapshot_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0

    def ticks() -> float:
        nonlocal now
        now += SLICE_SECONDS / 10
        return now

    monkeypatch.setattr(slices, "ticks", ticks)
    passed = 0

    def steps() -> Steps[str]:
        for _ in range(1000):
            yield
        return "done"

    async def others() -> None:
        nonlocal passed
        while True:
            passed += 1
            await asyncio.sleep(0)

    async def both() -> str:
        task = asyncio.create_task(others())
        try:
            return await slices.in_slices(steps())
        finally:
            task.cancel()

    assert asyncio.run(both()) == "done"
    assert 50 < passed < 200
