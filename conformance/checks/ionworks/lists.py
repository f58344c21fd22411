"""Ionworks's lists of jobs: complete, filtered, ordered, paged."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.ionworks.steps import ARRAY, PAGE, Query, behind, jobs_of_page
from conformance.session.expect import accepted, expect, needed
from conformance.session.paging import everything, paging_of
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json, get, same_value, without_nulls

MIXED_TYPES = ("dummy", "simulate", "dummy", "ecm_fit", "simulate", "dummy")


def _made(session: Session) -> list[JobRef]:
    return [session.submit("long", {"job_type": name}) for name in MIXED_TYPES]


def _holds(session: Session, query: Query, wanted: list[JobRef], operation: str = PAGE) -> None:
    jobs, total = jobs_of_page(session, query, operation)
    ids, right = sorted(str(get(job, "/job_id")) for job in jobs), sorted(job.id for job in wanted)
    expect(
        ids == right,
        f"the list for {query} holds {len(ids)} jobs ({len(set(ids) & set(right))} of them right), {len(right)} match",
    )
    expect(total in (None, len(right)), f"the total for {query} is {total}, {len(right)} jobs match")


def _documented(session: Session, job: dict[str, Json]) -> dict[str, Json]:
    """The members of a job that the document names."""
    known = session.spec.document["components"]["schemas"]["JobResponse"]["properties"]
    return {name: value for name, value in job.items() if name in known}


def _of(jobs: list[JobRef], *types: str) -> list[JobRef]:
    return [job for job, name in zip(jobs, MIXED_TYPES, strict=True) if name in types]


def _agree(session: Session, jobs: list[JobRef]) -> None:
    """Where the clock cannot be held, only jobs that did not change around the list are compared."""
    before = None if session.now is not None else [session.view(job) for job in jobs]
    listed, shown = {str(get(job, "/job_id")): job for job in everything(session)}, session.exchanges[-1]
    for number, job in enumerate(jobs):
        view, item = session.view(job), listed.get(job.id)
        needed(isinstance(view, dict) and item is not None, "a job cannot be read or is not in the list")
        assert item is not None
        if before is not None and not same_value(before[number], view):
            continue
        for name in sorted(_documented(session, view).keys() & item.keys()):
            message = (
                f"{name} of a job that is {view.get('status')} is {item[name]!r} in the list and {view[name]!r} when "
                "read"
            )
            expect(same_value(item[name], view[name]), message, shown)


def _in_order(session: Session, query: Query, wanted: list[str]) -> None:
    seen: list[str] = []
    for offset in range(0, len(wanted), 3):
        page, _ = jobs_of_page(session, [*query, ("limit", 3), *behind(session, offset)])
        seen += [str(get(job, "/job_id")) for job in page]
    needed(sorted(seen) == sorted(wanted), "the pages do not hold every job once")
    expect(seen == wanted, f"the jobs for {query} do not come newest first")


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
    _holds(
        session,
        [("job_type", "dummy"), ("job_types", "ecm_fit"), ("job_types", "simulate")],
        _of(jobs, "ecm_fit", "simulate"),
    )
    _holds(session, [("job_types", "ecm_fit"), ("job_type", "dummy")], _of(jobs, "ecm_fit"))


@check("ION-LST-005")
def filters_hold_together(session: Session) -> None:
    """By type and by status at once."""
    jobs = _made(session)
    ended = session.submit("quick", until="end")
    for job in jobs:
        needed(session.state(job) == "processing", "not every job runs")
    _holds(session, [("status", "processing"), ("job_type", "dummy")], _of(jobs, "dummy"))
    _holds(session, [("status", "completed"), ("job_type", "dummy")], [ended])
    _holds(session, [("status", "completed"), ("job_types", "simulate"), ("job_types", "ecm_fit")], [])
    _holds(
        session,
        [("status", "processing"), ("job_types", "simulate"), ("job_types", "ecm_fit")],
        _of(jobs, "simulate", "ecm_fit"),
    )


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
        seen: list[str] = []
        for offset in (0, 2, 4, 50):
            page, total = jobs_of_page(session, [*query, ("limit", 2), *behind(session, offset)])
            needed(total is not None, "the list reports no total")
            expect(total == len(wanted), f"the total is {total} at offset {offset}, {len(wanted)} jobs match")
            expect(
                len(page) == max(0, min(2, len(wanted) - offset)),
                f"a page of 2 at offset {offset} of {len(wanted)} holds {len(page)} jobs",
            )
            seen += [str(get(job, "/job_id")) for job in page]
        expect(
            sorted(seen) == sorted(job.id for job in wanted),
            "the pages of a filtered list do not hold every match once",
        )


@check("ION-LST-008")
def the_array_agrees_with_the_list(session: Session) -> None:
    """Job by job, in one order."""
    jobs = [
        session.submit(),
        session.submit("long", {"job_type": "simulate"}),
        session.submit("waits"),
        session.submit("long"),
    ]
    child = session.submit("waits", {"parent_job_id": jobs[1].id})
    jobs += [session.submit("fails")] if "fails" in session.settings.shapes else []
    for job in (jobs[0], *jobs[4:]):
        session.until(job)
    session.until(jobs[1], "running")
    session.cancel(jobs[3])
    array = jobs_of_page(session, [], ARRAY)[0]
    listed = {str(get(job, "/job_id")): job for job in everything(session)}
    jobs.append(child)
    mine = [str(get(job, "/job_id")) for job in array if get(job, "/job_id") in {job.id for job in jobs}]
    expect(sorted(mine) == sorted(job.id for job in jobs), "the array does not hold every job once")
    expect(mine == [id_ for id_ in listed if id_ in mine], "the array has another order than the list")
    for job in array:
        twin = listed.get(str(get(job, "/job_id")))
        if twin is not None:
            one, other = without_nulls(_documented(session, twin)), without_nulls(_documented(session, job))
            expect(same_value(one, other), f"array and list differ on {get(job, '/job_id')}")


@check("ION-LST-009")
def the_array_is_filtered_like_the_list(session: Session) -> None:
    """By type, types, status, and cut."""
    jobs = _made(session)
    _holds(session, [("job_type", "dummy")], _of(jobs, "dummy"), ARRAY)
    _holds(session, [("job_types", "simulate"), ("job_types", "ecm_fit")], _of(jobs, "simulate", "ecm_fit"), ARRAY)
    _holds(session, [("status", "completed")], [], ARRAY)
    cut, _ = jobs_of_page(session, [("limit", 2), *behind(session, 1)], ARRAY)
    whole, _ = jobs_of_page(session, [], ARRAY)
    expect(
        [get(job, "/job_id") for job in cut] == [get(job, "/job_id") for job in whole[1:3]],
        "an array of two behind the first is not that",
    )


@check("ION-LST-010")
def the_list_tells_the_present(session: Session) -> None:
    """Each state, and every change at once."""
    jobs = [
        session.submit("long"),
        session.submit("waits"),
        session.submit(),
        session.submit("fails"),
        session.submit("long"),
    ]
    jobs.append(session.submit("long", {"parent_job_id": jobs[2].id}))
    _agree(session, jobs)
    session.advance(1)
    _agree(session, jobs)
    for job in jobs[2:4]:
        with_children = job is jobs[2]
        if not with_children:
            session.until(job)
    _agree(session, jobs)
    for job in (jobs[1], jobs[4]):
        session.cancel(job)
    _agree(session, jobs)
    session.advance(30)
    _agree(session, jobs)


@check("ION-LST-013")
def the_newest_is_first_everywhere(session: Session) -> None:
    """Eight jobs seconds apart, on pages of three, of one type, of one status."""
    jobs: list[JobRef] = []
    for number in range(8):
        jobs.append(
            session.submit("long", {"job_type": ("dummy", "simulate")[number % 2], "priority": (number * 7) % 11})
        )
        session.advance(2)
    for query, wanted in (
        ([], jobs),
        ([("job_type", "dummy")], jobs[::2]),
        ([("job_types", "simulate"), ("job_types", "ecm_fit")], jobs[1::2]),
    ):
        _in_order(session, query, [job.id for job in reversed(wanted)])
    session.cancel(jobs[5])
    session.cancel(jobs[2])
    _in_order(session, [("status", "canceled")], [jobs[5].id, jobs[2].id])
    _in_order(session, [], [job.id for job in reversed(jobs)])


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
    jobs = [
        parent,
        session.submit("long", {"parent_job_id": parent.id}),
        *(
            session.submit(shape, {"priority": number})
            for number, shape in enumerate(("quick", "fails", "waits", "long", "waits"))
        ),
    ]
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
    made = {session.submit("waits").id for _ in range(130)}
    page = get(
        accepted(session.list_jobs(query={"limit": 1000}), "the list for a limit of 1000").response.json, "/jobs"
    )
    expect(isinstance(page, list) and len(page) == len(made), f"a page of up to 1000 jobs does not hold {len(made)}")
    told = accepted(session.call("list_jobs_jobs__get"), "the array").response.json
    found = [str(get(job, "/job_id")) for job in told] if isinstance(told, list) else []
    expect(sorted(found) == sorted(made), f"the array holds {len(found)} of {len(made)} jobs")
