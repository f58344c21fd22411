"""Reads waivers: known failures that somebody has agreed to accept until a date."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import specs
from conformance import catalogue as catalogues
from conformance.errors import WaiverError
from conformance.run.results import Report
from conformance.run.verdict import Verdict
from conformance.target.target_file import suggestion
from conformance.traffic.json_pointer import shown
from specs import strict_yaml

LONGEST = timedelta(days=180)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
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
        document = strict_yaml.Document(file.read_bytes())
    except OSError as error:
        raise WaiverError(f"{file} cannot be read: {error.strerror}") from error
    except strict_yaml.YamlError as error:
        raise WaiverError(f"{file}, {error}") from error
    if not isinstance(document.value, list):
        raise WaiverError(f"{file}, line 1: expected a list of waivers; got {shown(document.value)}")
    waivers = []
    for number, entry in enumerate(document.value):
        try:
            waivers.append(_waiver(entry, document.written([number, "expires"]), today))
        except _Wrong as wrong:
            line = document.line([number, *([wrong.member] if wrong.member else [])])
            raise WaiverError(f"{file}, line {line}: waiver {number + 1}: {wrong}") from wrong
    return waivers


class _Wrong(ValueError):
    """What is wrong in one member of a waiver, or in the whole of it."""

    def __init__(self, member: str, words: str) -> None:
        super().__init__(words)
        self.member = member


def _waiver(entry: Any, expires: str | None, today: date) -> Waiver:
    known = [one.name for one in fields(Waiver)]
    if not isinstance(entry, dict):
        raise _Wrong("", f"expected a mapping with {', '.join(known)}; got {shown(entry)}")
    for name in entry:
        if name not in known:
            raise _Wrong(name, f"unknown member `{name}`; {suggestion(name, known)}")
    for name in known[:-1]:
        if name not in entry:
            raise _Wrong("", f"`{name}` is missing; expected are id, target, reason, owner and expires")
    for name in known:
        value = entry.get(name, "-")
        is_text = isinstance(value, str) and (value or name == "signature")  # an empty signature fits any violation
        if name != "expires" and not is_text:
            raise _Wrong(name, f"{name} is {shown(entry[name])}; expected a text")
    ids = {id_ for api in specs.names() for id_ in catalogues.load(api).requirements}
    if entry["id"] not in ids:
        raise _Wrong("id", f"no requirement is called {entry['id']}{_meant(entry['id'], ids)}")
    return Waiver(**{**entry, "expires": _day(expires or "", entry["id"], today)})


def _meant(id_: str, ids: Collection[str]) -> str:
    close = get_close_matches(id_, ids, 1)
    return f"; did you mean {close[0]}?" if close else "; `conformance catalogue` prints all ids"


def _day(text: str, id_: str, today: date) -> date:
    """The last day of a waiver."""
    if not _DAY.fullmatch(text):
        raise _Wrong("expires", f"expires is {text or 'missing'}; expected a date such as {today}")
    try:
        expires = date.fromisoformat(text)
    except ValueError as error:
        raise _Wrong("expires", f"expires is {text}; expected a date such as {today}") from error
    if expires > today + LONGEST:
        raise _Wrong("expires", f"it would last until {expires}, more than {LONGEST.days} days")
    if expires < today:
        raise _Wrong("expires", f"it ran out on {expires}; mend {id_} or set a new date")
    return expires


def same_target(one: str, other: str) -> bool:
    """Whether two spellings name one target: case, a slash at the end, the usual port and `localhost` do not count."""
    return _spelled(one) == _spelled(other)


def _spelled(target: str) -> str:
    parts = urlsplit(target)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        return target
    if not host or parts.scheme not in ("http", "https"):
        return target
    host = "127.0.0.1" if host in ("localhost", "::1") else host
    return f"{parts.scheme}://{host}:{port or (443 if parts.scheme == 'https' else 80)}{parts.path.rstrip('/')}"


def apply(waivers: Sequence[Waiver], report: Report) -> None:
    """Let waivers stand for what they name; one that no longer fits anything is stale, which fails the run."""
    for waiver in waivers:
        if waiver.target != "*" and not same_target(waiver.target, report.target):
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
