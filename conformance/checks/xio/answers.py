"""What compute.x.io's answers say of a job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from conformance.checks import check
from conformance.checks.families.values import all_kept
from conformance.checks.xio.steps import CONTAINER, INSIDE, REASON
from conformance.session.expect import expect, need_success, needed, same
from conformance.session.session import Session
from conformance.traffic.json_pointer import Json, get, put

ODD = (
    "  two  spaces  ",
    "tab\tand\nline",
    "e\u0301 is not \u00e9",
    "\U0001f680 \U00010348",
    "x" * 300,
    "0",
    "null",
    "<b>&amp;</b>",
    "a" * 2000,
)
"""Texts that a careless server trims, cuts, joins or escapes."""
SECRETS = ("secret", "sshkey")
WISHES: Json = {
    "description": "every wish there is",
    "cpu_count": 3,
    "gpu_count": 2,
    "min_ram_gb": 5,
    "min_vram_gb": 7,
    "min_storage_gb": 11,
    "max_node_count": 4,
    "max_retry_count": 6,
    "max_timeout_assign_ms": 456_789,
    "max_timeout_run_ms": 987_654,
    "max_timeout_start_ms": 234_567,
}
"""All different, none of them usual."""
MODEST: Json = {
    **WISHES,
    "cpu_count": 2,
    "gpu_count": 0,
    "min_ram_gb": 1,
    "min_vram_gb": 0,
    "min_storage_gb": 3,
    "max_node_count": 1,
    "max_retry_count": 2,
}
"""All that an ordinary node has, so that the job runs."""
GPUS: tuple[Json, ...] = (
    {"gpu_name": "NVIDIA RTX 4090"},
    {"gpu_registry_uuid": "01234567-89ab-cdef-0123-456789abcdef"},
)


CHOSEN: Json = {
    "image": "alpine",
    "ports": [9000, 22, 8080],
    "env": {"Mixed_Case": " as it is ", "EMPTY": "", "UMLAUT": "ü", "TWICE": "a,b,a"},
    "volumes": [{"image": "b/second", "mount": "/b", "tag": "1"}, {"image": "a/first", "mount": "/a", "tag": "0"}],
    "allowed_ips": ["10.0.0.2", "10.0.0.1"],
}
NUMBERS: tuple[dict[str, Json], ...] = (
    {"/cpu_count": 2.5, "/gpu_count": 0.25, "/min_ram_gb": 0.5, "/min_vram_gb": 1.75, "/min_storage_gb": 10.1},
    {"/max_timeout_run_ms": 2**31 + 60_000, "/max_timeout_assign_ms": 2**32, "/max_timeout_start_ms": 2**33},
    {"/max_timeout_run_ms": 60_000.5, "/max_timeout_assign_ms": 300_000.25},
    {"/min_storage_gb": 123_456_789, "/max_retry_count": 1_000, "/max_node_count": 100},
)


@check("XIO-RSP-001")
@check("XIO-RSP-002")
@check("XIO-RSP-003")
@check("XIO-RSP-004")
@check("XIO-RSP-005")
@check("XIO-RSP-006")
@check("XIO-RSP-007")
@check("XIO-RSP-008")
@check("XIO-RSP-009")
@check("XIO-RSP-011")
@check("XIO-RSP-012")
@check("XIO-RSP-013")
@check("XIO-RSP-014")
@check("XIO-RSP-015")
@check("XIO-RSP-016")
@check("XIO-RSP-017")
@check("XIO-RSP-018")
@check("XIO-RSP-019")
def everything_that_was_asked_for_is_reported(session: Session) -> None:
    """When the job is made, read, listed and stopped, while it waits and after its end."""
    for shape, gpu in zip(session.shapes("waits", "quick"), GPUS, strict=False):
        job = session.submit(shape, {**WISHES, **gpu})
        for _ in range(2):
            needed(session.read(job).response.is_success, "a job that was made cannot be read")
            session.list_jobs()
            session.cancel(job)
            session.advance(30)
    for shape in session.shapes("quick", "fails", "retried"):
        job = session.submit(shape, MODEST)
        for _ in session.ticks(50, 10):
            session.read(job)
        session.list_jobs()


@check("XIO-RSP-010")
def the_container_is_returned_word_by_word(session: Session) -> None:
    """Lists in their order, names and values as they were written, what is empty too."""
    body = session.body(patch={"parameters": {"parameters": CHOSEN}})
    wanted = {**CHOSEN, "env": get(body, f"{INSIDE}/env")}
    exchange = need_success(session.post(body), "a container with lists of everything")
    found = get(session.view(session.job_of(exchange)), INSIDE)
    for name, value in wanted.items():
        same(value, get(found, f"/{name}"), f"{name} of the container")
    bare = need_success(session.post(put(body, INSIDE, {"image": "alpine"})), "a container with nothing but an image")
    left = get(session.view(session.job_of(bare)), INSIDE)
    for name, mark in (("env", "UMLAUT"), ("volumes", "b/second"), ("allowed_ips", "10.0.0.2")):
        is_there = mark in str(get(left, f"/{name}"))
        expect(not is_there, f"{name} of the container of one job is seen in the next, which has none")


@check("XIO-RSP-010")
def a_container_is_shown_as_it_was_sent(session: Session) -> None:
    """Its secrets need not be."""
    exchange = need_success(
        session.post(put(session.body(), INSIDE, CONTAINER)), "a container with every member of the example"
    )
    for answer in (exchange, session.read(session.job_of(exchange))):
        same("docker", get(answer.response.json, "/parameters/type"), "the type of the parameters")
        found = get(answer.response.json, INSIDE)
        for inside, sent in (("", CONTAINER), ("/volumes/0", CONTAINER["volumes"][0])):
            for name in sent.keys() - {*SECRETS, "volumes"}:
                same(sent[name], get(found, f"{inside}/{name}"), f"{inside}/{name} of the container")


@check("XIO-RSP-021")
def the_reason_of_a_stop_is_shown(session: Session) -> None:
    """As it was given, to each job its own, in any script and at some length."""
    reasons = (REASON, "Größe: 数 😀 " + "and so on " * 20 + "to the end")
    jobs = [session.submit("long") for _ in reasons]
    for job, reason in zip(jobs, reasons, strict=True):
        session.until(job, "running")
        needed(session.cancel(job, body={"reason": reason}).response.is_success, "the stop was refused")
    for job, reason in zip(jobs, reasons, strict=True):
        session.until(job)
        same(reason, get(session.view(job), "/status_reason"), "the reason of a job that was stopped with one")


@check("XIO-RSP-023", "texts are returned letter by letter", [{"/title": text, "/description": text} for text in ODD])
@check("XIO-RSP-024", "numbers are returned as they were given", NUMBERS)
def values_are_not_changed(session: Session, rows: Sequence[Mapping[str, Json]]) -> None:
    """A value may be refused, but not changed."""
    all_kept(session, rows, may_refuse=True)
