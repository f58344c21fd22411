"""Projects, what they deserve, and what of an idle cluster each may have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Project:
    """A quota entity: GPUs it deserves (thousandths), and its weight in what others leave idle."""

    name: str
    deserved: int
    weight: float


def fair_shares(projects: Mapping[str, Project], demand: Mapping[str, int], total: int) -> dict[str, float]:
    """GPUs (thousandths) each project may hold: what it deserves and asks for, plus its part of the surplus, by weight (water filling).

    Demand of what is no project here is served before any surplus is given.
    """
    shares = {name: float(min(project.deserved, demand.get(name, 0))) for name, project in projects.items()}
    surplus = total - sum(shares.values()) - sum(amount for name, amount in demand.items() if name not in projects)
    hungry = {name for name in shares if demand.get(name, 0) > shares[name] and projects[name].weight > 0}
    while surplus > 1e-6 and hungry:
        weight = sum(projects[name].weight for name in hungry)
        part = min(surplus / weight, min((demand[name] - shares[name]) / projects[name].weight for name in hungry))
        for name in sorted(hungry):
            shares[name] += part * projects[name].weight
        surplus -= part * weight
        hungry = {name for name in hungry if demand[name] - shares[name] > 1e-6}
    return shares
