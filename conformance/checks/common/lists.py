"""Every API's lists of jobs: complete, filtered, ordered, paged."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.families.lists import documented_members, holds, ids_of, listed_as_read
from conformance.session.expect import accepted, expect, needed
from conformance.session.paging import everything, page, paging_of
from conformance.session.session import Session
from conformance.traffic.json_pointer import get, shown

MANY = 7


def _listed(session: Session) -> list[str]:
    return ids_of(session, everything(session))


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
    for shape, phase in (("", ""), ("waits", "queued"), ("fails", "failed")):
        if shape in session.settings.shapes and shape not in session.settings.may_refuse:
            jobs.append(session.submit(shape, until=phase))
        missing = {job.id for job in jobs} - set(_listed(session))
        expect(not missing, f"not in the list are the jobs {', '.join(missing)}")


@check("JOB-LST-003")
def list_and_reading_agree(session: Session) -> None:
    """On every member that both report."""
    for job in (session.submit(), session.submit()):
        session.until(job)
        listed_as_read(session, [job], members=documented_members(session))


@check("JOB-LST-004")
def pages_hold_every_job_once(session: Session) -> None:
    """Pages of two and of three, and all of them together."""
    jobs = [session.submit(draft=True) for _ in range(MANY)]
    for limit in (2, 3, MANY):
        items = [item for number in range(-(-MANY // limit) + 1) for item in page(session, limit, number)]
        holds(ids_of(session, items), jobs, f"all pages of {limit}")


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
            expect(total in (count, str(count)), f"the total is {shown(total)}, made were {count} jobs")


@check("JOB-LST-006")
def a_page_is_no_longer_than_asked(session: Session) -> None:
    """And holds as many as there are."""
    jobs = [session.submit(draft=True) for _ in range(4)]
    for limit in (1, 3):
        part = page(session, limit)
        expect(len(part) == limit, f"a page of {limit} holds {len(part)} of at least {len(jobs)} jobs")


@check("JOB-LST-007")
def the_list_is_in_order(session: Session) -> None:
    """Jobs made one after the other, seconds apart."""
    made: list[str] = []
    for _ in range(4):
        made.append(session.submit(draft=True).id)
        session.advance(2)
    order = paging_of(session.target)["order"]
    listed = [id_ for id_ in _listed(session) if id_ in made]
    holds(listed, made[::-1] if order == "newest" else made, f"the list, the {order} first", in_order=True)


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
    ids = [job.id for job in jobs]
    needed(set(ids) <= set(_listed(session)), "the jobs are not in the list")
    gone = accepted(session.delete(jobs[1]), "deleting an ended job")
    session.left(jobs[1])
    after = set(_listed(session))
    expect(ids[1] not in after, "a deleted job is still in the list", gone)
    expect({ids[0], ids[2]} <= after, "a job that was not deleted is gone from the list", gone)
    if "read" in session.roles:
        read = session.read(jobs[1])
        expect(not read.response.is_success, "a deleted job can still be read", gone, read)


@check("JOB-LST-010")
def a_filter_by_state_holds_what_it_says(session: Session) -> None:
    """An ended job and a running one, each under its own state."""
    jobs = [session.submit("long", until="running"), session.submit(until="end")]
    states = {job.id: session.state(job) for job in jobs}
    for state in set(states.values()):
        listed = ids_of(session, everything(session, query={paging_of(session.target)["filter"]: state}))
        right = [id_ for id_ in states if states[id_] == state]
        holds([id_ for id_ in listed if id_ in states], right, f"a list of those that are {state}")
