"""The rules of a sandbox: for requests that match, what happens to the job, or what is answered.

A rule looks at requests that satisfy their document; the first rule that applies wins, in the order in which they were
added.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from mockserver.adapters.exchange import Refusal
from mockserver.http.limits import RULES
from mockserver.http.steering.descriptions import check_headers, read, refuse
from mockserver.http.steering.matching import Asked, Scope, Test, compiled, kept_bytes
from mockserver.simulation.draws import uniform
from mockserver.simulation.request import Script

Listed = list[dict[str, Any]]
_PURPOSE = 101  # of the draw that decides whether a rule with a probability applies


class Match(Scope, frozen=True, forbid_unknown_fields=True):
    """A scope, and which of the requests in it are meant: only the `nth`, only the `first` so many, or each with a
    `probability`.
    """

    nth: int | None = None
    first: int | None = None
    probability: float = 1.0
    seed: int = 1


class ForcedOutcome(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happens to the job of a request; the workload decides what is left out."""

    run_seconds: float | None = None
    exit_code: int | None = None
    reason: str = ""
    code: str = ""
    stay_queued: bool = False
    fail_attempts: int | None = None


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is answered instead: a status, and a body or (from 400) the API's own error body with `message` in it."""

    status: int
    body: Any = msgspec.UNSET
    headers: dict[str, str] = {}
    message: str = "answered so by a rule of the mock"


class _Description(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    match: Match = Match()
    job: ForcedOutcome | None = None
    answer: Answer | None = None


@dataclass(slots=True)
class Rule:
    """One rule: `script` for the job or `answer` for the request. `seen` counts requests in its scope, `applied` those
    it was used for.
    """

    id: str
    description: dict[str, Any]
    match: Match
    meets: Test
    script: Script | None
    answer: Answer | None
    size: int = 0
    seen: int = 0
    applied: int = 0

    def applies(self, asked: Asked) -> bool:
        """Whether this request matches; counts it."""
        if not self.meets(asked):
            return False
        self.seen += 1
        match = self.match
        if match.nth is not None and self.seen != match.nth:
            return False
        if match.first is not None and self.seen > match.first:
            return False
        if (
            match.probability < 1.0
            and uniform(match.seed, draw=self.id, attempt=self.seen, purpose=_PURPOSE) >= match.probability
        ):
            return False
        self.applied += 1
        return True

    def shown(self) -> dict[str, Any]:
        """The description with the rule's id and counts."""
        return {"id": self.id, **self.description, "seen": self.seen, "applied": self.applied}


class Rules:
    """The rules of one sandbox; `given` by id."""

    __slots__ = ("_made", "given")

    def __init__(self) -> None:
        self.given: dict[str, Rule] = {}
        self._made = 0

    @property
    def bytes(self) -> int:
        """About how many bytes they take."""
        return sum(rule.size for rule in self.given.values())

    def add(self, description: dict[str, Any]) -> Rule:
        """Add a rule described as `{"match": {…}, "job": {…}}` or `{"match": {…}, "answer": {…}}`. Raises Refusal."""
        if len(self.given) >= RULES:
            raise Refusal("conflict", f"the sandbox has {RULES} rules, which is its limit; remove some")
        read_ = read(description, _Description, "rule")
        _check_match(read_.match)
        if (read_.job is None) == (read_.answer is None):
            raise refuse("rule", (), sorted(description), "expected exactly one of job and answer")
        if read_.answer is not None:
            check_answer(read_.answer, "rule", ("answer",))
        script = None if read_.job is None else _script(read_.job)
        meets = compiled(read_.match, "rule", "match")
        self._made += 1
        id_, size = f"rule-{self._made}", kept_bytes(read_.match, description)
        rule = Rule(id_, description, read_.match, meets, script, read_.answer, size)
        self.given[rule.id] = rule
        return rule

    def remove(self, id: str) -> None:  # noqa: A002  (the word of the control API)
        """Delete a rule. Raises Refusal: no such rule."""
        if self.given.pop(id, None) is None:
            raise Refusal("unknown", f"no rule is called {id!r}; there are {', '.join(self.given) or 'none'}")

    def list(self) -> Listed:
        """All rules as described, with id and counts, in the order in which they were added."""
        return [rule.shown() for rule in self.given.values()]

    def clear(self) -> None:
        """Delete all rules."""
        self.given.clear()

    def match(self, asked: Asked) -> Rule | None:
        """The first rule that applies to a request."""
        for rule in self.given.values():
            if rule.applies(asked):
                return rule
        return None


def check_answer(answer: Answer, what: str, pointer: tuple[str | int, ...]) -> None:
    """Raises Refusal for an answer that cannot be sent."""
    if not 200 <= answer.status <= 599:
        raise refuse(what, (*pointer, "status"), answer.status, "expected a status from 200 to 599")
    if len(answer.message) > 1000:
        raise refuse(what, (*pointer, "message"), answer.message, "expected at most 1000 characters")
    check_headers(answer.headers, what, (*pointer, "headers"))


def _check_match(match: Match) -> None:
    for name in ("nth", "first"):
        count = getattr(match, name)
        if count is not None and count < 1:
            raise refuse("rule", ("match", name), count, "expected a count from 1")
    if match.nth is not None and match.first is not None and match.nth > match.first:
        raise refuse("rule", ("match", "nth"), match.nth, f"expected at most {match.first}, which is first")
    if not 0 <= match.probability <= 1:
        raise refuse("rule", ("match", "probability"), match.probability, "expected a number from 0 to 1")


def _script(job: ForcedOutcome) -> Script:
    if job.run_seconds is not None and not 0 <= job.run_seconds <= 1e9:
        raise refuse("rule", ("job", "run_seconds"), job.run_seconds, "expected seconds from 0 to 1000000000")
    if job.exit_code is not None and not 0 <= job.exit_code <= 255:
        raise refuse("rule", ("job", "exit_code"), job.exit_code, "expected an exit code from 0 to 255")
    if job.fail_attempts is not None and not 0 <= job.fail_attempts <= 1_000_000:
        raise refuse("rule", ("job", "fail_attempts"), job.fail_attempts, "expected a count from 0 to 1000000")
    for name in ("reason", "code"):
        if len(getattr(job, name)) > 1000:
            raise refuse("rule", ("job", name), getattr(job, name), "expected at most 1000 characters")
    return Script(job.run_seconds, job.exit_code, job.reason, job.code, job.stay_queued, job.fail_attempts)
