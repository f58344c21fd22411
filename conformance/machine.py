"""The state machine: hypothesis plays clients of one world at random, deep and fast, and shrinks what breaks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import ClassVar

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.errors import Flaky, UnsatisfiedAssumption
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from conformance import catalogue as catalogues
from conformance.catalogue import Catalogue
from conformance.expect import Failure, Inconclusive, NotApplicable
from conformance.oracle import Violation
from conformance.panel import Panel
from conformance.pointer import MISSING
from conformance.session import JobRef, Session
from conformance.target import Target
from specs.lifecycle import TERMINAL

EXAMPLES, STEPS = 25, 20


class Broken(Exception):
    """Raised inside the machine for hypothesis to shrink: what the oracles or the machine itself found."""

    def __init__(self, violations: list[Violation]) -> None:
        super().__init__("; ".join(f"{one.requirement}: {one.message}" for one in violations))
        self.violations = violations


def explore(target: Target, *, seed_: int = 1, examples: int = EXAMPLES, steps: int = STEPS) -> list[Violation]:
    """Play `examples` games of at most `steps` moves each; what the shortest broken one breaks, or nothing. Deterministic per seed."""
    last: list[Violation] = []
    machine = _machine(target, catalogues.load(target.spec.name), last)
    fixed = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        print_blob=False,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(seed(seed_)(machine), settings=fixed)
    except Broken as broken:
        return broken.violations
    except Flaky:  # the target keeps something from game to game: what was seen last is still evidence
        return last
    except Failure as failure:
        return [Violation("JOB-STM-002", failure.message, failure.exchanges)]
    return []


class Clients(RuleBasedStateMachine):
    """Clients of one world. A subclass names the target, its catalogue, where to keep what was found last, and counts the games."""

    target: ClassVar[Target]
    catalogue: ClassVar[Catalogue]
    last: ClassVar[list[Violation]]
    games: ClassVar[Iterator[int]]

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[JobRef] = []
        self.ended: dict[str, str] = {}
        self.gone: set[str] = set()
        self.session: Session | None = None

    @initialize()
    def open(self) -> None:
        """Begin a game in a world of its own."""
        self.session = Session(self.target, Panel(self.target.spec, self.catalogue), name=f"machine-{next(self.games)}")
        self.session.__enter__()

    def teardown(self) -> None:
        """End it."""
        if self.session is not None:
            self.session.__exit__(None, None, None)

    def judge(self) -> None:
        """Stop at once where a MUST is broken."""
        assert self.session is not None
        musts = [one for one in self.session.violations if self.catalogue.requirements[one.requirement].level == "MUST"]
        if musts:
            self.last[:] = musts
            raise Broken(musts)

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
        self.session.advance(seconds)

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
            raise Failure(f"job {job.id} had ended as {before} and is {state}", self.session.exchanges[-2:])
        if self.session.phase_of(state) in TERMINAL:
            self.ended[job.id] = state


def _machine(target: Target, catalogue: Catalogue, last: list[Violation]) -> type[Clients]:
    return type("Game", (Clients,), {"target": target, "catalogue": catalogue, "last": last, "games": count()})
