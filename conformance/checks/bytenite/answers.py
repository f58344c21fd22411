"""What ByteNite's answers say of a job."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks import check
from conformance.checks.bytenite.steps import EMPTY, NEWER, change, chunks, crowd, on, running_tasks, seen
from conformance.session.expect import accepted, expect, needed, same
from conformance.session.session import Session
from conformance.traffic.json_pointer import MISSING, Json, get, same_value, shown, without_nulls


def _templates(session: Session) -> Iterator[tuple[Json, Json]]:
    """Job and template of every answer that shows one job."""
    session.submit(until="end")
    for exchange in list(session.exchanges):
        body = exchange.response.json
        if exchange.operation in ("Customer_CreateJob", "Customer_GetJob") and isinstance(get(body, "/job"), dict):
            yield get(body, "/job"), get(body, "/templateInfo")


@check("BYT-RSP-001")
def the_template_is_told_alike(session: Session) -> None:
    """At creation and at every look, where it is reported twice."""
    for job, beside in _templates(session):
        inside = get(job, "/templateInfo")
        if isinstance(inside, dict) and isinstance(beside, dict):
            expect(
                same_value(without_nulls(inside), without_nulls(beside)),
                f"the template in the job is {shown(inside)}, beside it {shown(beside)}",
            )


@check("BYT-RSP-002")
def the_template_is_the_jobs(session: Session) -> None:
    """Its id, wherever it is reported."""
    for job, beside in _templates(session):
        for told in (get(beside, "/id"), get(job, "/templateInfo/id")):
            expect(
                told in (MISSING, None, job.get("templateId")),
                f"a job of {shown(job.get('templateId'))} names the template {shown(told)}",
            )


@check("BYT-RSP-002")
def a_template_of_ones_own_is_told(session: Session) -> None:
    """One that no page names, and one of the listed, if either is taken."""
    for name in ("cf-own-template", "Cf_Own.Template-2", "image-variations"):
        exchange = session.post(session.body(patch={"templateId": name}))
        if not exchange.response.is_success:
            continue
        view = seen(session, session.job_of(exchange))
        for told in (
            view.get("templateId"),
            get(exchange.response.json, "/templateInfo/id"),
            get(view, "/templateInfo/id"),
        ):
            expect(told in (MISSING, None, name), f"a job of {shown(name)} names the template {shown(told)}", exchange)


@check("BYT-RSP-007")
def replicas_are_chunks(session: Session) -> None:
    """One, three, and as many as a change of the draft says."""
    for first, then in ((1, None), (3, None), (2, 12)):
        job = session.submit(patch=chunks(session, first), draft=True)
        if then is not None:
            needed(
                on(session, "Customer_SetJobParams", job, chunks(session, then)["params"]).response.is_success,
                "a draft cannot be changed",
            )
        session.start(job)
        session.until(job, "succeeded")
        same(then or first, get(seen(session, job), "/numChunks"), f"the number of chunks of {then or first} replicas")


@check("BYT-RSP-013")
def a_test_costs_nothing(session: Session) -> None:
    """Once it is complete."""
    job = session.submit(patch={"config": {"isTestJob": True}}, until="end")
    expect(get(seen(session, job), "/paymentAmount") in EMPTY, "a test job is paid for")


@check("BYT-RSP-014")
def passwords_are_not_shown(session: Session) -> None:
    """Neither at creation nor when read or listed."""
    word = "cf-hush-hush"
    source = {
        "dataSourceDescriptor": "url",
        "params": {
            "@type": "type.googleapis.com/bytenite.data_source.HttpDataSource",
            "url": "https://example.com/a",
            "username": "cf",
            "password": word,
        },
    }
    job = session.submit(patch={"dataSource": source}, draft=True)
    for exchange in (job.created, session.read(job), session.list_jobs()):
        expect(word.encode() not in exchange.response.body, "the password of a data source is shown")


@check("BYT-RSP-017")
def the_estimation_is_the_jobs(session: Session) -> None:
    """As text."""
    job = session.submit(patch=chunks(session, 3), draft=True)
    told = get(seen(session, job), "/numUnitsEstimation")
    needed(told not in (*EMPTY, "0"), "the job reports no estimation")
    exchange = accepted(on(session, "Customer_EstimateJob", job), "the estimation")
    same(told, get(exchange.response.json, "/estimation/totalEstimation"), "the estimation")


@check("BYT-RSP-021")
def running_tasks_are_counted(session: Session) -> None:
    """Of a job at work, a draft and an ended one."""
    running = session.submit("long", chunks(session, 2))
    draft, ended = session.submit(draft=True), session.submit()
    session.until(ended)
    session.until(running, "running")
    divided = get(seen(session, running), "/numChunks")
    told = get(
        accepted(session.call("Customer_RunningTasks", body={}), "the running tasks").response.json, "/runningTasks"
    )
    count = get(told, f"/{running.id}")
    expect(
        isinstance(count, int) and 1 <= count <= (divided or 1),
        f"a job of {divided} chunks at work has {shown(count)} running tasks",
    )
    for job in (draft, ended):
        expect(get(told, f"/{job.id}") in EMPTY, "a job that is not at work has running tasks")
    both = get(
        session.call("Customer_RunningTasks", body={"jobIds": [draft.id, running.id]}).response.json, "/runningTasks"
    )
    expect(get(both, f"/{running.id}") == count, "of two jobs that were asked for the second is not reported")
    only = get(session.call("Customer_RunningTasks", body={"jobIds": [draft.id]}).response.json, "/runningTasks")
    expect(get(only, f"/{running.id}") is MISSING, "running tasks of a draft are those of another job")


@check("BYT-RSP-023")
def templates_are_listed_once(session: Session) -> None:
    """By their ids."""
    exchange = accepted(session.call("Customer_ListJobTemplates"), "the templates")
    data = get(exchange.response.json, "/data") or []
    ids = [get(one, "/id") for one in data]
    expect(
        len(ids) == len(set(map(str, ids))) and all(isinstance(one, str) and one for one in ids),
        f"the templates are {shown(ids)}",
    )


@check("BYT-RSP-024")
def configs_show_the_same_job(session: Session) -> None:
    """As reading it does."""
    job = session.submit(patch={"config": {"jobTimeout": 600}}, draft=True)
    view = seen(session, job)
    exchange = accepted(on(session, "Customer_GetJobConfigs", job), "reading the configs")
    answered = get(exchange.response.json, "/job")
    if isinstance(answered, dict):
        for name in answered.keys() & view.keys():
            expect(
                same_value(answered[name], view[name]),
                f"{name} is {shown(answered[name])} among the configs and {shown(view[name])} when read",
            )


@check("BYT-RSP-025")
def a_local_file_can_be_uploaded(session: Session) -> None:
    """Given with the submission or with a change of the draft; then it is said to be there."""
    source = {"dataSource": {"dataSourceDescriptor": "file", "params": {"name": "in.zip"}}}
    for job in (session.submit(patch=source, draft=True), session.submit(draft=True)):
        view = (
            seen(session, job)
            if "dataSource" in (job.body or {})
            else change(session, "Customer_SetJobDatasource", job, source)
        )
        told = get(view, "/dataSource/params/tempUrl")
        expect(
            isinstance(told, str) and "://" in told,
            f"a draft whose input is a local file has the upload address {shown(told)}",
        )
        accepted(on(session, "Customer_UploadCompleted", job, {}), "saying that the file was uploaded")


@check("BYT-RSP-026")
def tasks_that_wait_are_not_running(session: Session) -> None:
    """Where there is room for one task only, one of four is counted."""
    fillers, waiting = crowd(session)
    session.cancel(waiting)
    session.cancel(fillers[0])
    job = session.submit("long", chunks(session, 4), until="running")
    session.advance(5)
    count = running_tasks(session).get(job.id)
    expect(count == 1, f"where one task finds room {shown(count)} of four run")


@check("BYT-RSP-033")
def a_job_tells_its_app_and_template(session: Session) -> None:
    """By itself, when it is read and when it is listed."""
    job = session.submit(draft=True)
    listed = next((one for one in session.items() if get(one, "/id") == job.id), None)
    for view in (seen(session, job), listed):
        for pointer in ("/appId", "/templateInfo/id", "/templateInfo/app"):
            told = get(view, pointer)
            expect(isinstance(told, str) and told, f"a job's {pointer} is {shown(told)}")


@check("BYT-RSP-034")
def work_has_its_price(session: Session) -> None:
    """Told of a job that is complete, not of a draft; more work is not cheaper."""
    draft = session.submit(draft=True)
    expect(get(seen(session, draft), "/paymentAmount") in (MISSING, None, 0), "a draft is paid for")
    told = []
    for replicas in (1, 3):
        job = session.submit(patch=chunks(session, replicas))
        needed(session.phase_of(session.until(job)) == "succeeded", "the job fails")
        amount = get(seen(session, job), "/paymentAmount")
        expect(isinstance(amount, int | float) and amount > 0, f"the payment of a complete job is {shown(amount)}")
        told.append(amount)
    expect(told[1] >= told[0], f"one task costs {told[0]}, three cost {told[1]}")


@check("BYT-RSP-037")
def templates_are_listed(session: Session) -> None:
    """That of the jobs that are made here is among them; limit and offset cut the list."""
    exchange = accepted(session.call("Customer_ListJobTemplates"), "the templates")
    every = [get(one, "/id") for one in get(exchange.response.json, "/data") or []]
    expect(
        session.body()["templateId"] in every,
        f"jobs are made of {shown(session.body()['templateId'])}, listed are {shown(every)}",
    )
    for limit, offset in ((1, 0), (2, 1), (100, 1)):
        told = accepted(
            session.call("Customer_ListJobTemplates", query={"limit": limit, "offset": offset}),
            "templates by limit and offset",
        )
        found = [get(one, "/id") for one in get(told.response.json, "/data") or []]
        expect(
            found == every[offset : offset + limit],
            f"{limit} templates from {offset} are {shown(found)}, all are {shown(every)}",
            exchange,
            told,
        )


@check("BYT-RSP-039")
def the_estimation_follows_the_work(session: Session) -> None:
    """More replicas are more units, at creation and after a change."""
    told = []
    for first, then in ((2, None), (6, None), (2, 6)):
        job = session.submit(patch=chunks(session, first), draft=True)
        if then is not None:
            accepted(
                on(session, "Customer_SetJobParams", job, chunks(session, then)["params"]), "a change of the parameters"
            )
        told.append(
            get(
                accepted(on(session, "Customer_EstimateJob", job), "the estimation").response.json,
                "/estimation/totalEstimation",
            )
        )
    needed(all(str(one).isdigit() for one in told), f"the estimations are {shown(told)}")
    few, many, changed = (int(one) for one in told)
    expect(few < many == changed, f"two replicas are {few} units, six are {many}, six after a change are {changed}")


@check("BYT-RSP-040")
def every_upload_has_its_own_address(session: Session) -> None:
    """Which no submission chooses."""
    params = {
        "@type": "type.googleapis.com/bytenite.data_source.LocalFileDataSource",
        "name": "in.zip",
        "tempUrl": "https://example.com/mine",
    }
    told = []
    for _ in range(2):
        job = session.submit(patch={"dataSource": {"dataSourceDescriptor": "file", "params": params}}, draft=True)
        told.append(get(seen(session, job), "/dataSource/params/tempUrl"))
    needed(all(isinstance(one, str) and one for one in told), "no address is reported")
    expect(params["tempUrl"] not in told, "a submission has chosen where it is uploaded to")
    expect(told[0] != told[1], f"two jobs are uploaded to one address, {shown(told[0])}")


@check("BYT-RSP-041")
def a_test_job_has_one_chunk(session: Session) -> None:
    """Though its partitioner was asked for four."""
    job = session.submit(patch={"config": {"isTestJob": True}, **chunks(session, 4)}, until="end")
    told = get(seen(session, job), "/numChunks")
    expect(told == 1, f"a test job has {shown(told)} chunks")


@check("BYT-RSP-042")
def changes_of_a_draft(session: Session) -> None:
    """The oracles look at their answers."""
    job = session.submit(draft=True)
    for operation in ("Customer_SetJobDatasource", "Customer_SetJobParams"):
        accepted(on(session, operation, job, NEWER[operation]), operation)
