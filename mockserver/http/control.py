"""The control API: what a test may ask of the mock itself. One method per operation of its document, like any adapter."""

from __future__ import annotations

from collections.abc import Sequence

from mockserver.adapters.exchange import Call, Json, Refusal, Reply
from mockserver.http import errors
from mockserver.http.sandbox import Sandbox, Sandboxes


class Control:
    """Answers for the sandboxes of one server."""

    def __init__(self, sandboxes: Sandboxes, apis: Sequence[str]) -> None:
        self._sandboxes, self._apis = sandboxes, list(apis)

    def mock_health(self, call: Call) -> Reply:
        """What is served, and what time it is in the sandbox."""
        sandbox = self._sandboxes.holding(call.world)
        return Reply(200, {"status": "ok", "apis": self._apis, "pace": sandbox.pace.tempo.name, **_moment(sandbox)})

    def mock_reset(self, call: Call) -> Reply:
        """Begin the sandbox anew."""
        sandbox = self._sandboxes.holding(call.world)
        self._sandboxes.reset(sandbox)
        return Reply(200, _moment(sandbox))

    def mock_advance(self, call: Call) -> Reply:
        """Move the sandbox's clock."""
        sandbox = self._sandboxes.holding(call.world)
        sandbox.pace.advance(call.world, call.body["seconds"])
        return Reply(200, _moment(sandbox))

    def error(self, refusal: Refusal) -> Reply:
        """Our own words."""
        return errors.error(refusal)

    def verify(self, call: Call) -> None:
        """Control asks for no credentials."""


def _moment(sandbox: Sandbox) -> Json:
    return {"sandbox": sandbox.name, "now": sandbox.world.now}
