"""What compute.x.io takes in a submission, and what a submission makes."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.common import submission
from conformance.checks.families.limits import keeps_limit
from conformance.checks.families.values import all_refused, all_taken
from conformance.checks.xio.steps import CONTAINER, INSIDE, PERSISTENT, all_runs, preparing_job
from conformance.session.expect import accepted, expect, need_success, same
from conformance.session.session import Session
from conformance.traffic.json_pointer import MISSING, Json, get, put, shown

AMPLE: tuple[tuple[str, Json], ...] = (
    *(("title", text) for text in ("", "a" * 300)),
    *(("description", text) for text in ("", "a" * 3000)),
    *((name, 1000) for name in ("cpu_count", "gpu_count", "max_retry_count", "min_vram_gb")),
    *((name, 5000) for name in ("min_ram_gb", "min_storage_gb")),
    *((name, 2**31 + 60_000) for name in ("max_timeout_run_ms", "max_timeout_assign_ms", "max_timeout_start_ms")),
)
"""What the document bounds from below at most."""
FRACTIONS: Json = {
    "cpu_count": 0.5,
    "min_ram_gb": 0.5,
    "min_storage_gb": 1.25,
    "min_vram_gb": 0.5,
    "max_timeout_run_ms": 60_000.5,
    "max_timeout_assign_ms": 300_000.5,
    "max_timeout_start_ms": 120_000.5,
}
WRONG: tuple[tuple[str, Json], ...] = (
    ("allowed_ips", "x"),
    ("env", "x"),
    ("host", 1),
    ("image", 1),
    ("imagesrc", []),
    ("ports", 22),
    ("ports", ["ssh"]),
    ("tag", 4),
    ("user", {}),
    ("volumes", {}),
    ("volumes", ["x"]),
)


@check("XIO-CRT-001")
def a_persistent_job_is_accepted(session: Session) -> None:
    """With null as its run limit, and without one."""
    body = session.body("quick", PERSISTENT)
    for limit in ({"max_timeout_run_ms": None}, {}):
        exchange = accepted(session.post({**body, **limit}), f"a PERSISTENT job with {limit or 'no run limit'}")
        for answer in (exchange, session.read(session.job_of(exchange))):
            same("PERSISTENT", get(answer.response.json, "/task"), "the task of a PERSISTENT job")
            expect(not get(answer.response.json, "/max_timeout_run_ms"), "a PERSISTENT job has a run limit")


@check("XIO-DEF-010")
def what_nobody_said_is_null(session: Session) -> None:
    """Or not there at all."""
    names = ("description", "gpu_name", "gpu_registry_uuid")
    body = {key: value for key, value in session.body().items() if key not in names}
    exchange = need_success(session.post(body), "a job without a description and a GPU")
    for answer in (exchange, session.read(session.job_of(exchange))):
        for name in names:
            value = get(answer.response.json, f"/{name}")
            expect(value in (MISSING, None), f"{name}, which nobody gave, is {shown(value)}")


@check("XIO-DEF-011")
def waiting_is_limited_to_five_minutes(session: Session) -> None:
    """Where nobody says otherwise."""
    job = session.submit("waits", {"max_timeout_assign_ms": None})
    keeps_limit(session, job, "queued", 300, "no assign limit is given")


@check("XIO-DEF-012")
def a_job_is_tried_once(session: Session) -> None:
    """Where nobody says otherwise."""
    job = session.submit("fails", {"max_retry_count": None})
    same(1, len(all_runs(session, job)), "the number of runs of a job that fails and names no retries")


@check("XIO-DEF-013")
def preparation_is_limited_to_five_minutes(session: Session) -> None:
    """Where nobody says otherwise."""
    job = preparing_job(session, {"max_timeout_start_ms": None})
    keeps_limit(session, job, "starting", 300, "no start limit is given")


@check("XIO-REQ-019")
def numbers_need_not_be_whole(session: Session) -> None:
    """Every member that is a number and no count of something whole."""
    for name, value in FRACTIONS.items():
        exchange = accepted(session.post(put(session.body(), f"/{name}", value)), f"{shown(value)} as {name}")
        found = get(exchange.response.json, f"/{name}")
        expect(found in (MISSING, None, value), f"{name} is {shown(found)}, submitted was {shown(value)}")


@check("XIO-REQ-021")
def a_persistent_job_has_no_run_limit(session: Session) -> None:
    """A number is refused."""
    all_refused(session, lambda: session.body("quick", PERSISTENT), [("max_timeout_run_ms", 900_000)])


@check("XIO-REQ-022")
def everything_in_the_example_is_accepted(session: Session) -> None:
    """A container with all of its members, and a description."""
    body = put(session.body(patch={"description": "all of it"}), INSIDE, CONTAINER)
    accepted(session.post(body), "a container with every member of the example")


@check("XIO-REQ-023")
def members_of_the_container_have_their_types(session: Session) -> None:
    """Each is sent as something else."""
    all_refused(session, lambda: put(session.body(), INSIDE, CONTAINER), WRONG, parent=INSIDE)


@check("XIO-REQ-030")
def nothing_is_bounded_that_the_document_leaves_open(session: Session) -> None:
    """Each alone, in a job that need not find a node."""
    all_taken(session, ({name: value} for name, value in AMPLE))


@check("XIO-REQ-029")
def the_media_type_is_read_as_one(session: Session) -> None:
    """With a parameter, and in capitals."""
    submission.the_media_type_is_read_as_one(session)
