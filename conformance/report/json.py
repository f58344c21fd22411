"""The canonical form of a report, which every other view is made from, and its JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema_rs

from conformance import catalogue as catalogues
from conformance.errors import UsageError
from conformance.oracles.oracle import Violation
from conformance.run.results import Report, Search
from conformance.run.verdict import Verdict
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import shown

SCHEMA = "understudy.conformance/1"
_MOST_BODY, _FEW, _MOST_OF_A_REQUIREMENT = 20_000, 500, 60_000
"""Most letters of one body, of a body where enough is shown, and of all answers of a requirement."""
Json = dict[str, Any]


def _object(**members: Any) -> Json:
    return {"type": "object", "required": list(members), "properties": members}


_TEXT, _NUMBER, _TEXTS = {"type": "string"}, {"type": "number"}, {"type": "array", "items": {"type": "string"}}
_HEADERS = {"type": "array", "items": {**_TEXTS, "minItems": 2, "maxItems": 2}}
_EXCHANGE = _object(
    operation={"type": ["string", "null"]},
    at={"type": ["number", "null"]},
    request=_object(method=_TEXT, url=_TEXT, headers=_HEADERS, body={"type": ["string", "null"]}),
    response=_object(
        status={"type": "integer"}, headers=_HEADERS, body={"type": ["string", "null"]}, cut={"type": "boolean"}
    ),
    curl=_TEXT,
)
_VIOLATION = _object(message=_TEXT, check=_TEXT, exchanges={"type": "array", "items": _EXCHANGE})
_RESULT = _object(
    **dict.fromkeys(("id", "verdict", "reason", "level", "basis", "source", "statement"), _TEXT),
    violations={"type": "array", "items": _VIOLATION},
)
_SEARCH = _object(
    by=_TEXT, seed=_NUMBER, examples=_NUMBER, steps=_NUMBER, operations=_TEXTS, broken=_TEXTS, others=_TEXTS, note=_TEXT
)
_RUN = _object(
    **dict.fromkeys(("api", "target", "sentence"), _TEXT),
    **dict.fromkeys(("requests", "seconds"), _NUMBER),
    seed=_NUMBER,
    exit=_NUMBER,
    counts={"type": "object", "additionalProperties": {"type": "integer"}},
    searches={"type": "array", "items": _SEARCH},
    results={"type": "array", "items": _RESULT},
)
SHAPE = _object(schema={"const": SCHEMA}, runs={"type": "array", "items": _RUN})
"""The JSON Schema of what the other views read of a canonical report."""


def canonical(reports: Sequence[Report]) -> Json:
    """Reports of one or more targets as one value: equal runs give equal values, apart from dates and spans of time."""
    return {"schema": SCHEMA, "runs": [_run(report) for report in reports]}


def text(canonical: Json) -> str:
    """A canonical report as JSON."""
    return json.dumps(canonical, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _run(report: Report) -> Json:
    requirements = catalogues.load(report.api).requirements
    counts = {verdict.word: len(report.of(verdict)) for verdict in Verdict if report.of(verdict)}
    return {
        "api": report.api,
        "target": report.target,
        "seed": report.options.seed,
        "exit": int(report.exit),
        "sentence": report.sentence,
        "began": _date(report.began),
        "requests": report.requests,
        "seconds": round(report.seconds, 3),
        "counts": counts,
        "left_behind": list(report.left_behind),
        "searches": [_search(one) for one in report.searches],
        "results": [_result(report, id_, requirements) for id_ in sorted(report.results)],
    }


def _search(search: Search) -> Json:
    return {
        "by": search.by,
        "seed": search.seed,
        "examples": search.examples,
        "steps": search.steps,
        "operations": sorted(search.operations),
        "broken": sorted({one.requirement for one in search.violations}),
        "others": list(search.others),
        "note": search.note,
    }


def searched(search: Json) -> str:
    """What random clients did and found, in one line."""
    operations = search["operations"]
    found = [
        *search["broken"],
        *([f"{len(search['others'])} findings that no requirement speaks of"] if search["others"] else []),
    ]
    note = f" ({search['note']})" if search["note"] else ""
    said = (
        f"{search['by']}, seed {search['seed']}: {search['examples']} examples of {search['steps']} steps over "
        f"{len(operations)} operations"
    )
    return f"{said} found {', '.join(found) or 'nothing'}{note}"


def _result(report: Report, id_: str, requirements: Any) -> Json:
    result, requirement = report.results[id_], requirements[id_]
    return {
        "id": id_,
        "verdict": result.verdict.word if result.verdict is not None else "INCONCLUSIVE",
        "reason": result.reason,
        "level": requirement.level,
        "basis": requirement.basis,
        "source": requirement.source,
        "statement": requirement.statement,
        "kind": requirement.kind,
        "conflicts": requirement.conflicts,
        "observations": result.observations,
        "requests": result.requests,
        "folded": result.folded,
        "violations": _violations(result.violations),
    }


def _violations(violations: Iterable[Violation]) -> list[Json]:
    """The violations of one requirement; of their answers the first are shown at length, the others in short."""
    left, shown = _MOST_OF_A_REQUIREMENT, []
    for one in violations:
        exchanges = []
        for each in one.exchanges:
            exchanges.append(exchange(each, most=_MOST_BODY if left > 0 else _FEW))
            left -= len(exchanges[-1]["response"]["body"] or "")
        shown.append({"message": one.message, "check": one.check, "signature": one.signature, "exchanges": exchanges})
    return shown


def exchange(shown: Exchange, *, most: int = _MOST_BODY) -> Json:
    """A request with its answer, at most so many letters of its body, and a command that repeats it."""
    asked, told = shown.request, shown.response
    body = _body(told.body, most)
    return {
        "operation": shown.operation,
        "at": shown.at,
        "sent": _date(shown.sent),
        "tenant": shown.tenant,
        "credential": shown.credential,
        "request": {
            "method": asked.method,
            "url": asked.url + asked.target,
            "headers": list(map(list, asked.headers)),
            "body": _body(asked.body, _MOST_BODY),
        },
        "response": {
            "status": told.status,
            "headers": list(map(list, told.headers)),
            "body": body,
            "cut": told.cut or len(body or "") == most,
        },
        "curl": shown.curl,
    }


def _date(seconds: float) -> str | None:
    """Real seconds since 1970 as a date-time; None where they are not known."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds") if seconds else None


def _body(body: bytes | None, most: int) -> str | None:
    return None if body is None else body[: 4 * most].decode("utf-8", "replace")[:most]


def runs_of(file: Path) -> list[Json]:
    """The runs that a canonical report holds. Raises UsageError."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UsageError(f"{file} is not JSON ({error}); expected a report that run --json wrote") from None
    said = found.get("schema") if isinstance(found, dict) else None
    if said != SCHEMA:
        raise UsageError(f"{file} has the schema {shown(said)}; expected {shown(SCHEMA)}, as run --json writes it")
    for broken in jsonschema_rs.Draft202012Validator(SHAPE).iter_errors(found):
        place = "".join(f"/{key}" for key in broken.instance_path) or "the top"
        raise UsageError(
            f"{file} is not a whole report: {broken.message} at {place}; expected a report that run --json wrote"
        )
    runs: list[Json] = found["runs"]
    return runs
