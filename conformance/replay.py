"""Sends a recorded failure again and says whether it still looks the same."""

from __future__ import annotations

from typing import Any

from conformance import catalogue as catalogues
from conformance.panel import Panel
from conformance.pointer import get
from conformance.session import Session
from conformance.target import Target

Json = dict[str, Any]


class NothingRecorded(LookupError):
    """The report holds no failure of that requirement."""


def replay(target: Target, report: Json, requirement: str) -> list[tuple[str, int, int]]:
    """Send the exchanges of a requirement's first violation again: each request in words, the status recorded, the status now.

    Ids that the target gave then are replaced by those it gives now. Raises NothingRecorded, TransportError.
    """
    recorded = _recorded(report, requirement, target.spec.name)
    told: list[tuple[str, int, int]] = []
    renamed: dict[str, str] = {}
    submit = target.spec.lifecycle.roles["submit"] if target.spec.lifecycle else None
    with Session(target, Panel(target.spec, catalogues.load(target.spec.name)), name="replay") as session:
        for one in recorded:
            path = one["request"]["url"].split("://", 1)[-1].partition("/")[2]
            body = one["request"]["body"]
            for old, new in renamed.items():
                path = path.replace(old, new)
                body = body.replace(old, new) if body else body
            media = next((value for name, value in one["request"]["headers"] if name.lower() == "content-type"), None)
            exchange = session.send(one["request"]["method"], f"/{path}", raw=body.encode() if body is not None else None, media=media)
            told.append((f"{one['request']['method']} /{path}", one["response"]["status"], exchange.response.status))
            if submit is not None and one["operation"] == submit.operation:
                before, now = get(_parsed(one["response"]["body"]), submit.id or ""), get(exchange.response.json, submit.id or "")
                if isinstance(before, str) and isinstance(now, str):
                    renamed[before] = now
    return told


def _recorded(report: Json, requirement: str, api: str) -> list[Json]:
    for run in report["runs"]:
        for result in run["results"]:
            if run["api"] == api and result["id"] == requirement and result["violations"]:
                found: list[Json] = result["violations"][0]["exchanges"]
                return found
    raise NothingRecorded(f"the report holds no failure of {requirement} for {api}")


def _parsed(text: str | None) -> Any:
    import json

    try:
        return json.loads(text or "")
    except ValueError:
        return None
