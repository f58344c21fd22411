"""Runs schemathesis' engine against an implementation, with our document of its API."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import specs
from conformance.errors import SafetyStop
from conformance.oracles.document import REFUSED_BY_CAPACITY
from conformance.search.determinism import without_surroundings
from conformance.search.fuzz_judge import Finding, FuzzJudge, without_false_keys
from conformance.target.target import Target

__all__ = ["Finding", "Progress", "fuzz"]

REFUSED_BY_STATE = "x-refused-by-state"
_NO_SERVER_ERROR = ("2xx", "3xx", "4xx", "503")
"""A server may say that it cannot serve just now."""
_ACCEPTANCE = ("2xx", "3xx", "401", "403", "404", "409", "429", "5xx")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it has come: the phase under way, requests and cases so far, the operations they were sent to."""

    phase: str
    requests: int
    cases: int = 0
    operations: frozenset[str] = frozenset()
    is_over: bool = True  # the phase has ended


def fuzz(
    api: str,
    url: str,
    *,
    seed: int = 1,
    most_examples: int = 25,
    headers: Mapping[str, str] | None = None,
    judged: bool = False,
    target: Target | None = None,
    made: Callable[[str], object] = str,
) -> Iterator[Finding | Progress]:
    """Every failure that schemathesis finds at `url` (scheme, host and port), each once, and its progress.

    With `judged`, our oracles look at the traffic too, `made` hears the id of every job, members that only look like
    foreign keys do not keep schemathesis from creating jobs, and a refusal for another reason than the one it tests is
    tried again with a job that exists. A `target` is called as the judge calls it: in this process without a
    socket, otherwise with its timeouts, and until its budget of time is used up.
    Deterministic per seed, whatever else this process has loaded. Raises KeyError for an unknown API.
    """
    spec = specs.load(api)
    base = (
        "" if target is not None and target.is_in_process else url.rstrip("/")
    )  # without a host schemathesis opens no socket of its own
    # A copy, since schemathesis writes into the document it is given, which a server in this process may be reading.
    absent = (
        {name for name, is_there in target.settings.capabilities.items() if not is_there}
        if target is not None
        else set()
    )
    document = _to_be_played(deepcopy(spec.document), absent) | {"servers": [{"url": base + spec.base_path or "/"}]}
    told = _config(api, base + spec.base_path if base else None, seed, most_examples, headers or {}, judged=judged)
    bench = FuzzJudge(spec, target or Target.at(api, url, headers=headers or {}), made) if judged else None
    try:
        with without_surroundings():
            yield from _played(without_false_keys(document, spec) if judged else document, told, target, bench)
        if bench is not None and (target is None or target.budget.seconds_left() > 0):
            with suppress(SafetyStop):  # what was found until then counts
                yield from bench.look(headers or {})
                yield from bench.twins()
    finally:
        if bench is not None and target is None:
            bench.close()


def _played(
    document: dict[str, Any], told: dict[str, Any], target: Target | None, bench: FuzzJudge | None
) -> Iterator[Finding | Progress]:
    import schemathesis
    from schemathesis.config import SchemathesisConfig
    from schemathesis.engine import events, from_schema

    schema = schemathesis.openapi.from_dict(document, config=SchemathesisConfig.from_dict(told))
    if target is not None:
        from conformance.search.fuzz_transport import led_to

        schema = led_to(schema, target)
    seen: set[tuple[str, str, str]] = set()
    requests, cases, operations = 0, 0, set[str]()
    stream = from_schema(schema).execute()
    for event in stream:
        if target is not None and target.budget.seconds_left() <= 0:
            stream.stop()
            return
        if isinstance(event, events.ScenarioFinished):
            requests += len(event.recorder.interactions)
            cases += len(event.recorder.cases)
            operations |= {node.value.operation.label for node in event.recorder.cases.values()}
            for finding in (*_findings(event.recorder, bench), *(bench.findings(event.recorder) if bench else ())):
                key = (finding.operation, finding.check, finding.message)
                if key not in seen:
                    seen.add(key)
                    yield finding
            yield Progress(event.phase.value, requests, cases, frozenset(operations), is_over=False)
        elif isinstance(event, events.NonFatalError):
            yield Finding(event.label, "engine", str(event.value), "")
        elif isinstance(event, events.FatalError):
            yield Finding("-", "engine", str(event.exception), "")
        elif isinstance(event, events.PhaseFinished):
            yield Progress(event.phase.name.value, requests, cases, frozenset(operations))


def _findings(recorder: Any, bench: FuzzJudge | None) -> Iterator[Finding]:
    for case_id, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                failure = check.failure_info.failure
                if _deleted_nothing(recorder, failure):
                    continue
                case = recorder.cases[case_id].value
                shown = bench.exchange(recorder.interactions.get(case_id)) if bench else None
                message = f"{failure.title}: {failure.message}"
                yield Finding(
                    case.operation.label, check.name, message, check.failure_info.code_sample, (shown,) if shown else ()
                )


def _deleted_nothing(recorder: Any, failure: Any) -> bool:
    """Whether a "use after free" is none.

    The deletion was answered `false`, a vendor's way to say that the job stays.
    """
    interaction = recorder.interactions.get(getattr(failure, "deleted_case_id", None))
    return (
        interaction is not None
        and interaction.response is not None
        and interaction.response.content.strip() == b"false"
    )


def _config(
    api: str, base_url: str | None, seed: int, most_examples: int, headers: Mapping[str, str], *, judged: bool
) -> dict[str, Any]:
    config: dict[str, Any] = {
        "seed": seed,
        "headers": dict(headers),
        "generation": {"max-examples": most_examples, "deterministic": True, "database": "none"},
        "operations": list(documented_refusals(api)),
        "checks": {"not_a_server_error": {"expected-statuses": [*_NO_SERVER_ERROR]}},
    }
    if base_url is not None:
        config["base-url"] = base_url
    if (
        judged
    ):  # it takes whatever hangs below a job for something that exists at once; our own checks read the job itself
        config["checks"]["ensure_resource_availability"] = {"enabled": False}
    return config


def documented_refusals(api: str) -> Iterator[dict[str, Any]]:
    """Operations that may refuse what is valid since the job is not in the right state or no node has room, with the
    status the document gives for that."""
    for operation in specs.load(api).operations.values():
        by_state, by_capacity = operation.node.get(REFUSED_BY_STATE), operation.node.get(REFUSED_BY_CAPACITY)
        checks: dict[str, Any] = {}
        if by_state is not None or by_capacity is not None:
            also = [status for status in (by_state, by_capacity) if status is not None]
            checks["positive_data_acceptance"] = {"expected-statuses": [*_ACCEPTANCE, *also]}
        if by_capacity is not None:
            checks["not_a_server_error"] = {"expected-statuses": [*_NO_SERVER_ERROR, by_capacity]}
        if checks:
            yield {"include-operation-id": operation.id, "checks": checks}


def _to_be_played(document: dict[str, Any], absent: set[str]) -> dict[str, Any]:
    """The document less its endless answers, which no request-at-a-time tool can read, and less the operations that the
    target has not."""
    paths = {
        path: {
            key: node
            for key, node in item.items()
            if not (isinstance(node, dict) and (_streams(node) or node.get("operationId") in absent))
        }
        for path, item in document["paths"].items()
    }
    return {
        **document,
        "paths": {path: item for path, item in paths.items() if any("operationId" in node for node in item.values())},
    }


def _streams(operation: dict[str, Any]) -> bool:
    return any("text/event-stream" in answer.get("content", {}) for answer in operation.get("responses", {}).values())
