"""The state machine: hypothesis plays clients of one world at random, deep and fast, and shrinks what breaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.errors import Flaky, UnsatisfiedAssumption
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from conformance import catalogue as catalogues
from conformance.catalogue import Catalogue
from conformance.checks import all_checks
from conformance.errors import Inconclusive, NotApplicable
from conformance.oracles.all_oracles import AllOracles
from conformance.oracles.oracle import Violation
from conformance.run.results import Search
from conformance.search.determinism import without_surroundings
from conformance.search.model import Known, KnownJobs
from conformance.session.connection import missing_capabilities
from conformance.session.expect import Failure
from conformance.session.made_jobs import MadeJobs
from conformance.session.session import Session
from conformance.target.target import Target
from conformance.traffic.exchange import Exchange

EXAMPLES, STEPS = 60, 30
REAL_EXAMPLES, REAL_STEPS = 6, 10
"""How many games of how many moves are played where time cannot be moved."""
ANYWHERE = ("JOB-ERR-003", "JOB-ERR-004", "JOB-ERR-005", "JOB-ERR-006", "JOB-ERR-012", "JOB-ERR-013")
"""Requirements whose checks hold in any world, whoever else has been there."""


class Broken(Exception):
    """Raised inside the machine for hypothesis to shrink: what the oracles or the machine itself found."""

    def __init__(self, violations: list[Violation]) -> None:
        super().__init__("; ".join(f"{one.requirement}: {one.message}" for one in violations))
        self.violations = violations


def explore(
    target: Target,
    *,
    seed_: int = 1,
    examples: int = EXAMPLES,
    steps: int = STEPS,
    search: Search | None = None,
    journal: MadeJobs | None = None,
) -> list[Violation]:
    """Play `examples` games of at most `steps` moves each; what the shortest broken one breaks, or nothing, and in
    `search` what was done.

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
    machine = seed(seed_)(_machine(target, catalogues.load(target.spec.name), search, last, journal))
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
    """Clients of one world. A subclass names the target, its catalogue, where to count what is done, where to keep what
    was found last, the journal."""

    target: ClassVar[Target]
    catalogue: ClassVar[Catalogue]
    search: ClassVar[Search]
    last: ClassVar[list[Violation]]
    journal: ClassVar[MadeJobs | None]

    def __init__(self) -> None:
        super().__init__()
        self.memory: KnownJobs | None = None

    @initialize()
    def open(self) -> None:
        """Begin a game in a world of its own."""
        name = f"machine-{self.search.examples}"
        self.search.examples += 1
        self.memory = KnownJobs(
            Session(
                self.target, AllOracles(self.target.spec, self.catalogue), name=name, journal=self.journal
            ).__enter__()
        )

    def teardown(self) -> None:
        """End it."""
        if self.memory is not None:
            self.search.operations.update(one.operation for one in self.session.exchanges if one.operation)
            self.session.__exit__(None, None, None)
            self.search.left += [*self.session.unfinished(), *((id_, "") for id_ in self.session.left_behind)]

    @property
    def session(self) -> Session:
        """The conversation of the game under way."""
        assert self.memory is not None
        return self.memory.session

    def move(self, work: Callable[[], object]) -> None:
        """Do something and stop at once where a MUST is broken. Raises Broken."""
        self.search.steps += 1
        try:
            work()
        except Failure as failure:
            requirement, _, message = failure.message.partition(": ")
            self.session.violations.append(Violation(requirement, message, failure.exchanges))
        except (Inconclusive, NotApplicable) as error:
            raise UnsatisfiedAssumption from error
        musts = [one for one in self.session.violations if self.catalogue.requirements[one.requirement].level == "MUST"]
        if musts:
            self.last[:] = [replace(one, exchanges=_until(self.session.exchanges, one)) for one in musts]
            raise Broken(list(self.last))

    @rule(shape=st.sampled_from(["quick", "quick", "long", "fails", "waits"]), draft=st.booleans())
    def submit(self, shape: str, draft: bool) -> None:
        """A client makes a job."""
        assert self.memory is not None
        known, shape = self.memory.jobs, shape if shape in (*self.target.settings.shapes, "quick") else "quick"
        self.move(lambda: known.append(Known(self.session.submit(shape, draft=draft), shape)))

    @precondition(lambda self: self.memory is not None and self.memory.jobs)
    @rule(number=st.sampled_from(range(10)), what=st.sampled_from(["read", "read", "cancel", "start", "delete"]))
    def ask(self, number: int, what: str) -> None:
        """A client asks something of a job and looks at it."""
        memory = self.memory
        assert memory is not None
        known = memory.jobs[number % len(memory.jobs)]
        if what not in self.session.roles and what != "read":
            raise UnsatisfiedAssumption
        asked = {
            "cancel": lambda: memory.stop(known),
            "delete": lambda: memory.delete(known),
            "start": lambda: self.session.start(known.job),
        }
        if what in asked:
            self.move(asked[what])
        self.move(lambda: memory.read(known))

    @rule(requirement=st.sampled_from(ANYWHERE))
    def err(self, requirement: str) -> None:
        """A client does something that is refused in whatever world it is done."""
        known = self.catalogue.requirements[requirement]
        if known.not_tested or missing_capabilities(self.target, known.needs):
            raise UnsatisfiedAssumption
        self.move(lambda: _checked(requirement, self.session))

    @rule()
    def list(self) -> None:
        """A client looks at all jobs."""
        if "list" in self.session.roles:
            self.move(self.session.list_jobs)

    @rule(seconds=st.sampled_from([0.5, 2, 10, 120]))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.move(
            lambda: self.session.advance(seconds if self.target.has_virtual_time else min(seconds, self.target.scale))
        )


def _checked(requirement: str, session: Session) -> None:
    """Do the scripted checks of a requirement; what they find is raised as Failure, with the requirement before it."""
    try:
        for check in all_checks(session.spec.name).get(requirement, ()):
            check.function(session)
    except Failure as failure:
        raise Failure(f"{requirement}: {failure.message}", failure.exchanges or session.exchanges[-1:]) from failure


def _machine(
    target: Target, catalogue: Catalogue, search: Search, last: list[Violation], journal: MadeJobs | None
) -> type[Clients]:
    return type(
        "Game",
        (Clients,),
        {"target": target, "catalogue": catalogue, "search": search, "last": last, "journal": journal},
    )


def _until(exchanges: Sequence[Exchange], violation: Violation) -> tuple[Exchange, ...]:
    """The game as far as the violation."""
    last = violation.exchanges[-1] if violation.exchanges else None
    return tuple(exchanges[: next((at + 1 for at, one in enumerate(exchanges) if one is last), len(exchanges))])
