"""Submits jobs to each API until one must wait; one succeeds, one fails, one is retried, one is cancelled."""

from __future__ import annotations

import asyncio
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, cast

import httpx
from rich.console import Console
from rich.text import Text

import specs
from mockserver.http.app import Understudy, create_app
from mockserver.http.control.jobs import waiting
from mockserver.http.pages.example_call import FirstCall, first_call
from mockserver.http.sandbox_name import DEFAULT
from mockserver.simulation.clock import MICRO, seconds
from mockserver.simulation.job import Job

PATIENCE_SECONDS = 3600.0
CANCEL_SECONDS = 5.0
MOST_JOBS = 100

PARTS: dict[str, dict[str, Any]] = {
    "succeeds": {"run_seconds": 30},
    "fails": {"run_seconds": 10, "exit_code": 3, "reason": "out of memory"},
    "is cancelled": {"run_seconds": 60},
    "is retried": {"run_seconds": 10, "fail_attempts": 1},
}
"""Rules for the first jobs; the others run until one waits."""

_RETRIED = "retried"
_BODIES: dict[str, dict[str, Any]] = {
    "openyuanrong": {"entrypoint_num_cpus": 4},
    "runai": {"job": {"project": "team-a", "image": "gcr.io/run-ai-demo/quickstart", "gpu": 1, "backoffLimit": 1}},
    "xio": {"cpu_count": 4, "max_retry_count": 1},
}
"""Additions to the body of the example call, so that a job takes capacity and a failure is retried."""


class DemoFailed(Exception):
    """A request was not accepted."""


@dataclass(frozen=True, slots=True)
class Story:
    """A call, how often it was sent, which job played which part, and why the last one waited."""

    api: str
    call: FirstCall
    sent: int
    parts: dict[str, Job]
    reason: str


def play(apis: Sequence[str], *, seed: int | None = None) -> list[Story]:
    """Play each API's story to its end, each in its own world. Raises DemoFailed."""
    return [asyncio.run(_Stage(api, seed).play()) for api in apis]


class _Stage:
    """One API's application with a client, in manual pace."""

    def __init__(self, api: str, seed: int | None) -> None:
        self.spec, self.app = specs.load(api), create_app([api], pace="manual", seed=seed)
        self.world = self.app.sandboxes.get(DEFAULT).world
        call = first_call(self.spec)
        self.call = replace(call, body=call.body | _BODIES.get(api, {}))
        assert self.spec.lifecycle is not None
        self.roles = self.spec.lifecycle.roles
        is_retried = any(one.when == _RETRIED for one in self.spec.lifecycle.transitions)
        self.parts = [part for part in PARTS if part != "is retried" or is_retried]

    async def play(self) -> Story:
        async with _client(self.app) as client:
            for part in self.parts:  # a rule that has had its request leaves the next one to the next rule
                match = {"operation": self.roles["submit"].operation, "first": 1}
                await _send(client, FirstCall("POST", "/_mock/rules", (), {"match": match, "job": PARTS[part]}))
            jobs, reason = await self._fill(client)
            parts = dict(zip(self.parts, jobs, strict=False)) | ({"waits": jobs[-1]} if reason else {})
            self.world.advance_to(int(CANCEL_SECONDS * MICRO))
            await self._cancel(client, parts["is cancelled"])
        while (following := self.world.next_event_us()) is not None and following <= PATIENCE_SECONDS * MICRO:
            self.world.advance_to(following)
        return Story(self.spec.name, self.call, len(jobs), parts, reason)

    async def _fill(self, client: httpx.AsyncClient) -> tuple[list[Job], str]:
        """Submit until a job waits; the jobs, and why the last one waits."""
        jobs: list[Job] = []
        while len(jobs) < MOST_JOBS:
            answer = await _send(client, self.call)
            jobs.append(list(self.world.jobs(self.spec.name).values())[-1])
            if "start" in self.roles:
                key = str(_at(answer, self.roles["submit"].id or ""))
                await _send(client, first_call(self.spec, "start", **{self.roles["start"].parameter or "": key}))
            self.world.settle()
            if len(jobs) > len(self.parts) and jobs[-1].phase == "queued":
                return jobs, waiting(self.world, jobs[-1]) or ""
        return jobs, ""

    async def _cancel(self, client: httpx.AsyncClient, job: Job) -> None:
        """Cancel a job by its API's own call, or delete it if the API has no cancel."""
        name = job.key.rpartition("/")[2]
        if "cancel" in self.roles:
            await _send(client, first_call(self.spec, "cancel", **{self.roles["cancel"].parameter or "": name}))
        else:
            call = first_call(self.spec, "delete")
            await _send(client, replace(call, body=[{"name": name, "project": job.request.project}]))


def _client(app: Understudy) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(cast(Any, app)), base_url="http://localhost")


async def _send(client: httpx.AsyncClient, call: FirstCall) -> Any:
    body = {} if call.body is None else {"json": call.body}
    answer = await client.request(call.method, call.path, headers=list(call.headers), **body)
    if answer.is_error:
        raise DemoFailed(f"{call.method} {call.path} returned {answer.status_code}: {answer.text[:500]}")
    return answer.json()


def _at(value: Any, pointer: str) -> Any:
    for key in pointer.split("/")[1:]:
        value = value[key]
    return value


def show(stories: Sequence[Story], console: Console) -> None:
    """Print each story: a line for the call, then what happened to each job, instant by instant."""
    for story in stories:
        line = f"{story.api}: {story.sent} x {story.call.method} {story.call.path}"
        console.print(Text(line, style="bold"), soft_wrap=True)
        for part, job in story.parts.items():
            for number, (second, states) in enumerate(instants(job, story.reason if part == "waits" else "")):
                margin = f"  {'' if number else part:<14}{second:7.1f} s  "
                text = textwrap.fill(states, console.width, initial_indent=margin, subsequent_indent=" " * len(margin))
                console.print(Text(text), soft_wrap=True)
        console.print()


def instants(job: Job, reason: str = "") -> Iterator[tuple[float, str]]:
    """Each instant at which something happened to a job: the states it entered, its nodes, why it waits or failed."""
    for number, (instant, steps) in enumerate(groupby(job.steps(), key=lambda step: step[0])):
        states = [_step(stage.name, event, detail) for _, stage, event, detail in steps]
        if reason and not number:
            states[-1] += f", waits: {reason}"
        yield seconds(instant), ", ".join(states)
    if not job.is_terminal:
        yield CANCEL_SECONDS, "deleted; this API has no cancel"


def _step(state: str, event: str, detail: object) -> str:
    if isinstance(detail, tuple) and detail:
        return f"{state} on {', '.join(detail)}"
    why = getattr(detail, "reason", "")
    return f"{state} again: {why}" if event == _RETRIED else f"{state}: {why}" if why else state
