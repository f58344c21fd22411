"""The canonical form of a report, which every other view is made from, and its JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from conformance import catalogue as catalogues
from conformance.exchange import Exchange
from conformance.oracle import Violation
from conformance.record import Report
from conformance.verdict import Verdict

SCHEMA_VERSION = "1"
_MOST_BODY = 20_000
Json = dict[str, Any]


def canonical(reports: Sequence[Report]) -> Json:
    """Reports of one or more targets as one value: equal runs give equal values, apart from spans of time."""
    return {"schema": f"understudy.conformance/{SCHEMA_VERSION}", "runs": [_run(report) for report in reports]}


def text(reports: Sequence[Report]) -> str:
    """The same as JSON."""
    return json.dumps(canonical(reports), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _run(report: Report) -> Json:
    requirements = catalogues.load(report.api).requirements
    counts = {verdict.word: len(report.of(verdict)) for verdict in Verdict if report.of(verdict)}
    return {
        "api": report.api,
        "target": report.target,
        "seed": report.options.seed,
        "exit": int(report.exit),
        "sentence": report.sentence,
        "requests": report.requests,
        "seconds": round(report.seconds, 3),
        "counts": counts,
        "left_behind": list(report.left_behind),
        "results": [_result(report, id_, requirements) for id_ in sorted(report.results)],
    }


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
        "violations": [_violation(one) for one in result.violations],
    }


def _violation(violation: Violation) -> Json:
    return {
        "message": violation.message,
        "check": violation.check,
        "signature": violation.signature,
        "exchanges": [_exchange(one) for one in violation.exchanges],
    }


def _exchange(exchange: Exchange) -> Json:
    asked, told = exchange.request, exchange.response
    return {
        "operation": exchange.operation,
        "at": exchange.at,
        "request": {"method": asked.method, "url": asked.url + asked.target, "headers": list(map(list, asked.headers)), "body": _body(asked.body)},
        "response": {"status": told.status, "headers": list(map(list, told.headers)), "body": _body(told.body), "cut": told.cut},
        "curl": exchange.curl,
    }


def _body(body: bytes | None) -> str | None:
    return None if body is None else body.decode("utf-8", "replace")[:_MOST_BODY]
