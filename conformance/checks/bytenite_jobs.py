"""Checks of what ByteNite's answers tell of a job: template, chunks, defaults, results, logs, tasks."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks import check
from conformance.checks.bytenite_calls import NEW, buy, chunks, on, seen
from conformance.oracles.members import instant
from conformance.session.expect import accepted, expect, needed, same
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import MISSING, Json, get, same_value, without_nulls

EMPTY = (MISSING, None, "", 0, False)
"""How proto3 JSON may say that nothing was set."""


@check("BYT-AUT-001")
def a_key_buys_a_token(session: Session) -> None:
    """The oracles look at the answer."""
    accepted(buy(session), "the purchase of a token")


@check("BYT-CRT-004")
def a_submission_cannot_choose_what_the_server_tells(session: Session) -> None:
    """It is taken without these members, or refused."""
    early = "2001-01-01T00:00:00Z"
    chosen: dict[str, Json] = {"id": "cf-chosen", "state": "JOB_STATE_COMPLETE", "createdAt": early, "submittedAt": early, "endedAt": early}
    exchange = session.post(session.body(patch=chosen))
    if not exchange.response.is_success:
        return
    job = session.job_of(exchange)
    view = seen(session, job)
    expect(job.id != "cf-chosen", "a submission has chosen the id of its job", exchange)
    expect(view["state"] == NEW, f"a submission has chosen the state {view['state']}", exchange, session.exchanges[-1])
    for name in ("createdAt", "submittedAt", "endedAt"):
        expect(instant(get(view, f"/{name}")) != instant(early), f"a submission has chosen the {name} of its job", exchange, session.exchanges[-1])


@check("BYT-CRT-005")
def members_of_jobs_only_are_passed_over(session: Session) -> None:
    """One after the other."""
    for patch in ({"priority": "EXECUTION_PRIORITY_FAST"}, {"startAt": "2031-01-01T00:00:00Z"}, {"regions": {"whitelist": ["eu"]}}):
        accepted(session.post(session.body(patch=patch)), f"a submission with {patch}")


@check("BYT-DEF-002")
def a_job_is_no_test_by_itself(session: Session) -> None:
    """Nothing said of it, or only limits."""
    for patch in ({}, {"config": {"jobTimeout": 600}}):
        told = get(seen(session, session.submit(patch=patch, draft=True)), "/config/isTestJob")
        expect(told in EMPTY, f"a job that nobody called a test tells {told!r}", session.exchanges[-1])


@check("BYT-DEF-003")
def a_page_holds_twenty(session: Session) -> None:
    """Of twenty-one; a limit of nought is none, and a filtered list is no exception."""
    for _ in range(21):
        session.submit(draft=True)
    pages = (session.list_jobs(), session.list_jobs(query={"pagination.limit": 0}), session.call("Customer_FilterJobs", body={}))
    for exchange in pages:
        data = get(accepted(exchange, "a list without a limit").response.json, "/data")
        expect(isinstance(data, list) and len(data) == 20, f"a page without a limit holds {len(data or [])} of 21 jobs", exchange)


@check("BYT-DEF-004")
def what_is_left_out_stays_unset(session: Session) -> None:
    """A submission of a template and nothing else."""
    exchange = accepted(session.post({"templateId": session.body()["templateId"]}), "a submission of a template alone")
    view = seen(session, session.job_of(exchange))
    for pointer in (
        "/name",
        "/description",
        "/config/taskTimeout",
        "/config/jobTimeout",
        "/dataSource/dataSourceDescriptor",
        "/dataDestination/dataSourceDescriptor",
        "/errorMessage",
    ):
        told = get(view, pointer)
        expect(told in (*EMPTY, "0"), f"{pointer} was left out and is {told!r}", exchange, session.exchanges[-1])


def _templates(session: Session) -> Iterator[tuple[Json, Json]]:
    """Job and template of every answer that shows one job."""
    job = session.submit()
    session.until(job)
    for exchange in list(session.exchanges):
        body = exchange.response.json
        if exchange.operation in ("Customer_CreateJob", "Customer_GetJob") and isinstance(get(body, "/job"), dict):
            yield get(body, "/job"), get(body, "/templateInfo")


@check("BYT-RSP-001")
def the_template_is_told_alike(session: Session) -> None:
    """At creation and at every look, where it is told twice."""
    for job, beside in _templates(session):
        inside = get(job, "/templateInfo")
        if isinstance(inside, dict) and isinstance(beside, dict):
            expect(
                same_value(without_nulls(inside), without_nulls(beside)), f"the template in the job is {inside!r}, beside it {beside!r}", session.exchanges[-1]
            )


@check("BYT-RSP-002")
def the_template_is_the_jobs(session: Session) -> None:
    """Its id, wherever it is told."""
    for job, beside in _templates(session):
        for told in (get(beside, "/id"), get(job, "/templateInfo/id")):
            expect(told in (MISSING, None, job.get("templateId")), f"a job of {job.get('templateId')!r} tells of the template {told!r}", session.exchanges[-1])


@check("BYT-RSP-007")
def replicas_are_chunks(session: Session) -> None:
    """One, three, and as many as a change of the draft says."""
    for first, then in ((1, None), (3, None), (2, 12)):
        job = session.submit(patch=chunks(session, first), draft=True)
        if then is not None:
            needed(on(session, "Customer_SetJobParams", job, chunks(session, then)["params"]).response.is_success, "a draft cannot be changed")
        session.start(job)
        session.until(job, "succeeded")
        same(then or first, get(seen(session, job), "/numChunks"), f"the number of chunks of {then or first} replicas", session.exchanges[-1])


@check("BYT-RSP-013")
def a_test_costs_nothing(session: Session) -> None:
    """Once it is complete."""
    job = session.submit(patch={"config": {"isTestJob": True}})
    session.until(job)
    expect(get(seen(session, job), "/paymentAmount") in EMPTY, "a test job is paid for", session.exchanges[-1])


@check("BYT-RSP-014")
def passwords_are_not_shown(session: Session) -> None:
    """Neither at creation nor when read or listed."""
    word = "cf-hush-hush"
    source = {
        "dataSourceDescriptor": "url",
        "params": {"@type": "type.googleapis.com/bytenite.data_source.HttpDataSource", "url": "https://example.com/a", "username": "cf", "password": word},
    }
    job = session.submit(patch={"dataSource": source}, draft=True)
    for exchange in (job.created, session.read(job), session.list_jobs()):
        expect(word.encode() not in exchange.response.body, "the password of a data source is shown", exchange)


def _results(session: Session, job: JobRef) -> list[Json]:
    """The results that are told; none where they are null, left out or unknown."""
    exchange = on(session, "Customer_GetJobResults", job)
    if exchange.response.status == 404:
        return []
    accepted(exchange, "reading results")
    found = get(exchange.response.json, "/results")
    return found if isinstance(found, list) else []


@check("BYT-RSP-015")
def a_complete_job_has_results(session: Session) -> None:
    """In a bucket."""
    job = session.submit(patch={"dataDestination": {"dataSourceDescriptor": "bucket"}})
    session.until(job, "succeeded")
    found = _results(session, job)
    expect(found, "a complete job has no results", session.exchanges[-1])
    for one in found:
        for name in ("name", "link"):
            told = get(one, f"/{name}")
            expect(isinstance(told, str) and told, f"a result's {name} is {told!r}", session.exchanges[-1])


@check("BYT-RSP-016")
def no_results_before_completion(session: Session) -> None:
    """A draft, a job at work, a failed one."""
    bucket = {"dataDestination": {"dataSourceDescriptor": "bucket"}}
    draft, running, failed = session.submit(patch=bucket, draft=True), session.submit("long", bucket), session.submit("fails", bucket)
    session.until(running, "running")
    session.until(failed)
    for job in (draft, running, failed):
        found = _results(session, job)
        expect(not found, f"a job that is {session.state(job)} has results", *session.exchanges[-2:])
    passing = session.submit(patch=bucket)
    for state in session.watch(passing, step=0.5):
        found = [] if state == "JOB_STATE_COMPLETE" else _results(session, passing)
        expect(not found or session.state(passing) == "JOB_STATE_COMPLETE", f"a job that is {state} has results", *session.exchanges[-2:])


@check("BYT-RSP-017")
def the_estimation_is_the_jobs(session: Session) -> None:
    """As text."""
    job = session.submit(patch=chunks(session, 3), draft=True)
    told = get(seen(session, job), "/numUnitsEstimation")
    needed(told not in (*EMPTY, "0"), "the job tells no estimation")
    exchange = accepted(on(session, "Customer_EstimateJob", job), "the estimation")
    same(told, get(exchange.response.json, "/estimation/totalEstimation"), "the estimation", session.exchanges[-2], exchange)


def _lines(session: Session, job: JobRef, **asked: Json) -> list[tuple[str, Json]]:
    """Service and line of everything in the logs."""
    told = accepted(session.call("Customer_GetLogs", body={"jobId": job.id, **asked}), f"logs with {asked}").response.json
    found = [(name, line) for name in ("partitioner", "assembler") for line in get(told, f"/{name}") or []]
    tasks = get(told, "/taskrunner") or {}
    return found + [("taskrunner", line) for task in tasks.values() for line in task.get("logs") or []]


@check("BYT-RSP-018")
def logs_are_filtered_by_level(session: Session) -> None:
    """Each level there is, in a job that is complete, one that failed and one that was aborted."""
    for shape in ("quick", "fails", "long"):
        job = session.submit(shape)
        session.until(job, *(("running",) if shape == "long" else ()))
        session.cancel(job)
        everything = _lines(session, job)
        for level in ("INFO", "WARN", "ERROR", "DEBUG"):
            wanted = sum(1 for _, line in everything if line.get("level") == level)
            found = _lines(session, job, levels=[level])
            expect(all(line.get("level") == level for _, line in found), f"the logs of level {level} hold others", session.exchanges[-1])
            expect(len(found) == wanted, f"of {wanted} lines of level {level} the logs hold {len(found)}", session.exchanges[-1])


@check("BYT-RSP-019")
def logs_are_filtered_by_service(session: Session) -> None:
    """Each that there is."""
    job = session.submit()
    session.until(job)
    everything = _lines(session, job)
    needed(everything, "a complete job has no logs")
    for service in ("partitioner", "taskrunner", "assembler"):
        wanted = sum(1 for name, _ in everything if name == service)
        found = [name for name, _ in _lines(session, job, services=[service])]
        expect(found == [service] * wanted, f"the logs of {service} hold {len(found)} lines of {set(found)}, expected {wanted}", session.exchanges[-1])


@check("BYT-RSP-020")
def logs_are_of_the_jobs_time(session: Session) -> None:
    """From its creation to its end."""
    session.advance(100)
    job = session.submit()
    session.until(job)
    session.advance(50)
    view = seen(session, job)
    created, ended = instant(view.get("createdAt")), instant(view.get("endedAt"))
    lines = _lines(session, job)
    needed(created is not None and ended is not None and lines, "the job tells no instants, or has no logs")
    assert created is not None
    assert ended is not None
    for service, line in lines:
        told = instant(line.get("timestamp"))
        expect(
            told is not None and created - 1.1 <= told <= ended + 1.1,
            f"a line of {service} is of {line.get('timestamp')!r}",
            session.exchanges[-2],
            session.exchanges[-1],
        )


@check("BYT-RSP-021")
def running_tasks_are_counted(session: Session) -> None:
    """Of a job at work, a draft and an ended one."""
    running = session.submit("long", chunks(session, 2))
    draft, ended = session.submit(draft=True), session.submit()
    session.until(ended)
    session.until(running, "running")
    divided = get(seen(session, running), "/numChunks")
    told = get(accepted(session.call("Customer_RunningTasks", body={}), "the running tasks").response.json, "/runningTasks")
    count = get(told, f"/{running.id}")
    expect(isinstance(count, int) and 1 <= count <= (divided or 1), f"a job of {divided} chunks at work has {count!r} running tasks", session.exchanges[-1])
    for job in (draft, ended):
        expect(get(told, f"/{job.id}") in EMPTY, "a job that is not at work has running tasks", session.exchanges[-1])
    both = get(session.call("Customer_RunningTasks", body={"jobIds": [draft.id, running.id]}).response.json, "/runningTasks")
    expect(get(both, f"/{running.id}") == count, "of two jobs that were asked for the second is not told of", session.exchanges[-1])
    only = get(session.call("Customer_RunningTasks", body={"jobIds": [draft.id]}).response.json, "/runningTasks")
    expect(get(only, f"/{running.id}") is MISSING, "running tasks of a draft are those of another job", session.exchanges[-1])


@check("BYT-RSP-023")
def templates_are_listed_once(session: Session) -> None:
    """By their ids."""
    exchange = accepted(session.call("Customer_ListJobTemplates"), "the templates")
    data = get(exchange.response.json, "/data") or []
    ids = [get(one, "/id") for one in data]
    expect(len(ids) == len(set(map(str, ids))) and all(isinstance(one, str) and one for one in ids), f"the templates are {ids}", exchange)


@check("BYT-RSP-024")
def configs_show_the_same_job(session: Session) -> None:
    """As reading it does."""
    job = session.submit(patch={"config": {"jobTimeout": 600}}, draft=True)
    view = seen(session, job)
    exchange = accepted(on(session, "Customer_GetJobConfigs", job), "reading the configs")
    shown = get(exchange.response.json, "/job")
    if isinstance(shown, dict):
        for name in shown.keys() & view.keys():
            expect(
                same_value(shown[name], view[name]),
                f"{name} is {shown[name]!r} among the configs and {view[name]!r} when read",
                session.exchanges[-2],
                exchange,
            )
