"""Finds out whether a target can be judged at all: it answers, it lets us in, and a valid submission succeeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from conformance.errors import Inconclusive, NotApplicable, TransportError, Unready
from conformance.oracles.oracle import Violation
from conformance.session.session import Session
from conformance.traffic.exchange import Exchange, Response
from conformance.traffic.json_pointer import MISSING, shown

GRANTED = "JOB-CRT-001"
_FOR_WANT = (400, 403, 412, 422, 428)
"""How a request that lacks something is refused."""


class Unfit(Unready):
    """The target is the API, and breaks what every judgement needs: `violations` say what."""

    def __init__(self, message: str, violations: Sequence[Violation]) -> None:
        super().__init__(message)
        self.violations = violations


def preflight(session: Session) -> list[Violation]:
    """Submit one valid job; what that breaks although the target can be judged. Raises Unready.

    A header that the target demands and the document does not is sent with every submission from then on.
    """
    try:
        with session:
            exchange = session.post(session.body())
            if exchange.response.is_success and _is_json(exchange.response):
                return []
            if found := _demanded_header(session, exchange):
                return [found]
            broken = _broken_by(session, exchange.response)
            raise Unfit(_sentence(session, exchange.response), broken)
    except TransportError as error:
        raise Unready(f"the target cannot be reached: {error}") from error
    except (Inconclusive, NotApplicable) as error:
        raise Unready(f"the target cannot be judged: {error}") from error


def _demanded_header(session: Session, refused: Exchange) -> Violation | None:
    """Whether it was refused for want of a header that the document leaves open."""
    if refused.response.status not in _FOR_WANT:
        return None
    parameters = session.spec.operations[session.role("submit").operation].parameters
    for parameter in parameters:
        name, known = parameter["name"], session.settings.submit_headers
        if parameter["in"] != "header" or parameter.get("required") or name in known:
            continue
        value = str(parameter.get("example", "conformance"))
        granted = session.post(session.body(), headers={name: value})
        if granted.response.is_success and _is_json(granted.response):
            session.target.settings = replace(session.target.settings, submit_headers={**known, name: value})
            what = f"a valid submission is answered {refused.response.status} without {name}, which no document demands"
            return Violation(GRANTED, what, (refused,), control=granted)
    return None


def _broken_by(session: Session, response: Response) -> list[Violation]:
    """What the answer to a valid submission breaks, if it comes from the API at all."""
    is_another = "html" in response.media_type or response.cut
    return [] if is_another else list(session.violations)


def _is_json(response: Response) -> bool:
    return response.json is not MISSING and not response.cut


def _sentence(session: Session, response: Response) -> str:
    where = f"{session.target.url}{session.directory.base}"
    status = response.status
    if 300 <= status < 400:
        return f"{where} redirects to {response.header('location')}: give the URL that it redirects to"
    if status in (401, 403):
        return (
            f"{where} refused the credentials of a valid submission with {status}: a target file or --header must "
            "give ones that it takes"
        )
    if status == 404:
        return (
            f"{where} does not know the operation that submits a job (404): is the URL without the base path "
            f"{session.directory.base or '/'}?"
        )
    if response.cut:
        return f"{where} answered a submission with more than {len(response.body) >> 20} MiB: is this the API?"
    if response.is_success or "html" in response.media_type:
        return f"{where} answers with {response.media_type or 'no media type'}, not JSON: is this the API?"
    return f"{where} answered a valid submission with {status}: {shown(response.body[:200])}"
