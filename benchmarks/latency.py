"""What a busy simulation costs those who ask: GET over HTTP while jobs come and go at x100 pace, against a world in
which nothing happens.

Both servers hold the same nodes and as many live jobs, submitted after the start as clients would; rounds are
interleaved, calls come evenly, 250 a second. The busy one also tells how long each advance of its world took; the
longest is the first after the seconds in which only the idle one was asked, since a world is moved by those who ask.
"""

from __future__ import annotations

import http.client
import json
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.http import server

CALLS_PER_SECOND = 250
MEAN_RUN_SECONDS = 10_000
SPARE = 1.25


@dataclass
class Contrast:
    """What was found: p99 of the busy world over p99 of the idle one, p99 of the busy world's slices in milliseconds,
    and the rows.
    """

    ratio: float
    slice_p99_ms: float
    rows: list[dict[str, Any]] = field(default_factory=list)


def contrast(*, nodes: int, live: int, seconds: float, rounds: int, say: Callable[[str], None]) -> Contrast:
    """Ask both servers by turns for `seconds` each, `rounds` times."""
    waits: dict[str, list[list[float]]] = {"idle": [], "busy": []}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        asked: dict[str, tuple[int, list[str]]] = {}
        for kind, pace in (("idle", "manual"), ("busy", "x100")):
            told = folder / kind
            port, _ = stack.enter_context(
                server("loaded", str(told), pace, str(nodes), str(round(live * SPARE)), patience=600)
            )
            asked[kind] = port, json.loads(told.with_suffix(".ids").read_text())
            say(f"http: the {kind} server holds {round(live * SPARE):,} jobs on {nodes:,} nodes")
        for number in range(rounds + 1):
            for kind, (port, ids) in asked.items():
                found = ask(port, ids, seconds)
                if number:  # the first round only warms up
                    waits[kind].append(found)
            if number:
                say("http: p99 " + ", ".join(f"{kind} {rank(found[-1], 0.99):.2f} ms" for kind, found in waits.items()))
        slices: list[list[float]] = []
        for kind, (port, _) in asked.items():
            ask(port, ["count"], 0)
            slices.append(json.loads((folder / f"{kind}.slices").read_text()))
    p99 = {kind: median(rank(one, 0.99) for one in found) for kind, found in waits.items()}
    rows = [
        {
            "part": "http",
            "contestant": kind,
            "nodes": nodes,
            "live_at_end": slices[at][0],
            "transitions_per_s": round(slices[at][1]),
            "p50_ms": round(median(rank(one, 0.5) for one in waits[kind]), 3),
            "p99_ms": round(p99[kind], 3),
            "rounds": rounds,
            "slice_p99_ms": round(rank(slices[at][2:], 0.99), 3),
            "slice_max_ms": round(max(slices[at][2:], default=0.0), 3),
        }
        for at, kind in enumerate(waits)
    ]
    return Contrast(p99["busy"] / p99["idle"], rows[1]["slice_p99_ms"], rows)


def ask(port: int, ids: list[str], seconds: float) -> list[float]:
    """Milliseconds of each GET of a job, at the rate of `CALLS_PER_SECOND`; for the id `count` the server writes down
    its slices.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port)
    waits, began = [], time.perf_counter()
    for number in range(max(1, int(seconds * CALLS_PER_SECOND))):
        due = began + number / CALLS_PER_SECOND
        time.sleep(max(0.0, due - time.perf_counter()))
        start = time.perf_counter()
        connection.request("GET", f"/jobs/{ids[number % len(ids)]}")
        answer = connection.getresponse()
        answer.read()
        waits.append((time.perf_counter() - start) * 1000)
        if answer.status != 200 and ids != ["count"]:
            raise RuntimeError(f"job {ids[number % len(ids)]} answers {answer.status}")
    connection.close()
    return waits


def rank(values: list[float], share: float) -> float:
    """The value at that share of the sorted ones."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def serve_loaded(port: int, told: Path, pace: str, nodes: int, live: int) -> None:
    """A server whose default world has so many nodes and live jobs; writes their ids, and its slices when asked for the
    job `count`.
    """
    from mockserver.http import memory
    from mockserver.http import server as servers
    from mockserver.http.app import create_app
    from mockserver.http.pace import tempo

    memory.settle()
    app = create_app(["ionworks"], scenario=_scenario(nodes), pace="manual")
    sandbox = app.sandboxes.get("default")
    ids = _fill(app, live)
    told.with_suffix(".ids").write_text(json.dumps(ids[:: max(1, live // 500)]))
    listener = servers.bind("127.0.0.1", port)  # whoever can connect finds the ids
    app.sandboxes.set_tempo(sandbox, tempo(pace))
    _watch(sandbox, told.with_suffix(".slices"))
    memory.settle = lambda: None  # what was submitted counts as young, as it would be for clients
    servers.run([(app, [listener])])


def _scenario(nodes: int) -> Any:
    from mockserver.simulation.scenario.distribution import Distribution
    from mockserver.simulation.scenario.scenario import Gpu, NodeClass, Scenario

    return Scenario(
        nodes=(NodeClass("n", 16, 64, count=nodes, gpu=Gpu(4, "A")),),
        run=Distribution(exponential=MEAN_RUN_SECONDS),
        failure_rate=0.05,
        most_jobs=10**7,
    )


def _fill(app: Any, count: int) -> list[str]:
    """Submit one job over HTTP in process, and the others as copies of what the adapter made of it, with the contest's
    shapes.
    """
    import asyncio

    import httpx
    from msgspec import structs

    from benchmarks.contestants import jobs, requests

    async def first() -> str:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
            answer = await client.post("/jobs", json={"job_type": "simulate", "params": {"model": "SPM"}})
            return str(answer.raise_for_status().json()["job_id"])

    world = app.sandboxes.get("default").world
    template = world.job("ionworks", asyncio.run(first())).request
    ids = []
    for _, request in requests(jobs(1_000, count), is_bare=False):
        key = str(world.new_id("benchmark"))
        world.submit(
            structs.replace(template, key=key, resources=request.resources, retries=1, payload=template.payload)
        )
        ids.append(key)
    world.settle()
    return ids


def _watch(sandbox: Any, file: Path) -> None:
    """Time every advance of the sandbox's world, and write the times down whenever the job `count` is asked for."""
    world, times = sandbox.world, []
    scheduler, began = world.scheduler, time.perf_counter()
    kind = type(world)
    plain, look_up = kind.advance_to, kind.job
    logged = scheduler.logged

    def advance_to(self: Any, *arguments: Any) -> Any:
        start = time.perf_counter()
        try:
            return plain(self, *arguments)
        finally:
            times.append((time.perf_counter() - start) * 1000)

    def job(self: Any, api: str, key: str, **facts: Any) -> Any:
        if key == "count":
            alive = sum(not one.is_over for one in world.jobs("ionworks").values())
            per_second = (scheduler.logged - logged) / (time.perf_counter() - began)
            file.write_text(json.dumps([alive, per_second, *times]))
        return look_up(self, api, key, **facts)

    kind.advance_to, kind.job = advance_to, job
