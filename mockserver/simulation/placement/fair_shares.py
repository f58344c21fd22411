"""Projects, what they deserve, and which part of an idle cluster each may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mockserver.simulation.cluster.cluster import MILLI


@dataclass(frozen=True, slots=True)
class Project:
    """A quota entity: GPUs it deserves and those it never exceeds (thousandths; None: no such limit), its weight in
    what others leave idle.
    """

    name: str
    deserved: int
    weight: float
    most: int | None = None


def fair_shares(projects: Mapping[str, Project], demand: Mapping[str, int], total: int) -> dict[str, float]:
    """GPUs (thousandths) each project may hold: what it deserves and asks for, plus its part of the surplus, by weight
    (water filling).

    The surplus is given in whole GPUs, what is left of that to the largest fractions. Demand of what is no project here
    is served before any surplus is given.
    """
    wanted = {name: demand.get(name, 0) for name in projects}
    wanted |= {name: min(wanted[name], one.most) for name, one in projects.items() if one.most is not None}
    shares = {name: float(min(project.deserved, wanted[name])) for name, project in projects.items()}
    surplus = total - sum(shares.values()) - sum(amount for name, amount in demand.items() if name not in projects)
    guaranteed = dict(shares)
    hungry = {name for name in shares if wanted[name] > shares[name] and projects[name].weight > 0}
    while surplus > 1e-6 and hungry:
        weight = sum(projects[name].weight for name in hungry)
        part = min(surplus / weight, min((wanted[name] - shares[name]) / projects[name].weight for name in hungry))
        for name in sorted(hungry):
            shares[name] += part * projects[name].weight
        surplus -= part * weight
        hungry = {name for name in hungry if wanted[name] - shares[name] > 1e-6}
    return _in_whole_gpus(shares, guaranteed, wanted)


def _in_whole_gpus(
    shares: dict[str, float], guaranteed: dict[str, float], wanted: Mapping[str, int]
) -> dict[str, float]:
    """The same with whole GPUs beyond what is guaranteed: who gets less than it wants is rounded down, what that leaves
    goes to the largest fractions.
    """
    rest, fractions = 0.0, []
    for name in sorted(shares):
        beyond = shares[name] - guaranteed[name]
        fraction = (beyond + 1e-6) % MILLI - 1e-6
        if fraction > 1e-6 and wanted[name] - shares[name] > 1e-6:
            shares[name] -= fraction
            rest += fraction
            fractions.append((-fraction, name))
    for _, name in sorted(fractions):
        more = min(rest, float(MILLI), wanted[name] - shares[name])
        shares[name] += more
        rest -= more
    return {name: round(share, 3) for name, share in shares.items()}
