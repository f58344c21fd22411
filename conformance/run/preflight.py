"""Finds out whether a target can be judged at all: it answers, it lets us in, and a valid submission succeeds."""

from __future__ import annotations

from conformance.errors import Inconclusive, NotApplicable, TransportError, Unready
from conformance.session.session import Session
from conformance.traffic.exchange import Response
from conformance.traffic.json_pointer import MISSING, shown


def preflight(session: Session) -> None:
    """Submit one valid job and read it. Raises Unready."""
    try:
        with session:
            exchange = session.post(session.body())
            if not exchange.response.is_success or not _is_json(exchange.response):
                raise Unready(_sentence(session, exchange.response))
    except TransportError as error:
        raise Unready(f"the target cannot be reached: {error}") from error
    except (Inconclusive, NotApplicable) as error:
        raise Unready(f"the target cannot be judged: {error}") from error


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
