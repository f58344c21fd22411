"""Reads waivers: broken requirements that somebody has agreed to live with, for a while."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from conformance.errors import WaiverError
from conformance.run.results import Report
from conformance.run.verdict import Verdict
from conformance.traffic.json_pointer import shown
from specs import strict_yaml

LONGEST = timedelta(days=180)
_BROKEN = (Verdict.FAIL, Verdict.WARN)


@dataclass(frozen=True)
class Waiver:
    """Which requirement of which target, why, who answers for it, and until when.

    `signature` narrows it to one kind of violation.
    """

    id: str
    target: str
    reason: str
    owner: str
    expires: date
    signature: str = ""


def read(file: Path, *, today: date | None = None) -> list[Waiver]:
    """The waivers of a file. Raises WaiverError."""
    today = today or datetime.now(UTC).date()  # a waiver runs out on a real day
    try:
        raw = strict_yaml.read(file.read_bytes()) or []
    except OSError as error:
        raise WaiverError(f"{file} cannot be read: {error.strerror}") from error
    except strict_yaml.YamlError as error:
        raise WaiverError(f"{file}, {error}") from error
    if not isinstance(raw, list):
        raise WaiverError(f"{file}: a list of waivers is expected")
    return [_waiver(file, number, entry, today) for number, entry in enumerate(raw, 1)]


def _waiver(file: Path, number: int, entry: Any, today: date) -> Waiver:
    known = {one.name for one in fields(Waiver)}
    where = f"{file}: waiver {number}"
    if not isinstance(entry, dict) or not known - {"signature"} <= entry.keys() <= known:
        raise WaiverError(f"{where}: expected are id, target, reason, owner, expires and, if need be, signature")
    try:
        expires = date.fromisoformat(str(entry["expires"]))
    except ValueError as error:
        raise WaiverError(f"{where}: expires is {shown(entry['expires'])}; expected a date such as {today}") from error
    if expires > today + LONGEST:
        raise WaiverError(f"{where}: it would last until {expires}, more than {LONGEST.days} days")
    if expires < today:
        raise WaiverError(f"{where}: it ran out on {expires}; mend {entry['id']} or agree anew")
    return Waiver(**{**entry, "expires": expires})


def apply(waivers: Sequence[Waiver], report: Report) -> None:
    """Let waivers stand for what they name; one that no longer fits anything is stale, which fails the run."""
    for waiver in waivers:
        if waiver.target not in (report.target, "*"):
            continue
        result = report.results.get(waiver.id)
        if result is None:
            continue
        fitting = result.verdict in _BROKEN and all(
            one.signature.startswith(waiver.signature) for one in result.violations
        )
        if fitting:
            result.verdict, result.reason = (
                Verdict.WAIVED,
                f"waived by {waiver.owner} until {waiver.expires}: {waiver.reason}",
            )
        elif result.verdict not in _BROKEN:
            result.add(Verdict.STALE_WAIVER, f"the waiver of {waiver.owner} fits nothing any more: {waiver.reason}")
