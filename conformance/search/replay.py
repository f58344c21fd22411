"""Judges a recorded failure again: its requests are sent again in another world, where the oracles look at the
answers, and the requirement's own checks are run again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from conformance import catalogue as catalogues
from conformance.errors import Inconclusive, NothingRecorded
from conformance.oracles.all_oracles import AllOracles
from conformance.oracles.document import HEADERS
from conformance.run.cases import Outcome, cases_of, play
from conformance.run.verdict import Verdict
from conformance.search.blamed_requirement import blamed
from conformance.session.session import Session
from conformance.target.request_signing import SCHEMES
from conformance.target.target import SANDBOX, Target
from conformance.traffic.exchange import REDACTED, Exchange, Request, Response
from conformance.traffic.json_pointer import get

Json = dict[str, Any]
_OF_THE_WAY = frozenset({"host", "content-length", "connection", "accept-encoding", SANDBOX.lower()})
_STAMPED = re.compile(r"(-[a-z]+\d+-\d+-)[0-9a-f]{7}-(?=\d)")
"""A name that a run made up where names are remembered, as `Connection.unique` makes it."""


@dataclass(frozen=True)
class Replayed:
    """What came of a failure that was judged again.

    `lines` are the requests of its story in words, each with the status recorded and the status now; `reason` says what
    is broken, or why nothing can be said.
    """

    verdict: Literal["broken", "kept", "unjudged"]
    reason: str = ""
    lines: Sequence[tuple[str, int, int]] = ()


def replay(target: Target, report: Json, requirement: str) -> Replayed:
    """Judge a requirement's violation again.

    `requirement` is an id, or an id, a slash and the number of one of its violations, the first being 1. Raises
    NothingRecorded, TransportError.
    """
    id_ = requirement.partition("/")[0]
    violation = _recorded(report, requirement, target.spec.name)
    catalogue = catalogues.load(target.spec.name)
    cases = [one for one in cases_of(catalogue, [catalogue.requirements[id_]]) if one.requirement == id_]
    own = [one for one in cases if one.name == violation["check"]]
    found = (
        Replayed("unjudged") if own else _told_again(target, id_, [_exchange(one) for one in violation["exchanges"]])
    )
    if found.verdict == "broken" or not cases:
        return found
    outcomes = [
        play(one, _session(target, f"replay-{number}", strict=one.strict)) for number, one in enumerate(own or cases)
    ]
    return _sum_up(id_, outcomes, found.lines)


def _sum_up(id_: str, outcomes: Sequence[Outcome], lines: Sequence[tuple[str, int, int]]) -> Replayed:
    """What the requirement's own checks say."""
    for outcome in outcomes:
        broken = next((one for one in outcome.violations if one.requirement == id_), None)
        if broken is not None:
            return Replayed("broken", broken.message, lines)
    open_ = next((one for one in outcomes if one.verdict is not Verdict.PASS), None)
    return Replayed("kept", "", lines) if open_ is None else Replayed("unjudged", open_.reason, lines)


def _told_again(target: Target, id_: str, story: Sequence[Exchange]) -> Replayed:
    """What the oracles say of a story's answers in another world."""
    for one in story:
        if REDACTED in one.request.target or REDACTED.encode() in (one.request.body or b""):
            return Replayed("unjudged", f"a secret that {one.line} needs was not recorded")
    try:
        with session_for(target, story, "replay") as session:
            told = retell(session, story)
    except Inconclusive as error:
        return Replayed("unjudged", str(error))
    lines = [
        (f"{then.request.method} {now.request.target}", then.response.status, now.response.status)
        for then, now in zip(story, told, strict=True)
    ]
    broken = next((one.message for one in session.violations if one.requirement == id_), None)
    by_body = {
        then: id_ in blamed(target.spec, session.oracles.catalogue, one)
        for then, one in ((True, story[-1]), (False, told[-1]))
    }
    if broken is not None or by_body[False]:
        return Replayed("broken", broken or "a submission that the document excludes is accepted", lines)
    lost = next((line for line, then, now in lines[:-1] if then < 300 <= now), None)
    if lost is not None:
        return Replayed("unjudged", f"what was granted then is refused now, so its story cannot be told: {lost}", lines)
    is_same = [now < 300 for _, _, now in lines] == [then < 300 for _, then, _ in lines]
    seen = (
        session.oracles.examined[id_]
        or (is_same and id_ == HEADERS)
        or (by_body[True] and told[-1].response.status in (400, 422))
    )
    if seen:
        return Replayed("kept", "", lines)
    return Replayed("unjudged", "the answers hold nothing that the requirement speaks about", lines)


def _session(target: Target, name: str, *, strict: bool = False, pace: str = "manual") -> Session:
    oracles = AllOracles(target.spec, catalogues.load(target.spec.name))
    return Session(target, oracles, name=name, strict=strict, pace=pace)


def session_for(target: Target, story: Sequence[Exchange], name: str) -> Session:
    """A world to tell a story in; where the story does not say when what happened, time passes by itself there."""
    return _session(target, name, pace="auto" if any(exchange.at is None for exchange in story) else "manual")


def retell(session: Session, story: Sequence[Exchange]) -> list[Exchange]:
    """Send the requests of a story again, as far apart in the target's time.

    Ids that it gave then are replaced by those it gives now, and so are names where the target remembers them.
    """
    told: list[Exchange] = []
    renamed: dict[str, str] = {}
    submit = session.spec.lifecycle.roles["submit"] if session.spec.lifecycle else None
    for then in story:
        if session.now is not None and then.at is not None and then.at > session.now:
            session.advance(then.at - session.now)
        now = session.send(
            then.request.method, _with(session, then.request.target, renamed), **_rest(session, then, renamed)
        )
        told.append(now)
        if submit is not None and then.operation == submit.operation:
            before, after = get(then.response.json, submit.id or ""), get(now.response.json, submit.id or "")
            if isinstance(before, str) and isinstance(after, str):
                renamed[before] = after
    return told


def _rest(session: Session, then: Exchange, renamed: dict[str, str]) -> Json:
    """Body, headers and caller of a request, without what belongs to its way, and without hidden secrets and
    signatures, which the session has itself."""
    request, settings = then.request, session.settings
    body = (
        None
        if request.body is None
        else _with(session, request.body.decode("utf-8", "surrogateescape"), renamed).encode("utf-8", "surrogateescape")
    )
    signature = settings.credentials.get(then.credential, {}).get("signature")
    signed = {name.lower() for name in SCHEMES[signature["scheme"]](signature, "GET", "/", b"")} if signature else set()
    left_out = _OF_THE_WAY | signed
    kept = {name: value for name, value in request.headers if name.lower() not in left_out and REDACTED not in value}
    tenant = then.tenant if then.tenant in settings.tenants else ""
    credential = then.credential if then.credential in settings.credentials else "good"
    return {"raw": body, "media": None, "headers": kept, "tenant": tenant, "credential": credential}


def _with(session: Session, text: str, renamed: dict[str, str]) -> str:
    for old, new in renamed.items():
        text = text.replace(old, new)
    stamp = session.target.stamp
    return _STAMPED.sub(lambda found: found[1] + stamp, text) if stamp else text


def _recorded(report: Json, requirement: str, api: str) -> Json:
    id_, _, number = requirement.partition("/")
    at = int(number) - 1 if number.isdigit() else 0
    for run in report["runs"]:
        for result in run["results"]:
            if run["api"] == api and result["id"] == id_ and 0 <= at < len(result["violations"]):
                found: Json = result["violations"][at]
                return found
    raise NothingRecorded(f"the report holds no failure of {requirement} for {api}")


def _exchange(raw: Json) -> Exchange:
    asked, told = raw["request"], raw["response"]
    scheme, _, rest = asked["url"].rpartition("://")
    host, _, target = rest.partition("/")
    body = asked["body"].encode() if asked["body"] is not None else None
    request = Request(asked["method"], f"{scheme}://{host}", f"/{target}", tuple(map(tuple, asked["headers"])), body)
    response = Response(told["status"], tuple(map(tuple, told["headers"])), (told["body"] or "").encode(), told["cut"])
    who = {"tenant": raw.get("tenant", ""), "credential": raw.get("credential", "good")}
    return Exchange(request, response, at=raw["at"], operation=raw["operation"], **who)
