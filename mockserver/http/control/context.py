"""What all control functions need: the sandbox of a call, and how instants are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mockserver.adapters.dates import iso
from mockserver.adapters.exchange import Call, Json, Refusal
from mockserver.http.limits import RULE_BYTES
from mockserver.http.pace import Tempo, tempo
from mockserver.http.sandboxes.sandbox import Sandbox, Sandboxes


@dataclass(frozen=True, slots=True)
class Context:
    """The sandboxes of one server, the APIs it serves, and whether it verifies credentials unless a sandbox says
    otherwise.
    """

    sandboxes: Sandboxes
    apis: tuple[str, ...]
    strict: bool

    def sandbox(self, call: Call) -> Sandbox:
        """The sandbox that a call is about."""
        return self.sandboxes.holding(call.world)


def moment(sandbox: Sandbox) -> dict[str, Any]:
    """The sandbox's name and its time."""
    return {"sandbox": sandbox.name, "now": sandbox.world.now}


def described(context: Context, sandbox: Sandbox) -> Json:
    """A sandbox as JSON."""
    settings, world = sandbox.settings, sandbox.world
    strict = context.strict if settings.strict is None else settings.strict
    return {
        "name": sandbox.name,
        "scenario": world.scenario.name,
        "seed": world.seed,
        "pace": settings.tempo.name,
        "rate": settings.tempo.rate,
        "auth": "strict" if strict else "lenient",
        "now": world.now,
        "time": iso(world, world.now_us),
        "jobs": world.count,
        "idle_seconds": context.sandboxes.idle_seconds(sandbox),
    }


def check_size(call: Call, what: str) -> None:
    """Raises Refusal for a rule or fault that is too long."""
    if len(call.raw) > RULE_BYTES:
        raise Refusal("too_large", f"the {what} has {len(call.raw)} bytes; expected at most {RULE_BYTES}")


def read_tempo(text: str) -> Tempo:
    """The pace named by a text or a rate. Raises Refusal for an unknown pace."""
    try:
        return tempo(text)
    except ValueError as error:
        raise Refusal("unprocessable", str(error)) from error
