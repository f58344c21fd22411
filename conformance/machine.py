"""The state machine: hypothesis plays clients of one world at random, deep and fast, and shrinks what breaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.errors import Flaky, UnsatisfiedAssumption
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from conformance import catalogue as catalogues
from conformance.catalogue import Catalogue
from conformance.chance import without_surroundings
from conformance.exchange import Exchange
from conformance.expect import Inconclusive, NotApplicable
from conformance.oracle import Violation
from conformance.panel import Panel
from conformance.pointer import MISSING
from conformance.record import Search
from conformance.session import JobRef, Session
from conformance.target import Target
from specs.lifecycle import TERMINAL

EXAMPLES, STEPS = 60, 30
REAL_EXAMPLES, REAL_STEPS = 6, 10
"""How many games of how many moves are played where time cannot be moved."""
STILL_ENDED = "JOB-STM-004"


class Broken(Exception):
    """Raised inside the machine for hypothesis to shrink: what the oracles or the machine itself found."""

    def __init__(self, violations: list[Violation]) -> None:
        super().__init__("; ".join(f"{one.requirement}: {one.message}" for one in violations))
        self.violations = violations


def explore(target: Target, *, seed_: int = 1, examples: int = EXAMPLES, steps: int = STEPS, search: Search | None = None) -> list[Violation]:
    """Play `examples` games of at most `steps` moves each; what the shortest broken one breaks, or nothing, and in `search` what was done.

    Deterministic per seed, whatever else this process has loaded. Each violation shows the whole game.
    """
    search = search or Search("state machine", seed_)
    if not target.has_virtual_time:
        examples, steps = min(examples, REAL_EXAMPLES), min(steps, REAL_STEPS)
    fixed = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        print_blob=False,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink) if target.has_virtual_time else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    last: list[Violation] = []
    # The seed belongs to the machine: hypothesis reads it there and nowhere else.
    machine = seed(seed_)(_machine(target, catalogues.load(target.spec.name), search, last))
    try:
        with without_surroundings():
            run_state_machine_as_test(machine, settings=fixed)
    except Broken as broken:
        return broken.violations
    except Flaky:  # the target keeps something from game to game: what was seen last is still evidence
        search.note = "a broken game went well when it was played again"
        return last
    return []


class Clients(RuleBasedStateMachine):
    """Clients of one world. A subclass names the target, its catalogue, where to count what is done, where to keep what was found last."""

    target: ClassVar[Target]
    catalogue: ClassVar[Catalogue]
    search: ClassVar[Search]
    last: ClassVar[list[Violation]]

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[JobRef] = []
        self.ended: dict[str, str] = {}
        self.gone: set[str] = set()
        self.session: Session | None = None

    @initialize()
    def open(self) -> None:
        """Begin a game in a world of its own."""
        self.session = Session(self.target, Panel(self.target.spec, self.catalogue), name=f"machine-{self.search.examples}")
        self.session.__enter__()
        self.search.examples += 1

    def teardown(self) -> None:
        """End it."""
        if self.session is not None:
            self.search.operations.update(one.operation for one in self.session.exchanges if one.operation)
            self.session.__exit__(None, None, None)

    def judge(self) -> None:
        """Stop at once where a MUST is broken."""
        assert self.session is not None
        self.search.steps += 1
        musts = [one for one in self.session.violations if self.catalogue.requirements[one.requirement].level == "MUST"]
        if musts:
            self.stop(musts)

    def stop(self, violations: list[Violation]) -> None:
        """End the game with what is broken. Raises Broken."""
        assert self.session is not None
        self.last[:] = [replace(one, exchanges=_until(self.session.exchanges, one)) for one in violations]
        raise Broken(list(self.last))

    @rule(shape=st.sampled_from(["quick", "quick", "long", "fails", "waits"]), draft=st.booleans())
    def submit(self, shape: str, draft: bool) -> None:
        """A client makes a job."""
        assert self.session is not None
        try:
            self.jobs.append(self.session.submit(shape if shape in (*self.target.settings.shapes, "quick") else "quick", draft=draft))
        except (Inconclusive, NotApplicable) as error:
            raise UnsatisfiedAssumption from error
        self.judge()

    @precondition(lambda self: self.jobs)
    @rule(number=st.integers(0, 9), what=st.sampled_from(["read", "read", "cancel", "start", "delete"]))
    def ask(self, number: int, what: str) -> None:
        """A client asks something of a job."""
        assert self.session is not None
        job = self.jobs[number % len(self.jobs)]
        if what not in self.session.roles and what != "read":
            raise UnsatisfiedAssumption
        exchange = self.session.read(job) if what == "read" else self.session.on(what, job)
        if what == "delete" and exchange.response.is_success:
            self.gone.add(job.id)
        self.judge()
        self.look(job)

    @rule()
    def list(self) -> None:
        """A client looks at all jobs."""
        assert self.session is not None
        if "list" in self.session.roles:
            self.session.list_jobs()
        self.judge()

    @rule(seconds=st.sampled_from([0.5, 2, 10, 120]))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        assert self.session is not None
        self.session.advance(seconds if self.target.has_virtual_time else min(seconds, self.target.scale))
        self.search.steps += 1

    def look(self, job: JobRef) -> None:
        """A job that has ended stays where it ended; one that nobody deleted can be read."""
        assert self.session is not None
        if job.id in self.gone:
            return
        view = self.session.view(job)
        if view is MISSING:
            return
        state = self.session.state(job)
        self.judge()
        before = self.ended.get(job.id)
        if before is not None and before != state:
            self.stop([Violation(STILL_ENDED, f"job {job.id} had ended as {before} and is {state}", (self.session.exchanges[-1],))])
        if self.session.phase_of(state) in TERMINAL:
            self.ended[job.id] = state


def _machine(target: Target, catalogue: Catalogue, search: Search, last: list[Violation]) -> type[Clients]:
    return type("Game", (Clients,), {"target": target, "catalogue": catalogue, "search": search, "last": last})


def _until(exchanges: Sequence[Exchange], violation: Violation) -> tuple[Exchange, ...]:
    """The game as far as the violation."""
    last = violation.exchanges[-1] if violation.exchanges else None
    return tuple(exchanges[: next((at + 1 for at, one in enumerate(exchanges) if one is last), len(exchanges))])
