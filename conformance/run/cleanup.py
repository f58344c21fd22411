"""Cleans up what an earlier run left at a target."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from conformance import catalogue as catalogues
from conformance.errors import Inconclusive, NotApplicable, TransportError
from conformance.oracles.all_oracles import AllOracles
from conformance.session.made_jobs import MadeJob, left_over
from conformance.session.session import Session
from conformance.target.target import Target
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import get
from specs.lifecycle import TERMINAL


def sweep(target: Target, file: Path) -> list[str]:
    """Stop and forget every job of a journal that was made and not cleaned up; the jobs that would not go.

    Only jobs of the journal are touched; those that are gone are noted there. Raises JournalError.
    """
    session = _session(target)
    jobs = left_over(file, api=target.spec.name, url=target.redaction.text(target.url))
    stuck = [one.id for one in jobs if not gone(session, one)]
    with file.open("a", encoding="utf-8") as out:
        for one in jobs:
            if one.id not in stuck:
                out.write(json.dumps({"gone": one.id}) + "\n")
    return stuck


def swept(target: Target, jobs: Iterable[str], headers: Mapping[str, str]) -> list[str]:
    """Stop and forget jobs that were made with these headers just now; those that would not go."""
    session = _session(target)
    return [id_ for id_ in jobs if not gone(session, MadeJob(id_), headers)]


def _session(target: Target) -> Session:
    return Session(target, AllOracles(target.spec, catalogues.load(target.spec.name)), name="sweep")


def gone(session: Session, job: MadeJob, headers: Mapping[str, str] | None = None) -> bool:
    """Stop and forget one job; whether it then is over or unknown.

    With `headers` in place of the target file's credentials, whoever asks is known to be who made it.
    """
    if job.tenant and job.tenant not in session.settings.tenants:
        return False  # whoever asks in another's name learns nothing
    credential = job.credential if job.credential in session.settings.credentials else "good"
    options: dict[str, Any] = {"tenant": job.tenant, "credential": credential}
    if headers is not None:
        options = {"headers": headers, "credential": "none"}
    try:
        told = [session.on(name, job.id, **options) for name in ("cancel", "delete") if name in session.roles]
        was_there = headers is not None or any(one.response.is_success for one in told)
        if "read" in session.roles:
            read = session.read(job.id, **options)
            if read.response.status == 404 and not was_there:
                return bool(session.items(**options))  # a 404 means something only where others are seen
            return _is_over(session, read)
    except (TransportError, Inconclusive, NotApplicable):
        return False
    return any(one.response.is_success for one in told)


def _is_over(session: Session, read: Exchange) -> bool:
    state = get(read.response.json, session.role("read").status or "")
    phase = session.phase_of(state) if isinstance(state, str) else ""
    return read.response.status in (404, 410) or phase in TERMINAL or phase == "draft"
