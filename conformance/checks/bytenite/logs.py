"""ByteNite's logs and its stream of events."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.bytenite.steps import EVENTS, NEW, chunks, events_during, events_of, seen
from conformance.checks.families.instants import instants
from conformance.oracles.members import instant
from conformance.session.expect import accepted, expect, needed, same
from conformance.session.phases import need_phase
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json, get, shown


def _order(session: Session) -> list[str]:
    states: list[str] = session.spec.document["components"]["schemas"]["jobJobState"]["enum"]
    return states


Logs = dict[str, dict[str, list[Json]]]
"""The lines by service and task; partitioner and assembler have one task, which has no name."""


def logs(session: Session, job: JobRef, **asked: Json) -> Logs:
    """The logs, of all levels, services and tasks or of those that are asked for."""
    exchange = session.call("Customer_GetLogs", body={"jobId": job.id, **asked})
    answer = accepted(exchange, f"logs with {shown(asked)}").response.json
    found: Logs = {name: {"": get(answer, f"/{name}") or []} for name in ("partitioner", "assembler")}
    tasks = get(answer, "/taskrunner") or {}
    is_by_service = all(isinstance(lines[""], list) for lines in found.values()) and isinstance(tasks, dict)
    needed(is_by_service, "the logs are not divided by service")
    return {**found, "taskrunner": {name: get(task, "/logs") or [] for name, task in tasks.items()}}


def lines_of(found: Logs) -> list[tuple[str, Json]]:
    """Service and line of everything in the logs."""
    return [(service, line) for service, tasks in found.items() for lines in tasks.values() for line in lines]


def _complete(session: Session) -> JobRef:
    job = session.submit(patch=chunks(session, 2), until="end")
    need_phase(session, job, "succeeded")
    return job


def _are_those(session: Session, job: JobRef, every: Logs, **asked: list[str]) -> None:
    """Expect the logs that are asked for to hold what fits of all logs, and nothing else."""
    wanted = chosen_lines(every, **asked)
    found = chosen_lines(logs(session, job, **asked))
    expect(found == wanted, f"logs with {shown(asked)} hold {len(found)} lines, {len(wanted)} fit")


def chosen_lines(found: Logs, levels: list[str] | None = None, services: list[str] | None = None) -> list[str]:
    """The lines of these levels and services, each in words, in order."""
    return sorted(
        repr((service, name, line))
        for service, tasks in found.items()
        if services is None or service in services
        for name, lines in tasks.items()
        for line in lines
        if levels is None or get(line, "/level") in levels
    )


@check("BYT-RSP-018")
def logs_are_filtered_by_level(session: Session) -> None:
    """Each level there is, in a job that is complete, one that failed and one that was aborted."""
    for shape, until in (("quick", "end"), ("fails", "end"), ("long", "running")):
        job = session.submit(shape, until=until)
        session.cancel(job)
        every = logs(session, job)
        for level in ("INFO", "WARN", "ERROR", "DEBUG"):
            _are_those(session, job, every, levels=[level])


@check("BYT-RSP-019")
def logs_are_filtered_by_service(session: Session) -> None:
    """Each that there is."""
    job = session.submit(until="end")
    every = logs(session, job)
    needed(lines_of(every), "a complete job has no logs")
    for service in ("partitioner", "taskrunner", "assembler"):
        _are_those(session, job, every, services=[service])


@check("BYT-RSP-020")
def logs_are_of_the_jobs_time(session: Session) -> None:
    """From its creation to its end."""
    session.advance(100)
    job = session.submit(until="end")
    session.advance(50)
    view = seen(session, job)
    created, ended = instants(view, "/createdAt", "/endedAt")
    lines = lines_of(logs(session, job))
    needed(lines, "the job has no logs")
    for service, line in lines:
        at = instant(line.get("timestamp"))
        is_within = at is not None and created - 1.1 <= at <= ended + 1.1
        expect(is_within, f"a line of {service} is of {shown(line.get('timestamp'))}")


@check("BYT-RSP-022")
def events_name_the_job(session: Session) -> None:
    """Whatever the events say, one of them names the job."""
    job = session.submit(draft=True)

    def meanwhile() -> None:
        session.start(job)
        session.until(job)

    answer = session.listen(EVENTS, meanwhile)
    expect(answer.is_success, f"the stream of events was answered {answer.status}")
    expect(job.id.encode() in answer.body, "nothing was reported of a job that went through all its states")


@check("BYT-RSP-027")
def every_service_and_task_has_lines(session: Session) -> None:
    """Partitioner, assembler and each of two tasks of a complete job."""
    job = _complete(session)
    found = logs(session, job)
    for service in ("partitioner", "assembler"):
        expect(found[service][""], f"the logs of a complete job hold no line of its {service}")
    lines = found["taskrunner"]
    expect(len(lines) == 2 and all(lines.values()), f"the logs of a job of two tasks hold lines of {len(lines)}")
    texts = [get(line, "/log") for _, line in lines_of(found)]
    expect(all(isinstance(text, str) and text for text in texts), "a line of the logs has no text")


@check("BYT-RSP-028")
def logs_are_filtered_by_task(session: Session) -> None:
    """Each of two tasks alone, both, and one that there is not; levels and services hold beside it."""
    job = _complete(session)
    every = logs(session, job)["taskrunner"]
    needed(len(every) == 2, "the logs do not name two tasks")
    for name, lines in every.items():
        found = logs(session, job, taskIds=[name])["taskrunner"]
        expect(found == {name: lines}, f"the logs of the task {name} are those of {shown(sorted(found))}")
    both = logs(session, job, taskIds=list(every))["taskrunner"]
    expect(both == every, "the logs of both tasks are not those of all")
    none = logs(session, job, taskIds=["no-such-task"])["taskrunner"]
    expect(not any(none.values()), f"the logs of a task that there is not are those of {shown(sorted(none))}")


@check("BYT-RSP-029")
def a_failure_is_logged(session: Session) -> None:
    """As an error, be it of a task or of the input; a job that runs well has none."""
    for shape in session.shapes("fails", "unreadable", "quick"):
        job, is_failing = session.submit(shape), shape != "quick"
        ended = session.phase_of(session.until(job))
        needed((ended == "failed") is is_failing, f"the job has {ended}")
        levels = [get(line, "/level") for _, line in lines_of(logs(session, job))]
        errors = [level for level in levels if level in ("ERROR", "FATAL", "PANIC")]
        expect(bool(errors) is is_failing, f"the logs of a job that has {ended} hold {len(errors)} lines of errors")


@check("BYT-RSP-030")
def lines_are_in_the_order_of_time(session: Session) -> None:
    """Within each service and task."""
    for service, tasks in logs(session, _complete(session)).items():
        for lines in tasks.values():
            times = [instants(line, "/timestamp")[0] for line in lines]
            expect(times == sorted(times), f"the lines of {service} are not in the order of time")


@check("BYT-RSP-031")
def lines_come_as_the_work_is_done(session: Session) -> None:
    """None of a draft; none of tasks before there are any, none of the assembler before they are done."""
    job = session.submit(draft=True)
    expect(not lines_of(logs(session, job)), "the logs of a draft hold lines")
    session.start(job)
    for state in session.watch(job, step=0.5):
        if session.phase_of(state) in ("starting", "running"):
            found = logs(session, job)
            if not session.target.has_virtual_time and session.state(job) != state:
                continue  # the job has gone on between the two looks
            expect(not found["assembler"][""], f"the logs of a job that is {state} hold lines of the assembler")
        if session.phase_of(state) == "starting":
            expect(not any(found["taskrunner"].values()), f"the logs of a job that is {state} hold lines of tasks")


@check("BYT-RSP-032")
def several_levels_and_services_may_be_asked_for(session: Session) -> None:
    """Two of each, and both at once: what fits any of them."""
    job = session.submit("fails", until="end")
    every = logs(session, job)
    for one, other in (("INFO", "ERROR"), ("ERROR", "INFO")):
        _are_those(session, job, every, levels=[one, other])
    for one, other in (("partitioner", "taskrunner"), ("taskrunner", "partitioner")):
        _are_those(session, job, every, services=[one, other])
    _are_those(session, job, every, levels=["ERROR", "WARN"], services=["taskrunner", "assembler"])
    _are_those(session, job, every, levels=["ERROR"], services=["partitioner"])


@check("BYT-RSP-038")
def changes_of_state_are_reported(session: Session) -> None:
    """Each once, in order, with its instant; of a job that was over before, nothing."""
    before, job = session.submit(), session.submit(draft=True)
    session.until(before)

    def meanwhile() -> None:
        session.start(job)
        session.until(job)

    events = events_during(session, meanwhile)
    mine = events_of(events, job)
    expect(mine, "nothing was reported of a job that went through all its states")
    expect(not events_of(events, before), "something was reported of a job that was over before")
    stamps = get(seen(session, job), "/stateTimestamps")
    needed(isinstance(stamps, dict), "the job reports no instants of its states")
    states = [state for state in sorted(stamps, key=_order(session).index) if state != NEW]
    named = [state for one in mine if (state := get(one, "/state")) != NEW]
    same(states, named, "the states that the events name")
    for one in mine:
        state, then = get(one, "/state"), get(one, "/timestamp")
        times = instant(then), instant(stamps.get(state))
        is_near = None in times or abs((times[0] or 0.0) - (times[1] or 0.0)) <= 1.1
        expect(is_near, f"{state} is reported with {shown(then)}, the job says {shown(stamps.get(state))}")


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
        is_last = named.count(last) == 1 and named[-1] == last
        expect(is_last, f"the events of a job that is {last} name {shown(named)}")
