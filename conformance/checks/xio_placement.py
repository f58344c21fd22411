"""Checks of where compute.x.io's jobs run: on nodes that have what they ask for, and as much of it."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.xio_runs import runs_of
from conformance.session.cluster import staged
from conformance.session.expect import expect, needed, same
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json

MUCH = 1_000_000
RUNS = ("starting", "running", "succeeded")
FIRST, OTHER = "1a1b1c1d-2e2f-4333-8444-5a5b5c5d5e5f", "99999999-8888-4777-a666-555555555555"
NOBODY = "00000000-0000-4000-8000-00000000dead"


def _never_runs(session: Session, patch: Json) -> None:
    """A job with this wish does not run; its twin without it does."""
    twin = session.submit()
    needed(session.phase_of(session.until(twin)) == "succeeded", "the control twin does not run")
    job = session.submit("quick", patch)
    for _ in session.ticks(30, 5):
        expect(session.phase(job) not in RUNS, f"a job that asks for {patch} is {session.state(job)}", *session.exchanges[-2:])


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
        expect(not both, f"two jobs that each ask for {wish} run at the same time on a node that has it once", *session.exchanges[-2:])
    needed(any(phase == "running" for phase in states.values()), f"no job that asks for {wish} runs")
    _clear(session, first, second)


def _clear(session: Session, *jobs: JobRef) -> None:
    for job in jobs:
        session.cancel(job)
    session.advance(5)


@check("XIO-STM-019")
def what_is_taken_is_not_given_again(session: Session) -> None:
    """Cores, GPUs, RAM and storage, each more than half of what the only node has."""
    staged(session, _node("Only", FIRST))
    for wish in ({"cpu_count": 5}, {"gpu_count": 2}, {"min_ram_gb": 20}, {"min_storage_gb": 60}):
        _one_after_the_other(session, wish)


@check("XIO-STM-028")
def parts_of_gpus_are_taken(session: Session) -> None:
    """Twice more than half of the only one there is."""
    gpu = {"count": 1, "model": "Judge Only", "registry": FIRST, "vram_gib": 16}
    staged(session, _node("Only", FIRST) | {"gpu": gpu})
    _one_after_the_other(session, {"gpu_count": 0.6})


@check("XIO-STM-020")
def a_named_gpu_is_waited_for(session: Session) -> None:
    """The other model is free all the time."""
    staged(session, _node("Alpha", FIRST), _node("Beta", OTHER, count=3))
    for wish in ({"gpu_name": "Judge Alpha"}, {"gpu_registry_uuid": FIRST}, {"gpu_registry_uuid": FIRST.upper()}):
        _one_after_the_other(session, {"gpu_count": 2, **wish})


@check("XIO-STM-022")
def gpu_memory_has_to_suffice(session: Session) -> None:
    """One model has 16 gigabytes and no other has more."""
    staged(session, _node("Alpha", FIRST))
    enough = session.submit("quick", {"gpu_count": 1, "min_vram_gb": 16})
    same("succeeded", session.phase_of(session.until(enough)), "the phase of a job that needs all the memory of a GPU", session.exchanges[-1])
    job = session.submit("quick", {"gpu_count": 1, "min_vram_gb": 17})
    session.advance(30)
    expect(session.phase(job) == "queued", f"a job that needs more memory than any GPU has is {session.state(job)}", session.exchanges[-1])


@check("XIO-STM-023")
def part_of_a_name_will_do(session: Session) -> None:
    """In small letters, and without the maker."""
    staged(session, _node("Alpha", FIRST))
    for name in ("Judge Alpha", "judge alpha", "Alpha"):
        job = session.submit("quick", {"gpu_count": 1, "gpu_name": name})
        session.advance(20)
        same("succeeded", session.phase(job), f"the phase of a job that asks for {name!r}", session.exchanges[-1])


@check("XIO-STM-024")
def regions_are_kept(session: Session) -> None:
    """One that has a node, one that has none, either, none in particular."""
    staged(session, _node("Alpha", FIRST, region="eu-west-1"), _node("Beta", OTHER, region="us-east-1"))
    for codes, runs in ((["us-east-1"], True), (["ap-south-9"], False), (["ap-south-9", "eu-west-1"], True), ([], True)):
        job = session.submit("quick", {"allowed_region_codes": codes})
        session.advance(20)
        expect((session.phase(job) in RUNS) is runs, f"a job that allows {codes} is {session.state(job)}", session.exchanges[-1])


@check("XIO-STM-021")
def a_job_runs_on_no_more_nodes_than_it_allows(session: Session) -> None:
    """One by default, and two."""
    for count in (None, 2):
        job = session.submit("long", {"max_node_count": count})
        session.until(job, "running")
        runs = [run for run in runs_of(session, job) if run.get("status") == "RUNNING"]
        hosts = {str(url.get("hostname")) for run in runs for url in run.get("node_urls") or ()}
        needed(hosts, "the run tells no addresses")
        expect(len(hosts) <= (count or 1), f"a job that allows {count or 1} nodes runs on {sorted(hosts)}", session.exchanges[-1])
