"""What led to a violation: the calls that made and changed the jobs that its exchanges are about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from conformance.oracles.job_views import made_by
from conformance.oracles.oracle import Violation
from conformance.traffic.exchange import Exchange
from specs import Spec

MOST = 12
"""Calls before those that an oracle shows; the latest are kept."""


def with_story(spec: Spec, traffic: Sequence[Exchange], violation: Violation) -> Violation:
    """The violation, preceded by the submissions of the jobs that it is about and by what was asked of them since."""
    if not violation.exchanges:
        return violation
    shown = {id(one) for one in violation.exchanges}
    end = next((at for at, one in enumerate(traffic) if one is violation.exchanges[-1]), len(traffic))
    makers = {made: one for one in traffic[:end] if (made := made_by(spec, one))}
    ids = _named(makers, violation.exchanges)
    makings = {id(makers[made]) for made in ids}
    before = [one for one in traffic[:end] if id(one) not in shown]
    told = [one for one in before if id(one) in makings or (_changes(one) and any(made in _asked(one) for made in ids))]
    return replace(violation, exchanges=(*told[-MOST:], *violation.exchanges))


def _named(makers: dict[str, Exchange], exchanges: Sequence[Exchange]) -> set[str]:
    """The jobs that requests name, or else those that the last answer shows."""
    asked = {made for made in makers for one in exchanges if made in _asked(one)}
    answer = exchanges[-1].response.body.decode("utf-8", "replace")
    return asked or {made for made in makers if made in answer}


def _asked(exchange: Exchange) -> str:
    return exchange.request.target + (exchange.request.body or b"").decode("utf-8", "replace")


def _changes(exchange: Exchange) -> bool:
    return exchange.request.method not in ("GET", "HEAD", "OPTIONS")
