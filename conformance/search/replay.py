"""Reports a story again: sends its requests in another world and says what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conformance import catalogue as catalogues
from conformance.errors import NothingRecorded
from conformance.oracles.all_oracles import Panel
from conformance.session.session import Session
from conformance.target.target import SANDBOX, Target
from conformance.traffic.exchange import REDACTED, Exchange, Request, Response
from conformance.traffic.json_pointer import get

Json = dict[str, Any]
_OF_THE_WAY = frozenset({"host", "content-length", "connection", "accept-encoding", SANDBOX.lower()})


def replay(target: Target, report: Json, requirement: str) -> list[tuple[str, int, int]]:
    """Send the exchanges of a requirement's violation again: each request in words, the status recorded, the status
    now.

    `requirement` is an id, or an id, a slash and the number of one of its violations, the first being 1. Raises
    NothingRecorded, TransportError.
    """
    story = _recorded(report, requirement, target.spec.name)
    with session_for(target, story, "replay") as session:
        told = retell(session, story)
    return [
        (f"{then.request.method} {now.request.target}", then.response.status, now.response.status)
        for then, now in zip(story, told, strict=True)
    ]


def session_for(target: Target, story: Sequence[Exchange], name: str) -> Session:
    """A world to tell a story in; where the story does not say when what happened, time passes by itself there."""
    pace = "auto" if any(exchange.at is None for exchange in story) else "manual"
    return Session(target, Panel(target.spec, catalogues.load(target.spec.name)), name=name, pace=pace)


def retell(session: Session, story: Sequence[Exchange]) -> list[Exchange]:
    """Send the requests of a story again, as far apart in the target's time.

    Ids that it gave then are replaced by those it gives now.
    """
    told: list[Exchange] = []
    renamed: dict[str, str] = {}
    submit = session.spec.lifecycle.roles["submit"] if session.spec.lifecycle else None
    for then in story:
        if session.now is not None and then.at is not None and then.at > session.now:
            session.advance(then.at - session.now)
        now = session.send(then.request.method, _with(then.request.target, renamed), **_rest(then.request, renamed))
        told.append(now)
        if submit is not None and then.operation == submit.operation:
            before, after = get(then.response.json, submit.id or ""), get(now.response.json, submit.id or "")
            if isinstance(before, str) and isinstance(after, str):
                renamed[before] = after
    return told


def _rest(request: Request, renamed: dict[str, str]) -> Json:
    """Body and headers of a request, without what belongs to its way and without hidden secrets, which the session has
    itself."""
    body = (
        None
        if request.body is None
        else _with(request.body.decode("utf-8", "surrogateescape"), renamed).encode("utf-8", "surrogateescape")
    )
    kept = {name: value for name, value in request.headers if name.lower() not in _OF_THE_WAY and REDACTED not in value}
    return {"raw": body, "media": None, "headers": kept}


def _with(text: str, renamed: dict[str, str]) -> str:
    for old, new in renamed.items():
        text = text.replace(old, new)
    return text


def _recorded(report: Json, requirement: str, api: str) -> list[Exchange]:
    id_, _, number = requirement.partition("/")
    at = int(number) - 1 if number.isdigit() else 0
    for run in report["runs"]:
        for result in run["results"]:
            if run["api"] == api and result["id"] == id_ and 0 <= at < len(result["violations"]):
                return list(map(_exchange, result["violations"][at]["exchanges"]))
    raise NothingRecorded(f"the report holds no failure of {requirement} for {api}")


def _exchange(raw: Json) -> Exchange:
    asked, told = raw["request"], raw["response"]
    scheme, _, rest = asked["url"].rpartition("://")
    host, _, target = rest.partition("/")
    body = asked["body"].encode() if asked["body"] is not None else None
    request = Request(asked["method"], f"{scheme}://{host}", f"/{target}", tuple(map(tuple, asked["headers"])), body)
    response = Response(told["status"], tuple(map(tuple, told["headers"])), (told["body"] or "").encode(), told["cut"])
    return Exchange(request, response, at=raw["at"], operation=raw["operation"])
