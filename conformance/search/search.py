"""The searching part of a run: the state machine, and schemathesis with our oracles.

What they find counts like any check's finding.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from conformance.catalogue import Catalogue
from conformance.errors import Inconclusive, SafetyStop, TransportError
from conformance.oracles.document import SERVER_ERROR
from conformance.oracles.oracle import Violation
from conformance.run.results import Search
from conformance.search.blamed_requirement import blamed
from conformance.search.fuzz import Finding, fuzz
from conformance.search.shrink import shrunk
from conformance.search.state_machine import explore
from conformance.session.made_jobs import MadeJobs
from conformance.target.settings import secret
from conformance.target.target import SANDBOX, Target
from conformance.traffic.exchange import Request
from conformance.traffic.json_pointer import get

OF_CHECK = {
    "not_a_server_error": SERVER_ERROR,
    "wrong_reason": "JOB-REQ-002",
    "use_after_free": "JOB-LST-009",
    "unsupported_method": "JOB-ERR-008",
}
"""Requirements behind findings that are not our oracles' own.

Other findings of schemathesis are reported but do not fail the run: a document cannot say everything.
"""
UNSAID = frozenset({"ignored_auth"})
"""Findings that say something of the mode of a target: credentials are judged by checks, where they are verified."""
WORLD = "conformance-fuzz"
_ANYBODY = {"Authorization": "conformance"}
"""Who asks where a credential is expected and the target file gives none."""
Tell = Callable[[str], None]


def search(
    target: Target,
    catalogue: Catalogue,
    *,
    seed: int,
    games: int,
    examples: int,
    tell: Tell = lambda text: None,
    journal: MadeJobs | None = None,
) -> Iterator[Search]:
    """What random clients do and find: first games of the state machine, then schemathesis over the whole document.

    `tell` hears how far it has come; the jobs that are made are written into the journal.
    """
    if games:
        played = Search("state machine", seed)
        tell("random clients: state machine")
        with_note(
            played,
            lambda: played.violations.extend(
                _marked(played, explore(target, seed_=seed, examples=games, search=played, journal=journal))
            ),
        )
        yield played
    if examples:
        fuzzed = Search("schemathesis", seed)
        with_note(fuzzed, lambda: _fuzz(target, catalogue, fuzzed, examples, tell, journal))
        if target.has_virtual_time:
            with suppress(TransportError):
                target.ask_control("DELETE", f"/sandboxes/{WORLD}")
        yield fuzzed


def with_note(searched: Search, work: Callable[[], None]) -> None:
    """Search; where the target or the user's limits end it early, say so."""
    try:
        work()
    except (TransportError, Inconclusive, SafetyStop) as error:
        searched.note = str(error)


def _marked(searched: Search, violations: list[Violation]) -> list[Violation]:
    return [replace(one, check=f"{searched.by}, seed {searched.seed}") for one in violations]


def _fuzz(
    target: Target, catalogue: Catalogue, searched: Search, examples: int, tell: Tell, journal: MadeJobs | None
) -> None:
    """Let schemathesis play; of each requirement and operation the smallest finding is kept and shrunk."""

    def made(job: str) -> None:
        if not target.has_virtual_time:  # elsewhere a world is thrown away with all its jobs
            searched.left.append((job, ""))
            if journal is not None:
                journal.made(job)

    smallest: dict[tuple[str, str], Finding] = {}
    for event in fuzz(
        target.spec.name,
        target.url,
        seed=searched.seed,
        most_examples=examples,
        headers=world(target),
        judged=True,
        target=target,
        made=made,
    ):
        if not isinstance(event, Finding):
            target.budget.took(event.requests - searched.steps)
            searched.examples, searched.steps, searched.operations = event.cases, event.requests, set(event.operations)
            tell(f"random clients: {event.phase}")
            continue
        requirements = [one for one in _requirements(target, catalogue, event) if one in catalogue.requirements]
        for requirement in requirements:
            known = smallest.setdefault((requirement, event.operation), event)
            if _size(event) < _size(known):
                smallest[requirement, event.operation] = event
        if not requirements and event.check not in UNSAID:
            searched.others.append(f"{event.operation}: {event.check}: {event.message}")
    for (requirement, operation), finding in smallest.items():
        tell(f"random clients: shrinking {requirement}")
        whole = Violation(requirement, finding.message, finding.exchanges)
        small = shrunk(target, whole) if finding.exchanges else whole
        searched.violations += _marked(searched, [replace(small, message=f"{operation}: {small.message}")])


def _requirements(target: Target, catalogue: Catalogue, finding: Finding) -> list[str]:
    if finding.check == "negative_data_rejection" and finding.exchanges:
        return list(blamed(target.spec, catalogue, finding.exchanges[-1]))
    return [OF_CHECK.get(finding.check, finding.check)]


def _size(finding: Finding) -> tuple[int, int]:
    """How much there is to read: exchanges, then bytes of the last one."""
    last: Any = finding.exchanges[-1].request if finding.exchanges else None
    return len(finding.exchanges), len(last.target) + len(last.body or b"") if last is not None else 0


def world(target: Target) -> dict[str, str]:
    """Begin a world for schemathesis, where there are worlds; the headers that lead there, and credentials.

    Raises Inconclusive, TransportError.
    """
    headers = dict(target.headers)
    if target.has_virtual_time:
        headers[SANDBOX] = WORLD
        target.ask_control("DELETE", f"/sandboxes/{WORLD}")
        answer = target.ask_control("POST", "/sandboxes", {"name": WORLD, "pace": "auto"})
        if not answer.is_success:
            raise Inconclusive(f"the control API gave no sandbox: {answer.status}")
    headers |= dict(target.settings.headers)
    return headers | _credentials(target, headers)


def _credentials(target: Target, headers: dict[str, str]) -> dict[str, str]:
    """Headers of the good credential, with a token where one can be bought.

    A signature cannot be sent by schemathesis.
    """
    token = target.settings.credentials.get("good", {}).get("token")
    if token:
        given = {name: secret(str(value)) for name, value in token["body"].items()}
        asked = json.dumps(given).encode()
        fields = ({"Content-Type": "application/json"} | headers).items()
        operation = target.spec.operations[token["operation"]]
        told = target.transport.send(
            Request(operation.method, target.url, target.directory.path(operation.id, {}), tuple(fields), asked)
        )
        found = get(told.json, token["at"])
        for value in (*given.values(), found):
            if isinstance(value, str):
                target.redaction.add(value)
        if isinstance(found, str):
            return {token.get("header", "Authorization"): token.get("before", "") + found}
    if target.spec.document.get("security"):
        good = target.settings.credentials.get("good", {})
        meant = {name: secret(str(value)) for name, value in good.get("headers", _ANYBODY).items()}
        for value in meant.values():
            target.redaction.add(value)
        return meant
    return {}
