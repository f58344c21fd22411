"""Runs schemathesis' engine against an implementation, with our document of its API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import specs
from conformance.fuzz_bench import Bench, Finding, without_false_keys

__all__ = ["Finding", "Progress", "fuzz"]

ALLOWED_STATUSES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    # The vendor answers 500 when no node can hold the job, and says so in its own documentation.
    "openyuanrong": {"not_a_server_error": ("2xx", "3xx", "4xx", "500")},
}
"""Statuses that a vendor documents and schemathesis takes for failures, by API and check."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One phase ended; `requests` so far."""

    phase: str
    requests: int


def fuzz(
    api: str, url: str, *, seed: int = 1, most_examples: int = 25, headers: Mapping[str, str] | None = None, judged: bool = False
) -> Iterator[Finding | Progress]:
    """Every failure that schemathesis finds at `url` (scheme, host and port), each once, and its progress.

    With `judged`, our oracles look at the traffic too, members that only look like foreign keys do not keep schemathesis from creating jobs, and a
    refusal for another reason than the one it tests is tried again with a job that exists. Raises KeyError for an unknown API.
    """
    import schemathesis
    from schemathesis.config import SchemathesisConfig
    from schemathesis.engine import events, from_schema

    spec = specs.load(api)
    config = SchemathesisConfig.from_dict(_config(api, url.rstrip("/") + spec.base_path, seed, most_examples, headers or {}, judged=judged))
    # A copy, since schemathesis writes into the document it is given, which a server in this process may be reading.
    document = _without_streams(deepcopy(spec.document))
    schema = schemathesis.openapi.from_dict(without_false_keys(document, spec) if judged else document, config=config)
    bench = Bench(spec, url, headers or {}) if judged else None
    seen: set[tuple[str, str, str]] = set()
    requests = 0
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            requests += len(event.recorder.interactions)
            for finding in (*_findings(event.recorder), *(bench.findings(event.recorder) if bench else ())):
                key = (finding.operation, finding.check, finding.message)
                if key not in seen:
                    seen.add(key)
                    yield finding
        elif isinstance(event, events.NonFatalError):
            yield Finding(event.label, "engine", str(event.value), "")
        elif isinstance(event, events.FatalError):
            yield Finding("-", "engine", str(event.exception), "")
        elif isinstance(event, events.PhaseFinished):
            yield Progress(event.phase.name.value, requests)
    if bench is not None:
        bench.close()


def _findings(recorder: Any) -> Iterator[Finding]:
    for case_id, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                failure = check.failure_info.failure
                if _deleted_nothing(recorder, failure):
                    continue
                case = recorder.cases[case_id].value
                yield Finding(case.operation.label, check.name, f"{failure.title}: {failure.message}", check.failure_info.code_sample)


def _deleted_nothing(recorder: Any, failure: Any) -> bool:
    """Whether a "use after free" is none: the deletion was answered `false`, a vendor's way to say that the job stays."""
    interaction = recorder.interactions.get(getattr(failure, "deleted_case_id", None))
    return interaction is not None and interaction.response is not None and interaction.response.content.strip() == b"false"


def _config(api: str, base_url: str, seed: int, most_examples: int, headers: Mapping[str, str], *, judged: bool) -> dict[str, Any]:
    checks: dict[str, Any] = {name: {"expected-statuses": list(statuses)} for name, statuses in ALLOWED_STATUSES.get(api, {}).items()}
    if judged:  # it takes whatever hangs below a job for something that exists at once; our own checks read the job itself
        checks["ensure_resource_availability"] = {"enabled": False}
    config: dict[str, Any] = {
        "seed": seed,
        "base-url": base_url,
        "headers": dict(headers),
        "generation": {"max-examples": most_examples, "deterministic": True, "database": "none"},
    }
    return config | ({"checks": checks} if checks else {}) | {"operations": list(_refusals_by_state(api))}


def _refusals_by_state(api: str) -> Iterator[dict[str, Any]]:
    """Operations that may refuse a valid request since the job is not in the right state, with the status the document gives for that."""
    for operation in specs.load(api).operations.values():
        status = operation.node.get("x-refused-by-state")
        if status is not None:
            acceptable = ["2xx", "3xx", "401", "403", "404", "409", "429", "5xx", status]
            yield {"include-operation-id": operation.id, "checks": {"positive_data_acceptance": {"expected-statuses": acceptable}}}


def _without_streams(document: dict[str, Any]) -> dict[str, Any]:
    """The document less its endless answers, which no request-at-a-time tool can read."""
    paths = {
        path: {key: node for key, node in item.items() if not (isinstance(node, dict) and _streams(node))}
        for path, item in document["paths"].items()
    }
    return {**document, "paths": {path: item for path, item in paths.items() if item}}


def _streams(operation: dict[str, Any]) -> bool:
    return any("text/event-stream" in answer.get("content", {}) for answer in operation.get("responses", {}).values())
