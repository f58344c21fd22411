"""The control API, one function per operation of its document, as in any adapter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import specs
from mockserver.adapters.exchange import Call, Refusal, Reply
from mockserver.http.answering import errors
from mockserver.http.control import callbacks, clock, exchanges, faults, jobs, nodes, rules, sandboxes
from mockserver.http.control.context import Context
from mockserver.http.sandboxes.sandbox import Sandboxes
from mockserver.simulation.world import World

PARTS = (sandboxes, clock, jobs, nodes, rules, faults, exchanges, callbacks)


class Control:
    """Answers for the sandboxes of one server."""

    def __init__(self, kept: Sandboxes, apis: Sequence[str], *, strict: bool = False) -> None:
        self._context = Context(kept, tuple(apis), strict)
        self._functions = {
            name: getattr(part, name)
            for part in PARTS
            for name in specs.load(specs.CONTROL).operations
            if hasattr(part, name)
        }

    def __getattr__(self, operation: str) -> Callable[[Call], Reply]:
        if operation not in self._functions:
            raise AttributeError(operation)
        return partial(self._functions[operation], self._context)

    def error(self, refusal: Refusal, world: World | None = None) -> Reply:
        """Our own error body."""
        return errors.error(refusal)

    def verify(self, call: Call) -> None:
        """The control API has no vendor's credentials."""

    def tenant(self, call: Call) -> str:
        """The control API shows the jobs of all tenants."""
        return ""
