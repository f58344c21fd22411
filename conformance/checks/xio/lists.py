"""compute.x.io's lists of jobs: complete, filtered, ordered, paged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

from conformance.checks import check
from conformance.checks.common.steps import DAY, NOBODY
from conformance.checks.families.instants import instants
from conformance.checks.families.lists import documented_members, holds, ids_of, listed_as_read
from conformance.checks.xio.steps import LIST_RUNS, data_of, listed, uuids
from conformance.session.cluster import ROOMY, staged
from conformance.session.expect import expect, needed, same
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json, get, shown

JOBS = "xio_list_jobs"
EACH: dict[object, list[int]] = {amount: [amount] for amount in (1, 2, 3, 4)}
BETWEEN: dict[object, list[int]] = {"2,3": [2, 3], 3: [3]}
"""What a filter by an amount holds, of jobs of one to four."""
LISTS = (JOBS, LIST_RUNS, "xio_list_compute_offers", "xio_list_nodes", "xio_list_gpu_registry", "xio_list_job_recipes")


def _everything(session: Session) -> Iterator[JobRef]:
    """A job in every state, and one that is persistent."""
    staged(session, ROOMY, startup=10.0)
    waits, stopped = session.submit("waits"), session.submit("long")
    yield from (waits, stopped, session.submit("quick"), session.submit("fails"), session.submit("long"))
    yield session.submit("long", {"task": "PERSISTENT", "max_timeout_run_ms": None})
    session.advance(60)
    session.cancel(stopped)
    yield session.submit("quick")
    session.advance(2)


def _holds(session: Session, wanted: Iterable[JobRef], **query: object) -> None:
    """A filtered list holds these jobs."""
    holds(uuids(listed(session, JOBS, limit=50, **query)), wanted, f"the list with {shown(query)}")


def _page_with(session: Session, job: JobRef, **query: object) -> list[Json]:
    """A filtered list, which must hold this job."""
    items = data_of(listed(session, JOBS, limit=50, **query))
    expect(
        job.id in ids_of(session, items), f"a job that is {session.state(job)} is not in the list with {shown(query)}"
    )
    return items


def _pages(session: Session, **query: object) -> list[str]:
    """The ids on all pages of two jobs, one after the other."""
    found: list[str] = []
    for page in range(1, 12):
        ids = uuids(listed(session, JOBS, limit=2, page=page, **query))
        found += ids
        if not ids:
            break
    return found


@check("XIO-LST-001")
def a_page_has_twenty_jobs(session: Session) -> None:
    """Where nobody says otherwise; the second has the rest."""
    for _ in range(22):
        session.submit()
    first = uuids(listed(session, JOBS))
    same(20, len(first), "the number of jobs, of 22, on a page of the usual length")
    holds(uuids(listed(session, JOBS, page=1, limit=20)), first, "the first page of 20", in_order=True)
    same(2, len(data_of(listed(session, JOBS, page=2))), "the number of jobs, of 22, on the second page")


@check("XIO-LST-004")
def a_list_reports_its_page_and_limit(session: Session) -> None:
    """Every list, as asked for."""
    for _ in range(3):
        session.submit()
    session.advance(2)
    for operation in filter(session.offers, LISTS):
        for query in ({"page": 1, "limit": 1}, {"page": 2, "limit": 2}, {"page": 7, "limit": 50}, {"limit": 3}):
            exchange = listed(session, operation, **query)
            for name in ("page", "limit"):
                same(query.get(name, 1), get(exchange.response.json, f"/{name}"), f"`{name}` of {operation}")
            count = len(data_of(exchange))
            expect(count <= query["limit"], f"{operation} has {count} items on a page of {query['limit']}")


@check("XIO-LST-005", "the oldest comes first", "created_at")
@check("XIO-LST-006", "the newest comes first", "-created_at")
@check("XIO-LST-019", "without a sort the newest comes first", None)
def the_list_is_sorted_by_creation(session: Session, sort: str | None) -> None:
    """Six jobs on pages of two."""
    jobs: list[str] = []
    for _ in range(6):
        jobs.append(session.submit().id)
        session.advance(3)
    found = [id_ for id_ in _pages(session, **({"sort": sort} if sort else {})) if id_ in jobs]
    holds(found, jobs if sort == "created_at" else jobs[::-1], f"all pages, sorted by {sort}", in_order=True)


@check("XIO-LST-008")
def several_states_are_either(session: Session) -> None:
    """One job that waits, one that runs, one that ended, one that was stopped."""
    jobs = {"PENDING": session.submit("waits"), "RUNNING": session.submit("long"), "COMPLETED": session.submit()}
    jobs["CANCELLED"] = session.submit("waits")
    session.cancel(jobs["CANCELLED"])
    session.until(jobs["COMPLETED"])
    for state, job in jobs.items():
        needed(session.state(job) == state, f"a job is not {state}")
    for states in ("PENDING,RUNNING", "COMPLETED,CANCELLED", "RUNNING,COMPLETED,FAILED", "FAILED", "CANCELLED"):
        _holds(session, [job for state, job in jobs.items() if state in states.split(",")], filter_status=states)


@check("XIO-LST-009", "cores are distinguished", "cpu_count", {5: [], 0: [], **EACH, "2,3": [2, 3]})
@check("XIO-LST-010", "ram is between its bounds", "min_ram_gb", {"0,1": [1], "5,9": [], 0: [], **BETWEEN})
@check("XIO-LST-011", "storage is distinguished", "min_storage_gb", {0: [], **EACH, "2,3": [2, 3]})
@check("XIO-LST-012", "gpu memory is between its bounds", "min_vram_gb", {"0,0": [], "4,80": [4], **BETWEEN})
def amounts_are_filtered(session: Session, name: str, filters: Mapping[object, Sequence[int]]) -> None:
    """Exactly so much, or between two bounds, both included; by way of jobs that wait where that is possible."""
    shape = session.shapes("waits", "quick")[0]
    jobs = {amount: session.submit(shape, {name: amount}) for amount in (1, 2, 3, 4)}
    for value, amounts in filters.items():
        _holds(session, [jobs[amount] for amount in amounts], **{f"filter_{name}": value})


@check("XIO-LST-013")
def tasks_are_distinguished(session: Session) -> None:
    """One of each."""
    batch, persistent = session.submit(), session.submit("quick", {"task": "PERSISTENT", "max_timeout_run_ms": None})
    _holds(session, [batch], filter_task="BATCH")
    _holds(session, [persistent], filter_task="PERSISTENT")


@check("XIO-LST-014")
def a_uuid_finds_its_job(session: Session) -> None:
    """And one that nothing has finds nothing."""
    jobs = [session.submit(), session.submit()]
    for job in jobs:
        _holds(session, [job], filter_uuid=job.id)
    _holds(session, [], filter_uuid=NOBODY)


@check("XIO-LST-015")
def creation_is_between_two_instants(session: Session) -> None:
    """Three jobs an hour apart, and the minute around each; and whole days."""
    jobs: list[JobRef] = []
    for _ in range(3):
        jobs.append(session.submit())
        session.advance(3600)

    def date(job: JobRef, more: float, form: str) -> str:
        created = instants(session.view(job), "/created_at")[0]
        return datetime.fromtimestamp(created + more, UTC).strftime(form)

    for job in jobs:
        bounds = [date(job, more, "%Y-%m-%dT%H:%M:%SZ") for more in (-60, 60)]
        _holds(session, [job], filter_created_at=",".join(bounds))
    session.advance(2 * DAY)
    later = session.submit()
    before, same_day, after = (date(later, more * DAY, "%Y-%m-%d") for more in (-4, 0, 1))
    _holds(session, [later], filter_created_at=same_day)
    _holds(session, [*jobs, later], filter_created_at=f"{before},{same_day}")
    _holds(session, [], filter_created_at=after)


@check("XIO-LST-016")
def filters_add_up(session: Session) -> None:
    """Cores and RAM."""
    jobs = [session.submit("quick", {"cpu_count": cores, "min_ram_gb": ram}) for cores in (1, 2) for ram in (1, 2)]
    _holds(session, [jobs[1]], filter_cpu_count=1, filter_min_ram_gb="2,2")
    _holds(session, [jobs[2]], filter_cpu_count=2, filter_min_ram_gb="0,1")


@check("XIO-LST-017")
def a_filtered_total_counts_what_passes(session: Session) -> None:
    """Whatever the page."""
    for amount in (1, 2, 2, 2, 3):
        session.submit(session.shapes("waits", "quick")[0], {"min_ram_gb": amount})
    for query, length in (({"limit": 2}, 2), ({"limit": 2, "page": 2}, 1), ({"limit": 50}, 3), ({"page": 9}, 0)):
        exchange = listed(session, JOBS, filter_min_ram_gb="2,2", **query)
        same(3, get(exchange.response.json, "/total"), "the total of a filter that 3 of 5 jobs pass")
        same(
            length, len(data_of(exchange)), f"the number of jobs with {shown(query)} of a filter that 3 of 5 jobs pass"
        )


@check("XIO-LST-027")
def a_job_is_listed_as_it_is_read(session: Session) -> None:
    """In every condition: waiting, running, stopped, ended well and badly, and while it is listed by its state."""
    jobs = [session.submit(shape) for shape in session.shapes("quick", "fails", "waits", "long", "long", "retried")]
    session.advance(30)
    if len(jobs) > 1:
        session.cancel(jobs[-2])
    members = documented_members(session)
    for job in jobs:
        for query in ({}, {"filter_uuid": job.id}, {"filter_status": session.state(job)}):
            listed_as_read(session, [job], partial(_page_with, session, job, **query), members=members)


@check("XIO-LST-046")
def each_state_is_filtered_by_itself(session: Session) -> None:
    """One job or more in every state there is."""
    jobs = list(_everything(session))
    states = {job.id: session.state(job) for job in jobs}
    for state in ("PENDING", "ASSIGNED", "RUNNING", "COMPLETED", "FAILED", "CANCELLED"):
        found = ids_of(session, session.items(query={"filter[status]": state}))
        holds(found, (id_ for id_ in states if states[id_] == state), f"a list filtered by {state}")
    same(len(jobs), len(session.items()), "the number of jobs in the list of all")


@check("XIO-LST-047")
def filters_sort_and_pages_go_together(session: Session) -> None:
    """Seven jobs of three cores among others, two to a page, in either order; and jobs of no cores."""
    made = []
    for number in range(14):
        made.append(session.submit(patch={"cpu_count": 3 if number % 2 else 0}).id)
        session.advance(2)
    for cores, wanted in ((3, made[1::2]), (0, made[::2])):
        for sort, order in (("created_at", wanted), ("-created_at", wanted[::-1])):
            found = _pages(session, filter_cpu_count=cores, sort=sort)
            holds(found, order, f"all pages of jobs of {cores} cores, sorted by {sort}", in_order=True)


@check("XIO-LST-049")
def a_full_page_is_not_all(session: Session) -> None:
    """Fifty of sixty-three, and the others."""
    made = [session.submit() for _ in range(63)]
    found: list[str] = []
    for page in (1, 2):
        exchange = listed(session, JOBS, limit=50, page=page)
        same(len(made), get(exchange.response.json, "/total"), "the total of a list of 63 jobs")
        found += uuids(exchange)
    holds(found, made, "two pages of fifty")
