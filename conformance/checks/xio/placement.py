"""On which nodes compute.x.io runs a job."""

from __future__ import annotations

from functools import partial

from conformance.checks import check
from conformance.checks.common.steps import NOBODY
from conformance.checks.families.capacity import as_many_run_as_fit, makes_room
from conformance.checks.families.queue import first_come_first_served
from conformance.checks.xio.steps import GPU_ID, OTHER_GPU_ID, PERSISTENT, PLAIN_NODE, runs_of
from conformance.session.cluster import staged
from conformance.session.expect import expect, need_success, needed, same
from conformance.session.phases import expect_not, expect_phase, leaves, need_phase
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json, shown

MUCH = 1_000_000
RUNS = "starting running succeeded"
WISHES: tuple[Json, ...] = ({"cpu_count": 3}, {"gpu_count": 2}, {"min_ram_gb": 10}, {"min_storage_gb": 60})
"""Each is more than half of what a node has of something."""


def _node(name: str, registry: str, gpus: int = 2, **others: Json) -> Json:
    gpu = {"count": gpus, "model": f"Judge {name}", "registry": registry, "vram_gib": 16}
    return {**PLAIN_NODE, "class": name.lower(), "gpu": gpu, **others}


GPU_NODE, ALPHA, BETA = _node("Only", GPU_ID), _node("Alpha", GPU_ID), _node("Beta", OTHER_GPU_ID, count=3)
BY_NAME: Json = {"gpu_count": 2, "gpu_name": "Judge Alpha"}
BY_ID: tuple[Json, ...] = tuple({"gpu_count": 2, "gpu_registry_uuid": one} for one in (GPU_ID, GPU_ID.upper()))


def _hosts(session: Session, job: JobRef) -> set[str]:
    runs = [run for run in runs_of(session, job) if run.get("status") == "RUNNING"]
    hosts = {str(url.get("hostname")) for run in runs for url in run.get("node_urls") or ()}
    needed(hosts, "the run reports no addresses")
    return hosts


@check("XIO-PRI-001")
def of_equal_jobs_the_first_runs_first(session: Session) -> None:
    """Three of them wait for one place."""
    staged(session, PLAIN_NODE)
    wish = {"cpu_count": 3}
    session.submit("lasts", wish, seconds=20, until="running")
    waiting = [session.submit("lasts", wish, seconds=20) for _ in range(3)]
    first_come_first_served(session, waiting, within=90, step=2, placed=RUNS.split())


@check("XIO-STM-005", "a stopped job makes room", "cancel")
@check("XIO-STM-005", "a job that was stopped in preparation makes room", "cancel", "long", None, "starting", 20.0)
@check("XIO-STM-005", "a stopped job that would run for ever makes room", "cancel", "long", PERSISTENT)
@check("XIO-STM-006", "a job that ended well makes room", "end", "quick")
@check("XIO-STM-006", "a failed job makes room", "end", "fails")
@check("XIO-STM-006", "a job that met its run limit makes room", "end", "long", {"max_timeout_run_ms": 60_000})
def what_has_left_makes_room(
    session: Session, how: str, shape: str = "long", patch: Json = None, phase: str = "running", startup: float = 0.0
) -> None:
    """Cores, GPUs, RAM, storage: for one that waits, and for one that comes later."""
    for wish in WISHES:
        staged(session, GPU_NODE, startup=startup)
        first = session.submit(shape, {**wish, **(patch or {})}, until=phase)
        second = session.submit("long", {**wish, "title": session.unique("second")})
        makes_room(session, first, second, how, within=60, step=2)
        session.cancel(second)
        third = session.submit("long", {**wish, "title": session.unique("third")})
        is_placed = leaves(session, third, "queued", within=60, step=2)
        expect(is_placed, f"a job that asks for {shown(wish)} waits on an empty node that has it")


@check("XIO-STM-006")
def every_node_of_an_ended_job_is_free(session: Session) -> None:
    """Of one that allows two, and of one that was stopped."""
    for shape in ("quick", "long"):
        staged(session, {**GPU_NODE, "count": 2})
        first = session.submit(shape, {"cpu_count": 3, "max_node_count": 2})
        session.until(first, *(("running",) if shape == "long" else ()))
        if shape == "long":
            need_success(session.cancel(first), "stopping a job")
        others = [session.submit("long", {"cpu_count": 3, "title": session.unique("after")}) for _ in range(2)]
        session.advance(30)
        for job in others:
            expect_phase(session, job, "running", "one of two jobs after one that allowed two nodes")


@check("XIO-STM-006")
def a_failed_run_leaves_its_node(session: Session) -> None:
    """The next one needs all that it had."""
    for wish in WISHES:
        staged(session, GPU_NODE)
        job = session.submit("retried", {**wish, "title": session.unique("again")})
        session.advance(120)
        expect_phase(session, job, "succeeded", f"a job that asks for {shown(wish)} and whose second run ends well")


@check("XIO-STM-012", "no node has a million cores", {"cpu_count": MUCH})
@check("XIO-STM-013", "no node has a million GPUs", {"gpu_count": MUCH})
@check("XIO-STM-014", "no node has a million gigabytes of RAM", {"min_ram_gb": MUCH})
@check("XIO-STM-015", "no node has so much storage", {"min_storage_gb": MUCH * 1000})
@check("XIO-STM-016", "no GPU has a million gigabytes", {"min_vram_gb": MUCH, "gpu_count": 1})
@check("XIO-STM-016", "no GPU has a million gigabytes, however many are asked for", {"min_vram_gb": MUCH})
@check("XIO-STM-017", "a GPU that nobody has is waited for", {"gpu_name": "ZZ Imaginary 9999", "gpu_count": 1})
@check("XIO-STM-018", "a registry id that nothing has is waited for", {"gpu_registry_uuid": NOBODY, "gpu_count": 1})
def what_no_node_has_is_waited_for(session: Session, wish: Json) -> None:
    """A job with this wish does not run; its twin without it does."""
    need_phase(session, session.submit(until="end"), "succeeded")
    job = session.submit("quick", wish)
    for _ in session.ticks(30, 5):
        expect_not(session, job, RUNS, f"a job that asks for {shown(wish)}")


@check("XIO-STM-019", "parts count", [GPU_NODE], {"cpu_count": 2.5}, {"min_ram_gb": 8.5}, {"min_storage_gb": 50.5})
@check("XIO-STM-019", "what is taken is not given again", [GPU_NODE], *WISHES)
@check("XIO-STM-020", "a named GPU is waited for although others are free", [ALPHA, BETA], BY_NAME, *BY_ID)
@check("XIO-STM-028", "parts of GPUs are taken", [_node("Only", GPU_ID, gpus=1)], {"gpu_count": 0.6})
def only_one_of_two_runs(session: Session, nodes: list[Json], *wishes: Json) -> None:
    """Each asks for more than half of what there is."""
    for wish in wishes:
        staged(session, *nodes)
        named = {**wish, "title": session.unique("part")}
        as_many_run_as_fit(session, partial(session.submit, "long", named), 1, shown(wish))


@check("XIO-STM-019")
def every_node_of_a_job_has_all_that_it_asks_for(session: Session) -> None:
    """Two nodes of four cores are no node of six."""
    staged(session, {**GPU_NODE, "count": 2})
    job = session.submit("long", {"max_node_count": 2, "cpu_count": 6})
    session.advance(10)
    expect_not(session, job, "starting running", "on nodes of four cores a job of six")


@check("XIO-STM-021")
def a_job_runs_on_no_more_nodes_than_it_allows(session: Session) -> None:
    """One by default, and two."""
    for count in (None, 2):
        job = session.submit("long", {"max_node_count": count}, until="running")
        hosts = _hosts(session, job)
        expect(len(hosts) <= (count or 1), f"a job that allows {count or 1} nodes runs on {sorted(hosts)}")


@check("XIO-STM-022")
def gpu_memory_has_to_suffice(session: Session) -> None:
    """One model has 16 gigabytes and no other has more."""
    staged(session, ALPHA)
    enough = session.submit("quick", {"gpu_count": 1, "min_vram_gb": 16}, until="end")
    expect_phase(session, enough, "succeeded", "a job that needs all the memory of a GPU")
    job = session.submit("quick", {"gpu_count": 1, "min_vram_gb": 17})
    session.advance(30)
    expect_phase(session, job, "queued", "a job that needs more memory than any GPU has")


@check("XIO-STM-023")
def part_of_a_name_will_do(session: Session) -> None:
    """In small letters, and without the maker."""
    staged(session, ALPHA)
    for name in ("Judge Alpha", "judge alpha", "Alpha"):
        job = session.submit("quick", {"gpu_count": 1, "gpu_name": name})
        session.advance(20)
        expect_phase(session, job, "succeeded", f"a job that asks for {shown(name)}")


@check("XIO-STM-024")
def regions_are_kept(session: Session) -> None:
    """One that has a node, one that has none, either, none in particular."""
    staged(session, _node("Alpha", GPU_ID, region="eu-west-1"), _node("Beta", OTHER_GPU_ID, region="us-east-1"))
    for codes, runs in (
        (["us-east-1"], True),
        (["ap-south-9"], False),
        (["ap-south-9", "eu-west-1"], True),
        ([], True),
    ):
        job = session.submit("quick", {"allowed_region_codes": codes})
        session.advance(20)
        (expect_phase if runs else expect_not)(session, job, RUNS, f"a job that allows {shown(codes)}")


@check("XIO-STM-025")
def a_job_gets_the_nodes_it_allows(session: Session) -> None:
    """Two where two are free."""
    staged(session, {**PLAIN_NODE, "count": 3})
    job = session.submit("long", {"max_node_count": 2})
    session.until(job, "running", within=20)
    same(2, len(_hosts(session, job)), "the number of nodes of a job that allows two where three are free")
