"""compute.x.io's lists of jobs: complete, filtered, ordered, paged."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime

from conformance.checks import check
from conformance.checks.common.steps import NOBODY
from conformance.checks.xio.steps import LIST_RUNS, data_of, listed, uuids
from conformance.oracles.members import instant
from conformance.session.cluster import ROOMY, staged
from conformance.session.expect import expect, needed, same
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json, get
from specs.document import answer_schema, schemas_at

JOBS = "xio_list_jobs"
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


def _in_order(session: Session, sort: str | None) -> None:
    query: Json = {"sort": sort} if sort else {}
    jobs: list[str] = []
    for _ in range(6):
        jobs.append(session.submit().id)
        session.advance(3)
    found: list[str] = []
    for page in range(1, 12):
        told = uuids(listed(session, JOBS, limit=2, page=page, **query))
        found += [uuid for uuid in told if uuid in jobs]
        if not told:
            break
    same(jobs if sort == "created_at" else jobs[::-1], found, f"the jobs sorted by {sort}, page after page")


def _holds(session: Session, wanted: Collection[JobRef], **query: object) -> None:
    """A filtered list holds these jobs, and its total counts them."""
    exchange = listed(session, JOBS, limit=50, **query)
    same(sorted(job.id for job in wanted), sorted(uuids(exchange)), f"the jobs with {query}")


def _amounts(session: Session, name: str, amounts: tuple[float, ...] = (1, 2, 3, 4)) -> list[JobRef]:
    """Jobs that ask for these amounts, in order; by way of a state in which none is placed where there is one."""
    shape = "waits" if "waits" in session.settings.shapes else "quick"
    return [session.submit(shape, {name: amount}) for amount in amounts]


def _documented(session: Session) -> set[str]:
    """The members of a job that the document names."""
    schema = answer_schema(session.spec.document, session.spec.operations[session.role("read").operation])
    return {name for node in schemas_at(session.spec.document, schema, "") for name in node.get("properties", {})}


@check("XIO-LST-001")
def a_page_has_twenty_jobs(session: Session) -> None:
    """Where nobody says otherwise; the second has the rest."""
    for _ in range(22):
        session.submit()
    exchange = listed(session, JOBS)
    same(20, len(data_of(exchange)), "the number of jobs, of 22, on a page of the usual length")
    same(uuids(exchange), uuids(listed(session, JOBS, page=1, limit=20)), "the first page of 20", exchange)
    same(
        2,
        len(data_of(listed(session, JOBS, page=2))),
        "the number of jobs, of 22, on the second page of the usual length",
    )


@check("XIO-LST-004")
def a_list_tells_its_page_and_limit(session: Session) -> None:
    """Every list, as asked for."""
    for _ in range(3):
        session.submit()
    session.advance(2)
    for operation in filter(session.offers, LISTS):
        for query in ({"page": 1, "limit": 1}, {"page": 2, "limit": 2}, {"page": 7, "limit": 50}, {"limit": 3}):
            exchange = listed(session, operation, **query)
            for name in ("page", "limit"):
                same(query.get(name, 1), get(exchange.response.json, f"/{name}"), f"`{name}` of {operation}")
            expect(
                len(data_of(exchange)) <= query["limit"],
                f"{operation} reports {len(data_of(exchange))} items on a page of {query['limit']}",
            )


@check("XIO-LST-005")
def the_oldest_comes_first(session: Session) -> None:
    """Six jobs on pages of two."""
    _in_order(session, "created_at")


@check("XIO-LST-006")
def the_newest_comes_first(session: Session) -> None:
    """Six jobs on pages of two."""
    _in_order(session, "-created_at")


@check("XIO-LST-008")
def several_states_are_either(session: Session) -> None:
    """One job that waits, one that runs, one that ended, one that was stopped."""
    jobs = {"PENDING": session.submit("waits"), "RUNNING": session.submit("long"), "COMPLETED": session.submit()}
    jobs["CANCELLED"] = session.submit("waits")
    session.cancel(jobs["CANCELLED"])
    session.until(jobs["COMPLETED"])
    for state, job in jobs.items():
        needed(session.state(job) == state, f"a job is not {state}")
    for states in (
        ["PENDING", "RUNNING"],
        ["COMPLETED", "CANCELLED"],
        ["RUNNING", "COMPLETED", "FAILED"],
        ["FAILED"],
        ["CANCELLED"],
    ):
        _holds(session, [job for state, job in jobs.items() if state in states], filter_status=",".join(states))


@check("XIO-LST-009")
def cores_are_told_apart(session: Session) -> None:
    """Exactly so many."""
    jobs = _amounts(session, "cpu_count")
    for number, job in enumerate(jobs, 1):
        _holds(session, [job], filter_cpu_count=number)
    _holds(session, [], filter_cpu_count=5)
    _holds(session, [], filter_cpu_count=0)
    _holds(session, jobs[1:3], filter_cpu_count="2,3")


@check("XIO-LST-010")
def ram_is_between_its_bounds(session: Session) -> None:
    """Both included."""
    jobs = _amounts(session, "min_ram_gb")
    _holds(session, jobs[1:3], filter_min_ram_gb="2,3")
    _holds(session, jobs[:1], filter_min_ram_gb="0,1")
    _holds(session, [], filter_min_ram_gb="5,9")
    _holds(session, [], filter_min_ram_gb=0)
    _holds(session, jobs[2:3], filter_min_ram_gb=3)


@check("XIO-LST-011")
def storage_is_told_apart(session: Session) -> None:
    """Exactly so much."""
    jobs = _amounts(session, "min_storage_gb")
    for number, job in enumerate(jobs, 1):
        _holds(session, [job], filter_min_storage_gb=number)
    _holds(session, jobs[1:3], filter_min_storage_gb="2,3")
    _holds(session, [], filter_min_storage_gb=0)


@check("XIO-LST-012")
def gpu_memory_is_between_its_bounds(session: Session) -> None:
    """Both included."""
    jobs = _amounts(session, "min_vram_gb")
    _holds(session, jobs[1:3], filter_min_vram_gb="2,3")
    _holds(session, [], filter_min_vram_gb="0,0")
    _holds(session, jobs[3:], filter_min_vram_gb="4,80")
    _holds(session, jobs[2:3], filter_min_vram_gb=3)


@check("XIO-LST-013")
def tasks_are_told_apart(session: Session) -> None:
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
    """Three jobs an hour apart, and the minute around each."""
    jobs: list[JobRef] = []
    for _ in range(3):
        jobs.append(session.submit())
        session.advance(3600)
    for job in jobs:
        created = instant(get(session.view(job), "/created_at"))
        needed(created is not None, "the job has no instant of creation")
        bounds = [
            datetime.fromtimestamp((created or 0.0) + more, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for more in (-60, 60)
        ]
        _holds(session, [job], filter_created_at=",".join(bounds))
    session.advance(2 * 86_400)
    later = session.submit()
    created = instant(get(session.view(later), "/created_at")) or 0.0
    days = [datetime.fromtimestamp(created + more * 86_400, UTC).strftime("%Y-%m-%d") for more in (-4, 0, 1)]
    _holds(session, [later], filter_created_at=days[1])
    _holds(session, [*jobs, later], filter_created_at=f"{days[0]},{days[1]}")
    _holds(session, [], filter_created_at=days[2])


@check("XIO-LST-016")
def filters_add_up(session: Session) -> None:
    """Cores and RAM."""
    jobs = [session.submit("quick", {"cpu_count": cores, "min_ram_gb": ram}) for cores in (1, 2) for ram in (1, 2)]
    _holds(session, [jobs[1]], filter_cpu_count=1, filter_min_ram_gb="2,2")
    _holds(session, [jobs[2]], filter_cpu_count=2, filter_min_ram_gb="0,1")


@check("XIO-LST-017")
def a_filtered_total_counts_what_passes(session: Session) -> None:
    """Whatever the page."""
    _amounts(session, "min_ram_gb", (1, 2, 2, 2, 3))
    for query in ({"limit": 2}, {"limit": 2, "page": 2}, {"limit": 50}, {"limit": 2, "page": 9}):
        exchange = listed(session, JOBS, filter_min_ram_gb="2,2", **query)
        same(3, get(exchange.response.json, "/total"), "the total of a filter that 3 of 5 jobs pass")
        shown = max(0, min(query["limit"], 3 - query["limit"] * (query.get("page", 1) - 1)))
        same(shown, len(data_of(exchange)), f"the number of jobs with {query} of a filter that 3 of 5 jobs pass")


@check("XIO-LST-019")
def without_a_sort_the_newest_comes_first(session: Session) -> None:
    """Six jobs on pages of two."""
    _in_order(session, None)


@check("XIO-LST-027")
def a_job_is_listed_as_it_is_read(session: Session) -> None:
    """In every condition: waiting, running, stopped, ended well and badly, and while it is listed by its state."""
    jobs = [session.submit(shape) for shape in session.shapes("quick", "fails", "waits", "long", "long", "retried")]
    session.advance(30)
    if len(jobs) > 1:
        session.cancel(jobs[-2])
    for job in jobs:
        view = session.view(job)
        read = session.exchanges[-1]
        needed(isinstance(view, dict), "the job cannot be read")
        for query in ({}, {"filter_uuid": job.id}, {"filter_status": view.get("status")}):
            exchange = listed(session, JOBS, limit=50, **query)
            item = next((one for one in data_of(exchange) if one.get("uuid") == job.id), None)
            expect(
                item is not None, f"a job that is {view.get('status')} is not in the list with {query}", read, exchange
            )
            for name in view.keys() & (item or {}).keys() & _documented(session):
                same(
                    view[name],
                    (item or {})[name],
                    f"{name} of a job in the list, as compared with reading it",
                    read,
                    exchange,
                )


@check("XIO-LST-046")
def each_state_is_filtered_by_itself(session: Session) -> None:
    """One job or more in every state there is."""
    jobs = list(_everything(session))
    states = {job.id: session.state(job) for job in jobs}
    for state in ("PENDING", "ASSIGNED", "RUNNING", "COMPLETED", "FAILED", "CANCELLED"):
        wanted = sorted(id_ for id_, told in states.items() if told == state)
        found = sorted(str(get(item, "/uuid")) for item in session.items(query={"filter[status]": state}))
        same(wanted, found, f"the jobs in a list filtered by {state}")
    same(len(jobs), len(session.items()), "the number of jobs in the list of all")


@check("XIO-LST-047")
def filters_sort_and_pages_go_together(session: Session) -> None:
    """Seven jobs of three cores among others, two to a page, in either order; and jobs of no cores."""
    made = []
    for number in range(14):
        exchange = session.post(session.body(patch={"cpu_count": 3 if number % 2 else 0}))
        needed(exchange.response.is_success, "a submission was refused")
        made.append(session.job_of(exchange).id)
        session.advance(2)
    for cores, wanted in ((3, made[1::2]), (0, made[::2])):
        for sort, order in (("created_at", wanted), ("-created_at", wanted[::-1])):
            query = {"filter[cpu_count]": str(cores), "sort": sort, "limit": 2}
            found = [
                str(get(item, "/uuid")) for page in range(1, 6) for item in session.items(query={**query, "page": page})
            ]
            same(order, found, f"the pages of a list of jobs of {cores} cores, sorted by {sort}")


@check("XIO-LST-049")
def a_full_page_is_not_all(session: Session) -> None:
    """Fifty of sixty-three, and the others."""
    ids = [session.job_of(session.post(session.body())).id for _ in range(63)]
    found: list[str] = []
    for page in (1, 2):
        exchange = session.list_jobs(query={"limit": 50, "page": page})
        same(len(ids), get(exchange.response.json, "/total"), "the total of a list of 63 jobs")
        found += [str(get(item, "/uuid")) for item in data_of(exchange)]
    same(sorted(ids), sorted(found), "the jobs on two pages of fifty")
