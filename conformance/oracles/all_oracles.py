"""Puts all passive oracles of one API on one bench: whoever has an exchange shows it here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from copy import copy

from conformance.catalogue import Catalogue
from conformance.oracles.document import Contract
from conformance.oracles.echo import Echo
from conformance.oracles.emptiness import Emptiness
from conformance.oracles.identity import Identity
from conformance.oracles.job_views import ViewMap
from conformance.oracles.lifecycle import LifecycleOracle
from conformance.oracles.lists import Listing
from conformance.oracles.members import MemberOracle
from conformance.oracles.oracle import Oracle, Violation
from conformance.oracles.secrecy import Secrecy
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING
from specs import Spec

MOST_OF_ONE = 10
"""Most violations of one requirement that one exchange is reported with: each job of a long list may break it."""


class AllOracles:
    """The oracles of one API with one memory. Only requirements of the catalogue are reported.

    They take a while to be made; `fresh` gives those of another world, which share all but the memory.
    """

    def __init__(self, spec: Spec, catalogue: Catalogue, *, slack: float = 0.0) -> None:
        """`slack` is by how many seconds an answer may be behind, where the target shows late what happened."""
        self.spec, self.catalogue = spec, catalogue
        self._before: Counter[str] = Counter()
        views = ViewMap(spec, catalogue.identity, catalogue.views)
        self.oracles: list[Oracle] = [
            Contract(spec, catalogue.tolerated),
            LifecycleOracle(spec, views, slack=slack),
            Identity(spec, views, catalogue.match, catalogue.fades),
            Echo(spec, catalogue, views),
            Listing(spec, views),
            MemberOracle(catalogue, views),
            Secrecy(),
            Emptiness(views),
        ]

    def fresh(self) -> AllOracles:
        """The same oracles with a memory of their own, in which nothing is."""
        others = copy(self)
        others.oracles = [copy(one) for one in self.oracles]
        others._before = Counter()
        for oracle in others.oracles:
            oracle.forget()
        return others

    def state_of(self, id_: str) -> str:
        """The state in which a job was seen last; empty where it was not."""
        return next((oracle.state_of(id_) for oracle in self.oracles if isinstance(oracle, LifecycleOracle)), "")

    def forget(self) -> None:
        """Forget what was seen, since another world begins; the counts of what was looked at stay."""
        self._before = self.examined
        for oracle in self.oracles:
            oracle.forget()

    def observe(self, exchange: Exchange) -> list[Violation]:
        """Everything that this exchange, after those before it, breaks."""
        is_torn = exchange.response.cut and exchange.response.json is MISSING
        oracles = self.oracles[:1] if is_torn else self.oracles  # the contract looks at what stands before the body
        found: Iterable[Violation] = (one for oracle in oracles for one in oracle.observe(exchange))
        kept: list[Violation] = []
        of_requirement: Counter[str] = Counter()
        for one in found:
            of_requirement[one.requirement] += 1
            if one.requirement in self.catalogue.requirements and of_requirement[one.requirement] <= MOST_OF_ONE:
                kept.append(one)
        return kept

    @property
    def examined(self) -> Counter[str]:
        """How often each requirement was looked at."""
        total = Counter(self._before)
        for oracle in self.oracles:
            total.update(oracle.examined)
        return total
