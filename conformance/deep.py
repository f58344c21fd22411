"""The searching part of a run: the state machine, and schemathesis with our oracles; what they find counts like any check's finding."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.contract import SERVER_ERROR
from conformance.expect import Inconclusive
from conformance.fuzz import Finding, fuzz
from conformance.machine import explore
from conformance.oracle import Violation
from conformance.target import SANDBOX, Target
from conformance.transport import HttpTransport

OF_CHECK = {"not_a_server_error": SERVER_ERROR, "wrong_reason": "JOB-REQ-002"}
"""Requirements behind findings that are not our oracles' own; schemathesis' other checks stay with the command `fuzz`."""


def search(target: Target, *, seed: int, examples: int) -> Iterator[Violation]:
    """What random clients find, first of one world in virtual time, then over the whole document where the target is behind a socket."""
    if target.has_virtual_time:
        yield from explore(target, seed_=seed)
    if examples and isinstance(target.transport, HttpTransport):
        headers = dict(target.headers)
        if target.control is not None:
            headers[SANDBOX] = "conformance-fuzz"
            target.ask_control("DELETE", "/sandboxes/conformance-fuzz")
            answer = target.ask_control("POST", "/sandboxes", {"name": "conformance-fuzz", "pace": "auto"})
            if not answer.is_success:
                raise Inconclusive(f"the control API gave no sandbox: {answer.status}")
        headers |= _credentials(target)
        for event in fuzz(target.spec.name, target.url, seed=seed, most_examples=examples, headers=headers, judged=True):
            if isinstance(event, Finding):
                requirement = OF_CHECK.get(event.check, event.check)
                yield Violation(requirement, f"{event.operation}: {event.message} ({event.curl})")


def _credentials(target: Target) -> dict[str, str]:
    """Fixed headers of the good credential; a signature or a bought token cannot be sent by schemathesis."""
    from conformance.settings import secret

    if target.spec.document.get("security"):
        good = target.settings.credentials.get("good", {})
        return {name: secret(str(value)) for name, value in good.get("headers", {"Authorization": "conformance"}).items()}
    return {}
