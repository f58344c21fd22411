"""A second server of Ionworks' job API, written by hand from its documentation: bare ASGI, no document, nothing of
ours.

It keeps jobs in dictionaries, one per world, and moves them when its clock is moved. What a job does stands in
`params`: `seconds` it runs, `fails`, `waits`.
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx

from tests.conformance.small_servers.serving import body_of, headers_of

Json = dict[str, Any]
TYPES = ("dummy", "datafit", "validation", "simulate", "evaluate_variables", "optimize", "ecm_fit", "simple_pipeline")
STATES = ("pending", "processing", "waiting", "completed", "failed", "canceled")
OVER = ("completed", "failed", "canceled")
SLOTS = 12
BEGIN = datetime(2030, 5, 1, tzinfo=UTC)


class Refused(Exception):
    """A status and a body."""

    def __init__(self, status: int, body: Json) -> None:
        self.status, self.body = status, body


def wrong(*loc: str, why: str = "not allowed") -> Refused:
    return Refused(422, {"detail": [{"loc": list(loc), "msg": why, "type": "value_error"}]})


def error(status: int, code: str) -> Refused:
    return Refused(status, {"error_code": code, "message": code.lower(), "detail": None})


class World:
    """Jobs and a clock."""

    def __init__(self, *, strict: bool) -> None:
        self.now, self.strict = 0.0, strict
        self.jobs: dict[str, Json] = {}
        self.calls: list[tuple[str, Json]] = []

    def stamp(self) -> str:
        return (BEGIN + timedelta(seconds=self.now)).isoformat()

    def enter(self, job: Json, state: str) -> None:
        job["view"].update(
            status=state, updated_at=self.stamp(), is_terminal=state in OVER, is_failed=state in ("failed", "canceled")
        )
        if state == "processing":
            job["view"]["started_at"], job["started"] = self.stamp(), self.now
        if state in OVER:
            job["view"]["completed_at"] = self.stamp()
            if job["started"] is not None:
                job["view"]["compute_time"] = self.now - job["started"]
            if job["view"].get("callback_url"):
                self.calls.append((job["view"]["callback_url"], dict(job["view"])))
        if state == "completed":
            job["view"]["result"] = {"ok": True}
        if state == "failed":
            job["view"].update(error="it broke", error_code="SOLVER_ERROR", error_detail={})

    def place(self) -> None:
        running = sum(job["view"]["status"] == "processing" for job in self.jobs.values())
        queue = [job for job in self.jobs.values() if job["view"]["status"] == "pending" and not job["waits"]]
        for job in sorted(queue, key=lambda job: (-job["view"]["priority"], job["number"]))[: max(0, SLOTS - running)]:
            self.enter(job, "processing")

    def advance(self, seconds: float) -> None:
        target = self.now + seconds
        self.place()
        while True:
            due = [
                job
                for job in self.jobs.values()
                if job["view"]["status"] == "processing" and job["started"] + job["seconds"] <= target
            ]
            if not due:
                break
            job = min(due, key=lambda job: (job["started"] + job["seconds"], job["number"]))
            self.now = job["started"] + job["seconds"]
            self.enter(job, "failed" if job["fails"] else "completed")
            self.place()
        self.now = target


class TinyServer:
    """The ASGI application."""

    def __init__(self) -> None:
        self.worlds: dict[str, World] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        headers, raw = headers_of(scope), await body_of(receive)
        try:
            status, body, more = await self.answer(
                scope["method"], scope["path"], scope["query_string"].decode(), headers, raw
            )
        except Refused as refused:
            status, body, more = refused.status, refused.body, {}
            if status == 405:
                more = {"allow": str(body.pop("allow"))}
        text = b"" if body is None else json.dumps(body).encode()
        fields = [(b"content-type", b"application/json"), (b"content-length", str(len(text)).encode())]
        fields += [(name.encode(), value.encode()) for name, value in more.items()] + [
            (b"x-correlation-id", str(uuid.uuid4()).encode())
        ]
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send({"type": "http.response.body", "body": text})

    async def answer(
        self, method: str, path: str, query: str, headers: dict[str, str], raw: bytes
    ) -> tuple[int, Any, dict[str, str]]:
        if path.startswith("/_mock"):
            return await self.control(method, path, headers, raw)
        world = self.worlds.setdefault(headers.get("x-mock-sandbox", ""), World(strict=False))
        world.place()
        if path == "/healthz" and method == "GET":
            return 200, {"status": "fine"}, {}
        owner = self.owner(world, headers)
        parts = path.strip("/").split("/")
        if path in ("/jobs", "/jobs/"):
            if method == "POST":
                return 202, self.submit(world, owner, headers, query, raw), {}
            if method == "GET":
                return 200, self.listed(world, owner, parse_qs(query), bare=path.endswith("/")), {}
            raise Refused(405, {"error_code": "METHOD_NOT_ALLOWED", "message": "no", "allow": "GET, POST"})
        if path == "/users/me" and method == "GET":
            return 200, {"id": f"u-{owner}", "organization_id": owner}, {}
        if parts[0] == "jobs" and len(parts) in (2, 3):
            return self.one(world, owner, method, parts)
        raise error(404, "NOT_FOUND")

    def one(self, world: World, owner: str, method: str, parts: list[str]) -> tuple[int, Any, dict[str, str]]:
        job = world.jobs.get(parts[1])
        if job is None or job["view"]["organization_id"] != owner:
            raise error(404, "NOT_FOUND")
        if len(parts) == 2 and method == "GET":
            return 200, job["view"], {}
        if parts[2:] == ["cancel"] and method == "POST":
            if job["view"]["status"] not in OVER:
                world.enter(job, "canceled")
                world.place()
            return 200, job["view"], {}
        if parts[2:] == ["metadata"] and method == "GET" and job["metadata"]:
            return 200, job["metadata"], {}
        raise error(404, "NOT_FOUND")

    def owner(self, world: World, headers: dict[str, str]) -> str:
        key = headers.get("x-api-key") or headers.get("authorization")
        if world.strict and key != "mock-api-key":
            raise error(401, "UNAUTHORIZED")
        return headers.get("x-organization-id") or (f"org-{key}" if key else "everybody")

    def submit(self, world: World, owner: str, headers: dict[str, str], query: str, raw: bytes) -> Json:
        body = self.parsed(headers, raw)
        if body.get("job_type") not in TYPES:
            raise wrong("body", "job_type")
        if not isinstance(body.get("params"), dict):
            raise wrong("body", "params")
        priority = body.get("priority", 0)
        if (
            isinstance(priority, bool)
            or not isinstance(priority, int | float)
            or priority != int(priority)
            or not 0 <= priority <= 10
        ):
            raise wrong("body", "priority")
        url = body.get("callback_url")
        if url is not None and (
            not isinstance(url, str)
            or not url.startswith(("http://", "https://"))
            or len(url) > 2083
            or len(url) < 10
            or " " in url
        ):
            raise wrong("body", "callback_url")
        metadata, parent = body.get("metadata"), body.get("parent_job_id")
        if metadata is not None and not isinstance(metadata, dict):
            raise wrong("body", "metadata")
        if parent is not None and not isinstance(parent, str):
            raise wrong("body", "parent_job_id")
        if parent is not None and (parent not in world.jobs or world.jobs[parent]["view"]["organization_id"] != owner):
            raise error(404, "NOT_FOUND")
        return self.made(world, owner, body, parse_qs(query).get("project_id", [None])[0])

    def made(self, world: World, owner: str, body: Json, project: str | None) -> Json:
        id_, params = str(uuid.uuid4()), body["params"]
        view = {
            "job_id": id_,
            "job_type": body["job_type"],
            "status": "pending",
            "priority": int(body.get("priority", 0)),
            "created_at": world.stamp(),
            "updated_at": world.stamp(),
            "started_at": None,
            "completed_at": None,
            "compute_time": None,
            "error": None,
            "error_code": None,
            "error_detail": None,
            "result": None,
            "callback_url": body.get("callback_url"),
            "parent_job_id": body.get("parent_job_id"),
            "user_id": f"u-{owner}",
            "organization_id": owner,
            "project_id": project,
            "access_level": "organization",
            "is_terminal": False,
            "is_failed": False,
        }
        number, seconds = len(world.jobs), float(params.get("seconds", 2))
        fails, waits = bool(params.get("fails")), bool(params.get("waits"))
        world.jobs[id_] = {
            "view": view,
            "seconds": seconds,
            "fails": fails,
            "waits": waits,
            "started": None,
            "number": number,
            "metadata": body.get("metadata"),
        }
        return dict(view)

    def parsed(self, headers: dict[str, str], raw: bytes) -> Json:
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise error(415, "UNSUPPORTED_MEDIA_TYPE")
        try:
            body = json.loads(raw.decode("utf-8"), parse_constant=_no, parse_float=_finite)
            json.dumps(body, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as broken:
            raise wrong("body", "0", why="no JSON") from broken
        if not isinstance(body, dict):
            raise wrong("body")
        return body

    def listed(self, world: World, owner: str, query: dict[str, list[str]], *, bare: bool) -> Any:
        limit, offset = (
            self.number(query, "limit", 1, 1000, 1000 if bare else 100),
            self.number(query, "offset", 0, 2**63 - 1, 0),
        )
        states, kinds = query.get("status", []), query.get("job_types") or query.get("job_type") or []
        if any(state not in STATES for state in states) or any(kind not in TYPES for kind in kinds):
            raise wrong("query")
        views = [job["view"] for job in reversed(world.jobs.values()) if job["view"]["organization_id"] == owner]
        views = [
            view
            for view in views
            if (not states or view["status"] in states) and (not kinds or view["job_type"] in kinds)
        ]
        page = views[offset : offset + limit]
        return page if bare else {"jobs": page, "total": len(views)}

    def number(self, query: dict[str, list[str]], name: str, least: int, most: int, usual: int) -> int:
        text = query.get(name, [str(usual)])[-1]
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise wrong("query", name)
        return int(text)

    async def control(
        self, method: str, path: str, headers: dict[str, str], raw: bytes
    ) -> tuple[int, Any, dict[str, str]]:
        if path == "/_mock/sandboxes":
            order = json.loads(raw)
            self.worlds[order["name"]] = World(strict=order.get("auth") == "strict")
            return 201, {}, {}
        if method == "DELETE":
            self.worlds.pop(path.rpartition("/")[2], None)
            return 204, None, {}
        world = self.worlds[headers["x-mock-sandbox"]]
        world.advance(json.loads(raw)["seconds"])
        calls, world.calls = world.calls, []
        for url, view in calls:
            for _ in range(2):
                try:
                    if httpx.post(url, json=view, timeout=2).is_success:
                        break
                except httpx.HTTPError:
                    continue
        return 200, {"now": world.now}, {}


def _no(word: str) -> Any:
    raise ValueError(word)


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(text)
    return number
