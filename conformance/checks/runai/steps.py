"""Steps that checks of Run:AI share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from conformance import catalogue as catalogues
from conformance.checks.families.capacity import Step, Vendor
from conformance.session.cluster import staged
from conformance.session.expect import expect, need_success, needed, same
from conformance.session.session import LEAVING, JobRef, Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, Json, shown

TEAM_A, TEAM_B, TEAM_C = "team-a", "team-b", "team-c"
RUNNING, PENDING = "Running", "Pending"
LIST, DELETE = "runai_list_jobs", "runai_delete_jobs"
TRAIN: dict[str, Any] = {"gpu": 1}
"""A job of one GPU that runs for long."""
BENCH: dict[str, Any] = {"gpu": 1, "interactive": True}
SPOT: dict[str, Any] = {**BENCH, "preemptible": True}
"""A workbench that may be taken back."""
SETTLED = 5.0
"""Seconds after which whatever can be placed has been placed."""


def item(session: Session, name: str, project: str = "") -> Json:
    """A job of that name in the list of all projects, of that project where one is given.

    MISSING where there is none.
    """
    found = (one for one in session.items() if isinstance(one, dict) and one.get("name") == name)
    return next((one for one in found if not project or one.get("project") == project), MISSING)


def names(session: Session, **query: str) -> list[str]:
    """The names in the list, in its order."""
    return [str(one.get("name")) for one in session.items(query=query) if isinstance(one, dict)]


def is_listed(session: Session, name: str) -> bool:
    """Whether a job of that name is in the list."""
    return name in names(session)


def project_of(job: JobRef) -> str:
    """The project that a job was submitted to."""
    return str(job.body["job"]["project"])


def delete_jobs(session: Session, *jobs: JobRef | tuple[str, str], **options: Any) -> Exchange:
    """Delete jobs, or (name, project) pairs, in one call."""
    pairs = [(job.id, project_of(job)) if isinstance(job, JobRef) else job for job in jobs]
    return delete(session, [{"name": name, "project": project} for name, project in pairs], **options)


def delete(session: Session, body: list[Json], **options: Any) -> Exchange:
    """Send a deletion, and let go what it deletes: while that is shown as leaving it has some time for it."""
    answer = session.call(DELETE, body=body, **options)
    leaving, named = catalogues.load("runai").leaving, {(one["name"], one["project"]) for one in body}
    for _ in session.ticks(LEAVING, SETTLED) if answer.response.is_success else ():
        if not any(
            one.get("status") in leaving for one in session.items() if (one.get("name"), one.get("project")) in named
        ):
            break
    return answer


def node_class(count: int = 1, *, kind: str = "node", cpu: float = 32, memory_gib: float = 256, gpus: int = 0) -> Json:
    """Some machines alike, of the node type that their kind names."""
    node: dict[str, Any] = {
        "class": kind,
        "count": count,
        "cpu": cpu,
        "memory_gib": memory_gib,
        "labels": {"run.ai/type": kind},
    }
    return node | ({"gpu": {"count": gpus, "model": "any"}} if gpus else {})


def staged_nodes(
    session: Session,
    nodes: Iterable[Json],
    quotas: dict[str, float] | None = None,
    *,
    facts: Json = None,
    **projects: Any,
) -> None:
    """Restart this check's world on these nodes, with these further `facts` of the scenario.

    `quotas` are the GPUs that projects deserve, `projects` is said of each.
    """
    listed = [{"name": name, "deserved_gpus": amount, **projects} for name, amount in (quotas or {}).items()]
    staged(session, *nodes, **{"run": {"fixed": 36_000}, "projects": listed, **(facts or {})})


def submit_named(session: Session, name: str, project: str = TEAM_A, **members: Any) -> JobRef:
    """Submit a job that runs for long, or a workbench, and let it be placed."""
    job = submit(session, {"name": name, "project": project, **members})
    session.advance(SETTLED)
    return job


def submit(session: Session, members: Mapping[str, Any]) -> JobRef:
    """Submit a job that runs for long, or a workbench, with these members."""
    command = {} if members.get("interactive") else {"command": "sleep 30000"}
    usual = {"name": session.unique(), "project": TEAM_A, "image": "alpine", **command}
    return session.job_of(need_success(session.post({"job": {**usual, **members}}), "the submission of a job"))


def placement(
    session: Session, nodes: Json, quotas: dict[str, float] | None, *steps: Step, limit: float | None = None
) -> None:
    """Let jobs come and go on so many GPUs of one machine, or on the machines of a class; see `families/capacity.py`.

    Letters: R Running, P Pending, S Succeeded, F Failed, X Preempted, T TimedOut.
    """
    projects = {} if limit is None else {"interactive_limit_s": limit}
    staged_nodes(session, [node_class(gpus=nodes) if isinstance(nodes, int) else nodes], quotas, **projects)
    RUNAI.play(session, *steps)


def _states(session: Session, jobs: list[JobRef]) -> list[str]:
    listed = {one.get("name"): str(one.get("status")) for one in session.items()}
    return [listed.get(job.id, "") for job in jobs]


RUNAI = Vendor(
    submit,
    lambda session, job: delete_jobs(session, job),
    {word[0]: (word,) for word in ("Running", "Pending", "Succeeded", "Failed", "TimedOut")} | {"X": ("Preempted",)},
    SETTLED,
    _states,
)


def expect_states(session: Session, **wanted: str) -> None:
    """Expect jobs, by name, to be in these states."""
    states = {str(one.get("name")): str(one.get("status")) for one in session.items()}
    for name, state in wanted.items():
        expect(
            states.get(name) == state, f"{name} is {states.get(name, 'not listed')}, not {state}; all: {shown(states)}"
        )


def need_states(session: Session, **wanted: str) -> None:
    """Need jobs, by name, to be in these states before anything can be said."""
    states = {str(one.get("name")): str(one.get("status")) for one in session.items()}
    for name, state in wanted.items():
        needed(states.get(name) == state, f"{name} is {states.get(name, 'not listed')}, needed was {state}")


def states_seen(session: Session, job: JobRef, *, step: float, within: float) -> list[tuple[str, float]]:
    """The states of a job one after the other, and for how long each was seen."""
    looks = session.watch(job, step=step, within=within)
    return [(state, step * len(list(group))) for state, group in groupby(looks)]


def count_runs(seen: list[tuple[str, float]]) -> int:
    """How often a job was seen to begin a run."""
    return sum(1 for state, _ in seen if state == RUNNING)


def count_tries(seen: list[tuple[str, float]], seconds: float, wanted: int) -> int:
    """How often a job ran, each time for so long.

    As often as it was seen to begin, unless the pauses were too short to be seen.
    """
    return (
        wanted
        if count_runs(seen) == wanted
        else round(sum(lasted for state, lasted in seen if state == RUNNING) / seconds)
    )


def failing_job(session: Session, seconds: float, **members: Any) -> JobRef:
    """A job whose runs fail after so many seconds."""
    return session.submit("breaks", {"job": members}, seconds=seconds)


def listed_job(session: Session, job: JobRef) -> dict[str, Any]:
    """A job as it is listed. Inconclusive where it is not."""
    found = item(session, job.id, project_of(job))
    needed(found is not MISSING, f"job {job.id} is not in the list")
    return dict(found)


def expect_gpus(session: Session, job: JobRef, gpus: float) -> None:
    """Expect a running job to occupy so many GPUs."""
    session.until(job, "running")
    same(gpus, listed_job(session, job).get("currentAllocatedGPUs"), "currentAllocatedGPUs of a running job")


def control_twin(session: Session) -> None:
    """The control: a valid submission of a fresh identity."""
    need_success(session.post(session.body()), "the control twin")
