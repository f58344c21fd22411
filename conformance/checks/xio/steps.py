"""Steps that checks of compute.x.io share."""

from __future__ import annotations

from conformance.errors import NotApplicable
from conformance.session.cluster import ROOMY, UNKNOWN, staged
from conformance.session.expect import accepted, need_success
from conformance.session.phases import submit_waiting
from conformance.session.session import JobRef, Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, Json, get

GPU_ID, OTHER_GPU_ID = "1a1b1c1d-2e2f-4333-8444-5a5b5c5d5e5f", "99999999-8888-4777-a666-555555555555"
PLAIN_NODE: Json = {"class": "only", "cpu": 4, "memory_gib": 16, "storage_gib": 100}
LIMIT_MS = 400_000
WHOLE: Json = {"cpu_count": 4, "max_timeout_run_ms": 900_000}
"""All cores of PLAIN_NODE."""
PERSISTENT: Json = {
    "task": "PERSISTENT",
    "max_timeout_run_ms": None,
    "parameters": {"parameters": {"env": {"MOCK_RUN_SECONDS": None}}},
}
REASON = "no longer needed"
SKEW = 2.0
"""Seconds by which a clock may differ."""
RUN = 30
ENDS: tuple[tuple[str, Json, bool], ...] = (
    ("lasts", None, False),
    ("breaks", None, False),
    ("long", {"max_timeout_run_ms": 60_000}, False),
    ("waits", {"max_timeout_assign_ms": 300_000}, False),
    ("long", None, True),
    ("waits", None, True),
)
"""Ways to end: the kind of job, how it is changed, whether it is stopped."""
ENDLESS = 100_000.0
"""Seconds of preparation that no limit allows."""
LIST_RECIPES, COOK, READ_JOB = "xio_list_job_recipes", "xio_cook_job_recipe", "xio_get_job"
CONTAINER: Json = {
    "allowed_ips": ["203.0.113.7"],
    "env": {"COLOUR": "blue"},
    "host": "registry.example",
    "image": "render",
    "imagesrc": "registry",
    "ports": [22, 8080],
    "secret": "not-really",
    "sshkey": "ssh-ed25519 AAAA",
    "tag": "4.2",
    "user": "robot",
    "volumes": [
        {
            "image": "data",
            "mount": "/data",
            "registry": "registry.example",
            "secret": "not-really",
            "tag": "1",
            "user": "robot",
        }
    ],
}
INSIDE = "/parameters/parameters"
LONGER = 60.0
"""Seconds in which a run that should not be would have come."""
LIST_RUNS, READ_RUN = "xio_list_job_runs", "xio_get_job_run"


def waiting_again(session: Session, patch: Json = None) -> JobRef:
    """A job whose first run has failed after a minute and that finds no node for its second."""
    staged(session, PLAIN_NODE)
    job = session.submit("tried", {"max_timeout_assign_ms": LIMIT_MS, **(patch or {})}, seconds=60)
    session.until(job, "running", step=0.5)
    answer = session.target.ask_control("GET", "/nodes", sandbox=session.name)
    if answer.status in UNKNOWN:
        raise NotApplicable(f"the control API takes no node away: {answer.status}")
    for node in get(answer.json, "/nodes") if answer.is_success else ():
        session.target.ask_control("POST", f"/nodes/{node['name']}/drain", sandbox=session.name)
    session.until(job, "queued", within=90)
    return job


def job_and_waiter(session: Session) -> tuple[JobRef, JobRef]:
    """One job that takes the whole node, and one that waits for it."""
    staged(session, PLAIN_NODE)
    first = session.submit("long", WHOLE, until="running")
    return first, submit_waiting(session, "long", WHOLE)


def need_instants(view: Json, *names: str) -> None:
    """The page that creation is documented on shows days; of those nothing follows. NotApplicable."""
    for name in names:
        value = get(view, f"/{name}")
        if isinstance(value, str) and len(value) == len("2026-01-01"):
            raise NotApplicable(f"{name} is a day and no instant: {value}")


def preparing_job(session: Session, patch: Json) -> JobRef:
    """A job on a node that never gets ready."""
    staged(session, ROOMY, startup=ENDLESS)
    job = session.submit("quick", patch)
    session.until(job, "starting", step=0.5, within=10)
    return job


def listed(session: Session, operation: str, **query: object) -> Exchange:
    """A page of a list; filters are given as `filter_name`."""
    asked = {f"filter[{name[7:]}]" if name.startswith("filter_") else name: value for name, value in query.items()}
    return accepted(session.call(operation, query=asked), f"{operation} with {asked}")


def item_of(session: Session, uuid: Json) -> Json:
    """What the list reports a job, on whatever page, or MISSING."""
    for page in range(1, 100):
        items = session.items(query={"limit": 50, "page": page})
        for item in items:
            if get(item, "/uuid") == uuid:
                return item
        if len(items) < 50:
            break
    return MISSING


def uuids(exchange: Exchange) -> list[str]:
    """The ids of what is on a page, in order."""
    return [str(item.get("uuid")) for item in data_of(exchange)]


def recipes(session: Session) -> list[Json]:
    """What can be cooked. NotApplicable where there is nothing."""
    exchange = session.call(LIST_RECIPES)
    need_success(exchange, "the list of recipes")
    found = [one for one in data_of(exchange) if isinstance(one.get("uuid"), str)]
    if not found:
        raise NotApplicable("there are no recipes")
    return found


def cooked(session: Session, recipe: Json, body: Json = MISSING) -> Exchange:
    """Cook a recipe."""
    return session.call(COOK, {"uuid": recipe["uuid"]}, body=body)


def all_runs(session: Session, job: JobRef) -> list[Json]:
    """All runs of a job that has ended, and those that should not come after."""
    session.until(job)
    session.advance(LONGER)
    return runs_of(session, job)


def runs_of(session: Session, job: JobRef, **query: str) -> list[Json]:
    """The runs of a job, the first one first. Inconclusive where they cannot be had."""
    exchange = session.call(LIST_RUNS, query={"filter[job_uuid]": job.id, "limit": 50, "sort": "created_at", **query})
    need_success(exchange, "the list of runs")
    return data_of(exchange)


def data_of(exchange: Exchange) -> list[Json]:
    """The items of a page."""
    found = get(exchange.response.json, "/data")
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
