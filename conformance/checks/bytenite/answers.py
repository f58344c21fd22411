"""What ByteNite's answers say of a job."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks import check
from conformance.checks.bytenite.steps import EMPTY, NEWER, change, chunks, crowd, on, running_tasks, seen
from conformance.checks.families.lists import by_id
from conformance.session.expect import accepted, expect, need_success, needed, same
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import MISSING, Json, get, shown, without_nulls

HTTP = "type.googleapis.com/bytenite.data_source.HttpDataSource"
SECRET = {"@type": HTTP, "url": "https://example.com/a", "username": "cf", "password": "cf-hush-hush"}
LOCAL = "type.googleapis.com/bytenite.data_source.LocalFileDataSource"
UPLOAD = {"@type": LOCAL, "name": "in.zip", "tempUrl": "https://example.com/mine"}
"""Parameters of data sources."""


def _divided(session: Session, replicas: int, then: int | None = None) -> JobRef:
    """A draft of so many replicas, which a change may make another number."""
    job = session.submit(patch=chunks(session, replicas), draft=True)
    if then is not None:
        need_success(on(session, "Customer_SetJobParams", job, chunks(session, then)["params"]), "a change of a draft")
    return job


def _estimation(session: Session, job: JobRef) -> Json:
    exchange = accepted(on(session, "Customer_EstimateJob", job), "the estimation")
    return get(exchange.response.json, "/estimation/totalEstimation")


def _listed_templates(session: Session, **query: int) -> list[Json]:
    """The ids of the templates, or of a part of their list."""
    exchange = accepted(session.call("Customer_ListJobTemplates", query=query), "the templates")
    return [get(one, "/id") for one in get(exchange.response.json, "/data") or []]


def _templates(session: Session) -> Iterator[tuple[Json, Json]]:
    """Job and template of every answer that shows one job."""
    session.submit(until="end")
    for exchange in list(session.exchanges):
        body = exchange.response.json
        if exchange.operation in ("Customer_CreateJob", "Customer_GetJob") and isinstance(get(body, "/job"), dict):
            yield get(body, "/job"), get(body, "/templateInfo")


@check("BYT-RSP-001")
def the_template_is_reported_alike(session: Session) -> None:
    """At creation and at every look, where it is reported twice."""
    for job, beside in _templates(session):
        inside = get(job, "/templateInfo")
        if isinstance(inside, dict) and isinstance(beside, dict):
            same(without_nulls(beside), without_nulls(inside), "the template in the job, beside which it is reported,")


def _names_template(name: Json, *views: Json) -> None:
    for view in views:
        found = get(view, "/id")
        expect(found in (MISSING, None, name), f"a job of {shown(name)} names the template {shown(found)}")


@check("BYT-RSP-002")
def the_template_is_the_jobs(session: Session) -> None:
    """Its id, wherever it is reported."""
    for job, beside in _templates(session):
        _names_template(job.get("templateId"), beside, get(job, "/templateInfo"))


@check("BYT-RSP-002")
def a_template_of_ones_own_is_reported(session: Session) -> None:
    """One that no page names, and one of the listed, if either is taken."""
    for name in ("cf-own-template", "Cf_Own.Template-2", "image-variations"):
        exchange = session.post(session.body(patch={"templateId": name}))
        if exchange.response.is_success:
            view = seen(session, session.job_of(exchange))
            beside = get(exchange.response.json, "/templateInfo")
            _names_template(name, {"id": view.get("templateId")}, beside, view.get("templateInfo"))


@check("BYT-RSP-007")
def replicas_are_chunks(session: Session) -> None:
    """One, three, and as many as a change of the draft says."""
    for first, then in ((1, None), (3, None), (2, 12)):
        job = _divided(session, first, then)
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
    job = session.submit(patch={"dataSource": {"dataSourceDescriptor": "url", "params": SECRET}}, draft=True)
    for exchange in (job.created, session.read(job), session.list_jobs()):
        is_shown = SECRET["password"].encode() in exchange.response.body
        expect(not is_shown, "the password of a data source is shown")


@check("BYT-RSP-043")
def large_numbers_keep_their_digits(session: Session) -> None:
    """In an object, and in a list in an object; at creation and when read."""
    told: Json = {"seed": 9007199254740993, "deep": {"list": [9223372036854775807, {"below": -9007199254740993}]}}
    job = session.submit(patch={"params": {"app": {"numbers": told}}}, draft=True)
    same(told, get(seen(session, job), "/params/app/numbers"), "the numbers of a job that is read")
    shown_at_first = get(job.created.response.json, "/job/params/app/numbers")
    same(told, told if shown_at_first is MISSING else shown_at_first, "the numbers of a new job")


@check("BYT-RSP-017")
def the_estimation_is_the_jobs(session: Session) -> None:
    """As text."""
    job = _divided(session, 3)
    units = get(seen(session, job), "/numUnitsEstimation")
    needed(units not in (*EMPTY, "0"), "the job reports no estimation")
    same(units, _estimation(session, job), "the estimation")


@check("BYT-RSP-021")
def running_tasks_are_counted(session: Session) -> None:
    """Of a job at work, a draft and an ended one."""
    running = session.submit("long", chunks(session, 2))
    draft, ended = session.submit(draft=True), session.submit(until="end")
    session.until(running, "running")
    divided = get(seen(session, running), "/numChunks") or 1
    tasks = running_tasks(session)
    count = tasks.get(running.id)
    is_right = isinstance(count, int) and 1 <= count <= divided
    expect(is_right, f"a job of {divided} chunks at work has {shown(count)} running tasks")
    for job in (draft, ended):
        expect(tasks.get(job.id, MISSING) in EMPTY, "a job that is not at work has running tasks")
    both = running_tasks(session, draft, running)
    same(count, both.get(running.id), "of two jobs that were asked for the running tasks of the second")
    expect(running.id not in running_tasks(session, draft), "running tasks of a draft are those of another job")


@check("BYT-RSP-023")
def templates_are_listed_once(session: Session) -> None:
    """By their ids."""
    ids = _listed_templates(session)
    are_texts = all(isinstance(one, str) and one for one in ids)
    expect(are_texts and len(ids) == len(set(map(str, ids))), f"the templates are {shown(ids)}")


@check("BYT-RSP-024")
def configs_show_the_same_job(session: Session) -> None:
    """As reading it does."""
    job = session.submit(patch={"config": {"jobTimeout": 600}}, draft=True)
    view = seen(session, job)
    exchange = accepted(on(session, "Customer_GetJobConfigs", job), "reading the configs")
    beside = get(exchange.response.json, "/job")
    for name in beside.keys() & view.keys() if isinstance(beside, dict) else ():
        same(view[name], beside[name], f"{name} among the configs, as compared with reading the job,")


@check("BYT-RSP-025")
def a_local_file_can_be_uploaded(session: Session) -> None:
    """Given with the submission or with a change of the draft; then it is said to be there."""
    source = {"dataSource": {"dataSourceDescriptor": "file", "params": {"name": "in.zip"}}}
    given, changed = session.submit(patch=source, draft=True), session.submit(draft=True)
    views = (seen(session, given), change(session, "Customer_SetJobDatasource", changed, source))
    for job, view in zip((given, changed), views, strict=True):
        address = get(view, "/dataSource/params/tempUrl")
        is_url = isinstance(address, str) and "://" in address
        expect(is_url, f"a draft whose input is a local file has the upload address {shown(address)}")
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
def a_job_reports_its_app_and_template(session: Session) -> None:
    """By itself, when it is read and when it is listed."""
    job = session.submit(draft=True)
    for view in (seen(session, job), by_id(session, session.items()).get(job.id)):
        for pointer in ("/appId", "/templateInfo/id", "/templateInfo/app"):
            value = get(view, pointer)
            expect(isinstance(value, str) and value, f"a job's {pointer} is {shown(value)}")


@check("BYT-RSP-034")
def work_has_its_price(session: Session) -> None:
    """Told of a job that is complete, not of a draft; more work is not cheaper."""
    draft = session.submit(draft=True)
    expect(get(seen(session, draft), "/paymentAmount") in (MISSING, None, 0), "a draft is paid for")
    amounts = []
    for replicas in (1, 3):
        job = session.submit(patch=chunks(session, replicas))
        needed(session.phase_of(session.until(job)) == "succeeded", "the job fails")
        amount = get(seen(session, job), "/paymentAmount")
        is_paid = isinstance(amount, int | float) and amount > 0
        expect(is_paid, f"the payment of a complete job is {shown(amount)}")
        amounts.append(amount)
    expect(amounts[1] >= amounts[0], f"one task costs {amounts[0]}, three cost {amounts[1]}")


@check("BYT-RSP-037")
def templates_are_listed(session: Session) -> None:
    """That of the jobs that are made here is among them; limit and offset cut the list."""
    every, mine = _listed_templates(session), session.body()["templateId"]
    expect(mine in every, f"jobs are made of {shown(mine)}, listed are {shown(every)}")
    for limit, offset in ((1, 0), (2, 1), (100, 1)):
        found = _listed_templates(session, limit=limit, offset=offset)
        same(every[offset : offset + limit], found, f"{limit} templates from {offset}")


@check("BYT-RSP-039")
def the_estimation_follows_the_work(session: Session) -> None:
    """More replicas are more units, at creation and after a change."""
    jobs = [_divided(session, first, then) for first, then in ((2, None), (6, None), (2, 6))]
    units = [str(_estimation(session, job)) for job in jobs]
    needed(all(one.isdigit() for one in units), f"the estimations are {units}")
    few, many, changed = map(int, units)
    expect(few < many == changed, f"two replicas are {few} units, six are {many}, six after a change are {changed}")


@check("BYT-RSP-040")
def every_upload_has_its_own_address(session: Session) -> None:
    """Which no submission chooses."""
    source = {"dataSource": {"dataSourceDescriptor": "file", "params": UPLOAD}}
    jobs = [session.submit(patch=source, draft=True) for _ in range(2)]
    one, other = (get(seen(session, job), "/dataSource/params/tempUrl") for job in jobs)
    needed(isinstance(one, str) and one and isinstance(other, str) and other, "no address is reported")
    expect(UPLOAD["tempUrl"] not in (one, other), "a submission has chosen where it is uploaded to")
    expect(one != other, f"two jobs are uploaded to one address, {one}")


@check("BYT-RSP-041")
def a_test_job_has_one_chunk(session: Session) -> None:
    """Though its partitioner was asked for four."""
    job = session.submit(patch={"config": {"isTestJob": True}, **chunks(session, 4)}, until="end")
    count = get(seen(session, job), "/numChunks")
    expect(count == 1, f"a test job has {shown(count)} chunks")


@check("BYT-RSP-042")
def changes_of_a_draft(session: Session) -> None:
    """The oracles look at their answers."""
    job = session.submit(draft=True)
    for operation in ("Customer_SetJobDatasource", "Customer_SetJobParams"):
        accepted(on(session, operation, job, NEWER[operation]), operation)
