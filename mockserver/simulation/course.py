"""A lifecycle made quick to follow: the stages a job can be in, and where each event leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.simulation.clock import micros

if TYPE_CHECKING:
    from specs.lifecycle import Lifecycle

HOLDING = frozenset({"starting", "running", "finishing"})
TERMINAL = frozenset({"succeeded", "failed", "cancelled"})


class Stage:
    """One vendor state with its phase; `on` maps an event to the next stage, `after` is (microseconds, next stage)."""

    __slots__ = ("after", "holds", "is_terminal", "name", "on", "phase")

    def __init__(self, name: str, phase: str) -> None:
        self.name = name
        self.phase = phase
        self.holds = phase in HOLDING
        self.is_terminal = phase in TERMINAL
        self.on: dict[str, Stage] = {}
        self.after: tuple[int, Stage] | None = None

    def __repr__(self) -> str:
        return f"Stage({self.name}, {self.phase})"


class Course:
    """All stages of one API's jobs."""

    __slots__ = ("initial", "stages")

    def __init__(self, lifecycle: Lifecycle) -> None:
        self.stages = {name: Stage(name, state.phase) for name, state in lifecycle.states.items()}
        self.initial = self.stages[lifecycle.initial]
        for transition in lifecycle.transitions:
            source, target = self.stages[transition.source], self.stages[transition.target]
            if transition.when is not None:
                source.on[transition.when] = target
            elif transition.after is not None:
                source.after = (micros(transition.after), target)
