"""Reads and checks a lifecycle file: the states of one API's jobs, how they follow each other, and which operation
plays which role.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from specs import document as documents
from specs.document import Node, Operation
from specs.errors import Place, SpecError
from specs.printable import as_json

Phase = Literal[
    "draft", "queued", "starting", "running", "finishing", "working", "waiting", "succeeded", "failed", "cancelled"
]
Event = Literal[
    "released",
    "allocated",
    "started",
    "succeeded",
    "failed",
    "retried",
    "timed_out",
    "cancelled",
    "displaced",
    "preempted",
    "parked",
    "joined",
]
RoleName = Literal["submit", "read", "list", "cancel", "delete", "start"]
TERMINAL: frozenset[str] = frozenset({"succeeded", "failed", "cancelled"})

# What a state of each phase must be able to do, or it would hold its jobs for ever: all events of one of the sets.
_LEAVING: Mapping[str, tuple[frozenset[str], ...]] = {
    "draft": (frozenset({"released"}),),
    "queued": (frozenset({"allocated"}),),
    "starting": (frozenset({"started"}), frozenset({"after"})),
    "running": (frozenset({"succeeded", "failed"}), frozenset({"after"})),
    "finishing": (frozenset({"after"}),),
    "working": (frozenset({"succeeded", "failed"}),),
    "waiting": (frozenset({"joined"}),),
}


@dataclass(frozen=True, slots=True)
class State:
    """Where a job can be, in the vendor's word, and what that means in ours."""

    name: str
    phase: Phase

    @property
    def is_terminal(self) -> bool:
        """Whether nothing follows."""
        return self.phase in TERMINAL


@dataclass(frozen=True, slots=True)
class Transition:
    """A declared step from `source` to `target`: at an event (`when`) or so many simulated seconds after entering
    (`after`).
    """

    source: str
    target: str
    when: Event | None = None
    after: float | None = None


@dataclass(frozen=True, slots=True)
class Role:
    """Which operation does something every job API does, and where its answer says what.

    `id` and `status` are JSON pointers into the answer, for a list into one of its `items`; `parameter` takes the job's
    id.
    """

    name: RoleName
    operation: str
    id: str | None = None
    status: str | None = None
    items: str | None = None
    parameter: str | None = None


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """Everything a lifecycle file says."""

    initial: str
    states: Mapping[str, State]
    transitions: tuple[Transition, ...]
    roles: Mapping[str, Role]

    def edges(self) -> frozenset[tuple[str, str]]:
        """All declared steps as pairs of states."""
        return frozenset((step.source, step.target) for step in self.transitions)

    def after_stop(self, state: str) -> frozenset[str]:
        """The states in which a job of this state may be once it was stopped: any end, where the vendor has no state
        for stopped jobs.
        """
        found = {step.target for step in self.transitions if step.source == state and step.when == "cancelled"}
        while (
            more := {step.target for step in self.transitions if step.source in found and step.after is not None}
            - found
        ):
            found |= more
        if found and not any(one.phase == "cancelled" for one in self.states.values()):
            found |= {name for name, one in self.states.items() if one.is_terminal}
        return frozenset(found)


class _Reader:
    """One pass over one file; every complaint names its place."""

    def __init__(self, file: Path, document: Node, operations: Mapping[str, Operation]) -> None:
        self.file, self.document, self.operations = file, document, operations

    def refuse(self, place: Place, reason: str) -> SpecError:
        return SpecError(self.file, place, reason)

    def read(self) -> Lifecycle:
        raw = documents.read(self.file)
        self.only(raw, {"initial", "roles", "states", "transitions"}, ())
        states = self.states(raw.get("states"))
        transitions = self.transitions(raw.get("transitions"), states)
        initial = raw.get("initial")
        if initial not in states:
            raise self.refuse(("initial",), f"{as_json(initial)} is not one of the states")
        lifecycle = Lifecycle(initial, states, transitions, self.roles(raw.get("roles")))
        self.check_statuses(lifecycle)
        self.check_course(lifecycle)
        return lifecycle

    def only(self, node: Any, allowed: set[str], place: Place) -> None:
        """Refuse anything but a mapping of these string keys."""
        if not isinstance(node, dict):
            raise self.refuse(place, f"a mapping is expected, not {as_json(node)}")
        for key in node:
            if key not in allowed:
                known = ", ".join(sorted(allowed))
                raise self.refuse((*place, key), f"{as_json(key)} is not known here; expected: {known}")

    def states(self, raw: Any) -> dict[str, State]:
        if not isinstance(raw, dict) or not raw:
            raise self.refuse(("states",), "a mapping of states is expected")
        found = {}
        for name, facts in raw.items():
            place = ("states", name)
            self.only(facts, {"phase"}, place)
            if facts.get("phase") not in get_args(Phase):
                raise self.refuse(place, f"phase {as_json(facts.get('phase'))} is none of {', '.join(get_args(Phase))}")
            found[name] = State(name, facts["phase"])
        return found

    def transitions(self, raw: Any, states: Mapping[str, State]) -> tuple[Transition, ...]:
        found: dict[tuple[str, str], Transition] = {}
        for index, step in enumerate(raw or ()):
            place = ("transitions", index)
            self.only(step, {"from", "to", "when", "after"}, place)
            when, after, target = step.get("when"), step.get("after"), step.get("to")
            if (when is None) == (after is None):
                raise self.refuse(place, "exactly one of `when` and `after` is expected")
            if when is not None and when not in get_args(Event):
                raise self.refuse(place, f"event {as_json(when)} is none of {', '.join(get_args(Event))}")
            if after is not None and (isinstance(after, bool) or not isinstance(after, int | float) or after < 0):
                raise self.refuse(place, f"`after` is a number of seconds, not {as_json(after)}")
            sources = step.get("from")
            for source in sources if isinstance(sources, list) else [sources]:
                for name in (source, target):
                    if name not in states:
                        raise self.refuse(place, f"{as_json(name)} is not one of the states")
                key = (source, when or "after")
                if key in found:
                    raise self.refuse(place, f"{source} has a second step for `{key[1]}`")
                found[key] = Transition(source, target, when, None if after is None else float(after))
        return tuple(found.values())

    def roles(self, raw: Any) -> dict[str, Role]:
        self.only(raw, set(get_args(RoleName)), ("roles",))
        found = {}
        for name, facts in raw.items():
            place = ("roles", name)
            self.only(facts, {field.name for field in fields(Role)} - {"name"}, place)
            operation = self.operations.get(facts.get("operation", ""))
            if operation is None:
                raise self.refuse(place, f"the document has no operation {as_json(facts.get('operation'))}")
            role = Role(name, **facts)
            found[name] = role
            self.check_parameter(role, operation)
            for key in ("items", "id", "status"):
                if getattr(role, key) is not None:
                    self.check_pointer(role, operation, key)
        return found

    def check_parameter(self, role: Role, operation: Operation) -> None:
        names = {parameter["name"] for parameter in operation.parameters if parameter["in"] == "path"}
        if role.parameter is not None and role.parameter not in {
            parameter["name"] for parameter in operation.parameters
        }:
            raise self.refuse(("roles", role.name, "parameter"), f"{operation.id} takes no {as_json(role.parameter)}")
        if role.parameter is None and role.name in ("read", "cancel", "delete", "start") and len(names) > 1:
            raise self.refuse(
                ("roles", role.name), f"`parameter` must say which of {', '.join(sorted(names))} is the job's id"
            )

    def check_pointer(self, role: Role, operation: Operation, key: str) -> None:
        pointer = getattr(role, key)
        if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")):
            raise self.refuse(("roles", role.name, key), f"{as_json(pointer)} is not a JSON pointer")
        if not any(True for _ in self.schemas(role, operation, pointer if key == "items" else _inside(role, pointer))):
            raise self.refuse(
                ("roles", role.name, key), f"{as_json(pointer)} names nothing in the answer of {operation.id}"
            )

    def schemas(self, role: Role, operation: Operation, pointer: str) -> list[Node]:
        schema = documents.answer_schema(self.document, operation)
        return list(documents.schemas_at(self.document, schema, pointer))

    def check_statuses(self, lifecycle: Lifecycle) -> None:
        """Every state must be one of the statuses that the document lists (for an open string: its examples)."""
        for role in lifecycle.roles.values():
            if role.status is None:
                continue
            told = self.schemas(role, self.operations[role.operation], _inside(role, role.status))
            listed: set[Any] = {
                value for schema in told for value in schema.get("enum") or schema.get("examples") or ()
            }
            listed |= {schema["const"] for schema in told if "const" in schema}
            for name in lifecycle.states:
                if listed and name not in listed:
                    raise self.refuse(
                        ("states", name), f"the document's answer of {role.operation} knows no status {as_json(name)}"
                    )

    def check_course(self, lifecycle: Lifecycle) -> None:
        """Every state must be reachable, and every state but a terminal one must be left."""
        reached, frontier = {lifecycle.initial}, [lifecycle.initial]
        while frontier:
            here = frontier.pop()
            for step in lifecycle.transitions:
                if step.source == here and step.target not in reached:
                    reached.add(step.target)
                    frontier.append(step.target)
        for name, state in lifecycle.states.items():
            place = ("states", name)
            ways = {step.when or "after" for step in lifecycle.transitions if step.source == name}
            if name not in reached:
                raise self.refuse(place, "no job can ever get here")
            if state.is_terminal and ways:
                raise self.refuse(place, f"is terminal ({state.phase}) and yet left on {', '.join(sorted(ways))}")
            if not state.is_terminal and not any(needed <= ways for needed in _LEAVING[state.phase]):
                wanted = " or ".join(" and ".join(sorted(needed)) for needed in _LEAVING[state.phase])
                raise self.refuse(place, f"is a dead end: a state of phase {state.phase} must be left on {wanted}")


def _inside(role: Role, pointer: str) -> str:
    return pointer if role.items is None else f"{role.items}/0{pointer}"


def read(file: Path, document: Node, operations: Mapping[str, Operation]) -> Lifecycle:
    """Read a lifecycle file against its document. Raises SpecError with the offending place."""
    return _Reader(file, document, operations).read()
