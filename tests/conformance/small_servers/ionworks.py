"""A third server of Ionworks' job API, as one would write it with Starlette and pydantic from the published page: its
clock runs so many times faster than ours.

Where the page leaves a choice it chooses otherwise than the mock. What a job does stands in `params`: `duration` in
seconds, `model: none` fails, `hold` is never started. Whoever has one of `KEYS` is somebody, nobody else is let in.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import secrets
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl

import httpx
from pydantic import BaseModel, BeforeValidator, Field, HttpUrl, TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Json = dict[str, Any]
Kind = Literal[
    "dummy", "datafit", "validation", "simulate", "evaluate_variables", "optimize", "ecm_fit", "simple_pipeline"
]
State = Literal["pending", "processing", "waiting", "completed", "failed", "canceled"]
KEYS = {"key-of-ann": ("ann", "acme"), "key-of-bob": ("bob", "beta")}
WORKERS = 4
PICKED_UP_AFTER = 0.4
"""Seconds of its clock until a worker looks at a new job."""


def _a_number(value: Any) -> Any:
    if isinstance(value, str | bool):
        raise ValueError("Input should be a whole number")
    return value


class Submission(BaseModel):
    """What may be asked for."""

    job_type: Kind
    params: dict[str, Any]
    priority: Annotated[int, BeforeValidator(_a_number), Field(ge=0, le=10)] = 0
    callback_url: Annotated[HttpUrl, Field(max_length=2083)] | None = None
    metadata: dict[str, Any] | None = None
    parent_job_id: str | None = None


class Filters(BaseModel):
    """What a list may be asked for."""

    status: State | None = None
    job_type: Kind | None = None
    job_types: list[Kind] = []
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    skip: Annotated[int, Field(ge=0)] = 0


class Job:
    """One job and what becomes of it."""

    def __init__(self, asked: Submission, user: str, organisation: str, project: str | None, now: float) -> None:
        self.id = "job_" + secrets.token_hex(9)
        self.asked, self.user, self.organisation, self.project = asked, user, organisation, project
        self.status: State = "pending"
        self.created = self.updated = now
        self.started: float | None = None
        self.ended: float | None = None

    @property
    def is_over(self) -> bool:
        return self.status in ("completed", "failed", "canceled")

    @property
    def seconds(self) -> float:
        return float(self.asked.params.get("duration", 2))

    def result(self) -> Json:
        if self.asked.job_type != "ecm_fit":
            return {"message": "done"}
        times = [0.0, 1.0, 2.0]
        return {
            "rmse_mV": 1.5,
            "num_rcs": 1,
            "time": times,
            "soc": [1.0, 0.5],
            "ocv": [4.1, 3.7],
            "r0": 0.01,
        } | dict.fromkeys(("data_voltage", "model_voltage"), times)

    def enter(self, status: State, now: float) -> None:
        self.status, self.updated = status, now

    def view(self) -> Json:
        """What a client is told. A canceled job has not been completed, so it has no time of completion."""
        failed, done = self.status == "failed", self.status == "completed"
        seen: Json = {
            "is_terminal": self.is_over,
            "is_failed": self.is_over and not done,
            "status": self.status,
            "job_id": self.id,
            "organization_id": self.organisation,
            "user_id": self.user,
            "project_id": self.project,
            "access_level": "project" if self.project else "organization",
            "job_type": self.asked.job_type,
            "priority": self.asked.priority,
            "created_at": stamp(self.created),
            "updated_at": stamp(self.updated),
            "started_at": stamp(self.started),
            "completed_at": stamp(self.ended),
            "error": "The model is not known" if failed else None,
            "error_code": "CONFIGURATION_ERROR" if failed else None,
            "error_detail": None,
            "result": self.result() if done else None,
            "callback_url": self.asked.callback_url and str(self.asked.callback_url),
            "parent_job_id": self.asked.parent_job_id,
            "params_path": f"gs://jobs/{self.id}/params.json",
            "retries": 0,
        }
        if self.ended is not None and self.started is not None:
            seen["compute_time"] = round(self.ended - self.started, 3)
        return seen


def stamp(instant: float | None) -> str | None:
    return None if instant is None else datetime.fromtimestamp(instant, UTC).isoformat(timespec="milliseconds")


class Work:
    """All jobs, a clock and the workers."""

    def __init__(self, scale: float) -> None:
        self.scale, self._began, self._ticks = scale, time.time(), time.monotonic()
        self.jobs: dict[str, Job] = {}
        self.calls: asyncio.Queue[Job] = asyncio.Queue()

    def now(self) -> float:
        return self._began + (time.monotonic() - self._ticks) * self.scale

    def finish(self, job: Job, status: State, now: float) -> None:
        job.enter(status, now)
        if status != "canceled":
            job.ended = now
        if job.asked.callback_url is not None:
            self.calls.put_nowait(job)

    def catch_up(self) -> None:
        """Does what was due until now, in its order."""
        while (due := min(self._due(), default=None)) is not None and due[0] <= self.now():
            instant, _, id_ = due
            job = self.jobs[id_]
            if job.started is None:
                job.enter("processing", instant)
                job.started = instant
            elif (
                job.status == "processing"
                and job.asked.job_type == "simple_pipeline"
                and instant < job.started + job.seconds
            ):
                job.enter("waiting", instant)
            else:
                self.finish(job, "failed" if job.asked.params.get("model") == "none" else "completed", instant)

    def _due(self) -> list[tuple[float, int, str]]:
        """What happens next: the end of a job at work, and the start of the first in line if a worker is free."""
        busy = [job for job in self.jobs.values() if job.started is not None and not job.is_over]
        pauses = [job for job in busy if job.status == "processing" and job.asked.job_type == "simple_pipeline"]
        due = [((job.started or 0) + job.seconds, 0, job.id) for job in busy]
        due += [((job.started or 0) + job.seconds / 2, 0, job.id) for job in pauses]
        line = [job for job in self.jobs.values() if job.status == "pending" and not job.asked.params.get("hold")]
        if line and len(busy) < WORKERS:
            self._free = max(
                [job.ended or job.updated for job in self.jobs.values() if job.is_over and job.started is not None],
                default=0.0,
            )
            soonest = min(max(job.created + PICKED_UP_AFTER, self._free) for job in line)
            ready = [job for job in line if job.created + PICKED_UP_AFTER <= soonest]
            due.append((soonest, 1, max(ready, key=lambda job: job.asked.priority).id))
        return due

    async def tell(self) -> None:
        """Calls back, three times at most."""
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            while True:
                job = await self.calls.get()
                for _ in range(3):
                    with contextlib.suppress(httpx.HTTPError):
                        answer = await client.post(
                            str(job.asked.callback_url), json=job.view(), headers={"X-Event": "job.finished"}
                        )
                        if answer.is_success:
                            break
                    await asyncio.sleep(1 / self.scale)

    async def tick(self) -> None:
        while True:
            self.catch_up()
            await asyncio.sleep(0.5 / self.scale)


class Api:
    """The calls."""

    def __init__(self, scale: float) -> None:
        self.work = Work(scale)

    def caller(self, request: Request) -> tuple[str, str]:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        key = request.headers.get("x-api-key") or (token if scheme.lower() == "bearer" else "")
        if key not in KEYS:
            raise HTTPException(401, "Not authenticated")
        self.work.catch_up()
        return KEYS[key]

    def found(self, request: Request) -> Job:
        _, organisation = self.caller(request)
        job = self.work.jobs.get(request.path_params["job_id"])
        if job is None or job.organisation != organisation:
            raise HTTPException(404, "Job not found")
        return job

    async def submit(self, request: Request) -> Response:
        user, organisation = self.caller(request)
        raw = await request.body()
        if request.headers.get("content-encoding") == "gzip":
            raw = gzip.decompress(raw)
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return invalid(
                "body", [{"loc": (), "msg": "Input should be a valid dictionary", "type": "model_attributes_type"}]
            )
        try:
            asked = Submission.model_validate(json.loads(raw))
        except ValidationError as wrong:
            return invalid("body", wrong.errors(include_url=False, include_context=False, include_input=False))
        except (ValueError, RecursionError):
            return invalid("body", [{"loc": (0,), "msg": "JSON decode error", "type": "json_invalid"}])
        parent = self.work.jobs.get(asked.parent_job_id or "")
        if asked.parent_job_id is not None and (parent is None or parent.organisation != organisation):
            raise HTTPException(404, "Parent job not found")
        job = Job(asked, user, organisation, request.query_params.get("project_id"), self.work.now())
        self.work.jobs[job.id] = job
        return JSONResponse(job.view(), 202)

    async def read(self, request: Request) -> Response:
        return JSONResponse(self.found(request).view())

    async def cancel(self, request: Request) -> Response:
        job = self.found(request)
        if job.is_over:
            return JSONResponse(
                {"error_code": "CONFLICT", "message": f"The job is already {job.status}.", "detail": None}, 409
            )
        self.work.finish(job, "canceled", self.work.now())
        return JSONResponse(job.view())

    async def metadata(self, request: Request) -> Response:
        job = self.found(request)
        if job.asked.job_type != "datafit" or job.status != "completed":
            raise HTTPException(404, "No metadata")
        return JSONResponse({"intermediate_results": []})

    def mine(self, request: Request) -> list[Job]:
        """The caller's jobs, the oldest first."""
        _, organisation = self.caller(request)
        return [job for job in self.work.jobs.values() if job.organisation == organisation]

    async def array(self, request: Request) -> Response:
        return JSONResponse([job.view() for job in self.mine(request)])

    async def jobs(self, request: Request) -> Response:
        return await self.submit(request) if request.method == "POST" else self.listed(request)

    def listed(self, request: Request) -> Response:
        jobs = self.mine(request)
        query = parse_qsl(request.url.query, keep_blank_values=True)
        words: Json = dict(query) | {"job_types": [value for name, value in query if name == "job_types"]}
        try:
            asked = TypeAdapter(Filters).validate_python(words)
        except ValidationError as wrong:
            return invalid("query", wrong.errors(include_url=False, include_context=False, include_input=False))
        kinds = asked.job_types or ([asked.job_type] if asked.job_type else [])
        jobs = [
            job for job in jobs if asked.status in (None, job.status) and (not kinds or job.asked.job_type in kinds)
        ]
        page = [job.view() for job in jobs[asked.skip : asked.skip + asked.limit]]
        return JSONResponse({"total": len(jobs), "jobs": page, "skip": asked.skip, "limit": asked.limit})

    async def me(self, request: Request) -> Response:
        user, organisation = self.caller(request)
        return JSONResponse({"id": user, "email": f"{user}@example.org", "organization_id": organisation})


def invalid(place: str, wrong: Any) -> Response:
    return JSONResponse({"detail": [{**one, "loc": [place, *one["loc"]]} for one in wrong]}, 422)


async def refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"detail": error.detail}, error.status_code, headers=error.headers)


class Numbered:
    """Gives every answer a number of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def numbered(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"X-Correlation-Id", secrets.token_hex(8).encode())]
            await send(message)

        await self.app(scope, receive, numbered)


def create_app(scale: float = 100.0) -> Starlette:
    api = Api(scale)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(one) for one in (api.work.tick(), api.work.tell())]
        yield
        for task in tasks:
            task.cancel()

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def moved(_: Request) -> Response:
        return RedirectResponse("/jobs", 307)

    routes = [
        Route("/healthz", health),
        Route("/users/me", api.me),
        Route("/jobs", api.jobs, methods=["GET", "POST"]),
        Route("/jobs/", api.array),
        Route("/jobs/", moved, methods=["POST"]),
        Route("/jobs/{job_id}", api.read),
        Route("/jobs/{job_id}/cancel", api.cancel, methods=["POST"]),
        Route("/jobs/{job_id}/metadata", api.metadata),
    ]
    return Starlette(
        routes=routes, exception_handlers={HTTPException: refused}, middleware=[Middleware(Numbered)], lifespan=lifespan
    )
