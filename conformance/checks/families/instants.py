"""Instants and durations that a job reports."""

from __future__ import annotations

from conformance.oracles.members import instant
from conformance.session.expect import expect, needed
from conformance.traffic.json_pointer import Json, get, shown


def instants(view: Json, *pointers: str) -> list[float]:
    """The instants at these pointers, in seconds. Inconclusive where one of them is none."""
    found = [instant(get(view, pointer)) for pointer in pointers]
    missing = [pointer for pointer, value in zip(pointers, found, strict=True) if value is None]
    needed(not missing, f"the job reports no instant at {', '.join(missing)}")
    return [value for value in found if value is not None]


def duration_fits(view: Json, member: str, span: tuple[str, str], *, within: float = 1.0, what: str) -> None:
    """A member is a number of seconds, those between the two instants of a span."""
    told = get(view, member)
    expect(isinstance(told, int | float), f"{what} has the {member[1:]} {shown(told)}")
    begun, ended = instants(view, *span)
    message = f"{what} has the {member[1:]} {told:g}, from start to end are {ended - begun:g} seconds"
    expect(abs(told - (ended - begun)) <= within, message)
