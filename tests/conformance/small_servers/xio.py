"""A second server of compute.x.io's job API, written by hand from its pages: bare ASGI, no document, nothing of ours.

Its clock runs `speed` times faster than real time, or, with `speed=0`, only when the control calls move it. What a
container does stands in its environment: `SLEEP` seconds, then `EXIT` code; `FLAKY` says how many attempts fail, `HOLD`
keeps the job away from every node, `PREPARE` is how long a node needs before it runs. There are no offers and no list
of nodes.
"""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, quote_plus

from tests.conformance.small_servers.serving import body_of, headers_of
from tests.conformance.small_servers.xio_world import LOG, OVER, Job, Json, Refused, World, checked, new_id, wrong

STATES = ("PENDING", "ASSIGNED", "RUNNING", "COMPLETED", "CANCELLED", "FAILED")
GPUS = [
    {"uuid": "5b6ac3a1-0d6e-4b8f-9f0a-3f3c6d0e7a11", "name": "NVIDIA RTX 4090", "vram_gb": 24},
    {"uuid": "9d1f2b77-8f3e-4d0c-a5b1-7c2e9a4f6022", "name": "NVIDIA H100", "vram_gb": 80},
]
RECIPES: dict[str, Json] = {
    "7e57ab1e-0000-4000-8000-00000000c0de": {
        "title": "Hello, world",
        "task": "BATCH",
        "max_timeout_run_ms": 600_000,
        "cpu_count": 1,
        "parameters": {"type": "docker", "parameters": {"image": "hello-world", "env": {"SLEEP": "4"}}},
    },
    "7e57ab1e-0000-4000-8000-00000000feed": {
        "title": "A desk for the day",
        "task": "PERSISTENT",
        "gpu_count": 1,
        "gpu_name": "NVIDIA RTX 4090",
        "parameters": {"type": "docker", "parameters": {"image": "jupyter", "tag": "lab", "ports": [22, 8888]}},
    },
}
KEYS = {"pk_tiny": "sk_tiny"}


class Server:
    """The ASGI application."""

    def __init__(self, *, speed: float = 0.0, strict: bool = False) -> None:
        self.speed, self.since = speed, time.monotonic()
        self.worlds = {"": World(strict=strict)}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        headers, raw = headers_of(scope), await body_of(receive)
        try:
            status, body, more = (
                *self.answer(scope["method"], scope["path"], scope["query_string"].decode("latin-1"), headers, raw),
                {},
            )
        except Refused as no:
            status, more = no.status, no.headers
            body = {"request_id": new_id(), "error": {"message": no.why, "code": no.code}}
        text = json.dumps(body).encode()
        fields = [(b"content-type", b"application/json; charset=utf-8"), (b"content-length", str(len(text)).encode())]
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": fields + [(name.encode(), value.encode()) for name, value in more.items()],
            }
        )
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else text})

    def answer(self, method: str, path: str, query: str, headers: dict[str, str], raw: bytes) -> tuple[int, Any]:
        if path.startswith("/_mock"):
            return self.control(method, path, headers, raw)
        world = self.worlds.get(headers.get("x-mock-sandbox", ""), self.worlds[""])
        if self.speed:
            world.advance((time.monotonic() - self.since) * self.speed)
        parts = path.removeprefix("/v1/").split("/")
        calls = self.calls(world, parts) if path.startswith("/v1/") else {}
        if not calls:
            raise Refused(404, "NO_SUCH_PLACE", "there is nothing here")
        if world.strict:
            signed(world, method, path, query, headers, raw)
        if method not in calls:
            raise Refused(405, "NOT_LIKE_THAT", "another method is needed", allow=", ".join(sorted(calls)))
        if method == "GET":
            return 200, calls[method](parse_qsl(query, keep_blank_values=True))
        return (202 if method == "PUT" else 200), calls[method](parsed(headers, raw, optional=len(parts) > 1))

    def calls(self, world: World, parts: list[str]) -> dict[str, Callable[[Any], Any]]:
        match parts:
            case ["jobs"]:
                return {"POST": lambda body: submitted(world, body), "GET": lambda query: jobs_of(world, query)}
            case ["jobs", id_]:
                return {"GET": lambda _: view(job_of(world, id_))}
            case ["jobs", id_, "cancel"]:
                return {"PUT": lambda body: cancelled(world, job_of(world, id_), body)}
            case ["job-runs"]:
                return {"GET": lambda query: runs_of(world, query)}
            case ["job-runs", id_]:
                return {"GET": lambda _: one_run(world, id_)}
            case ["job-recipes"]:
                return {"GET": recipes_of}
            case ["job-recipes", id_, "cook"]:
                return {"POST": lambda body: cooked(world, id_, body)}
            case ["gpu-registry"]:
                return {"GET": gpus_of}
        return {}

    def control(self, method: str, path: str, headers: dict[str, str], raw: bytes) -> tuple[int, Any]:
        if path == "/_mock/sandboxes":
            order = json.loads(raw)
            self.worlds[order["name"]] = World(strict=order.get("auth") == "strict", scenario=order.get("scenario"))
            return 201, {}
        if path in ("/_mock/health", "/_mock/nodes"):
            return (200, {}) if path.endswith("health") else (501, {})
        if method == "DELETE":
            self.worlds.pop(path.rpartition("/")[2], None)
            return 204, None
        world = self.worlds[headers["x-mock-sandbox"]]
        world.advance(world.now + json.loads(raw)["seconds"])
        return 200, {"now": world.now}


def signed(world: World, method: str, path: str, query: str, headers: dict[str, str], raw: bytes) -> None:
    key, instant, nonce, told = (headers.get(name, "") for name in ("x-api-key", "x-time", "x-nonce", "x-signature"))
    if not (key and instant and nonce and told):
        raise Refused(401, "WHO", "four headers are needed")
    pairs = "&".join(
        f"{quote_plus(name)}={quote_plus(value)}" for name, value in sorted(parse_qsl(query, keep_blank_values=True))
    )
    try:
        body = json.dumps(json.loads(raw), sort_keys=True, separators=(",", ":")).encode() if raw else b""
    except ValueError:
        body = raw
    text = "|".join((key, instant, nonce, method, path, pairs, sha256(body).hexdigest()))
    ours = hmac.new(KEYS.get(key, "?").encode(), text.encode(), sha256).hexdigest()
    if (
        key not in KEYS
        or not hmac.compare_digest(ours, told)
        or nonce in world.nonces
        or abs(float(instant) / 1000 - time.time()) > 300
    ):
        raise Refused(403, "NOT_YOU", "the signature does not hold")
    world.nonces.add(nonce)


def parsed(headers: dict[str, str], raw: bytes, *, optional: bool) -> Json:
    if optional and not raw.strip():
        return {}
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refused(415, "JSON_ONLY", "application/json is needed")
    try:
        body = json.loads(raw.decode("utf-8"), parse_constant=lambda word: float("x" + word))
        json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as bad:
        raise Refused(400, "NO_JSON", "that is not JSON") from bad
    if not isinstance(body, dict):
        raise wrong("an object is needed")
    return body


def submitted(world: World, body: Json, recipe: str | None = None) -> Json:
    return view(world.submit(checked(body) | ({"source_recipe_uuid": recipe} if recipe else {})))


def cooked(world: World, id_: str, body: Json) -> Json:
    if id_ not in RECIPES:
        raise Refused(404, "NO_SUCH_RECIPE", "no such recipe")
    recipe = json.loads(json.dumps(RECIPES[id_]))
    if body.get("gpu_registry_uuid"):
        recipe.pop("gpu_name", None)
    if isinstance(body.get("parameters"), dict):
        body["parameters"] = merged(recipe["parameters"], body["parameters"])
    return submitted(world, recipe | body, id_)


def merged(old: Any, new: Any) -> Any:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return old | {name: merged(old.get(name), value) for name, value in new.items()}


def job_of(world: World, id_: str) -> Job:
    if id_.lower() not in world.jobs:
        raise Refused(404, "NO_SUCH_JOB", "no such job")
    return world.jobs[id_.lower()]


def view(job: Job) -> Json:
    return dict(job.shown)


def cancelled(world: World, job: Job, body: Json) -> Json:
    reason = body.get("reason")
    if not isinstance(reason, str | None):
        raise wrong("reason: a string")
    if job.shown["status"] in OVER:
        raise Refused(409, "TOO_LATE", "the job is over")
    world.end(job, "CANCELLED", reason or "stopped on request")
    return view(job)


def one_run(world: World, id_: str) -> Json:
    run = next((run for job in world.jobs.values() for run in job.runs if run["uuid"] == id_.lower()), None)
    if run is None:
        raise Refused(404, "NO_SUCH_RUN", "no such run")
    return {**run, "logs": "" if run["started_at_ms"] is None else LOG}


def whole(query: dict[str, str], name: str, usual: int, most: int) -> int:
    text = query.get(name, str(usual))
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        raise wrong(f"{name}: 1 to {most}")
    return int(text)


def paged(items: list[Any], query: dict[str, str]) -> Json:
    page, limit = whole(query, "page", 1, 10**12), whole(query, "limit", 20, 50)
    return {"page": page, "limit": limit, "total": len(items), "data": items[(page - 1) * limit : page * limit]}


def sorted_as(items: list[Any], query: dict[str, str]) -> list[Any]:
    order = query.get("sort", "created_at")
    if order not in ("created_at", "-created_at"):
        raise wrong("sort: created_at or -created_at")
    return items[::-1] if order.startswith("-") else items


def among(text: str, words: tuple[str, ...]) -> list[str]:
    given = text.split(",")
    if not set(given) <= set(words):
        raise wrong(f"one of {', '.join(words)}")
    return given


def between(text: str, read: Callable[[str], Any]) -> tuple[Any, Any]:
    try:
        ends = [read(part) for part in text.split(",")]
    except ValueError as bad:
        raise wrong(f"{text!r} is no range") from bad
    if len(ends) > 2:
        raise wrong("at most two ends")
    return ends[0], ends[-1]


def moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def jobs_of(world: World, pairs: list[tuple[str, str]]) -> Json:
    query = dict(pairs)
    shown = sorted_as([view(job) for job in world.jobs.values()], query)
    if "filter[status]" in query:
        states = among(query["filter[status]"], STATES)
        shown = [job for job in shown if job["status"] in states]
    if "filter[task]" in query:
        tasks = among(query["filter[task]"], ("BATCH", "PERSISTENT"))
        shown = [job for job in shown if job["task"] in tasks]
    if "filter[uuid]" in query:
        shown = [job for job in shown if job["uuid"] in query["filter[uuid]"].lower().split(",")]
    for name in ("cpu_count", "min_ram_gb", "min_storage_gb", "min_vram_gb"):
        if f"filter[{name}]" in query:
            low, high = between(query[f"filter[{name}]"], float)
            shown = [job for job in shown if low <= job[name] <= high]
    if "filter[created_at]" in query:
        text = query["filter[created_at]"]
        low, high = between(text, moment)
        high += timedelta(days=1) if len(text.rpartition(",")[2]) == 10 else timedelta()
        shown = [job for job in shown if low <= moment(job["created_at"]) <= high]
    return paged(shown, query)


def runs_of(world: World, pairs: list[tuple[str, str]]) -> Json:
    query = dict(pairs)
    runs = sorted_as([run for job in world.jobs.values() for run in job.runs], query)
    if "filter[job_uuid]" in query:
        runs = [run for run in runs if run["job_uuid"] == query["filter[job_uuid]"].lower()]
    if "filter[status]" in query:
        runs = [run for run in runs if run["status"] in query["filter[status]"].split(",")]
    return paged(runs, query)


def recipes_of(pairs: list[tuple[str, str]]) -> Json:
    query = dict(pairs)
    if query.get("filter[is_official]", "true") not in ("true", "false"):
        raise wrong("filter[is_official]: true or false")
    found = [{"object": "job_recipe", "uuid": id_, "is_official": True, **what} for id_, what in RECIPES.items()]
    return paged([] if query.get("filter[is_official]") == "false" else found, query)


def gpus_of(pairs: list[tuple[str, str]]) -> Json:
    query = dict(pairs)
    least, _ = between(query.get("filter[min_vram_gb]", "0"), float)
    return paged([{"object": "gpu", **gpu} for gpu in GPUS if gpu["vram_gb"] >= least], query)
