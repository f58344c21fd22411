"""Deliberate faults of quotas."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from mockserver.simulation.cluster.cluster import Cluster
from mockserver.simulation.job import Job
from mockserver.simulation.placement import fair_shares as fair_shares_module
from mockserver.simulation.placement import making_room as making_room_module
from mockserver.simulation.placement import quotas as quotas_module
from mockserver.simulation.placement import victims as victims_module
from mockserver.simulation.placement.fairshare import FairShare
from mockserver.simulation.placement.quotas import Quotas
from mockserver.simulation.placement.victims import Victims

Patch = pytest.MonkeyPatch


def the_fair_share_is_the_bar(patch: Patch) -> None:
    patch.setattr(Victims, "bar", lambda self, name, job: self.quotas.share(self.quotas.projects[name]))


def only_the_node_of_the_youngest(patch: Patch) -> None:
    original = making_room_module._cheapest

    def cheapest(cluster: Any, shape: Any, rank: Any, terms: Any, within: int, gone: Any) -> Any:
        return original(cluster, shape, rank, terms, within & 1 << next(iter(rank)).holding[0][0], gone)

    patch.setattr(making_room_module, "_cheapest", cheapest)


def one_victim_will_do(patch: Patch) -> None:
    patch.setattr(
        making_room_module, "combinations", lambda jobs, count: combinations(jobs, 1) if count == 1 else iter(())
    )


def the_quota_is_asked_first(patch: Patch) -> None:
    patch.setattr(FairShare, "_may_be_helped", lambda self, job: self.quotas.has_room(job))


def shares_in_parts_of_gpus(patch: Patch) -> None:
    patch.setattr(fair_shares_module, "_in_whole_gpus", lambda shares, guaranteed, wanted: shares)


def elastic_jobs_halve_at_once(patch: Patch) -> None:
    patch.setattr(FairShare, "_takes_more", lambda self, job, evict: False)


def ties_go_by_name(patch: Patch) -> None:
    original = Quotas.ratio
    patch.setattr(Quotas, "ratio", lambda self, name, more: original(self, name, 0))


def a_hard_limit_is_a_wish(patch: Patch) -> None:
    patch.setattr(quotas_module, "most", lambda project: float("inf"))


def jobs_without_gpus_evict(patch: Patch) -> None:
    patch.setattr(Victims, "may_reclaim", lambda self, job: True)
    patch.setattr(Quotas, "is_guaranteed", lambda self, job: True)


def weights_count_beside_quotas(patch: Patch) -> None:
    original = fair_shares_module.fair_shares

    def shares(projects: Any, *rest: Any) -> Any:
        weighted = {name: replace(one, weight=one.weight * one.deserved) for name, one in projects.items()}
        return original(weighted, *rest)

    patch.setattr(quotas_module, "fair_shares", shares)


def jobs_are_never_moved(patch: Patch) -> None:
    patch.setattr(victims_module, "consolidation", lambda *args: None)


def parts_open_a_new_device(patch: Patch) -> None:
    patch.setattr(Cluster, "_fullest_device", lambda self, shape, feasible: (feasible & -feasible).bit_length() - 1)


def no_second_look(patch: Patch) -> None:
    original = FairShare._grant

    def grant(self: FairShare, job: Job, feasible: int) -> Job:
        before = self._is_stirred
        original(self, job, feasible)
        self._is_stirred = before
        return job

    patch.setattr(FairShare, "_grant", grant)


FAULTS = {
    the_fair_share_is_the_bar: "guarantee",
    only_the_node_of_the_youngest: "guarantee",
    one_victim_will_do: "guarantee",
    the_quota_is_asked_first: "guarantee",
    shares_in_parts_of_gpus: "guarantee",
    elastic_jobs_halve_at_once: "golden",
    ties_go_by_name: "golden",
    a_hard_limit_is_a_wish: "golden",
    jobs_without_gpus_evict: "golden",
    weights_count_beside_quotas: "golden",
    jobs_are_never_moved: "golden",
    parts_open_a_new_device: "golden",
    no_second_look: "guarantee",
}
"""Each fault, and the properties that have to catch it."""
