"""On which nodes compute.x.io runs a job."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.common.steps import NOBODY
from conformance.checks.families.queue import first_come_first_served
from conformance.checks.xio.steps import NARROW, PLAIN_NODE, WHOLE, job_and_waiter, runs_of
from conformance.session.cluster import staged
from conformance.session.expect import accepted, expect, needed, same
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json

GPU: Json = {"count": 2, "model": "Judge Gamma", "registry": "2a2b2c2d-2e2f-4333-8444-5a5b5c5d5e5f", "vram_gib": 16}
GPU_NODE: Json = {"class": "only", "cpu": 4, "memory_gib": 16, "storage_gib": 100, "gpu": GPU}
WISHES: tuple[Json, ...] = ({"cpu_count": 3}, {"gpu_count": 2}, {"min_ram_gb": 10}, {"min_storage_gb": 60})
MUCH = 1_000_000
RUNS = ("starting", "running", "succeeded")
FIRST, OTHER = "1a1b1c1d-2e2f-4333-8444-5a5b5c5d5e5f", "99999999-8888-4777-a666-555555555555"


def _gets(session: Session, wish: Json, what: str) -> None:
    """Another such job is given the node, and gives it back."""
    second = session.submit("long", {**wish, "title": session.unique("second")})
    for _ in session.ticks(60, 2):
        if session.phase(second) != "queued":
            break
    expect(
        session.phase(second) in ("starting", "running"),
        f"a job that asks for {wish} is {session.state(second)} {what}",
    )
    session.cancel(second)


def _never_runs(session: Session, patch: Json) -> None:
    """A job with this wish does not run; its twin without it does."""
    twin = session.submit()
    needed(session.phase_of(session.until(twin)) == "succeeded", "the control twin does not run")
    job = session.submit("quick", patch)
    for _ in session.ticks(30, 5):
        expect(session.phase(job) not in RUNS, f"a job that asks for {patch} is {session.state(job)}")


def _node(name: str, registry: str, **others: Json) -> Json:
    gpu = {"count": 2, "model": f"Judge {name}", "registry": registry, "vram_gib": 16}
    return {"class": name.lower(), "cpu": 8, "memory_gib": 32, "storage_gib": 100, "gpu": gpu, **others}


def _one_after_the_other(session: Session, wish: Json) -> None:
    """Two such jobs do not run together; the second runs when the first was stopped."""
    first, second = session.submit("long", wish), session.submit("long", wish)
    states = {}
    for _ in session.ticks(10, 5):
        states = {job.id: session.phase(job) for job in (first, second)}
        both = all(phase in RUNS for phase in states.values())
        expect(not both, f"two jobs that each ask for {wish} run at the same time on a node that has it once")
    needed(any(phase == "running" for phase in states.values()), f"no job that asks for {wish} runs")
    _clear(session, first, second)


def _clear(session: Session, *jobs: JobRef) -> None:
    for job in jobs:
        session.cancel(job)
    session.advance(5)


@check("XIO-PRI-001")
def of_equal_jobs_the_first_runs_first(session: Session) -> None:
    """Three of them wait for one place."""
    staged(session, PLAIN_NODE)
    wish = {"cpu_count": 3}
    session.submit("lasts", wish, seconds=20, until="running")
    waiting = [session.submit("lasts", wish, seconds=20) for _ in range(3)]
    first_come_first_served(session, waiting, within=90, step=2, placed=RUNS)


@check("XIO-STM-005")
def every_resource_of_a_stopped_job_is_free(session: Session) -> None:
    """Cores, GPUs, RAM, storage; stopped while it ran, while it was prepared, and though it would have run for ever."""
    for startup, phase, patch in (
        (0.0, "running", {}),
        (20.0, "starting", {}),
        (0.0, "running", {"task": "PERSISTENT", "max_timeout_run_ms": None}),
    ):
        staged(session, GPU_NODE, startup=startup)
        for wish in WISHES:
            first = session.submit("long", {**wish, **patch, "title": session.unique("first")})
            session.until(first, phase)
            needed(session.cancel(first).response.is_success, "a job cannot be stopped")
            _gets(session, wish, f"after a job that was stopped while it was {phase}")


@check("XIO-STM-005")
def a_stopped_job_makes_room(session: Session) -> None:
    """The next one runs within half a minute, whether cores, GPUs, RAM or storage were all taken."""
    for wish in ({"cpu_count": 4}, {"gpu_count": 1}, {"min_ram_gb": 12}, {"min_storage_gb": 80}):
        first, second = job_and_waiter(session, wish)
        accepted(session.cancel(first), "stopping a running job")
        session.advance(30)
        expect(
            session.phase(second) in ("starting", "running"),
            f"a job that held {wish} was stopped, and the next is {session.state(second)}",
        )


@check("XIO-STM-006")
def every_resource_of_an_ended_job_is_free(session: Session) -> None:
    """Cores, GPUs, RAM, storage; after a good end, a failure, a run limit."""
    for number, (name, patch) in enumerate((("quick", {}), ("fails", {}), ("long", {"max_timeout_run_ms": 60_000}))):
        staged(session, GPU_NODE)
        for wish in WISHES:
            first = session.submit(name, {**wish, **patch, "title": session.unique(f"first{number}")}, until="end")
            _gets(session, wish, f"after a job that was {session.state(first)}")


@check("XIO-STM-006")
def every_node_of_an_ended_job_is_free(session: Session) -> None:
    """Of one that allows two, and of one that was stopped."""
    for shape in ("quick", "long"):
        staged(session, {**GPU_NODE, "count": 2})
        first = session.submit(shape, {"cpu_count": 3, "max_node_count": 2})
        session.until(first, *(("running",) if shape == "long" else ()))
        if shape == "long":
            needed(session.cancel(first).response.is_success, "a job cannot be stopped")
        others = [session.submit("long", {"cpu_count": 3, "title": session.unique("after")}) for _ in range(2)]
        session.advance(30)
        for job in others:
            expect(
                session.phase(job) == "running",
                f"of two jobs after one that allowed two nodes one is {session.state(job)}",
            )


@check("XIO-STM-006")
def a_failed_run_leaves_its_node(session: Session) -> None:
    """The next one needs all that it had."""
    for wish in WISHES:
        staged(session, GPU_NODE)
        job = session.submit("retried", {**wish, "title": session.unique("again")})
        session.advance(120)
        expect(
            session.phase(job) == "succeeded",
            f"a job that asks for {wish} and whose second run ends well is {session.state(job)}",
        )


@check("XIO-STM-006")
def an_ended_job_makes_room(session: Session) -> None:
    """One that ends well, badly, or at its limit."""
    staged(session, NARROW)
    jobs = [session.submit("quick", WHOLE)]
    if "fails" in session.settings.shapes:
        jobs.append(session.submit("fails", WHOLE))
    jobs += [session.submit("long", {**WHOLE, "max_timeout_run_ms": 60_000}), session.submit("quick", WHOLE)]
    for job in jobs:
        state = [*session.watch(job, within=120)][-1]
        expect(session.phase_of(state) in ("succeeded", "failed"), f"the node was given up and the next job is {state}")


@check("XIO-STM-012")
def no_node_has_a_million_cores(session: Session) -> None:
    """The job waits."""
    _never_runs(session, {"cpu_count": MUCH})


@check("XIO-STM-013")
def no_node_has_a_million_gpus(session: Session) -> None:
    """The job waits."""
    _never_runs(session, {"gpu_count": MUCH})


@check("XIO-STM-014")
def no_node_has_a_million_gigabytes_of_ram(session: Session) -> None:
    """The job waits."""
    _never_runs(session, {"min_ram_gb": MUCH})


@check("XIO-STM-015")
def no_node_has_so_much_storage(session: Session) -> None:
    """The job waits."""
    _never_runs(session, {"min_storage_gb": MUCH * 1000})


@check("XIO-STM-016")
def no_gpu_has_a_million_gigabytes(session: Session) -> None:
    """The job waits."""
    _never_runs(session, {"min_vram_gb": MUCH, "gpu_count": 1})
    _never_runs(session, {"min_vram_gb": MUCH})


@check("XIO-STM-017")
def a_gpu_that_nobody_has_is_waited_for(session: Session) -> None:
    """By name."""
    _never_runs(session, {"gpu_name": "ZZ Imaginary 9999", "gpu_count": 1})


@check("XIO-STM-018")
def a_registry_id_that_nothing_has_is_waited_for(session: Session) -> None:
    """By id."""
    _never_runs(session, {"gpu_registry_uuid": NOBODY, "gpu_count": 1})


@check("XIO-STM-019")
def parts_count(session: Session) -> None:
    """Half a core more than half of them, half a gigabyte more than half."""
    for wish in ({"cpu_count": 2.5}, {"min_ram_gb": 8.5}, {"min_storage_gb": 50.5}):
        staged(session, GPU_NODE)
        jobs = [session.submit("long", {**wish, "title": session.unique("part")}) for _ in range(2)]
        session.advance(10)
        running = sum(session.phase(job) == "running" for job in jobs)
        same(1, running, f"the number of jobs that run together on one node, each asking for {wish}")


@check("XIO-STM-019")
def every_node_of_a_job_has_all_that_it_asks_for(session: Session) -> None:
    """Two nodes of four cores are no node of six."""
    staged(session, {**GPU_NODE, "count": 2})
    job = session.submit("long", {"max_node_count": 2, "cpu_count": 6})
    session.advance(10)
    expect(
        session.phase(job) not in ("starting", "running"),
        f"a job of six cores is {session.state(job)} on nodes of four",
    )


@check("XIO-STM-019")
def what_is_taken_is_not_given_again(session: Session) -> None:
    """Cores, GPUs, RAM and storage, each more than half of what the only node has."""
    staged(session, _node("Only", FIRST))
    for wish in ({"cpu_count": 5}, {"gpu_count": 2}, {"min_ram_gb": 20}, {"min_storage_gb": 60}):
        _one_after_the_other(session, wish)


@check("XIO-STM-020")
def a_named_gpu_is_waited_for(session: Session) -> None:
    """The other model is free all the time."""
    staged(session, _node("Alpha", FIRST), _node("Beta", OTHER, count=3))
    for wish in ({"gpu_name": "Judge Alpha"}, {"gpu_registry_uuid": FIRST}, {"gpu_registry_uuid": FIRST.upper()}):
        _one_after_the_other(session, {"gpu_count": 2, **wish})


@check("XIO-STM-021")
def a_job_runs_on_no_more_nodes_than_it_allows(session: Session) -> None:
    """One by default, and two."""
    for count in (None, 2):
        job = session.submit("long", {"max_node_count": count}, until="running")
        runs = [run for run in runs_of(session, job) if run.get("status") == "RUNNING"]
        hosts = {str(url.get("hostname")) for run in runs for url in run.get("node_urls") or ()}
        needed(hosts, "the run reports no addresses")
        expect(len(hosts) <= (count or 1), f"a job that allows {count or 1} nodes runs on {sorted(hosts)}")


@check("XIO-STM-022")
def gpu_memory_has_to_suffice(session: Session) -> None:
    """One model has 16 gigabytes and no other has more."""
    staged(session, _node("Alpha", FIRST))
    enough = session.submit("quick", {"gpu_count": 1, "min_vram_gb": 16})
    same("succeeded", session.phase_of(session.until(enough)), "the phase of a job that needs all the memory of a GPU")
    job = session.submit("quick", {"gpu_count": 1, "min_vram_gb": 17})
    session.advance(30)
    expect(session.phase(job) == "queued", f"a job that needs more memory than any GPU has is {session.state(job)}")


@check("XIO-STM-023")
def part_of_a_name_will_do(session: Session) -> None:
    """In small letters, and without the maker."""
    staged(session, _node("Alpha", FIRST))
    for name in ("Judge Alpha", "judge alpha", "Alpha"):
        job = session.submit("quick", {"gpu_count": 1, "gpu_name": name})
        session.advance(20)
        same("succeeded", session.phase(job), f"the phase of a job that asks for {name!r}")


@check("XIO-STM-024")
def regions_are_kept(session: Session) -> None:
    """One that has a node, one that has none, either, none in particular."""
    staged(session, _node("Alpha", FIRST, region="eu-west-1"), _node("Beta", OTHER, region="us-east-1"))
    for codes, runs in (
        (["us-east-1"], True),
        (["ap-south-9"], False),
        (["ap-south-9", "eu-west-1"], True),
        ([], True),
    ):
        job = session.submit("quick", {"allowed_region_codes": codes})
        session.advance(20)
        expect((session.phase(job) in RUNS) is runs, f"a job that allows {codes} is {session.state(job)}")


@check("XIO-STM-025")
def a_job_gets_the_nodes_it_allows(session: Session) -> None:
    """Two where two are free."""
    staged(session, {**PLAIN_NODE, "count": 3})
    job = session.submit("long", {"max_node_count": 2})
    session.until(job, "running", within=20)
    hosts = {str(url.get("hostname")) for run in runs_of(session, job) for url in run.get("node_urls") or ()}
    needed(hosts, "the run reports no addresses")
    same(2, len(hosts), "the number of nodes of a job that allows two where three are free")


@check("XIO-STM-028")
def parts_of_gpus_are_taken(session: Session) -> None:
    """Twice more than half of the only one there is."""
    gpu = {"count": 1, "model": "Judge Only", "registry": FIRST, "vram_gib": 16}
    staged(session, _node("Only", FIRST) | {"gpu": gpu})
    _one_after_the_other(session, {"gpu_count": 0.6})
