"""Checks of what compute.x.io refuses, and of members of a submission that only its example shows."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.xio_recipes import COOK, cooked, recipes
from conformance.checks.xio_runs import READ as READ_RUN
from conformance.checks.xio_runs import runs_of
from conformance.errors import NotApplicable
from conformance.session.expect import accepted, expect, needed, refused, same
from conformance.session.session import Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, Json, get, merged, put

NOBODY = "00000000-0000-4000-8000-00000000dead"
UNKNOWN = (404,)
REFUSED = tuple(status for status in range(400, 500) if status != 429)
CONTAINER: Json = {
    "allowed_ips": ["203.0.113.7"], "env": {"COLOUR": "blue"}, "host": "registry.example", "image": "render", "imagesrc": "registry", "ports": [22, 8080],
    "secret": "not-really", "sshkey": "ssh-ed25519 AAAA", "tag": "4.2", "user": "robot",
    "volumes": [{"image": "data", "mount": "/data", "registry": "registry.example", "secret": "not-really", "tag": "1", "user": "robot"}],
}  # fmt: skip
AMPLE: tuple[tuple[str, Json], ...] = (
    *(("title", text) for text in ("", "a" * 300)),
    *(("description", text) for text in ("", "a" * 3000)),
    *((name, 1000) for name in ("cpu_count", "gpu_count", "max_retry_count", "min_vram_gb")),
    *((name, 5000) for name in ("min_ram_gb", "min_storage_gb")),
    *((name, 2**31 + 60_000) for name in ("max_timeout_run_ms", "max_timeout_assign_ms", "max_timeout_start_ms")),
)
"""What the document bounds from below at most."""
FRACTIONS: Json = {
    "cpu_count": 0.5, "min_ram_gb": 0.5, "min_storage_gb": 1.25, "min_vram_gb": 0.5,
    "max_timeout_run_ms": 60_000.5, "max_timeout_assign_ms": 300_000.5, "max_timeout_start_ms": 120_000.5,
}  # fmt: skip
WRONG: tuple[tuple[str, Json], ...] = (
    ("allowed_ips", "x"), ("env", "x"), ("host", 1), ("image", 1), ("imagesrc", []), ("ports", 22), ("ports", ["ssh"]),
    ("tag", 4), ("user", {}), ("volumes", {}), ("volumes", ["x"]),
)  # fmt: skip
SECRETS = ("secret", "sshkey")
INSIDE = "/parameters/parameters"


def _unknown_job(session: Session, role: str) -> Exchange:
    needed(session.read(session.submit()).response.is_success, "a job that exists cannot be read")
    return session.on(role, NOBODY)


@check("XIO-ERR-001")
def an_unknown_job_is_not_found(session: Session) -> None:
    """When it is read."""
    refused(_unknown_job(session, "read"), "reading a job that never was", UNKNOWN)


@check("XIO-ERR-002")
def an_unknown_job_cannot_be_stopped(session: Session) -> None:
    """It is not found either."""
    refused(_unknown_job(session, "cancel"), "stopping a job that never was", UNKNOWN)


def _unknown_run(session: Session, uuid: str = NOBODY) -> Exchange:
    return session.call(READ_RUN, {"uuid": uuid})


@check("XIO-ERR-003")
def an_unknown_run_is_not_found(session: Session) -> None:
    """Nor is a run that has the id of a job."""
    job = session.submit()
    session.until(job)
    needed(runs_of(session, job), "there are no runs")
    refused(_unknown_run(session), "reading a run that never was", UNKNOWN)
    refused(_unknown_run(session, job.id), "reading a run by the id of its job", UNKNOWN)


@check("XIO-ERR-004")
def an_unknown_recipe_is_not_found(session: Session) -> None:
    """It cannot be cooked."""
    needed(cooked(session, recipes(session)[0], {}).response.is_success, "a recipe that exists cannot be cooked")
    refused(session.call(COOK, {"uuid": NOBODY}, body={}), "cooking a recipe that never was", UNKNOWN)


@check("XIO-ERR-006")
def what_never_was_is_refused(session: Session) -> None:
    """A run, a recipe; some that were are asked for before."""
    job = session.submit()
    session.until(job)
    runs = runs_of(session, job)
    needed(runs and session.call(READ_RUN, {"uuid": runs[0].get("uuid")}).response.is_success, "a run that was cannot be read")
    refused(_unknown_run(session), "reading a run that never was", REFUSED)
    needed(cooked(session, recipes(session)[0], {}).response.is_success, "a recipe that exists cannot be cooked")
    refused(session.call(COOK, {"uuid": NOBODY}, body={}), "cooking a recipe that never was", REFUSED)


@check("XIO-ERR-005")
def what_has_ended_cannot_be_stopped(session: Session) -> None:
    """It ended well, badly, or was stopped before."""
    for shape in ("quick", "fails", "long"):
        job = session.submit(shape)
        if shape == "long":
            session.until(job, "running")
            needed(session.cancel(job).response.is_success, "a running job cannot be stopped")
        session.until(job)
        refused(session.cancel(job), f"stopping a job that is {session.state(job)}", (409,))


@check("XIO-ERR-008")
def every_refusal_has_its_code(session: Session) -> None:
    """Of every kind that can be had."""
    refusals = [
        session.post(put(session.body(), "/cpu_count", -1)),
        session.post([]),
        session.send("POST", session.directory.path(session.role("submit").operation, {}), raw=b"{"),
        session.read(NOBODY),
        session.cancel(NOBODY),
        _unknown_run(session),
        session.call(COOK, {"uuid": NOBODY}, body={}),
        session.list_jobs(query={"limit": 0}),
        session.send("GET", f"{session.directory.base}/jobs/{NOBODY}/zz-nowhere"),
    ]
    for exchange in refusals:
        if exchange.response.status >= 400:
            for name in ("code", "message"):
                told = get(exchange.response.json, f"/error/{name}")
                expect(isinstance(told, str) and told, f"error.{name} of a refusal with {exchange.response.status} is {told!r}", exchange)


@check("XIO-REQ-019")
def numbers_need_not_be_whole(session: Session) -> None:
    """Every member that is a number and no count of something whole."""
    for name, value in FRACTIONS.items():
        exchange = accepted(session.post(put(session.body(), f"/{name}", value)), f"{value} as {name}")
        told = get(exchange.response.json, f"/{name}")
        expect(told is MISSING or told is None or told == value, f"{name} is {told!r}, submitted was {value}", exchange)


@check("XIO-REQ-030")
def nothing_is_bounded_that_the_document_leaves_open(session: Session) -> None:
    """Each alone, in a job that need not find a node."""
    for name, value in AMPLE:
        accepted(session.post(session.body(patch={name: value})), f"{name} {str(value)[:20]!r}{f' of {len(value)} letters' if isinstance(value, str) else ''}")


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


@check("XIO-RSP-010")
def a_container_is_shown_as_it_was_sent(session: Session) -> None:
    """Its secrets need not be."""
    exchange = session.post(put(session.body(), INSIDE, CONTAINER))
    needed(exchange.response.is_success, "a container with every member of the example is refused")
    for told in (exchange, session.read(session.job_of(exchange))):
        same("docker", get(told.response.json, "/parameters/type"), "the type of the parameters", told)
        for name, value in CONTAINER.items():
            found = get(told.response.json, f"{INSIDE}/{name}")
            if name == "volumes":
                _volume(value[0], get(found, "/0"), told)
            elif name not in SECRETS:
                same(value, found, f"{name} of the container", told)


def _volume(sent: Json, found: Json, told: Exchange) -> None:
    for name, value in sent.items():
        if name not in SECRETS:
            same(value, get(found, f"/{name}"), f"{name} of the container's volume", told)


@check("XIO-DEF-010")
def what_nobody_said_is_null(session: Session) -> None:
    """Or not there at all."""
    body = {key: value for key, value in session.body().items() if key not in ("description", "gpu_name", "gpu_registry_uuid")}
    exchange = session.post(body)
    needed(exchange.response.is_success, "a job without a description and a GPU is refused")
    for told in (exchange, session.read(session.job_of(exchange))):
        for name in ("description", "gpu_name", "gpu_registry_uuid"):
            expect(get(told.response.json, f"/{name}") in (MISSING, None), f"{name}, which nobody gave, is {get(told.response.json, f'/{name}')!r}", told)


@check("XIO-IDM-001")
def equal_submissions_make_two_jobs(session: Session) -> None:
    """The vendor has no keys that would tell them apart."""
    body = session.body()
    ids = [session.job_of(accepted(session.post(body), "a submission")).id for _ in range(2)]
    expect(ids[0] != ids[1], "two submissions that are equal word for word made one job", *session.exchanges[-2:])
    if "read" not in session.roles:
        raise NotApplicable("jobs cannot be read")
    for id_ in ids:
        same(id_, get(session.read(id_).response.json, "/uuid"), "the job of one of two equal submissions", session.exchanges[-1])
