"""ByteNite's logs and its stream of events."""

from __future__ import annotations

from itertools import pairwise

from conformance.checks import check
from conformance.checks.bytenite.steps import EVENTS, NEW, chunks, events_during, events_of, seen
from conformance.oracles.members import instant
from conformance.session.expect import accepted, expect, needed
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json, get, shown


def _order(session: Session) -> list[str]:
    states: list[str] = session.spec.document["components"]["schemas"]["jobJobState"]["enum"]
    return states


def service_lines(session: Session, job: JobRef, **asked: Json) -> list[tuple[str, Json]]:
    """Service and line of everything in the logs."""
    told = accepted(
        session.call("Customer_GetLogs", body={"jobId": job.id, **asked}), f"logs with {asked}"
    ).response.json
    found = [(name, line) for name in ("partitioner", "assembler") for line in get(told, f"/{name}") or []]
    tasks = get(told, "/taskrunner") or {}
    return found + [("taskrunner", line) for task in tasks.values() for line in task.get("logs") or []]


def logs(session: Session, job: JobRef, **asked: Json) -> dict[str, dict[str, list[Json]]]:
    """The lines by service and task; partitioner and assembler have one task, which has no name."""
    told = accepted(
        session.call("Customer_GetLogs", body={"jobId": job.id, **asked}), f"logs with {asked}"
    ).response.json
    found = {name: {"": get(told, f"/{name}") or []} for name in ("partitioner", "assembler")}
    tasks = get(told, "/taskrunner") or {}
    needed(
        all(isinstance(lines[""], list) for lines in found.values()) and isinstance(tasks, dict),
        "the logs are not told by service",
    )
    return {**found, "taskrunner": {name: get(task, "/logs") or [] for name, task in tasks.items()}}


def _complete(session: Session) -> JobRef:
    job = session.submit(patch=chunks(session, 2))
    needed(session.phase_of(session.until(job)) == "succeeded", "the job fails")
    return job


def _are_those(
    session: Session, job: JobRef, every: dict[str, dict[str, list[Json]]], asked: dict[str, list[str]]
) -> None:
    levels, services = asked.get("levels"), asked.get("services")
    wanted = chosen_lines(every, levels, services)
    found = chosen_lines(logs(session, job, **asked), None, None)
    expect(found == wanted, f"logs with {asked} hold {len(found)} lines, {len(wanted)} fit")


def chosen_lines(
    told: dict[str, dict[str, list[Json]]], levels: list[str] | None, services: list[str] | None
) -> list[str]:
    """The lines of these levels and services, each in words, in order."""
    return sorted(
        repr((service, name, line))
        for service, tasks in told.items()
        if services is None or service in services
        for name, lines in tasks.items()
        for line in lines
        if levels is None or get(line, "/level") in levels
    )


@check("BYT-RSP-018")
def logs_are_filtered_by_level(session: Session) -> None:
    """Each level there is, in a job that is complete, one that failed and one that was aborted."""
    for shape in ("quick", "fails", "long"):
        job = session.submit(shape)
        session.until(job, *(("running",) if shape == "long" else ()))
        session.cancel(job)
        everything = service_lines(session, job)
        for level in ("INFO", "WARN", "ERROR", "DEBUG"):
            wanted = sum(1 for _, line in everything if line.get("level") == level)
            found = service_lines(session, job, levels=[level])
            expect(all(line.get("level") == level for _, line in found), f"the logs of level {level} hold others")
            expect(len(found) == wanted, f"of {wanted} lines of level {level} the logs hold {len(found)}")


@check("BYT-RSP-019")
def logs_are_filtered_by_service(session: Session) -> None:
    """Each that there is."""
    job = session.submit(until="end")
    everything = service_lines(session, job)
    needed(everything, "a complete job has no logs")
    for service in ("partitioner", "taskrunner", "assembler"):
        wanted = sum(1 for name, _ in everything if name == service)
        found = [name for name, _ in service_lines(session, job, services=[service])]
        expect(
            found == [service] * wanted,
            f"the logs of {service} hold {len(found)} lines of {shown(set(found))}, expected {shown(wanted)}",
        )


@check("BYT-RSP-020")
def logs_are_of_the_jobs_time(session: Session) -> None:
    """From its creation to its end."""
    session.advance(100)
    job = session.submit(until="end")
    session.advance(50)
    view = seen(session, job)
    created, ended = instant(view.get("createdAt")), instant(view.get("endedAt"))
    lines = service_lines(session, job)
    needed(created is not None and ended is not None and lines, "the job reports no instants, or has no logs")
    assert created is not None
    assert ended is not None
    for service, line in lines:
        told = instant(line.get("timestamp"))
        expect(
            told is not None and created - 1.1 <= told <= ended + 1.1,
            f"a line of {service} is of {shown(line.get('timestamp'))}",
        )


@check("BYT-RSP-022")
def a_job_is_heard_of(session: Session) -> None:
    """Whatever the events say, one of them names the job."""
    job = session.submit(draft=True)

    def meanwhile() -> None:
        session.start(job)
        session.until(job)

    answer = session.listen(EVENTS, meanwhile)
    expect(answer.is_success, f"the stream of events was answered {answer.status}")
    expect(job.id.encode() in answer.body, "nothing was reported of a job that went through all its states")


@check("BYT-RSP-027")
def everybody_at_work_has_a_say(session: Session) -> None:
    """Partitioner, assembler and each of two tasks of a complete job."""
    job = _complete(session)
    told = logs(session, job)
    for service in ("partitioner", "assembler"):
        expect(told[service][""], f"the logs of a complete job hold no line of its {service}")
    lines = told["taskrunner"]
    expect(len(lines) == 2 and all(lines.values()), f"the logs of a job of two tasks hold lines of {len(lines)}")
    texts = {service: [get(line, "/log") for task in told[service].values() for line in task] for service in told}
    expect(
        all(isinstance(text, str) and text for of in texts.values() for text in of), "a line of the logs has no text"
    )


@check("BYT-RSP-028")
def logs_are_filtered_by_task(session: Session) -> None:
    """Each of two tasks alone, both, and one that there is not; levels and services hold beside it."""
    job = _complete(session)
    every = logs(session, job)["taskrunner"]
    needed(len(every) == 2, "the logs do not name two tasks")
    for wanted in ([name] for name in every):
        found = logs(session, job, taskIds=wanted)["taskrunner"]
        expect(
            found == {name: every[name] for name in wanted},
            f"the logs of the task {wanted[0]} are those of {sorted(found)}",
        )
    expect(
        logs(session, job, taskIds=list(every))["taskrunner"] == every, "the logs of both tasks are not those of all"
    )
    none = logs(session, job, taskIds=["no-such-task"])["taskrunner"]
    expect(not any(none.values()), f"the logs of a task that there is not are those of {sorted(none)}")


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
        expect(bool(errors) is is_told, f"the logs of a job that has {ended} hold {len(errors)} lines of errors")


@check("BYT-RSP-030")
def lines_are_in_the_order_of_time(session: Session) -> None:
    """Within each service and task."""
    for service, tasks in logs(session, _complete(session)).items():
        for lines in tasks.values():
            told = [instant(get(line, "/timestamp")) for line in lines]
            needed(None not in told, "a line of the logs reports no instant")
            is_ordered = all(one <= other for one, other in pairwise(told) if one is not None and other is not None)
            expect(is_ordered, f"the lines of {service} are not in the order of time")


@check("BYT-RSP-031")
def lines_come_as_the_work_is_done(session: Session) -> None:
    """None of a draft; none of tasks before there are any, none of the assembler before they are done."""
    job = session.submit(draft=True)
    told = logs(session, job)
    expect(not any(task for tasks in told.values() for task in tasks.values()), "the logs of a draft hold lines")
    session.start(job)
    for state in session.watch(job, step=0.5):
        if session.phase_of(state) in ("starting", "running"):
            told = logs(session, job)
            if not session.target.has_virtual_time and session.state(job) != state:
                continue  # the job has gone on between the two looks
            expect(not told["assembler"][""], f"the logs of a job that is {state} hold lines of the assembler")
        if session.phase_of(state) == "starting":
            expect(not any(told["taskrunner"].values()), f"the logs of a job that is {state} hold lines of tasks")


@check("BYT-RSP-032")
def several_levels_and_services_may_be_asked_for(session: Session) -> None:
    """Two of each, and both at once: what fits any of them."""
    job = session.submit("fails", until="end")
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


@check("BYT-RSP-038")
def changes_of_state_are_told(session: Session) -> None:
    """Each once, in order, with its instant; of a job that was over before, nothing."""
    before, job = session.submit(), session.submit(draft=True)
    session.until(before)

    def meanwhile() -> None:
        session.start(job)
        session.until(job)

    told = events_during(session, meanwhile)
    expect(events_of(told, job), "nothing was reported of a job that went through all its states")
    expect(not events_of(told, before), "something was reported of a job that was over before")
    stamps = get(seen(session, job), "/stateTimestamps")
    needed(isinstance(stamps, dict), "the job reports no instants of its states")
    states = [state for state in sorted(stamps, key=lambda state: _order(session).index(state)) if state != NEW]
    named = [get(one, "/state") for one in events_of(told, job)]
    expect(
        [state for state in named if state != NEW] == states,
        f"the events name {shown(named)}, the job went by {shown(states)}",
    )
    for one in events_of(told, job):
        then, stamp = instant(get(one, "/timestamp")), instant(stamps.get(get(one, "/state")))
        is_near = then is None or stamp is None or abs(then - stamp) <= 1.1
        expect(
            is_near,
            f"{get(one, '/state')} is reported with {shown(get(one, '/timestamp'))}, the job says "
            f"{shown(stamps.get(get(one, '/state')))}",
        )


@check("BYT-RSP-038")
def a_failure_is_an_event(session: Session) -> None:
    """Once, and the last of its job."""
    for shape in session.shapes("fails", "long"):
        job = session.submit(shape, draft=True)

        def meanwhile(job: JobRef = job, shape: str = shape) -> None:
            session.start(job)
            if shape == "long":
                session.until(job, "running")
                session.cancel(job)
            session.until(job)

        named = [get(one, "/state") for one in events_of(events_during(session, meanwhile), job)]
        last = session.state(job)
        expect(named.count(last) == 1 and named[-1] == last, f"of a job that is {last} were told {named}")
