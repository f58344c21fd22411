"""Checks of compute.x.io beyond the usual: long limits, many retries, full pages, filters together, every resource, hours later."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks import check
from conformance.checks.xio_lists import item_of
from conformance.checks.xio_runs import data_of, runs_of
from conformance.session.cluster import ROOMY, staged
from conformance.session.expect import expect, needed, same
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import MISSING, Json, get

HOUR = 3600
GPU: Json = {"count": 2, "model": "Judge Gamma", "registry": "2a2b2c2d-2e2f-4333-8444-5a5b5c5d5e5f", "vram_gib": 16}
NODE: Json = {"class": "only", "cpu": 4, "memory_gib": 16, "storage_gib": 100, "gpu": GPU}
WISHES: tuple[Json, ...] = ({"cpu_count": 3}, {"gpu_count": 2}, {"min_ram_gb": 10}, {"min_storage_gb": 60})


def _still(session: Session, job: JobRef, phase: str, seconds: float, what: str) -> None:
    session.bear(seconds)
    for _ in session.ticks(seconds, seconds / 3):
        expect(session.phase(job) == phase, f"{what}: the job is {session.state(job)}", *session.exchanges[-2:])


@check("XIO-TMO-002")
def a_run_goes_on_to_a_late_limit(session: Session) -> None:
    """Five hours, and no limit at all for three days."""
    for patch, seconds in (({"max_timeout_run_ms": 5 * HOUR * 1000}, 5.0 * HOUR - 60), ({"task": "PERSISTENT", "max_timeout_run_ms": None}, 72.0 * HOUR)):
        job = session.submit("lasts", patch, seconds=100 * HOUR)
        session.until(job, "running")
        _still(session, job, "running", seconds, f"the job was made with {patch}")


@check("XIO-TMO-005")
def waiting_goes_on_to_a_late_limit(session: Session) -> None:
    """Three hours."""
    job = session.submit("waits", {"max_timeout_assign_ms": 3 * HOUR * 1000})
    _still(session, job, "queued", 3 * HOUR - 60, "the assign limit is three hours")


@check("XIO-TMO-008")
def preparation_goes_on_to_a_late_limit(session: Session) -> None:
    """One hour."""
    staged(session, ROOMY, startup=100_000.0)
    job = session.submit("quick", {"max_timeout_start_ms": HOUR * 1000})
    session.until(job, "starting", step=0.5, within=10)
    _still(session, job, "starting", HOUR - 60, "the start limit is one hour")


@check("XIO-RTY-001")
def a_job_is_tried_a_dozen_times(session: Session) -> None:
    """Twelve retries."""
    job = session.submit("breaks", {"max_retry_count": 12}, seconds=1)
    session.until(job)
    same(13, len(runs_of(session, job)), "the number of runs of a job that always fails and has 12 retries", session.exchanges[-1])


@check("XIO-STM-006")
def every_resource_of_an_ended_job_is_free(session: Session) -> None:
    """Cores, GPUs, RAM, storage; after a good end, a failure, a run limit."""
    for number, (name, patch) in enumerate((("quick", {}), ("fails", {}), ("long", {"max_timeout_run_ms": 60_000}))):
        staged(session, NODE)
        for wish in WISHES:
            first = session.submit(name, {**wish, **patch, "title": session.unique(f"first{number}")})
            session.until(first)
            _gets(session, wish, f"after a job that was {session.state(first)}")


@check("XIO-STM-005")
def every_resource_of_a_stopped_job_is_free(session: Session) -> None:
    """Cores, GPUs, RAM, storage; stopped while it ran, while it was prepared, and though it would have run for ever."""
    for startup, phase, patch in ((0.0, "running", {}), (20.0, "starting", {}), (0.0, "running", {"task": "PERSISTENT", "max_timeout_run_ms": None})):
        staged(session, NODE, startup=startup)
        for wish in WISHES:
            first = session.submit("long", {**wish, **patch, "title": session.unique("first")})
            session.until(first, phase)
            needed(session.cancel(first).response.is_success, "a job cannot be stopped")
            _gets(session, wish, f"after a job that was stopped while it was {phase}")


@check("XIO-STM-006")
def every_node_of_an_ended_job_is_free(session: Session) -> None:
    """Of one that allows two, and of one that was stopped."""
    for shape in ("quick", "long"):
        staged(session, {**NODE, "count": 2})
        first = session.submit(shape, {"cpu_count": 3, "max_node_count": 2})
        session.until(first, *(("running",) if shape == "long" else ()))
        if shape == "long":
            needed(session.cancel(first).response.is_success, "a job cannot be stopped")
        others = [session.submit("long", {"cpu_count": 3, "title": session.unique("after")}) for _ in range(2)]
        session.advance(30)
        for job in others:
            expect(session.phase(job) == "running", f"of two jobs after one that allowed two nodes one is {session.state(job)}", session.exchanges[-1])


def _gets(session: Session, wish: Json, what: str) -> None:
    """Another such job is given the node, and gives it back."""
    second = session.submit("long", {**wish, "title": session.unique("second")})
    for _ in session.ticks(60, 2):
        if session.phase(second) != "queued":
            break
    expect(session.phase(second) in ("starting", "running"), f"a job that asks for {wish} is {session.state(second)} {what}", session.exchanges[-1])
    session.cancel(second)


@check("XIO-STM-019")
def parts_count(session: Session) -> None:
    """Half a core more than half of them, half a gigabyte more than half."""
    for wish in ({"cpu_count": 2.5}, {"min_ram_gb": 8.5}, {"min_storage_gb": 50.5}):
        staged(session, NODE)
        jobs = [session.submit("long", {**wish, "title": session.unique("part")}) for _ in range(2)]
        session.advance(10)
        running = sum(session.phase(job) == "running" for job in jobs)
        same(1, running, f"the number of jobs that run together on one node, each asking for {wish}", session.exchanges[-1])


@check("XIO-STM-026")
def what_has_ended_stays(session: Session) -> None:
    """For three hours, read and listed alike."""
    jobs = [session.submit("long"), session.submit("quick"), session.submit("fails"), session.submit("waits", {"max_timeout_assign_ms": 300_000})]
    session.until(jobs[0], "running")
    session.cancel(jobs[0])
    for job in jobs:
        session.until(job)
    before = [session.view(job) for job in jobs]
    session.bear(3 * HOUR)
    for _ in session.ticks(3 * HOUR, HOUR):
        for job, view in zip(jobs, before, strict=True):
            same(view, session.view(job), "a job that has ended", session.exchanges[-1])
            expect(item_of(session, job.id) is not MISSING, "a job that has ended is listed no more", session.exchanges[-1])


@check("XIO-STM-027")
def a_stop_in_vain_changes_nothing(session: Session) -> None:
    """A second one with another reason, and one of a job that ended by itself."""
    stopped, ended = session.submit("long"), session.submit("quick")
    session.until(stopped, "running")
    session.cancel(stopped, body={"reason": "the first reason"})
    session.until(ended)
    for job in (stopped, ended):
        before = session.view(job)
        session.advance(30)
        answer = session.cancel(job, body={"reason": "another reason"})
        same(before, session.view(job), "a job that had ended before it was stopped", answer, session.exchanges[-1])


@check("XIO-TIM-023")
def the_start_stays_told(session: Session) -> None:
    """Of a job that is stopped, that fails, that ends well."""
    for shape in ("long", "breaks", "lasts"):
        job = session.submit(shape, seconds=30)
        session.until(job, "running")
        before = get(session.view(job), "/started_at")
        needed(isinstance(before, str), "a job that runs does not tell its start")
        if shape == "long":
            session.cancel(job)
        session.until(job)
        same(before, get(session.view(job), "/started_at"), f"the start of a job that is {session.state(job)}", session.exchanges[-1])


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


@check("XIO-LST-046")
def each_state_is_filtered_by_itself(session: Session) -> None:
    """One job or more in every state there is."""
    jobs = list(_everything(session))
    states = {job.id: session.state(job) for job in jobs}
    for state in ("PENDING", "ASSIGNED", "RUNNING", "COMPLETED", "FAILED", "CANCELLED"):
        wanted = sorted(id_ for id_, told in states.items() if told == state)
        found = sorted(str(get(item, "/uuid")) for item in session.items(query={"filter[status]": state}))
        same(wanted, found, f"the jobs in a list filtered by {state}", session.exchanges[-1])
    same(len(jobs), len(session.items()), "the number of jobs in the list of all", session.exchanges[-1])


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
            found = [str(get(item, "/uuid")) for page in range(1, 6) for item in session.items(query={**query, "page": page})]
            same(order, found, f"the pages of a list of jobs of {cores} cores, sorted by {sort}", session.exchanges[-1])


@check("XIO-LST-048")
def filters_of_runs_go_together(session: Session) -> None:
    """A job and states; pages and total count what passes."""
    retried, other = session.submit("retried"), session.submit("fails")
    for job in (retried, other):
        session.until(job)
    both = session.call("xio_list_job_runs", query={"filter[job_uuid]": retried.id, "filter[status]": "FAILED"})
    told = [(run.get("job_uuid"), run.get("status")) for run in data_of(both)]
    same([(retried.id, "FAILED")], told, "the failed runs of one job", both)
    query = {"filter[job_uuid]": retried.id, "limit": 1}
    pages = [session.call("xio_list_job_runs", query={**query, "page": page}) for page in (1, 2, 3)]
    same([1, 1, 0], [len(data_of(page)) for page in pages], "the number of runs on each page of a job's two runs", *pages)
    for page in pages:
        same(2, get(page.response.json, "/total"), "the total of a job's two runs", page)


@check("XIO-LST-049")
def a_full_page_is_not_all(session: Session) -> None:
    """Fifty of sixty-three, and the others."""
    ids = [session.job_of(session.post(session.body())).id for _ in range(63)]
    found: list[str] = []
    for page in (1, 2):
        exchange = session.list_jobs(query={"limit": 50, "page": page})
        same(len(ids), get(exchange.response.json, "/total"), "the total of a list of 63 jobs", exchange)
        found += [str(get(item, "/uuid")) for item in data_of(exchange)]
    same(sorted(ids), sorted(found), "the jobs on two pages of fifty", session.exchanges[-1])


@check("XIO-TMO-013")
def a_second_run_ends_at_its_limit(session: Session) -> None:
    """As the first one did."""
    job = session.submit("long", {"max_timeout_run_ms": 60_000, "max_retry_count": 1})
    session.until(job, "running")
    session.advance(60 * 2 + 40)
    expect(session.phase(job) not in ("starting", "running"), "a job still runs long after the run limit of its second run", session.exchanges[-1])


@check("XIO-STM-006")
def a_failed_run_leaves_its_node(session: Session) -> None:
    """The next one needs all that it had."""
    for wish in WISHES:
        staged(session, NODE)
        job = session.submit("retried", {**wish, "title": session.unique("again")})
        session.advance(120)
        expect(session.phase(job) == "succeeded", f"a job that asks for {wish} and whose second run ends well is {session.state(job)}", session.exchanges[-1])


@check("XIO-STM-019")
def every_node_of_a_job_has_all_that_it_asks_for(session: Session) -> None:
    """Two nodes of four cores are no node of six."""
    staged(session, {**NODE, "count": 2})
    job = session.submit("long", {"max_node_count": 2, "cpu_count": 6})
    session.advance(10)
    expect(session.phase(job) not in ("starting", "running"), f"a job of six cores is {session.state(job)} on nodes of four", session.exchanges[-1])
