"""What the attack looks for is found in servers that lack one of their bounds."""

from __future__ import annotations

import pytest

from tests.hostile.attack import MODES, Died, Outcome, attack
from tests.hostile.process import serving

NO_BOUND_ON_VALUES = """
from mockserver.http import limits
limits.BODY_VALUES = 10**9
"""
NO_BOUND_ON_BYTES = """
from mockserver.http import limits
limits.BODY_BYTES = 10**9
"""
REMEMBERS = """
from mockserver.http.records.journal import Journal
everything, add = [], Journal.add
def remember(self, entry, *rest):
    everything.append(bytearray(50_000))
    add(self, entry, *rest)
Journal.add = remember
"""
FAILS = """
import mockserver.adapters.ionworks as ionworks
def fail(call):
    raise ZeroDivisionError
ionworks.submit_job_jobs_post = fail
"""
STUMBLES = """
from mockserver.http.asgi.protocol import EagerProtocol
lose = EagerProtocol.connection_lost
def stumble(self, exc):
    lose(self, exc)
    raise ZeroDivisionError
EagerProtocol.connection_lost = stumble
"""
DIES = """
import os
import mockserver.adapters.ionworks as ionworks
ionworks.submit_job_jobs_post = lambda call: os._exit(1)
"""


def attacked(changed: str, kind: str, requests: int) -> tuple[Outcome, bool]:
    with serving(*MODES["lenient"], changed=changed) as server:
        outcome = attack(server, requests, seed=1, only=[kind])
        return outcome, server.answers()


@pytest.mark.parametrize(
    ("changed", "kind", "requests", "sentence"),
    [
        pytest.param(NO_BOUND_ON_VALUES, "too many values", 12, "MiB, at most", id="no bound on values"),
        pytest.param(NO_BOUND_ON_BYTES, "compressed zeros", 12, "MiB, at most", id="no bound on bytes"),
        pytest.param(REMEMBERS, "right submissions", 3000, "memory grew", id="it remembers"),
        pytest.param(FAILS, "right submissions", 60, " 500 ", id="it fails"),
        pytest.param(STUMBLES, "right submissions", 60, "ZeroDivisionError", id="it stumbles"),
    ],
)
def test_a_broken_promise_is_reported(changed: str, kind: str, requests: int, sentence: str) -> None:
    outcome, is_alive = attacked(changed, kind, requests)

    assert is_alive
    assert any(sentence in one for one in outcome.broken()), outcome.broken()


def test_a_server_that_is_no_more_is_noticed() -> None:
    with pytest.raises(Died, match="the server died of"):
        attacked(DIES, "right submissions", 60)
