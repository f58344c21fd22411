"""Shows a whole life in a second: each API's own example, submitted in process and followed to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import httpx
from rich.console import Console
from rich.table import Table

import specs
from mockserver.http.app import Understudy, create_app
from mockserver.http.first_call import FirstCall, first_call
from mockserver.http.sandbox import DEFAULT
from mockserver.simulation.clock import MICRO, seconds
from mockserver.simulation.job import Job

PATIENCE_SECONDS = 3600.0


class DemoFailed(Exception):
    """An example was not accepted."""


def play(apis: Sequence[str], *, seed: int | None = None) -> list[tuple[str, FirstCall, Job]]:
    """Submit each API's first example and advance until all have ended; (API, what was sent, the job). Raises DemoFailed."""
    app = create_app(apis, pace="manual", seed=seed)
    world = app.sandboxes.get(DEFAULT).world
    calls = asyncio.run(_submit(app, apis))
    while (following := world.next_event_us()) is not None and following <= PATIENCE_SECONDS * MICRO:
        world.advance_to(following)
    return [(api, call, next(iter(world.jobs(api).values()))) for api, call in calls]


async def _submit(app: Understudy, apis: Sequence[str]) -> list[tuple[str, FirstCall]]:
    calls = []
    async with httpx.AsyncClient(transport=httpx.ASGITransport(cast(Any, app)), base_url="http://mock") as client:
        for api in apis:
            spec = specs.load(api)
            assert spec.lifecycle is not None
            call = first_call(spec)
            answer = await _send(client, call)
            if "start" in spec.lifecycle.roles:
                job = _at(answer, spec.lifecycle.roles["submit"].id or "")
                parameter = next(one["name"] for one in spec.operations[spec.lifecycle.roles["start"].operation].parameters if one["in"] == "path")
                await _send(client, first_call(spec, "start", **{parameter: str(job)}))
            calls.append((api, call))
    return calls


async def _send(client: httpx.AsyncClient, call: FirstCall) -> Any:
    body = {} if call.body is None else {"json": call.body}
    answer = await client.request(call.method, call.path, headers=list(call.headers), **body)
    if answer.is_error:
        raise DemoFailed(f"{call.method} {call.path} was answered {answer.status_code}: {answer.text[:500]}")
    return answer.json()


def _at(value: Any, pointer: str) -> Any:
    for key in pointer.split("/")[1:]:
        value = value[key]
    return value


def show(played: list[tuple[str, FirstCall, Job]], console: Console) -> None:
    """Print each job's timeline."""
    for api, call, job in played:
        table = Table("second", "state", "event", "detail", title=f"{api}: {call.method} {call.path} -> {job.key}", title_justify="left")
        for instant, stage, event, detail in job.steps():
            told = ", ".join(detail) if isinstance(detail, tuple) else getattr(detail, "reason", "")
            table.add_row(f"{seconds(instant):.3f}", stage.name, event, told)
        console.print(table)
