"""A second server of openYuanrong's job API, written by hand from its documentation: bare ASGI, no document, nothing of
ours.

It runs jobs in its head on three machines. Its clock runs `speed` times faster than real time, or, with `speed=0`, only
when the control calls move it. An id that a job brings along is completed, or left as it is with `keeps_ids`. A command
`sleep N` takes N seconds, `exit N` ends with N, any other a second; `entrypoint_resources: {standby: 1}` waits for a
machine that takes a year to boot.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.conformance.small_servers.serving import body_of, headers_of

Json = dict[str, Any]
OVER = ("SUCCEEDED", "FAILED", "STOPPED")
PLACING, STOPPING, GIVES_UP = 1.0, 1.0, 18.0
ANY = "unUseAntiOtherLabels"
CALLS = {("jobs",): ("GET", "POST"), ("jobs", "*"): ("GET", "DELETE"), ("jobs", "*", "stop"): ("POST",)}


class Refused(Exception):
    """A status, what is said with it, headers."""


@dataclass
class Machine:
    """What it has, when it has booted, and what of it is free."""

    name: str
    labels: tuple[str, ...]
    has: dict[str, float]
    up: float = 0.0
    used: dict[str, float] = field(default_factory=dict)

    def holds(self, wanted: dict[str, float], *, ever: bool) -> bool:
        used = {} if ever else self.used
        return all(self.has.get(name, 0) - used.get(name, 0) >= amount - 1e-6 for name, amount in wanted.items())

    def take(self, wanted: dict[str, float], sign: int = 1) -> None:
        self.used |= {name: self.used.get(name, 0) + sign * amount for name, amount in wanted.items()}


@dataclass
class Work:
    """A job."""

    id: str
    asked: Json
    wanted: dict[str, float]
    machines: list[Machine]
    status: str = "PENDING"
    due: float | None = None
    then: str = ""
    began: float | None = None
    ended: float | None = None
    on: Machine | None = None
    code: int = 0
    why: str = ""


def machines() -> list[Machine]:
    has = {"cpu": 96.0, "memory": 2.0**40}
    return [
        Machine("north", ("amber",), has),
        Machine("south", (), has | {"gpu": 8.0, "NPU": 8.0}),
        Machine("spare", (), has | {"standby": 4.0}, up=3e7),
    ]


def staged(node: Json) -> list[Machine]:
    has = {"cpu": node["cpu"], "memory": node["memory_gib"] * 2.0**30} | node.get("custom", {})
    return [
        Machine(f"{node['class']}-{at}", tuple(node.get("labels", ())), dict(has)) for at in range(node.get("count", 1))
    ]


class World:
    """Jobs, machines, a clock."""

    def __init__(self, speed: float, order: Json | None = None) -> None:
        order = order or {}
        self.speed, self.strict = speed, order.get("auth") == "strict"
        self.began, self.epoch, self.moved, self.seen = time.monotonic(), time.time(), 0.0, 0.0
        self.jobs: dict[str, Work] = {}
        told = order.get("scenario", {}).get("nodes")
        self.machines = machines() if told is None else [one for node in told for one in staged(node)]
        self.count = 0

    def catch_up(self) -> None:
        """Let everything happen that is due by now, in order."""
        now = self.moved + (time.monotonic() - self.began) * self.speed
        self.place()
        while True:
            moments = [job.due for job in self.jobs.values() if job.due is not None]
            moments += [one.up for one in self.machines if one.up > self.seen]
            if min(moments, default=math.inf) > now:
                break
            self.seen = max(self.seen, min(moments))
            for job in [job for job in self.jobs.values() if job.due is not None and job.due <= self.seen]:
                self.step(job)
            self.place()
        self.seen = now

    def place(self) -> None:
        for job in self.jobs.values():
            if job.status == "PENDING" and job.on is None:
                fit = next(
                    (one for one in job.machines if one.up <= self.seen and one.holds(job.wanted, ever=False)), None
                )
                if fit is not None:
                    fit.take(job.wanted)
                    job.on, job.due = fit, self.seen + PLACING

    def step(self, job: Work) -> None:
        """The next thing in a job's life."""
        if job.status == "PENDING":
            job.status, job.began = "RUNNING", job.due
            word, _, rest = job.asked["entrypoint"].partition(" ")
            number = int(rest[:9]) if rest.isdecimal() and word in ("exit", "sleep") else 0
            job.due = self.seen + (number if word == "sleep" else 1.0)
            job.asked["code"] = number if word == "exit" else 0
            job.then = "FAILED" if job.asked["code"] else "SUCCEEDED"
            return
        job.status, job.ended, job.due = job.then, job.due, None
        job.code = 143 if job.then == "STOPPED" else job.asked["code"]
        job.why = {"STOPPED": "stopped on request", "FAILED": f"the command ended with {job.code}"}.get(job.then, "")
        if job.on is not None:
            job.on.take(job.wanted, -1)

    def instant(self, at: float | None) -> str:
        return "" if at is None else str(int((self.epoch + at) * 1000))  # the words of the guide, not its sample

    def view(self, job: Work) -> Json:
        runtime, started = job.asked["runtime_env"], job.began is not None
        return {
            "status": job.status,
            "submission_id": job.id,
            "type": "SUBMISSION",
            "entrypoint": job.asked["entrypoint"],
            "error_type": job.why,
            "start_time": self.instant(job.began),
            "end_time": self.instant(job.ended),
            "driver_exit_code": job.code,
            "cluster": "home",
            "driver_info": {
                "pid": str(4000 + len(job.id)) if started else "",
                "node_ip_address": "10.9.8.7" if started else "",
                "id": job.id,
            },
            "driver_node_id": job.on.name if job.on and started else "",
            "driver_agent_http_address": "",
            "metadata": job.asked.get("metadata") or {},
            "runtime_env": {
                "envVars": json.dumps(runtime.get("env_vars") or {}, sort_keys=True),
                "pip": "pip3 install " + " ".join(runtime["pip"]) if runtime.get("pip") else "",
                "working_dir": runtime["working_dir"],
            },
        }


def member(body: Json, name: str, kind: type | tuple[type, ...], at: str = "") -> Any:
    """A member of a type, or None. A null says no more than a member that is not there."""
    value = body.get(name)
    if value is not None and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)):
        raise Refused(422, f"{at}{name}: das ist kein {getattr(kind, '__name__', 'number')}")
    return value


def pairs(body: Json, name: str, kind: type | tuple[type, ...], at: str = "") -> Json:
    value: Json = member(body, name, dict, at) or {}
    if any(member(value, key, kind, f"{at}{name}.") is None for key in value):
        raise Refused(422, f"{at}{name}: nichts")
    return value


def within(body: Json, name: str, least: float, most: float) -> float:
    value = member(body, name, (int, float))
    if value is not None and not least <= value <= most:
        raise Refused(422, f"{name}: erlaubt ist {least} bis {most}")
    return float(value or 0)


def checked(body: Json) -> dict[str, float]:
    """What a submission asks machines for."""
    if not member(body, "entrypoint", str):
        raise Refused(422, "entrypoint fehlt")
    runtime = member(body, "runtime_env", dict) or {}
    if not member(runtime, "working_dir", str, "runtime_env."):
        raise Refused(422, "runtime_env.working_dir fehlt")
    pairs(runtime, "env_vars", str, "runtime_env.")
    pairs(body, "metadata", str)
    if any(not isinstance(one, str) for one in member(runtime, "pip", list, "runtime_env.") or []):
        raise Refused(422, "runtime_env.pip: nur Texte")
    wanted = {"cpu": within(body, "entrypoint_num_cpus", 0.3, 16) or 1.0}
    wanted["memory"] = within(body, "entrypoint_memory", 134217728, 1125899906842624) or 2.0**27
    if wanted["memory"] != math.floor(wanted["memory"]):
        raise Refused(422, "entrypoint_memory: ganze Bytes")
    wanted["gpu"] = within(body, "entrypoint_num_gpus", 0, math.inf)
    for name, amount in pairs(body, "entrypoint_resources", (int, float)).items():
        if amount < 0:
            raise Refused(422, f"entrypoint_resources.{name}: weniger als nichts")
        wanted[name] = wanted.get(name, 0) + float(amount)
    id_ = member(body, "submission_id", str)
    if id_ is not None and not re.fullmatch("[a-z0-9-]{1,64}", id_):
        raise Refused(422, "submission_id: a-z, 0-9 und Striche, hoechstens 64")
    return wanted


class Server:
    """The ASGI application."""

    def __init__(self, speed: float = 1.0, *, keeps_ids: bool = False) -> None:
        self.speed, self.keeps_ids = speed, keeps_ids
        self.worlds: dict[str, World] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        headers, raw = headers_of(scope), await body_of(receive)
        path = scope["raw_path"].decode("latin-1") if scope.get("raw_path") else scope["path"]
        try:
            status, said, extra = await self.answer(
                scope["method"], [unquote(part) for part in path.split("?")[0].strip("/").split("/")], headers, raw
            )
        except Refused as refused:
            status, said, extra = (*refused.args, {})[:3]
        text = b"" if status == 204 else json.dumps(said, ensure_ascii=False).encode()
        fields = {
            "Content-Type": "application/json",
            "Content-Length": str(len(text)),
            "Cache-Control": "no-store",
        } | extra
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(name.encode(), value.encode()) for name, value in fields.items()],
            }
        )
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else text})

    async def answer(
        self, method: str, parts: list[str], headers: dict[str, str], raw: bytes
    ) -> tuple[int, Any, dict[str, str]]:
        if parts[0] == "_mock" and self.speed == 0:
            return self.control(method, parts, headers, raw)
        if (
            parts[0] != "api"
            or (kind := tuple("*" if at == 1 else part for at, part in enumerate(parts[1:]))) not in CALLS
        ):
            raise Refused(404, "hier ist nichts")
        world = self.worlds.setdefault(headers.get("x-mock-sandbox", ""), World(self.speed))
        if world.strict and headers.get("x-auth", "").count(".") != 2:
            raise Refused(401, {"error": "wer da?"})
        if method not in CALLS[kind]:
            raise Refused(405, "so nicht", {"Allow": ", ".join(CALLS[kind])})
        world.catch_up()
        if len(parts) == 2 and method == "POST":
            return 201, await self.submit(world, headers, raw), {}
        if len(parts) == 2:
            return 200, [world.view(world.jobs[id_]) for id_ in sorted(world.jobs)], {}
        job = world.jobs.get(parts[2])
        if job is None:
            raise Refused(404, f"{parts[2]}: nie gehoert")
        if len(parts) == 3 and method == "GET":
            return 200, world.view(job), {}
        if method == "DELETE":
            return 200, job.status in OVER and world.jobs.pop(job.id) is job, {}
        stops = job.status == "RUNNING" and job.then != "STOPPED"
        if stops:
            job.then, job.due = "STOPPED", min(job.due or math.inf, world.seen + STOPPING)
        return 200, stops or job.status == "RUNNING", {}

    async def submit(self, world: World, headers: dict[str, str], raw: bytes) -> Json:
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Refused(415, "nur JSON")
        body = parsed(raw)
        wanted = checked(body)
        world.count += 1
        id_ = body.get("submission_id") or f"app-{world.count:05d}-{hash((world.count, world.epoch)) % 10**9:x}"
        id_ = id_ if self.keeps_ids or id_.startswith("app-") else f"app-{id_}"
        if id_ in world.jobs:
            raise Refused(409, f"{id_} gibt es schon")
        labels = [label.strip() for label in headers.get("x-pool-label", "").split(",") if label.strip()]
        wishes = [label for label in labels if label != ANY]
        fit = [one for one in world.machines if one.holds(wanted, ever=True)]
        if wishes and ANY not in labels:
            fit = [one for one in fit if set(one.labels) & set(wishes)]
        if not fit:
            if self.speed:
                await asyncio.sleep(GIVES_UP / self.speed)
            raise Refused(
                503, f"create app failed, submissionId:[{id_}], err: kein Platz auf {len(world.machines)} Maschinen"
            )
        world.jobs[id_] = Work(id_, body, wanted, fit)
        world.place()
        return {"accepted": True, "submission_id": id_}

    def control(
        self, method: str, parts: list[str], headers: dict[str, str], raw: bytes
    ) -> tuple[int, Any, dict[str, str]]:
        if parts[1] == "sandboxes" and method == "POST":
            order = json.loads(raw)
            self.worlds[order["name"]] = World(0, order)
            return 201, {}, {}
        if method == "DELETE":
            self.worlds.pop(parts[2], None)
            return 204, None, {}
        world = self.worlds[headers["x-mock-sandbox"]]
        if parts[1] == "nodes" and parts[3:] == ["fail"]:
            world.machines = [one for one in world.machines if one.name != parts[2]]
            for job in world.jobs.values():
                if job.on is not None and job.on.name == parts[2] and job.status not in OVER:
                    job.due, job.then, job.asked["code"] = world.seen, "FAILED", 1
            return 200, {}, {}
        world.moved += json.loads(raw)["seconds"]
        world.catch_up()
        return 200, {"now": world.moved}, {}


def parsed(raw: bytes) -> Json:
    try:
        body = json.loads(raw.decode("utf-8"), parse_constant=_finite, parse_float=_finite)
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as broken:
        raise Refused(400, "das ist kein JSON") from broken
    if not isinstance(body, dict):
        raise Refused(422, "ein Objekt bitte")
    return body


def _finite(text: str) -> float:
    if math.isfinite(number := float(text)):
        return number
    raise ValueError(text)
