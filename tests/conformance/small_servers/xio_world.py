"""The jobs, nodes and clock of the second server of compute.x.io's API, and what a submission must be."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

Json = dict[str, Any]
OVER = ("COMPLETED", "CANCELLED", "FAILED")
LEAST = {
    "cpu_count": 0,
    "gpu_count": 0,
    "max_node_count": -math.inf,
    "max_retry_count": 0,
    "max_timeout_assign_ms": 300_000,
    "max_timeout_start_ms": 120_000,
    "min_ram_gb": 0,
    "min_storage_gb": 0,
    "min_vram_gb": 0,
}
USUAL = {
    "cpu_count": 0.0,
    "gpu_count": 0.0,
    "max_node_count": 1.0,
    "max_retry_count": 0.0,
    "max_timeout_assign_ms": 300_000.0,
    "max_timeout_start_ms": 300_000.0,
    "min_ram_gb": 0.0,
    "min_storage_gb": 0.0,
    "min_vram_gb": 0.0,
}
TEXTS = ("host", "image", "imagesrc", "secret", "sshkey", "tag", "user")
LOG = "hello from the container\n"


class Refused(Exception):
    """A status, a code and a sentence."""

    def __init__(self, status: int, code: str, why: str, **headers: str) -> None:
        self.status, self.code, self.why, self.headers = status, code, why, headers


def wrong(why: str) -> Refused:
    return Refused(422, "UNPROCESSABLE", why)


def new_id() -> str:
    return str(UUID(bytes=os.urandom(16), version=4))


@dataclass
class Node:
    """What of it is free."""

    cpu: float = 16
    ram: float = 128
    storage: float = 2000
    gpus: float = 4
    model: str = "NVIDIA RTX 4090"
    registry: str = "5b6ac3a1-0d6e-4b8f-9f0a-3f3c6d0e7a11"
    vram: float = 24

    def fits(self, job: Json) -> bool:
        registry, name = job.get("gpu_registry_uuid"), job.get("gpu_name")
        if (registry and registry.lower() != self.registry) or (name and name.lower() not in self.model.lower()):
            return False
        wants_gpu = job["gpu_count"] or job["min_vram_gb"]
        room = (
            self.cpu >= job["cpu_count"]
            and self.gpus >= job["gpu_count"]
            and self.ram >= job["min_ram_gb"]
            and self.storage >= job["min_storage_gb"]
        )
        return room and (not wants_gpu or self.vram >= job["min_vram_gb"])

    def take(self, job: Json, sign: int) -> None:
        self.cpu += sign * job["cpu_count"]
        self.gpus += sign * job["gpu_count"]
        self.ram += sign * job["min_ram_gb"]
        self.storage += sign * job["min_storage_gb"]


@dataclass
class Job:
    """What is shown, the runs so far, the states so far, and where it is."""

    shown: Json
    runs: list[Json] = field(default_factory=list)
    moves: list[str] = field(default_factory=list)
    node: Node | None = None

    def env(self, name: str, usual: float) -> float:
        try:
            return float(self.shown["parameters"]["parameters"]["env"][name])
        except (KeyError, TypeError, ValueError):
            return usual


class World:
    """A place where time passes."""

    def __init__(self, *, strict: bool = False, scenario: Json | None = None) -> None:
        told = scenario or {}
        self.now, self.begin, self.strict = 0.0, time.time(), strict
        self.preparing, self.running = told.get("startup", {}).get("fixed", 0.5), told.get("run", {}).get("fixed", 1.0)
        self.nodes = [Node() for _ in range(4)]
        if "nodes" in told:
            self.nodes = [staged(one) for one in told["nodes"] for _ in range(one.get("count", 1))]
        self.jobs: dict[str, Job] = {}
        self.due: list[tuple[float, int, Job, int, Callable[[Job], None]]] = []
        self.nonces: set[str] = set()
        self.serial = 0

    def instant(self) -> str:
        return (datetime.fromtimestamp(self.begin, UTC) + timedelta(seconds=self.now)).isoformat(
            timespec="microseconds"
        )

    def millis(self) -> float:
        return float(int((self.begin + self.now) * 1000))

    def later(self, job: Job, seconds: float, act: Callable[[Job], None]) -> None:
        """Do so unless the job has moved on by then."""
        self.serial += 1
        self.due.append((self.now + seconds, self.serial, job, len(job.moves), act))

    def advance(self, target: float) -> None:
        while self.due and (first := min(self.due, key=lambda one: one[:2]))[0] <= target:
            self.due.remove(first)
            when, _, job, moves, act = first
            if len(job.moves) == moves:
                self.now = max(self.now, when)
                act(job)
        self.now = max(self.now, target)

    def move(self, job: Job, state: str, reason: str | None = None) -> None:
        job.moves.append(state)
        job.shown.update(status=state, updated_at=self.instant())
        if reason:
            job.shown["status_reason"] = reason
        if state in OVER:
            job.shown["completed_at"] = self.instant()

    def submit(self, asked: Json) -> Job:
        head = {"uuid": new_id(), "status": "PENDING", "created_at": self.instant(), "updated_at": self.instant()}
        job = Job({**head, "object": "job", **asked, "container_access_tokens": [], "workspace": "default"})
        self.jobs[job.shown["uuid"]] = job
        self.wait(job)
        return job

    def wait(self, job: Job) -> None:
        job.runs.append(
            {
                "object": "job_run",
                "uuid": new_id(),
                "job_uuid": job.shown["uuid"],
                "status": "PENDING",
                "started_at_ms": None,
                "ended_at_ms": None,
                "duration_ms": None,
                "node_urls": [],
                "hourly_rate_usd": 0.4,
            }
        )
        limit = job.shown["max_timeout_assign_ms"]
        job.shown["timeout_assign_at_ms"] = self.millis() + limit
        self.later(job, limit / 1000, lambda job: self.end(job, "FAILED", "nobody took the job in time"))
        self.place()

    def place(self) -> None:
        for job in list(self.jobs.values()):
            if job.shown["status"] == "PENDING" and not job.env("HOLD", 0):
                node = next((node for node in self.nodes if node.fits(job.shown)), None)
                if node:
                    self.assign(job, node)

    def assign(self, job: Job, node: Node) -> None:
        job.node = node
        node.take(job.shown, -1)
        self.move(job, "ASSIGNED")
        job.runs[-1]["status"] = "PREPARING"
        prepare, most = job.env("PREPARE", self.preparing), job.shown["max_timeout_start_ms"] / 1000
        if prepare > most:
            self.later(job, most, lambda job: self.fail(job, "the node was not ready in time"))
        else:
            self.later(job, prepare, self.start)

    def start(self, job: Job) -> None:
        inner = job.shown["parameters"].get("parameters") or {}
        urls = [
            {"description": "ssh" if port == 22 else f"{port:g}", "hostname": "tiny.example", "port": 20_000 + port}
            for port in inner.get("ports", [22])
        ]
        self.move(job, "RUNNING")
        job.runs[-1].update(status="RUNNING", started_at_ms=self.millis(), node_urls=urls)
        job.shown["started_at"] = self.instant()
        if job.shown["task"] == "PERSISTENT":
            return
        seconds, most = job.env("SLEEP", self.running), job.shown["max_timeout_run_ms"] / 1000
        code = job.env("EXIT", 0) if len(job.runs) <= job.env("FLAKY", math.inf) else 0
        if seconds > most:
            self.later(job, most, lambda job: self.fail(job, "it ran for too long"))
        elif code:
            self.later(job, seconds, lambda job: self.fail(job, f"the container said {code:g}"))
        else:
            self.later(job, seconds, lambda job: self.end(job, "COMPLETED"))

    def fail(self, job: Job, why: str) -> None:
        if len(job.runs) > job.shown["max_retry_count"]:
            self.end(job, "FAILED", why)
            return
        self.close(job, "FAILED")
        self.move(job, "PENDING")
        self.wait(job)

    def end(self, job: Job, status: str, why: str | None = None) -> None:
        self.close(job, status)
        self.move(job, status, why)
        self.place()

    def close(self, job: Job, status: str) -> None:
        run, job.node, node = job.runs[-1], None, job.node
        began = run["started_at_ms"]
        run.update(
            status=status,
            ended_at_ms=self.millis(),
            duration_ms=None if began is None else self.millis() - began,
            node_urls=[],
        )
        if node:
            node.take(job.shown, 1)


def staged(one: Json) -> Node:
    """A node as the control API's scenarios describe it."""
    gpu = one.get("gpu") or {}
    rest = {
        "gpus": gpu.get("count", 0),
        "model": gpu.get("model", ""),
        "registry": gpu.get("registry", ""),
        "vram": gpu.get("vram_gib", 0),
    }
    return Node(one.get("cpu", 1), one.get("memory_gib", 1), one.get("storage_gib", 1), **rest)


def is_number(value: Any, least: float) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | float) and value >= least


def checked(body: Json) -> Json:
    """What a body asks for, complete. Raises Refused."""
    if not isinstance(body.get("title"), str):
        raise wrong("title: a string is needed")
    if body.get("task") not in ("BATCH", "PERSISTENT"):
        raise wrong("task: BATCH or PERSISTENT")
    limit = body.get("max_timeout_run_ms")
    if not is_number(limit, 60_000) if body["task"] == "BATCH" else limit is not None:
        raise wrong("max_timeout_run_ms: a number from 60000 for BATCH, none for PERSISTENT")
    for name, least in LEAST.items():
        if name in body and not is_number(body[name], least):
            raise wrong(f"{name}: a number is needed, {least} or more")
    for name in ("description", "gpu_name", "gpu_registry_uuid"):
        if not isinstance(body.get(name), str | None):
            raise wrong(f"{name}: a string or null")
    if body.get("gpu_registry_uuid") is not None:
        try:
            UUID(body["gpu_registry_uuid"])
        except ValueError as bad:
            raise wrong("gpu_registry_uuid: a UUID") from bad
        if body.get("gpu_name") is not None:
            raise wrong("gpu_name and gpu_registry_uuid exclude each other")
    check_container(body.get("parameters"))
    asked = {**USUAL, **{name: float(body[name]) for name in LEAST if name in body}}
    asked.update({name: body[name] for name in ("title", "task", "parameters")}, max_timeout_run_ms=limit)
    return asked | {
        name: body[name] for name in ("description", "gpu_name", "gpu_registry_uuid") if body.get(name) is not None
    }


def check_container(outer: Any) -> None:
    inner = outer.get("parameters", {}) if isinstance(outer, dict) else None
    if not isinstance(inner, dict) or not isinstance(outer.get("type", ""), str):
        raise wrong("parameters: an object with an object is needed")
    env, ports, volumes, ips = (
        inner.get("env", {}),
        inner.get("ports", []),
        inner.get("volumes", []),
        inner.get("allowed_ips", []),
    )
    good = isinstance(env, dict) and all(isinstance(value, str) for value in env.values())
    good &= isinstance(ports, list) and all(is_number(port, 0) for port in ports)
    good &= isinstance(ips, list) and all(isinstance(one, str) for one in ips)
    good &= all(isinstance(inner.get(name, ""), str) for name in TEXTS)
    if (
        not good
        or not isinstance(volumes, list)
        or not all(isinstance(one, dict) and all(isinstance(text, str) for text in one.values()) for one in volumes)
    ):
        raise wrong("parameters: a container is needed")
