"""A compiled lifecycle: the stages that a job can be in, and where each event leads."""

from __future__ import annotations

from mockserver.simulation.clock import micros
from specs.lifecycle import Lifecycle

HOLDING = frozenset({"starting", "running", "finishing"})
TERMINAL = frozenset({"succeeded", "failed", "cancelled"})
LED = "led"
WORKING = "working"
_OTHERWISE = TERMINAL | {"queued", "starting", "running"}
"""Phases that mean something else to members of a team and those they work for."""


class Stage:
    """One vendor state with its phase; `on` maps an event to the next stage, `after` is (microseconds, next stage).

    `entry` says what is done on entering it: what the phase means, or what it means for a member of a team or a job
    that is led by one.
    """

    __slots__ = ("after", "entry", "holds", "is_terminal", "name", "on", "phase")

    def __init__(self, name: str, phase: str, entry: str) -> None:
        self.name = name
        self.phase = phase
        self.entry = entry
        self.holds = phase in HOLDING and not entry.startswith(LED)
        self.is_terminal = phase in TERMINAL
        self.on: dict[str, Stage] = {}
        self.after: tuple[int, Stage] | None = None

    def __repr__(self) -> str:
        return f"Stage({self.name}, {self.phase})"


class CompiledLifecycle:
    """All stages of one API's jobs; `led` is the same lifecycle for jobs whose team does the work, None where the
    lifecycle says itself when a team works.

    Entries other than the phases begin with `entry`.
    """

    __slots__ = ("initial", "led", "stages")

    def __init__(self, lifecycle: Lifecycle, *, entry: str = "") -> None:
        has_work = any(state.phase == WORKING for state in lifecycle.states.values())
        self.stages = {
            name: Stage(name, state.phase, _entry(state.phase, entry or LED * (has_work and state.is_terminal)))
            for name, state in lifecycle.states.items()
        }
        self.initial = self.stages[lifecycle.initial]
        self.led = None if entry or has_work else CompiledLifecycle(lifecycle, entry=LED)
        for transition in lifecycle.transitions:
            source, target = self.stages[transition.source], self.stages[transition.target]
            if transition.when is not None:
                source.on[transition.when] = target
            elif transition.after is not None:
                source.after = (micros(transition.after), target)


def _entry(phase: str, before: str) -> str:
    return f"{before} {phase}" if before and phase in _OTHERWISE else phase
