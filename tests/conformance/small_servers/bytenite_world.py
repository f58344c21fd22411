"""The jobs of a second ByteNite: what they say of themselves and when they move.

It prints what protobuf prints: every member, null and zero where nothing was said. `params.app` says `seconds` a task
takes, `crash` its exit code, `lose` how many of `params.partitioner.pieces` tasks crash, `stuck` that nobody takes the
job.
"""

from __future__ import annotations

import math
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]
PREFIX = "JOB_STATE_"
COURSE = (
    "STARTED",
    "UPLOADING",
    "PARTITIONING",
    "PARTITIONED",
    "TASKS_COMPLETED",
    "MERGING",
    "MERGED",
    "DOWNLOADING",
    "COMPLETE",
)
OVER, STEP, TWO_DAYS = ("COMPLETE", "FAILED"), 0.3, 172_800.0
TEMPLATE = {
    "id": "thumbnails",
    "owner": "studio",
    "description": "",
    "app": "resizer",
    "partitioner": "by-frame",
    "assembler": "zip",
}


class Refused(Exception):
    """A status, a gRPC code and a text."""

    def __init__(self, status: int, code: int, text: str, **headers: str) -> None:
        self.status, self.code, self.text, self.headers = status, code, text, headers

    @property
    def body(self) -> Json:
        if self.status in (400, 401, 403, 404):
            return {
                "ok": False,
                "requestId": secrets.token_hex(4),
                "message": self.text,
                "error": {"code": self.status, "message": self.text, "description": ""},
            }
        return {"code": self.code, "message": self.text, "details": []}


def bad(text: str) -> Refused:
    return Refused(400, 3, text)


def gone() -> Refused:
    return Refused(404, 5, "nessun lavoro con questo id")


def too_late() -> Refused:
    return Refused(400, 9, "troppo tardi")


@dataclass
class Work:
    """A job: what was said, and what is planned."""

    id: str
    owner: str
    said: Json
    made: float
    state: str = "NEW"
    reached: dict[str, float] = field(default_factory=dict)
    plan: list[tuple[float, str, str]] = field(default_factory=list)
    why: str = ""
    uploaded: bool = False

    def option(self, part: str, name: str, usual: Any) -> Any:
        found = ((self.said.get("params") or {}).get(part) or {}).get(name)
        return usual if found is None else found

    def limit(self, name: str) -> float:
        given = (self.said.get("config") or {}).get(name) or 0
        return float(given) if given > 0 else math.inf

    def run(self, now: float) -> None:
        """Write the whole course down."""
        at, moments = now, []
        for state in COURSE:
            at += {"STARTED": 0.0, "TASKS_COMPLETED": float(self.option("app", "seconds", 1))}.get(state, STEP)
            moments.append((at, state, ""))
        begin = moments[3][0]
        if str(((self.said.get("dataSource") or {}).get("params") or {}).get("url", "")).endswith(
            "nowhere.invalid/in.zip"
        ):
            moments = [*moments[:2], (moments[2][0], "FAILED", "la fonte non risponde")]
        elif self.option("app", "stuck", usual=False):
            moments = moments[:1]
        elif self.option("app", "crash", 0) or self.option("app", "lose", 0):
            moments = [*moments[:4], (moments[4][0], "FAILED", f"codice {self.option('app', 'crash', 1)}")]
        ends = min(
            (begin + self.limit("taskTimeout"), "tempo del task scaduto"),
            (now + self.limit("jobTimeout"), "tempo del job scaduto"),
        )
        if (
            ends[0] < math.inf
            and (moments[-1][1] not in OVER or moments[-1][0] > ends[0])
            and (moments[-1][1] != "STARTED" or "job" in ends[1])
        ):
            tasks_done = len(moments) > 4 and moments[4][0] <= ends[0] and moments[4][1] == "TASKS_COMPLETED"
            if "task" not in ends[1] or not tasks_done:
                moments = [one for one in moments if one[0] < ends[0]] + [(ends[0], "FAILED", ends[1])]
        self.plan = moments


class World:
    """Jobs, tokens, a clock."""

    def __init__(self, speed: float) -> None:
        self.speed, self.began, self.epoch, self.moved = speed, time.monotonic(), datetime.now(UTC), 0.0
        self.jobs: dict[str, Work] = {}
        self.tokens: dict[str, tuple[str, float]] = {}
        self.news: list[tuple[str, Json]] = []

    @property
    def now(self) -> float:
        return self.moved + (time.monotonic() - self.began) * self.speed

    @property
    def lived(self) -> float:
        return self.moved if self.speed == 0 else time.monotonic() - self.began

    def catch_up(self) -> None:
        now = self.now
        for at, id_ in sorted((job.plan[0][0], job.id) for job in self.jobs.values() if job.plan):
            job = self.jobs[id_]
            while job.plan and job.plan[0][0] <= now:
                at, state, why = job.plan.pop(0)
                self.enter(job, state, at, why)

    def enter(self, job: Work, state: str, at: float, why: str = "") -> None:
        job.state, job.reached[state], job.why = state, at, why
        self.news.append(
            (job.owner, {"result": {"event": "job.state", "data": {"jobId": job.id, "state": PREFIX + state}}})
        )

    def instant(self, at: float | None) -> str | None:
        return None if at is None else (self.epoch + timedelta(seconds=at)).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")

    def view(self, job: Work) -> Json:
        said, began = job.said, job.reached.get("PARTITIONING")
        ended = job.reached.get("COMPLETE", job.reached.get("FAILED"))
        config, params = said.get("config"), said.get("params")
        return {
            "duration": ended - began if ended is not None and began is not None else 0,
            "errorMessage": job.why,
            "state": PREFIX + job.state,
            "stateTimestamps": {PREFIX + state: self.instant(at) for state, at in job.reached.items()},
            "createdAt": self.instant(job.made),
            "submittedAt": self.instant(job.reached.get("STARTED")),
            "startedAt": self.instant(began),
            "endedAt": self.instant(ended),
            "deletedAt": None,
            "startAt": None,
            "priority": "EXECUTION_PRIORITY_UNDEFINED",
            "regions": None,
            "paymentAmount": 0.25 if job.state == "COMPLETE" else 0,
            "numUnitsEstimation": "2" if "STARTED" in job.reached else "0",
            "numChunks": job.option("partitioner", "pieces", 2) if "PARTITIONED" in job.reached else 0,
            "id": job.id,
            "appId": "resizer",
            "templateId": said["templateId"],
            "templateInfo": TEMPLATE,
            "name": said.get("name") or "",
            "description": said.get("description") or "",
            "config": None if config is None else {"taskTimeout": 0, "jobTimeout": 0, "isTestJob": False} | config,
            "params": None
            if params is None
            else {"preset": "", "app": None, "partitioner": None, "assembler": None} | params,
            "dataSource": self.source(job, "dataSource"),
            "dataDestination": self.source(job, "dataDestination"),
        }

    def source(self, job: Work, name: str) -> Json | None:
        told = job.said.get(name)
        if told is None:
            return None
        params = told.get("params")
        if told["dataSourceDescriptor"] == "url" and params is not None:
            params = {"name": "", "username": "", "password": ""} | params
        if told["dataSourceDescriptor"] == "file":
            params = (params or {}) | {"tempUrl": f"http://localhost/uploads/{job.id}"}
        params = params and {name: "" if name == "password" else value for name, value in params.items()}
        return {"dataSourceDescriptor": told["dataSourceDescriptor"], "params": params}

    def keeps_results(self, job: Work) -> bool:
        """Two days long, in the bucket that is there for that."""
        place = (job.said.get("dataDestination") or {}).get("dataSourceDescriptor", "bucket")
        return job.state == "COMPLETE" and place == "bucket" and self.now - job.reached["COMPLETE"] < TWO_DAYS

    def answer(self, job: Work) -> Json:
        return {"templateInfo": TEMPLATE, "job": self.view(job)}

    def logs(self, job: Work, body: Json) -> Json:
        """Who said what, when."""

        def line(state: str, text: str, level: str = "INFO") -> list[Json]:
            wanted = body.get("levels") or [level]
            return (
                [{"level": level, "log": text, "container": job.id, "timestamp": self.instant(job.reached[state])}]
                if state in job.reached and level in wanted
                else []
            )

        crashed = int(self.view(job)["numChunks"]) if job.option("app", "crash", 0) else job.option("app", "lose", 0)
        tasks = {f"{job.id}.{at}": at < crashed for at in range(self.view(job)["numChunks"])}
        wanted, services = (
            body.get("taskIds") or list(tasks),
            body.get("services") or ["partitioner", "assembler", "taskrunner"],
        )
        told = {
            "partitioner": line("PARTITIONING", "taglio")
            + line("PARTITIONED", "tagliato")
            + (line("FAILED", job.why, "ERROR") if "PARTITIONED" not in job.reached else []),
            "assembler": line("MERGING", "unisco") + line("MERGED", "unito"),
            "taskrunner": {
                id_: {
                    "logs": line("PARTITIONED", "via")
                    + (line("FAILED", job.why, "ERROR") if crashes else line("TASKS_COMPLETED", "fatto"))
                }
                for id_, crashes in tasks.items()
                if id_ in wanted
            },
        }
        return {name: said for name, said in told.items() if name in services}
