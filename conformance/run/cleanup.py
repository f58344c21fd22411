"""Cleans up what an earlier run left at a target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from conformance import catalogue as catalogues
from conformance.errors import Inconclusive, NotApplicable, TransportError
from conformance.oracles.all_oracles import Panel
from conformance.session.made_jobs import left_over
from conformance.session.session import Session
from conformance.target.target import Target
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import get
from specs.lifecycle import TERMINAL


def sweep(target: Target, file: Path) -> list[str]:
    """Stop and forget every job of a journal that was made and not cleaned up; the jobs that would not go.

    Only jobs of the journal are touched.
    """
    return swept(target, left_over(file))


def swept(target: Target, jobs: Iterable[str], headers: Mapping[str, str] | None = None) -> list[str]:
    """Stop and forget jobs, with these headers in place of the target file's credentials; those that would not go."""
    session = Session(target, Panel(target.spec, catalogues.load(target.spec.name)), name="sweep")
    return [id_ for id_ in jobs if not gone(session, id_, headers)]


def gone(session: Session, id_: str, headers: Mapping[str, str] | None = None) -> bool:
    """Stop and forget one job; whether it then is over or unknown."""
    options: dict[str, Any] = {} if headers is None else {"headers": headers, "credential": "none"}
    try:
        told = [session.on(name, id_, **options) for name in ("cancel", "delete") if name in session.roles]
        if "read" in session.roles:
            return _is_over(session, session.read(id_, **options))
    except (TransportError, Inconclusive, NotApplicable):
        return False
    return any(one.response.is_success for one in told)


def _is_over(session: Session, read: Exchange) -> bool:
    state = get(read.response.json, session.role("read").status or "")
    phase = session.phase_of(state) if isinstance(state, str) else ""
    return read.response.status in (404, 410) or phase in TERMINAL or phase == "draft"
