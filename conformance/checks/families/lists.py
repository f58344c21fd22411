"""Lists of jobs: which they hold, in which order, and what they say of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set

from conformance.oracles.job_views import root
from conformance.session.expect import needed, same
from conformance.session.paging import everything
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import MISSING, Json, get, same_value, without_nulls
from specs.document import answer_schema, schemas_at


def ids_of(session: Session, items: Iterable[Json]) -> list[str]:
    """The ids of the jobs of a list, in its order."""
    return [str(get(item, session.role("list").id or "")) for item in items]


def by_id(session: Session, items: Iterable[Json]) -> dict[str, Json]:
    """The jobs of a list by their ids."""
    return {str(get(item, session.role("list").id or "")): item for item in items}


def holds(found: Iterable[str], wanted: Iterable[str | JobRef], what: str, *, in_order: bool = False) -> None:
    """These jobs are found, each once and no other; in this order where that matters."""
    right, got = [job.id if isinstance(job, JobRef) else job for job in wanted], list(found)
    same(right if in_order else sorted(right), got if in_order else sorted(got), f"the jobs of {what}")


def documented_members(session: Session) -> set[str]:
    """The members of a job that the document names where it is read."""
    role = session.role("read")
    schema = answer_schema(session.spec.document, session.spec.operations[role.operation])
    nodes = schemas_at(session.spec.document, schema, root(role))
    return {name for node in nodes for name in node.get("properties", {})}


def listed_as_read(
    session: Session,
    jobs: Sequence[JobRef],
    ask: Callable[[], Iterable[Json]] | None = None,
    *,
    members: Set[str] | None = None,
    whole: bool = False,
) -> None:
    """Each job is in the list, with what reading it shows: of these members, or of all.

    It may lack some unless it is to be `whole`. Where the clock cannot be held, a job that has gone on while the list
    was asked for is left out.
    """
    before = {job.id: session.view(job) for job in jobs} if session.now is None else {}
    listed = by_id(session, ask() if ask else everything(session))
    for job in jobs:
        item, view = listed.get(job.id), session.view(job)
        needed(isinstance(view, dict), "the job cannot be read")
        if not same_value(before.get(job.id, view), view):
            continue
        needed(isinstance(item, dict), "the job is not in the list")
        assert isinstance(view, dict)
        assert isinstance(item, dict)
        names = view.keys() | item.keys() if whole else view.keys() & item.keys()
        for name in sorted(names if members is None else names & members):
            right, found = without_nulls(view.get(name, MISSING)), without_nulls(item.get(name, MISSING))
            same(right, found, f"{name} in the list of a job that is {session.state(job)}, as compared with reading it")
