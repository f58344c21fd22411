"""Ionworks's lists of jobs: complete, filtered, ordered, paged."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.families.lists import by_id, documented_members, holds, ids_of, listed_as_read
from conformance.checks.ionworks.steps import ARRAY, PAGE, Query, behind, jobs_of_page
from conformance.session.expect import expect, needed, same
from conformance.session.paging import everything, paging_of
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json, same_value, shown, without_nulls

BOTH: Query = [("job_types", "simulate"), ("job_types", "ecm_fit")]
MIXED_TYPES = ("dummy", "simulate", "dummy", "ecm_fit", "simulate", "dummy")


def _made(session: Session) -> list[JobRef]:
    return [session.submit("long", {"job_type": name}) for name in MIXED_TYPES]


def _holds(session: Session, query: Query, wanted: list[JobRef], operation: str = PAGE) -> None:
    """A list holds these jobs, and where it has a total counts them."""
    jobs, total = jobs_of_page(session, query, operation)
    holds(ids_of(session, jobs), wanted, f"the list for {shown(query)}")
    expect(total in (None, len(wanted)), f"the total for {shown(query)} is {total}, {len(wanted)} jobs match")


def _documented(session: Session, job: dict[str, Json]) -> dict[str, Json]:
    """The members of a job that the document names."""
    known = documented_members(session)
    return {name: value for name, value in job.items() if name in known}


def _of(jobs: list[JobRef], *types: str) -> list[JobRef]:
    return [job for job, name in zip(jobs, MIXED_TYPES, strict=True) if name in types]


def _in_order(session: Session, query: Query, wanted: list[JobRef]) -> None:
    """Page by page, the jobs for a query come in this order."""
    found: list[str] = []
    for offset in range(0, len(wanted), 3):
        jobs, _ = jobs_of_page(session, [*query, ("limit", 3), *behind(session, offset)])
        found += ids_of(session, jobs)
    needed(sorted(found) == sorted(job.id for job in wanted), "the pages do not hold every job once")
    holds(found, wanted, f"the list for {shown(query)}, the newest first", in_order=True)


@check("ION-LST-002")
def a_list_of_one_type(session: Session) -> None:
    """Every type that there is a job of, and one that there is none of."""
    jobs = _made(session)
    for name in ("dummy", "simulate", "ecm_fit", "optimize"):
        _holds(session, [("job_type", name)], _of(jobs, name))
    _holds(session, [], jobs)


@check("ION-LST-003")
def a_list_of_several_types(session: Session) -> None:
    """The parameter is repeated; its order does not matter, and once is enough."""
    jobs = _made(session)
    for names in (
        ("dummy", "ecm_fit"),
        ("ecm_fit", "dummy"),
        ("simulate",),
        ("dummy", "dummy"),
        ("optimize", "simulate", "dummy"),
        ("optimize", "validation"),
    ):
        _holds(session, [("job_types", name) for name in names], _of(jobs, *names))


@check("ION-LST-004")
def several_types_count_more_than_one(session: Session) -> None:
    """Whichever of the two parameters is first."""
    jobs = _made(session)
    one: Query = [("job_type", "dummy")]
    _holds(session, [*one, *BOTH], _of(jobs, "ecm_fit", "simulate"))
    _holds(session, [("job_types", "ecm_fit"), *one], _of(jobs, "ecm_fit"))


@check("ION-LST-005")
def filters_hold_together(session: Session) -> None:
    """By type and by status at once."""
    jobs = _made(session)
    ended = session.submit("quick", until="end")
    for job in jobs:
        needed(session.state(job) == "processing", "not every job runs")
    _holds(session, [("status", "processing"), ("job_type", "dummy")], _of(jobs, "dummy"))
    _holds(session, [("status", "completed"), ("job_type", "dummy")], [ended])
    _holds(session, [("status", "completed"), *BOTH], [])
    _holds(session, [("status", "processing"), *BOTH], _of(jobs, "simulate", "ecm_fit"))


@check("ION-LST-007")
def the_total_of_a_filtered_list(session: Session) -> None:
    """On the first page, on the second, and beyond the last."""
    jobs = _made(session)
    cases: list[tuple[Query, list[JobRef]]] = [
        ([("job_type", "dummy")], _of(jobs, "dummy")),
        ([("job_types", "dummy"), ("job_types", "ecm_fit")], _of(jobs, "dummy", "ecm_fit")),
    ]
    if all(session.state(job) == "processing" for job in jobs):
        cases.append(([("status", "processing")], jobs))
    for query, wanted in cases:
        found: list[str] = []
        for offset in (0, 2, 4, 50):
            page, total = jobs_of_page(session, [*query, ("limit", 2), *behind(session, offset)])
            needed(total is not None, "the list reports no total")
            same(len(wanted), total, f"the total for {shown(query)} at offset {offset}")
            same(max(0, min(2, len(wanted) - offset)), len(page), f"the length of a page of 2 at offset {offset}")
            found += ids_of(session, page)
        holds(found, wanted, f"the pages for {shown(query)}")


@check("ION-LST-008")
def the_array_agrees_with_the_list(session: Session) -> None:
    """Job by job, in one order."""
    first, running = session.submit(), session.submit("long", {"job_type": "simulate"})
    jobs = [first, running, session.submit("waits"), session.submit("long")]
    jobs.append(session.submit("waits", {"parent_job_id": running.id}))
    failed = [session.submit(shape) for shape in session.shapes("fails")]
    for job in (first, *failed):
        session.until(job)
    session.until(running, "running")
    session.cancel(jobs[3])
    array = by_id(session, jobs_of_page(session, [], ARRAY)[0])
    listed = by_id(session, everything(session))
    made = {job.id for job in (*jobs, *failed)}
    mine = [id_ for id_ in array if id_ in made]
    holds(mine, made, "the array")
    holds(mine, [id_ for id_ in listed if id_ in made], "the array, as in the list", in_order=True)
    for id_ in array.keys() & listed.keys():
        one, other = (without_nulls(_documented(session, jobs[id_])) for jobs in (listed, array))
        expect(same_value(one, other), f"array and list differ on {id_}")


@check("ION-LST-009")
def the_array_is_filtered_like_the_list(session: Session) -> None:
    """By type, types, status, and cut."""
    jobs = _made(session)
    _holds(session, [("job_type", "dummy")], _of(jobs, "dummy"), ARRAY)
    _holds(session, BOTH, _of(jobs, "simulate", "ecm_fit"), ARRAY)
    _holds(session, [("status", "completed")], [], ARRAY)
    cut, _ = jobs_of_page(session, [("limit", 2), *behind(session, 1)], ARRAY)
    whole, _ = jobs_of_page(session, [], ARRAY)
    holds(ids_of(session, cut), ids_of(session, whole[1:3]), "an array of two behind the first", in_order=True)


@check("ION-LST-010")
def the_list_is_of_the_present(session: Session) -> None:
    """Each state, and every change at once."""
    jobs = [session.submit(shape) for shape in ("long", "waits", "quick", "fails", "long")]
    jobs.append(session.submit("long", {"parent_job_id": jobs[2].id}))

    def agree() -> None:
        listed_as_read(session, jobs, members=documented_members(session))

    agree()
    session.advance(1)
    agree()
    session.until(jobs[3])
    agree()
    for job in (jobs[1], jobs[4]):
        session.cancel(job)
    agree()
    session.advance(30)
    agree()


@check("ION-LST-013")
def the_newest_is_first_everywhere(session: Session) -> None:
    """Eight jobs seconds apart, on pages of three, of one type, of one status."""
    jobs: list[JobRef] = []
    for number in range(8):
        patch = {"job_type": ("dummy", "simulate")[number % 2], "priority": (number * 7) % 11}
        jobs.insert(0, session.submit("long", patch))
        session.advance(2)
    _in_order(session, [], jobs)
    _in_order(session, [("job_type", "dummy")], jobs[1::2])
    _in_order(session, BOTH, jobs[::2])
    canceled = [jobs[2], jobs[5]]
    for job in canceled:
        session.cancel(job)
        session.stopped(job)
    _in_order(session, [("status", "canceled")], canceled)
    _in_order(session, [], jobs)


@check("ION-LST-014")
def an_empty_list(session: Session) -> None:
    """Before the first job, and for a filter that nothing fits."""
    _holds(session, [], [])
    session.submit()
    _holds(session, [("status", "failed")], [])
    _holds(session, [("job_type", "validation")], [])


@check("ION-LST-015")
def ended_jobs_stay_in_the_list(session: Session) -> None:
    """Completed, failed, canceled in the queue and while running."""
    jobs = [session.submit(shape) for shape in session.shapes("quick", "long", "waits", "fails")]
    session.advance(2)
    for job in jobs[1:3]:
        session.cancel(job)
        _holds(session, [], jobs)
    session.advance(60)
    _holds(session, [], jobs)
    _holds(session, [("limit", paging_of(session.target)["most"]), *behind(session, 0)], jobs)


@check("ION-LST-016")
def a_list_of_each_status(session: Session) -> None:
    """Jobs in as many states as can be had; what reading the jobs says decides which list they belong to."""
    parent = session.submit()
    jobs = [parent, session.submit("long", {"parent_job_id": parent.id})]
    jobs += [session.submit(shape, {"priority": n}) for n, shape in enumerate(("quick", "fails", "waits"))]
    jobs += [session.submit("long", {"priority": 3}), session.submit("waits", {"priority": 4})]
    session.advance(2)
    for job in jobs[-2:]:
        session.cancel(job)
    session.advance(20)
    states = {job.id: session.state(job) for job in jobs}
    needed(len(set(states.values())) > 4, f"the jobs are only {', '.join(sorted(set(states.values())))}")
    for state in ("pending", "processing", "waiting", "completed", "failed", "canceled"):
        _holds(session, [("status", state)], [job for job in jobs if states[job.id] == state])


@check("ION-LST-017")
def the_array_holds_all_jobs(session: Session) -> None:
    """Of a hundred and thirty, without any parameter; so does the longest page of the list."""
    made = [session.submit("waits") for _ in range(130)]
    _holds(session, [("limit", 1000)], made)
    _holds(session, [], made, ARRAY)
