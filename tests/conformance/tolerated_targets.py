"""Servers that are odd but allowed, on which the judge must stay green: each variation wraps the mock, or changes its
worlds (`unusual_targets`).
"""

from __future__ import annotations

import contextlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import specs
from conformance.oracles.job_views import root
from conformance.traffic.json_pointer import get
from specs.document import answer_schema, resolve, schemas_at
from tests.conformance import unusual_bytenite, unusual_targets
from tests.conformance.faults import App, Asked, Tampered, Told, patched

Json = Any
_DATE = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|\+00:00)$")


@dataclass(frozen=True)
class Variation:
    """What a good server may do otherwise: `apply` takes the mock and yields the odd server, `apis` are those that
    leave room for it.
    """

    apply: unusual_targets.Apply
    apis: tuple[str, ...] = specs.names()
    target: str = ""
    """What the target file has to say of such a server."""
    warned: tuple[str, ...] = ()
    """The SHOULDs that it breaks all the same."""


def _answers(revise: Callable[[str, Asked, Told], None]) -> unusual_targets.Apply:
    @contextlib.contextmanager
    def apply(app: App, api: str) -> Iterator[App]:
        yield Tampered(app, api, ("*",), None, lambda asked, told: revise(api, asked, told))

    return apply


def _everywhere(value: Json, change: Callable[[Json], Json]) -> Json:
    if isinstance(value, dict):
        return change({key: _everywhere(item, change) for key, item in value.items()})
    if isinstance(value, list):
        return [_everywhere(item, change) for item in value]
    return change(value)


def _shown(api: str, asked: Asked, told: Told) -> Iterator[tuple[Json, list[Json]]]:
    """Every job that a granted answer shows, to be changed in place, and the schemas that the document has for it."""
    spec = specs.load(api)
    for role in spec.lifecycle.roles.values() if spec.lifecycle else ():
        if role.operation != asked.operation or role.status is None or told.status >= 300:
            continue
        place = root(role) if role.items is None else f"{role.items}/0"
        schemas = list(schemas_at(spec.document, answer_schema(spec.document, spec.operations[role.operation]), place))
        found = [get(told.body, place)] if role.items is None else get(told.body, role.items)
        yield from ((job, schemas) for job in found if isinstance(job, dict))


def extra_properties(api: str, asked: Asked, told: Told) -> None:
    """Every shown job has members that no document names."""
    for job, _ in _shown(api, asked, told):
        job["zzExtra"] = {"of": "the vendor"}


def absent_for_null(api: str, asked: Asked, told: Told) -> None:
    """Optional members that are null are left out."""
    for job, schemas in _shown(api, asked, told):
        demanded = {name for node in schemas for name in node.get("required", ())}
        for name in [name for name, value in job.items() if value is None and name not in demanded]:
            del job[name]


def null_for_absent(api: str, asked: Asked, told: Told) -> None:
    """Optional members of the document that were left out are null."""
    for job, schemas in _shown(api, asked, told):
        named = [name for node in schemas for name in node.get("properties", {})]
        job.update(dict.fromkeys(name for name in named if name not in job))


def other_key_order(api: str, asked: Asked, told: Told) -> None:
    """Members come in reverse."""
    told.body = _everywhere(
        told.body, lambda value: dict(reversed(value.items())) if isinstance(value, dict) else value
    )


def other_success_status(status: int) -> Callable[[str, Asked, Told], None]:
    """Another status of success where the document's own is assumed."""

    def revise(api: str, asked: Asked, told: Told) -> None:
        spec = specs.load(api)
        for key, raw in spec.operations[asked.operation].node["responses"].items():
            if (
                str(key) == str(told.status)
                and told.status in (200, 201, 202)
                and resolve(spec.document, raw).get("x-provenance") == "assumed"
            ):
                told.status = status
                return

    return revise


def _dates(form: Callable[[re.Match[str]], str]) -> unusual_targets.Apply:
    """Date-times are spelled otherwise, in answers and in callbacks alike."""

    def spelled(body: Json) -> Json:
        return _everywhere(body, lambda value: _DATE.sub(form, value) if isinstance(value, str) else value)

    def revise(api: str, asked: Asked, told: Told) -> None:
        told.body = spelled(told.body)

    def calling(post: Callable[..., Any]) -> Callable[..., Any]:
        async def post_spelled(url: str, body: bytes, headers: dict[str, str], **options: Any) -> Any:
            return await post(url, json.dumps(spelled(json.loads(body))).encode(), headers, **options)

        return post_spelled

    @contextlib.contextmanager
    def apply(app: App, api: str) -> Iterator[App]:
        with patched("mockserver.http.callbacks.outbound:post", calling)(app), _answers(revise)(app, api) as varied:
            yield varied

    return apply


def other_language(api: str, asked: Asked, told: Told) -> None:
    """Texts of refusals are in another language."""
    if told.status >= 400:
        told.body = _everywhere(told.body, _translated) if not isinstance(told.body, str) else "abgelehnt"


def _translated(value: Json) -> Json:
    if isinstance(value, dict):
        words = ("message", "msg", "details", "detail", "description")
        return {key: "abgelehnt" if key in words and isinstance(item, str) else item for key, item in value.items()}
    return value


def older_errors(api: str, asked: Asked, told: Told) -> None:
    """Refusals have the older of the two forms that the vendor's client reads."""
    if told.status >= 400 and isinstance(told.body, dict) and "error_code" in told.body:
        told.body = {"detail": told.body["message"]}


def cancel_tells_before(api: str, asked: Asked, told: Told) -> None:
    """The answer to a cancel shows the job as it was: the cancel takes its time."""
    if told.status == 200 and asked.role == "cancel":
        told.body = asked.memory.get(told.body["job_id"], told.body)
    elif told.status < 300:
        shown = told.body if isinstance(told.body, list) else told.body.get("jobs", [told.body])
        asked.memory |= {job["job_id"]: job for job in shown if "job_id" in job}


def other_invalid_status(api: str, asked: Asked, told: Told) -> None:
    """400 for 422 and the other way round, where none is documented."""
    spec = specs.load(api)
    responses = spec.operations[asked.operation].node["responses"]
    if told.status in (400, 422):
        other = 822 - told.status
        node = resolve(spec.document, responses.get(str(told.status), responses.get("default", {})))
        if node.get("x-provenance") == "assumed":
            told.status = other


def forbidden_for_unauthorized(api: str, asked: Asked, told: Told) -> None:
    """403 for a wrong credential."""
    if told.status == 401:
        told.status = 403


def forbidden_for_unknown(api: str, asked: Asked, told: Told) -> None:
    """403 instead of 404 for the job of another tenant; what nobody made, or the caller itself, stays unknown."""
    made, keys = asked.memory.setdefault("made", {}), asked.memory.setdefault("keys", {})
    if isinstance(asked.body, dict) and isinstance(told.body, dict) and "token" in told.body and "apiKey" in asked.body:
        keys[told.body["token"]] = asked.body["apiKey"]
    sent = asked.headers.get("authorization", "")
    caller = (asked.headers.get("x-organization-id"), asked.headers.get("x-api-key"), keys.get(sent, sent))
    spec = specs.load(api)
    if asked.role == "submit" and told.status < 300 and spec.lifecycle:
        made[get(told.body, spec.lifecycle.roles["submit"].id or "")] = caller
    elif told.status == 404:
        named = [*asked.values.values(), *(asked.body.values() if isinstance(asked.body, dict) else ())]
        if any(isinstance(id_, str) and made.get(id_, caller) != caller for id_ in named):
            told.status, told.body = 403, _FORBIDDEN[api]


_FORBIDDEN: dict[str, Json] = {
    "ionworks": {"error_code": "FORBIDDEN", "message": "not yours", "detail": None},
    "bytenite": {"code": 7, "message": "not yours", "details": []},
}


def connections_closed(api: str, asked: Asked, told: Told) -> None:
    """Every answer ends its connection."""
    told.headers["connection"] = "close"


class Overloaded:
    """Every fifteenth request is answered with that status and these headers, in the vendor's words or a gateway's."""

    def __init__(self, app: App, api: str, status: int, headers: dict[str, str]) -> None:
        self._app, self._count, self._status = app, 0, status
        self._headers = {"content-type": "application/json", **headers}
        is_json = self._headers["content-type"] == "application/json"
        self._body = json.dumps(_OVERLOADED[api]).encode() if is_json else b"<h1>Service Unavailable</h1>"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and not scope["path"].startswith("/_mock"):
            self._count += 1
            if self._count % 15 == 0:
                headers = [(name.encode(), value.encode()) for name, value in self._headers.items()]
                await send({"type": "http.response.start", "status": self._status, "headers": headers})
                await send({"type": "http.response.body", "body": self._body})
                return
        await self._app(scope, receive, send)


def _overloaded(status: int, **headers: str) -> unusual_targets.Apply:
    """A rate limit that is met, or a server that is not there, now and then."""

    @contextlib.contextmanager
    def apply(app: App, api: str) -> Iterator[App]:
        yield Overloaded(app, api, status, {name.replace("_", "-"): value for name, value in headers.items()})

    return apply


def no_length(api: str, asked: Asked, told: Told) -> None:
    """The length of a body is not known before it is sent."""
    told.headers.pop("content-length", None)
    told.headers["transfer-encoding"] = "chunked"


class SentOn:
    """A submission to the path with a slash at its end is sent on to the one without."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and (scope["method"], scope["path"]) == ("POST", "/jobs/"):
            await send(
                {
                    "type": "http.response.start",
                    "status": 307,
                    "headers": [(b"location", b"/jobs"), (b"content-length", b"0")],
                }
            )
            await send({"type": "http.response.body", "body": b""})
            return
        await self._app(scope, receive, send)


@contextlib.contextmanager
def sent_on(app: App, api: str) -> Iterator[App]:
    """One of two paths only leads to the other."""
    yield SentOn(app)


LAG = 2.0
"""Seconds after a write for which reads show what was before."""


class Eventual:
    """For some seconds after a write every read that was made before is answered as then."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._now: Counter[bytes] = Counter()
        self._wrote: dict[bytes, float] = {}
        self._known: dict[Any, list[Any]] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        fields = dict(scope["headers"]) if scope["type"] == "http" else {}
        world = fields.get(b"x-mock-sandbox", b"")
        key = (scope.get("path"), scope.get("query_string"), *sorted(fields.items()))
        if scope.get("path") == "/_mock/clock/advance":
            message = await receive()
            self._now[world] += json.loads(message["body"])["seconds"]
            await self._app(scope, _again(message), send)
        elif scope.get("path", "").startswith("/_mock") or scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["method"] != "GET":
            self._wrote[world] = self._now[world]
            await self._app(scope, receive, send)
        elif key in self._known and self._now[world] < self._wrote.get(world, -LAG) + LAG:
            for message in self._known[key]:
                await send(message)
        else:
            told: list[Any] = []
            await self._app(scope, receive, _both(told.append, send))
            self._known[key] = told


def _again(message: Any) -> Callable[[], Any]:
    async def receive() -> Any:
        return message

    return receive


def _both(keep: Callable[[Any], object], send: Callable[[Any], Any]) -> Callable[[Any], Any]:
    async def kept(message: Any) -> None:
        keep(message)
        await send(message)

    return kept


@contextlib.contextmanager
def eventual_reads(app: App, api: str) -> Iterator[App]:
    """What was written is shown a little later."""
    yield Eventual(app)


_OVERLOADED: dict[str, Json] = {
    "openyuanrong": "too many requests",
    "runai": {"status": 429, "message": "too many requests", "details": "wait"},
    "xio": {"error": {"code": "rate_limited", "message": "wait"}},
    "ionworks": {"error_code": "THROTTLED", "message": "wait", "detail": None},
    "bytenite": {"code": 8, "message": "wait", "details": []},
}


def runai_unknown_state(api: str, asked: Asked, told: Told) -> None:
    """A state that the vendor does not list, where its set of states is open."""
    if api == "runai" and asked.role == "list" and told.status == 200:
        told.body = _everywhere(told.body, lambda value: "Initializing" if value == "ContainerCreating" else value)


def _fraction(digits: int) -> unusual_targets.Apply:
    """Date-times with so many digits of a fraction; more are cut off, fewer filled up."""

    def form(match: re.Match[str]) -> str:
        told = (match[2] or ".")[1:]
        return f"{match[1]}{'.' if digits else ''}{told[:digits]:0<{digits}}Z"

    return _dates(form)


def _trimmed(match: re.Match[str]) -> str:
    return f"{match[1]}{(match[2] or '').rstrip('0').rstrip('.')}Z"


_A_DATE, _A_SECOND_LATER = "Thu, 01 Jan 2026 00:00:00 GMT", "Thu, 01 Jan 2026 00:00:01 GMT"
DATED = ("bytenite", "ionworks", "xio")
VARIATIONS: dict[str, Variation] = {
    "extra-properties": Variation(_answers(extra_properties)),
    "absent-for-null": Variation(_answers(absent_for_null)),
    "null-for-absent": Variation(_answers(null_for_absent)),
    "other-key-order": Variation(_answers(other_key_order)),
    "success-200": Variation(_answers(other_success_status(200))),
    "success-201": Variation(_answers(other_success_status(201))),
    "success-202": Variation(_answers(other_success_status(202))),
    "dates-with-offset": Variation(_dates(lambda match: f"{match[1]}{match[2] or ''}+00:00"), DATED),
    **{f"dates-with-{digits}-digits": Variation(_fraction(digits), DATED) for digits in (0, 1, 3, 6, 9)},
    "dates-with-trimmed-digits": Variation(_dates(_trimmed), DATED),
    "other-language": Variation(_answers(other_language)),
    "other-invalid-status": Variation(_answers(other_invalid_status)),
    "forbidden-for-unauthorized": Variation(_answers(forbidden_for_unauthorized)),
    "forbidden-for-unknown": Variation(_answers(forbidden_for_unknown), tuple(_FORBIDDEN)),
    "connections-closed": Variation(_answers(connections_closed)),
    "throttled-now-and-then": Variation(_overloaded(429, retry_after="1")),
    "throttled-until-a-date": Variation(_overloaded(429, retry_after=_A_SECOND_LATER, date=_A_DATE)),
    "throttled-without-a-word": Variation(_overloaded(429)),
    "unavailable-now-and-then": Variation(_overloaded(503, retry_after="1")),
    "unavailable-until-a-date": Variation(_overloaded(503, retry_after=_A_SECOND_LATER, date=_A_DATE)),
    "unavailable-gateway": Variation(_overloaded(503, content_type="text/html")),
    "unknown-length": Variation(_answers(no_length)),
    "slow-starts": Variation(unusual_targets.slow_starts),
    "skipped-states": Variation(
        unusual_targets.skipped_states, (*DATED, "runai")
    ),  # openYuanrong's jobs wait, run and end
    "late-stops": Variation(
        unusual_targets.late_stops,
        ("bytenite", "ionworks", "openyuanrong", "xio"),
        warned=("BYT-STM-030", "XIO-STM-002"),  # whose pages promise it at once
    ),
    "eventual-reads": Variation(eventual_reads, target=f"eventual: {LAG}\n"),
    "clock-ahead": Variation(unusual_targets.clock_off_by(2)),
    "clock-behind": Variation(unusual_targets.clock_off_by(-2)),
    "callbacks-twice": Variation(unusual_targets.told_twice, ("ionworks",)),
    "older-errors": Variation(_answers(older_errors), ("ionworks",)),
    "cancel-tells-before": Variation(_answers(cancel_tells_before), ("ionworks",)),
    "sent-on": Variation(sent_on, ("ionworks",)),
    "runai-unknown-state": Variation(_answers(runai_unknown_state), ("runai",)),
    "bytenite-aborted-is-complete": Variation(unusual_targets.aborted_is_complete, ("bytenite",)),
    "bytenite-zeros-for-unset": Variation(_answers(unusual_bytenite.zeros_for_unset), ("bytenite",)),
    "bytenite-generic-refusals": Variation(_answers(unusual_bytenite.generic_refusals), ("bytenite",)),
}
"""What is allowed, by name: see the list in docs/judge-an-implementation.md."""
