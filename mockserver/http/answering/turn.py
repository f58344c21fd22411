"""Applies faults, preferences and rules to one request. Not called while a sandbox has none of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.adapters.exchange import Call, Reply, Violation
from mockserver.http.answering import forced_answers
from mockserver.http.answering.later_answers import over, pause
from mockserver.http.contract.contract import Contract
from mockserver.http.sandboxes.sandbox import Sandbox
from mockserver.http.steering import prefer
from mockserver.http.steering.faults import Strike
from mockserver.http.steering.matching import Asked

Judge = Callable[[Reply], tuple[Violation, ...]]


@dataclass(slots=True)
class Turn:
    """What is done to one request: real seconds to wait first, an answer instead of the true one, a strike on the
    bytes.

    `names` and `preference` say whose doing it is.
    """

    delay: float = 0.0
    reply: Reply | None = None
    strike: Strike | None = None
    names: list[str] = field(default_factory=list)
    preference: str = ""

    @property
    def influences(self) -> str:
        """The faults, rules and preferences that affected the answer, for the journal and the client."""
        return ", ".join([*self.names, *([f"prefer {self.preference}"] if self.preference else [])])

    @property
    def drops(self) -> bool:
        """Whether no answer is sent."""
        return self.strike is not None and self.strike.drop

    def finish(self, reply: Reply, judge: Judge) -> Judge:
        """Name in the answer what affected it, and return its judge: a demanded answer may break the document."""
        if self.names:
            reply.headers[forced_answers.HEADER] = ", ".join(self.names)
        if self.preference:
            reply.headers["Preference-Applied"] = self.preference
        return _anything if reply is self.reply else judge


def _anything(reply: Reply) -> tuple[Violation, ...]:
    return ()


async def before(
    contract: Contract, scope: Mapping[str, Any], fields: Mapping[bytes, bytes], sandbox: Sandbox
) -> Turn | None:
    """What faults and preferences do to a request before it is validated; None if nothing. Raises Refusal."""
    turn = None
    if sandbox.faults.given:
        asked = Asked(contract.api, contract.operation.id, scope["method"], _path(scope), fields)
        strike = sandbox.faults.strike(asked, sandbox.move().now, sandbox.pace.tempo.rate or 1.0)
        if strike is not None:
            turn = Turn(strike.delay, strike=strike if strike.spoils_body else None, names=strike.ids)
            if strike.drop and not strike.acts:
                turn.reply = Reply(0, empty=True)  # never sent
            elif strike.status is not None:
                turn.reply = forced_answers.by_status(
                    contract, strike.status, strike.message, headers=strike.headers, world=sandbox.world
                )
    wish = prefer.read(fields[prefer.HEADER]) if prefer.HEADER in fields else prefer.NONE
    if wish is not prefer.NONE:
        turn = turn or Turn()
        turn.delay, turn.preference = turn.delay + wish.wait, wish.applied
        if wish.code is not None and turn.reply is None:
            turn.reply = forced_answers.by_preference(contract, wish.code, sandbox.world)
    if turn is not None and turn.delay and not await pause(sandbox, turn.delay):
        raise over(sandbox)
    return turn


def ruled(
    contract: Contract, call: Call, fields: Mapping[bytes, bytes], sandbox: Sandbox, turn: Turn | None
) -> Turn | None:
    """What the rules do to a valid request: a script for its job, or an answer."""
    rule = sandbox.rules.match(Asked(contract.api, call.operation, call.method, call.target, fields, call.body))
    if rule is None:
        return turn
    turn = turn or Turn()
    turn.names.append(rule.id)
    call.script = rule.script
    if rule.answer is not None:
        turn.reply = forced_answers.by_rule(contract, rule.answer, sandbox.world)
    return turn


def _path(scope: Mapping[str, Any]) -> str:
    raw: bytes | None = scope.get("raw_path")
    return raw.decode("latin-1") if raw else scope["path"]
