"""A second server of ByteNite's job API, written by hand from its documentation: bare ASGI, no document, nothing of
ours.

Its clock runs `speed` times faster than real time, or, with `speed=0`, only when the control calls move it. Who calls
is always verified.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from typing import Any
from urllib.parse import parse_qs, unquote

from tests.conformance.small_servers.bytenite_asked import EDITS, MOST, kept, parsed, renamed
from tests.conformance.small_servers.bytenite_world import (
    OVER,
    TEMPLATE,
    Json,
    Refused,
    Work,
    World,
    bad,
    gone,
    too_late,
)
from tests.conformance.small_servers.serving import body_of, headers_of

KEYS = {"alpha-key": "alpha", "beta-key": "beta"}
TWO_WAYS = ("datasource", "params", "run", "uploadcompleted", "estimation")
VERBS = {
    **dict.fromkeys(EDITS, ("PATCH", "POST")),
    "configs": ("GET", "PATCH", "POST"),
    "uploadcompleted": ("PATCH", "POST"),
    "run": ("POST",),
    "abort": ("POST",),
    "results": ("GET",),
    "estimation": ("GET",),
}
FIXED = {"templates": ("GET",), "filter": ("POST",), "runningTasks": ("POST",)}
MOST_ON_A_PAGE, USUAL_PAGE = 500, 25


class Server:
    """The ASGI application."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self.worlds: dict[str, World] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        headers, raw = headers_of(scope), await body_of(receive)
        path = (scope["raw_path"].decode("latin-1") if scope.get("raw_path") else scope["path"]).split("?")[0]
        parts, status, extra = [unquote(part) for part in path.strip("/").split("/")], 200, {}
        try:
            said: Any = self.routed(
                scope["method"], parts, parse_qs(scope["query_string"].decode(), keep_blank_values=True), headers, raw
            )
            if isinstance(said, tuple):
                await stream(said[0], said[1], receive, send)
                return
        except Refused as refused:
            status, said, extra = refused.status, refused.body, refused.headers
        text = json.dumps(said, ensure_ascii=False).encode()
        fields = {
            "content-type": "application/json",
            "content-length": str(len(text)),
            "grpc-metadata-content-type": "application/grpc",
        } | extra
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(name.encode(), value.encode()) for name, value in fields.items()],
            }
        )
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else text})

    def routed(
        self, method: str, parts: list[str], query: dict[str, list[str]], headers: dict[str, str], raw: bytes
    ) -> Any:
        if parts[0] == "_mock" and self.speed == 0:
            return self.control(method, parts, headers, raw)
        method = "GET" if method == "HEAD" else method
        name = headers.get("x-mock-sandbox", "")
        world = self.worlds[name] if name in self.worlds else self.worlds.setdefault(name, World(self.speed))
        world.catch_up()
        if parts[:2] == ["v1", "auth"]:
            return auth(world, method, parts[2:], headers, raw)
        if parts[:2] != ["v1", "customer"]:
            raise gone()
        owner = caller(world, headers)
        match method, parts[2:]:
            case _, ["jobs", *rest]:
                return jobs(world, owner, method, rest, query, raw)
            case "GET", ["info"]:
                return {"version": "0.1"}
            case "GET", ["events"]:
                return world, owner
            case "POST", ["logs"]:
                body = parsed(raw)
                return world.logs(mine(world, owner, body.get("jobId")), body)
            case "POST", ["datasource", "test"]:
                kept({"dataSource": parsed(raw)})
                return granted()
            case _, ["info" | "events"]:
                raise Refused(405, 12, "così no", allow="GET")
            case _, ["logs"] | ["datasource", "test"]:
                raise Refused(405, 12, "così no", allow="POST")
        raise gone()

    def control(self, method: str, parts: list[str], headers: dict[str, str], raw: bytes) -> Any:
        if parts[1] == "sandboxes" and method == "POST" and "scenario" not in json.loads(raw):
            self.worlds[json.loads(raw)["name"]] = World(0)
            return {}
        if parts[1:] == ["health"]:
            return {}
        if method == "DELETE":
            self.worlds.pop(parts[2], None)
            return {}
        if parts[1:] != ["clock", "advance"]:
            raise gone()
        world = self.worlds[headers["x-mock-sandbox"]]
        world.moved += json.loads(raw)["seconds"]
        world.catch_up()
        return {"now": world.moved}


async def stream(world: World, owner: str, receive: Any, send: Any) -> None:
    """Tell what happens to an account's jobs, a line each, until nobody listens."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    seen, left = len(world.news), asyncio.ensure_future(receive())
    while not left.done():
        world.catch_up()
        for who, said in world.news[seen:]:
            if who == owner:
                await send({"type": "http.response.body", "body": json.dumps(said).encode() + b"\n", "more_body": True})
        seen = len(world.news)
        await asyncio.wait([left], timeout=0.02)


def granted() -> Json:
    return {"ok": True, "requestId": secrets.token_hex(4), "message": "fatto", "error": None}


def caller(world: World, headers: dict[str, str]) -> str:
    """The account that a token belongs to."""
    owner, until = world.tokens.get(headers.get("authorization", "").removeprefix("Bearer ").strip(), ("", 0.0))
    if world.lived >= until:
        raise Refused(401, 16, "chi è?")
    return owner


def auth(world: World, method: str, parts: list[str], headers: dict[str, str], raw: bytes) -> Any:
    """Tokens for keys."""
    match method, parts:
        case "POST", ["access_token"]:
            key = parsed(raw).get("apiKey")
            if not isinstance(key, str):
                raise bad("apiKey")
            if key not in KEYS:
                raise Refused(401, 16, "chiave ignota")
            token = secrets.token_urlsafe(24)
            world.tokens[token] = (KEYS[key], world.lived + 3600)
            return {"scope": "customer", "expiresIn": "3600", "token": token}
        case "POST", ["signout"]:
            caller(world, headers)
            world.tokens.pop(headers["authorization"].removeprefix("Bearer ").strip())
            return granted()
        case "GET", ["info"]:
            return {"id": caller(world, headers)}
        case "GET", ["user"]:
            return {"user": {"id": caller(world, headers)}}
        case _, ["access_token" | "signout" | "info" | "user"]:
            raise Refused(405, 12, "così no", allow="GET" if parts[0] in ("info", "user") else "POST")
    raise gone()


def mine(world: World, owner: str, id_: Any) -> Work:
    job = world.jobs.get(id_) if isinstance(id_, str) else None
    if job is None or job.owner != owner:
        raise gone()
    return job


def jobs(world: World, owner: str, method: str, rest: list[str], query: dict[str, list[str]], raw: bytes) -> Any:
    """Whatever is under /jobs."""
    if rest in ([], [""]) or (len(rest) == 1 and rest[0] in FIXED):
        allowed: tuple[str, ...] = FIXED[rest[0]] if rest and rest[0] else ("GET", "POST")
        if method not in allowed:
            raise Refused(405, 12, "così no", allow=", ".join(allowed))
        if rest == ["templates"]:
            return {"data": page_of([TEMPLATE], query)[0]}
        if rest == ["runningTasks"]:
            return {"tasks": []}
        if method == "POST" and rest != ["filter"]:
            return created(world, owner, parsed(raw))
        return listed(world, owner, query)
    if len(rest) == 2 and rest[0] in TWO_WAYS and method == VERBS[rest[0]][-1]:
        rest.reverse()
    if len(rest) > 2 or (len(rest) == 2 and rest[1] not in VERBS):
        raise gone()
    if method not in (allowed := ("GET", "DELETE") if len(rest) == 1 else VERBS[rest[1]]):
        raise Refused(405, 12, "così no", allow=", ".join(allowed))
    job = mine(world, owner, rest[0])
    return about(world, job, method, rest[1] if len(rest) == 2 else "", raw)


def about(world: World, job: Work, method: str, verb: str, raw: bytes) -> Any:
    """A call about one job."""
    if verb == "configs" and method == "GET":
        return {"config": world.view(job)["config"]}
    if verb in EDITS:
        return edited(world, job, verb, parsed(raw))
    if verb == "results":
        return {
            "results": [{"name": "out.zip", "link": f"https://files.example/{job.id}/out.zip"}]
            if world.keeps_results(job)
            else None
        }
    if verb == "estimation":
        return {"estimation": {"totalEstimation": "2"}}
    if verb == "" and method == "GET":
        return world.answer(job)
    if verb == "uploadcompleted":
        job.uploaded = True
        return world.answer(job)
    if verb == "run":
        return started(world, job, parsed(raw))
    if job.state in OVER and verb == "abort":
        raise too_late()
    if job.state == "NEW" or (verb == "" and job.state in OVER):
        del world.jobs[job.id]
    elif verb == "abort":
        job.plan = []
        world.enter(job, "FAILED", world.now, "interrotto")
    else:
        raise too_late()
    return granted()


def created(world: World, owner: str, body: Json) -> Json:
    said = kept(body)
    if not said.get("templateId"):
        raise bad("templateId manca")
    if said["templateId"] != TEMPLATE["id"]:
        raise Refused(404, 5, "template ignoto")
    job = Work(f"JB{secrets.token_hex(7).upper()}", owner, said, world.now)
    world.jobs[job.id] = job
    world.enter(job, "NEW", job.made)
    return world.answer(job)


def edited(world: World, job: Work, verb: str, body: Json) -> Json:
    if job.state != "NEW":
        raise too_late()
    told = {name: one for name, one in renamed(body).items() if name in EDITS[verb]}
    if verb in ("params", "configs"):
        name = {"params": "params", "configs": "config"}[verb]
        told = {name: (job.said.get(name) or {}) | kept({name: told})[name]}
    job.said |= kept(told)
    return world.answer(job)


def started(world: World, job: Work, body: Json) -> Json:
    if job.state != "NEW":
        raise too_late()
    if (job.said.get("dataSource") or {}).get("dataSourceDescriptor") == "file" and not job.uploaded:
        raise Refused(400, 9, "manca il file")
    more = renamed(body)
    said = kept({"config": {**more, **renamed(more.get("config", {}))}})["config"]
    if said:
        job.said["config"] = (job.said.get("config") or {}) | said
    job.run(world.now)
    world.catch_up()
    return granted()


def page_of(items: list[Json], query: dict[str, list[str]]) -> tuple[list[Json], int]:
    """What of a list is asked for, and where it begins."""

    def whole(name: str, usual: int) -> int:
        told = query.get(f"pagination.{name}") or query.get(name) or [str(usual)]
        if not told[-1].isascii() or not told[-1].isdigit() or int(told[-1]) >= MOST:
            raise bad(name)
        return int(told[-1])

    limit, offset = whole("limit", USUAL_PAGE), whole("offset", 0)
    return items[offset : offset + min(limit or USUAL_PAGE, MOST_ON_A_PAGE)], offset


def listed(world: World, owner: str, query: dict[str, list[str]]) -> Json:
    """A page, the newest first unless another order is asked for."""
    views = [world.view(job) for job in reversed(world.jobs.values()) if job.owner == owner]
    for order in reversed(",".join(query.get("orderBy", [])).split(",")):
        name, _, way = order.strip().partition(" ")
        if name not in ("", "name", "createdAt", "state", "id") or way.strip().lower() not in ("", "asc", "desc"):
            raise bad("orderBy")
        if name:
            views.sort(key=lambda view: view[name], reverse=way.strip().lower() == "desc")
    page, offset = page_of(views, query)
    paging = {
        "total": len(views),
        "offset": offset,
        "hasPrevious": offset > 0,
        "hasNext": offset + len(page) < len(views),
    }
    return {"data": page, "pagination": paging}
