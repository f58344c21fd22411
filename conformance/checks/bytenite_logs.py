"""Checks of the logs of ByteNite's jobs: who speaks, of which task, in which order, and whether a failure is told."""

from __future__ import annotations

from itertools import pairwise

from conformance.checks import check
from conformance.checks.bytenite_calls import chunks
from conformance.oracles.members import instant
from conformance.session.expect import accepted, expect, needed
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json, get


def logs(session: Session, job: JobRef, **asked: Json) -> dict[str, dict[str, list[Json]]]:
    """The lines by service and task; partitioner and assembler have one task, which has no name."""
    told = accepted(session.call("Customer_GetLogs", body={"jobId": job.id, **asked}), f"logs with {asked}").response.json
    found = {name: {"": get(told, f"/{name}") or []} for name in ("partitioner", "assembler")}
    tasks = get(told, "/taskrunner") or {}
    needed(all(isinstance(lines[""], list) for lines in found.values()) and isinstance(tasks, dict), "the logs are not told by service")
    return {**found, "taskrunner": {name: get(task, "/logs") or [] for name, task in tasks.items()}}


def _complete(session: Session) -> JobRef:
    job = session.submit(patch=chunks(session, 2))
    needed(session.phase_of(session.until(job)) == "succeeded", "the job fails")
    return job


@check("BYT-RSP-027")
def everybody_at_work_has_a_say(session: Session) -> None:
    """Partitioner, assembler and each of two tasks of a complete job."""
    job = _complete(session)
    told = logs(session, job)
    for service in ("partitioner", "assembler"):
        expect(told[service][""], f"the logs of a complete job hold no line of its {service}", session.exchanges[-1])
    lines = told["taskrunner"]
    expect(len(lines) == 2 and all(lines.values()), f"the logs of a job of two tasks hold lines of {len(lines)}", session.exchanges[-1])
    texts = {service: [get(line, "/log") for task in told[service].values() for line in task] for service in told}
    expect(all(isinstance(text, str) and text for of in texts.values() for text in of), "a line of the logs has no text", session.exchanges[-1])


@check("BYT-RSP-028")
def logs_are_filtered_by_task(session: Session) -> None:
    """Each of two tasks alone, both, and one that there is not; levels and services hold beside it."""
    job = _complete(session)
    every = logs(session, job)["taskrunner"]
    needed(len(every) == 2, "the logs do not name two tasks")
    for wanted in ([name] for name in every):
        found = logs(session, job, taskIds=wanted)["taskrunner"]
        expect(found == {name: every[name] for name in wanted}, f"the logs of the task {wanted[0]} are those of {sorted(found)}", session.exchanges[-1])
    expect(logs(session, job, taskIds=list(every))["taskrunner"] == every, "the logs of both tasks are not those of all", session.exchanges[-1])
    none = logs(session, job, taskIds=["no-such-task"])["taskrunner"]
    expect(not any(none.values()), f"the logs of a task that there is not are those of {sorted(none)}", session.exchanges[-1])


@check("BYT-RSP-029")
def a_failure_is_told(session: Session) -> None:
    """As an error, be it of a task or of the input; a job that runs well has none."""
    for shape, is_told in (("fails", True), ("unreadable", True), ("quick", False)):
        if shape != "quick" and shape not in session.settings.shapes:
            continue
        job = session.submit(shape)
        ended = session.phase_of(session.until(job))
        needed((ended == "failed") is is_told, f"the job has {ended}")
        lines = [line for tasks in logs(session, job).values() for task in tasks.values() for line in task]
        errors = [line for line in lines if get(line, "/level") in ("ERROR", "FATAL", "PANIC")]
        expect(bool(errors) is is_told, f"the logs of a job that has {ended} hold {len(errors)} lines of errors", session.exchanges[-1])


@check("BYT-RSP-030")
def lines_are_in_the_order_of_time(session: Session) -> None:
    """Within each service and task."""
    for service, tasks in logs(session, _complete(session)).items():
        for lines in tasks.values():
            told = [instant(get(line, "/timestamp")) for line in lines]
            needed(None not in told, "a line of the logs tells no instant")
            is_ordered = all(one <= other for one, other in pairwise(told) if one is not None and other is not None)
            expect(is_ordered, f"the lines of {service} are not in the order of time", session.exchanges[-1])


@check("BYT-RSP-031")
def lines_come_as_the_work_is_done(session: Session) -> None:
    """None of a draft; none of tasks before there are any, none of the assembler before they are done."""
    job = session.submit(draft=True)
    told = logs(session, job)
    expect(not any(task for tasks in told.values() for task in tasks.values()), "the logs of a draft hold lines", session.exchanges[-1])
    session.start(job)
    for state in session.watch(job, step=0.5):
        if session.phase_of(state) in ("starting", "running"):
            told = logs(session, job)
            if not session.target.has_virtual_time and session.state(job) != state:
                continue  # the job has gone on between the two looks
            expect(not told["assembler"][""], f"the logs of a job that is {state} hold lines of the assembler", session.exchanges[-1])
        if session.phase_of(state) == "starting":
            expect(not any(told["taskrunner"].values()), f"the logs of a job that is {state} hold lines of tasks", session.exchanges[-1])


@check("BYT-RSP-032")
def several_levels_and_services_may_be_asked_for(session: Session) -> None:
    """Two of each, and both at once: what fits any of them."""
    job = session.submit("fails")
    session.until(job)
    every = logs(session, job)
    for asked in (
        {"levels": ["INFO", "ERROR"]},
        {"levels": ["ERROR", "INFO"]},
        {"services": ["partitioner", "taskrunner"]},
        {"services": ["taskrunner", "partitioner"]},
    ):
        _are_those(session, job, every, asked)
    _are_those(session, job, every, {"levels": ["ERROR", "WARN"], "services": ["taskrunner", "assembler"]})
    _are_those(session, job, every, {"levels": ["ERROR"], "services": ["partitioner"]})


def _are_those(session: Session, job: JobRef, every: dict[str, dict[str, list[Json]]], asked: dict[str, list[str]]) -> None:
    levels, services = asked.get("levels"), asked.get("services")
    wanted = _lines(every, levels, services)
    found = _lines(logs(session, job, **asked), None, None)
    expect(found == wanted, f"logs with {asked} hold {len(found)} lines, {len(wanted)} fit", session.exchanges[-1])


def _lines(told: dict[str, dict[str, list[Json]]], levels: list[str] | None, services: list[str] | None) -> list[str]:
    return sorted(
        repr((service, name, line))
        for service, tasks in told.items()
        if services is None or service in services
        for name, lines in tasks.items()
        for line in lines
        if levels is None or get(line, "/level") in levels
    )
