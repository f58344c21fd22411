"""Asks a target a handful of questions: which credentials, operations and shapes of jobs of its target file hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from conformance import catalogue as catalogues
from conformance.errors import Inconclusive, NotApplicable, TransportError
from conformance.oracles.all_oracles import AllOracles
from conformance.session.session import JobRef, Session
from conformance.target.target import Target
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import shown

_SOON = 30.0
"""Seconds of the target's clock within which a job is to reach the phase that its shape is for."""

_PHASES = {"quick": ("succeeded",), "long": ("running",), "fails": ("failed",), "waits": ("queued",)}
"""Where a job of a shape is soon."""


@dataclass(frozen=True)
class Answer:
    """What came of one question: the line of the target file it is about, whether it holds, and what was seen."""

    about: str
    holds: bool
    words: str


def ask(target: Target) -> Iterator[Answer]:
    """Each question with its answer, as soon as it is known. Raises TransportError where nobody is there."""
    with Session(target, AllOracles(target.spec, catalogues.load(target.spec.name)), name="questions") as session:
        yield _asked("submit.body", partial(_shape, session, "quick"))
        for shape in target.settings.shapes:
            yield _asked(f"submit.shapes.{shape}", partial(_shape if shape in _PHASES else _taken, session, shape))
        if "list" in session.roles:
            yield _asked("the list of jobs", lambda: _status(session.list_jobs(), "2xx"))
        for name in target.settings.tenants:
            yield _asked(f"tenants.{name}", partial(_tenant, session, name))
        for name in ("good", "wrong", "none"):
            if name in target.settings.credentials:
                wanted = "2xx" if name == "good" else "4xx"
                yield _asked(f"credentials.{name}", partial(_credential, session, name, wanted))


def _asked(about: str, question: Callable[[], tuple[bool, str]]) -> Answer:
    try:
        return Answer(about, *question())
    except (Inconclusive, NotApplicable, TransportError) as error:
        if isinstance(error, TransportError) and error.kind == "refused":
            raise  # nobody is there: that is no matter of a line of the target file
        return Answer(about, False, str(error))


def _shape(session: Session, shape: str) -> tuple[bool, str]:
    """Whether a job of a shape comes into the phase that the shape is for."""
    job = _made(session, shape)
    wanted = _PHASES[shape]
    try:
        state = session.until(job, *wanted, within=_SOON)
    except Inconclusive:
        state = session.state(job)
        return False, f"the job is {state} after {_SOON:g} seconds; expected it {wanted[0]}"
    return True, f"the job is {state}"


def _taken(session: Session, shape: str) -> tuple[bool, str]:
    job = _made(session, shape)
    return True, f"taken as {job.id}"


def _made(session: Session, shape: str) -> JobRef:
    return session.submit(shape, seconds=_SOON)


def _tenant(session: Session, name: str) -> tuple[bool, str]:
    return _status(session.post(session.body(), tenant=name), "2xx")


def _credential(session: Session, name: str, wanted: str) -> tuple[bool, str]:
    return _status(session.list_jobs(credential=name) if "list" in session.roles else _posted(session, name), wanted)


def _posted(session: Session, credential: str) -> Exchange:
    return session.post(session.body(), credential=credential)


def _status(exchange: Exchange, wanted: str) -> tuple[bool, str]:
    status = exchange.response.status
    if f"{status // 100}xx" == wanted:
        return True, f"answered {status}"
    return False, f"answered {status} {shown(exchange.response.body[:120])}; expected {wanted}"
