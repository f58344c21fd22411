"""every API's lists of jobs: complete, filtered, ordered, paged."""

from __future__ import annotations

from conformance.checks import check
from conformance.oracles.job_views import root
from conformance.session.expect import accepted, expect, needed
from conformance.session.paging import everything, page, paging_of
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import MISSING, Json, get, same_value
from specs.document import answer_schema, schemas_at

MANY = 7


def _ids(session: Session, items: list[Json]) -> list[str]:
    return [str(get(item, session.role("list").id or "")) for item in items]


def _are_listed(session: Session, jobs: list[JobRef]) -> None:
    ids = _ids(session, everything(session))
    for job in jobs:
        expect(job.id in ids, f"job {job.id} is not in the list")


def _documented(session: Session) -> set[str]:
    """The members of a job that the document names where it is read."""
    role = session.role("read")
    schema = answer_schema(session.spec.document, session.spec.operations[role.operation])
    return {
        name for node in schemas_at(session.spec.document, schema, root(role)) for name in node.get("properties", {})
    }


@check("JOB-LST-001")
def no_job_is_listed_twice(session: Session) -> None:
    """The oracles look at the page."""
    for _ in range(3):
        session.submit(draft=True)
    session.items()


@check("JOB-LST-002")
def every_job_is_listed(session: Session) -> None:
    """Waiting, running, failed and ended jobs alike."""
    jobs = [session.submit(), session.submit("long"), session.submit(draft=True)]
    session.until(jobs[0])
    _are_listed(session, jobs)
    for shape, phase in (("waits", "queued"), ("fails", "failed")):
        if shape in session.settings.shapes and shape not in session.settings.may_refuse:
            jobs.append(session.submit(shape))
            session.until(jobs[-1], phase)
    _are_listed(session, jobs)


@check("JOB-LST-003")
def list_and_reading_agree(session: Session) -> None:
    """On every member that both tell."""
    for job in (session.submit(), session.submit()):
        session.until(job)
        item = next((one for one in everything(session) if get(one, session.role("list").id or "") == job.id), MISSING)
        listed = session.exchanges[-1]
        needed(item is not MISSING, "the job is not in the list")
        view = session.view(job)
        needed(isinstance(view, dict), "the job cannot be read")
        for name in item.keys() & view.keys() & _documented(session):
            expect(
                same_value(item[name], view[name]),
                f"{name} is {item[name]!r} in the list and {view[name]!r} when read",
                listed,
            )


@check("JOB-LST-004")
def pages_hold_every_job_once(session: Session) -> None:
    """Pages of two and of three, and all of them together."""
    jobs = [session.submit(draft=True) for _ in range(MANY)]
    whole = sorted(job.id for job in jobs)
    for limit in (2, 3, MANY):
        found = _ids(
            session, [item for number in range(-(-MANY // limit) + 1) for item in page(session, limit, number)]
        )
        expect(
            sorted(found) == whole,
            f"pages of {limit} hold {len(found)} jobs, {len(set(found))} different ones, of {MANY}",
        )


@check("JOB-LST-005")
def the_total_counts_all_jobs(session: Session) -> None:
    """On every page the same."""
    total_at = paging_of(session.target)["total"]
    for count in range(1, MANY + 1):
        session.submit(draft=True)
        if count not in (1, MANY):
            continue
        for number in (0, 1):
            page(session, 3, number)
            total = get(session.exchanges[-1].response.json, total_at)
            expect(total in (count, str(count)), f"the total is {total!r}, made were {count} jobs")


@check("JOB-LST-006")
def a_page_is_no_longer_than_asked(session: Session) -> None:
    """And holds as many as there are."""
    jobs = [session.submit(draft=True) for _ in range(4)]
    for limit in (1, 3):
        shown = page(session, limit)
        expect(len(shown) == limit, f"a page of {limit} holds {len(shown)} of at least {len(jobs)} jobs")


@check("JOB-LST-007")
def the_list_is_in_order(session: Session) -> None:
    """Jobs made one after the other, seconds apart."""
    jobs: list[JobRef] = []
    for _ in range(4):
        jobs.append(session.submit(draft=True))
        session.advance(2)
    mine = {job.id for job in jobs}
    listed = [id_ for id_ in _ids(session, everything(session)) if id_ in mine]
    made = [job.id for job in jobs]
    order = paging_of(session.target)["order"]
    expect(listed == (made[::-1] if order == "newest" else made), f"the list does not have the {order} first")


@check("JOB-LST-008")
def a_page_beyond_the_end_is_empty(session: Session) -> None:
    """Far beyond."""
    session.submit(draft=True)
    beyond = page(session, 5, 20_000)
    expect(beyond == [], f"a page beyond the end holds {len(beyond)} jobs")


@check("JOB-LST-009")
def a_deleted_job_is_gone(session: Session) -> None:
    """From the list and by itself; its neighbours stay."""
    jobs = [session.submit() for _ in range(3)]
    for job in jobs:
        session.until(job)
    before = set(_ids(session, everything(session)))
    needed({job.id for job in jobs} <= before, "the jobs are not in the list")
    gone = accepted(session.delete(jobs[1]), "deleting an ended job")
    session.left(jobs[1])
    after = set(_ids(session, everything(session)))
    expect(jobs[1].id not in after, "a deleted job is still in the list", gone)
    expect({jobs[0].id, jobs[2].id} <= after, "a job that was not deleted is gone from the list", gone)
    if "read" in session.roles:
        read = session.read(jobs[1])
        expect(not read.response.is_success, "a deleted job can still be read", gone, read)


@check("JOB-LST-010")
def a_filter_by_state_holds_what_it_says(session: Session) -> None:
    """An ended job and a running one, each under its own state."""
    jobs = [session.submit("long"), session.submit()]
    session.until(jobs[0], "running")
    session.until(jobs[1])
    states = {job.id: session.state(job) for job in jobs}
    for job in jobs:
        ids = _ids(session, everything(session, query={paging_of(session.target)["filter"]: states[job.id]}))
        expect(job.id in ids, f"a job that is {states[job.id]} is not in the list of those")
        others = [other.id for other in jobs if states[other.id] != states[job.id] and other.id in ids]
        expect(
            not others,
            f"a job that is {states[others[0]] if others else ''} is in the list of those that are {states[job.id]}",
        )
