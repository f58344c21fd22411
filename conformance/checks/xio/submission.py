"""What compute.x.io takes in a submission, and what a submission makes."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.common import submission
from conformance.checks.families.limits import keeps_limit
from conformance.checks.xio.steps import CONTAINER, INSIDE, PERSISTENT, all_runs, preparing_job
from conformance.session.expect import accepted, expect, needed, refused, same
from conformance.session.session import Session
from conformance.traffic.json_pointer import MISSING, Json, get, merged, put

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
        for told in (exchange, session.read(session.job_of(exchange))):
            same("PERSISTENT", get(told.response.json, "/task"), "the task of a PERSISTENT job")
            expect(not get(told.response.json, "/max_timeout_run_ms"), "a PERSISTENT job has a run limit")


@check("XIO-DEF-010")
def what_nobody_said_is_null(session: Session) -> None:
    """Or not there at all."""
    body = {
        key: value
        for key, value in session.body().items()
        if key not in ("description", "gpu_name", "gpu_registry_uuid")
    }
    exchange = session.post(body)
    needed(exchange.response.is_success, "a job without a description and a GPU is refused")
    for told in (exchange, session.read(session.job_of(exchange))):
        for name in ("description", "gpu_name", "gpu_registry_uuid"):
            expect(
                get(told.response.json, f"/{name}") in (MISSING, None),
                f"{name}, which nobody gave, is {get(told.response.json, f'/{name}')!r}",
            )


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
        exchange = accepted(session.post(put(session.body(), f"/{name}", value)), f"{value} as {name}")
        told = get(exchange.response.json, f"/{name}")
        expect(told is MISSING or told is None or told == value, f"{name} is {told!r}, submitted was {value}")


@check("XIO-REQ-021")
def a_persistent_job_has_no_run_limit(session: Session) -> None:
    """A number is refused."""
    body = session.body("quick", PERSISTENT)
    needed(session.post(body).response.is_success, "a PERSISTENT job is refused")
    refused(session.post({**body, "max_timeout_run_ms": 900_000}), "a PERSISTENT job with a run limit")


@check("XIO-REQ-022")
def everything_in_the_example_is_accepted(session: Session) -> None:
    """A container with all of its members, and a description."""
    body = put(merged(session.body(), {"description": "all of it"}), INSIDE, CONTAINER)
    accepted(session.post(body), "a container with every member of the example")


@check("XIO-REQ-023")
def members_of_the_container_have_their_types(session: Session) -> None:
    """Each is sent as something else."""
    body = put(session.body(), INSIDE, CONTAINER)
    needed(session.post(body).response.is_success, "a container with every member of the example is refused")
    for name, wrong in WRONG:
        refused(session.post(put(body, f"{INSIDE}/{name}", wrong)), f"{wrong!r} as {name} of the container")


@check("XIO-REQ-030")
def nothing_is_bounded_that_the_document_leaves_open(session: Session) -> None:
    """Each alone, in a job that need not find a node."""
    for name, value in AMPLE:
        accepted(
            session.post(session.body(patch={name: value})),
            f"{name} {str(value)[:20]!r}{f' of {len(value)} letters' if isinstance(value, str) else ''}",
        )


@check("XIO-REQ-029")
def the_media_type_is_read_as_one(session: Session) -> None:
    """With a parameter, and in capitals."""
    submission.the_media_type_is_read_as_one(session)
