"""Checks of what ByteNite's jobs keep of the values they are given, and of what they tell that nobody gave them: template, payment, results, lengths."""

from __future__ import annotations

from itertools import chain

from conformance.checks import check
from conformance.checks.bytenite_calls import NEWER, OLDER, chunks, ids, in_conditions, in_passing, on, page, seen
from conformance.errors import Inconclusive
from conformance.oracles.members import instant
from conformance.session.expect import accepted, expect, needed, refused, same
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import MISSING, Json, get, same_value, without_nulls

ODD: dict[str, Json] = {
    "note": None,
    "text": "",
    "no": False,
    "yes": True,
    "nought": 0,
    "below": -7,
    "ratio": 0.1,
    "large": 4503599627370497,
    "list": [],
    "of": {},
    "digits": "07",
    "Inner": {"KeyCase": -3, "a.b/c d~": [3, 1, 3, -2.5], "ümlaut ☃": "  "},
}
"""Values that are easily mistaken for others, or for none."""


@check("BYT-REQ-042")
def names_are_kept_as_they_are(session: Session) -> None:
    """Long, with white space around, of all alphabets; descriptions too."""
    for text in ("cf " + "x" * 297, "  cf padded ", "cf Größe ☃ 電池 \U0001f50b", "cf/one:two.three#4?5&6=7%20"):
        for name in ("name", "description"):
            job = session.job_of(accepted(session.post(session.body(patch={name: text})), f"a submission whose {name} has {len(text)} characters"))
            same(text, seen(session, job).get(name), f"the {name}", job.created, session.exchanges[-1])
    accepted(session.post(session.body(patch={"name": "", "description": ""})), "a submission with an empty name")
    long = "Line\n" * 400
    job = session.job_of(accepted(session.post(session.body(patch={"description": long})), "a submission with a long description"))
    same(long, seen(session, job).get("description"), "the description", job.created, session.exchanges[-1])


@check("BYT-REQ-043")
def parameters_are_kept_as_they_are(session: Session) -> None:
    """Of each part, at creation and after a change; null and left out are the same."""
    for part in ("app", "assembler", "partitioner"):
        job = session.job_of(accepted(session.post(session.body(patch=None) | {"params": {part: ODD}}), f"a submission with odd values in {part}"))
        _has(session, job, part)
        draft = session.submit(draft=True)
        accepted(on(session, "Customer_SetJobParams", draft, {part: ODD}), f"a change of {part} to odd values")
        _has(session, draft, part)


def _has(session: Session, job: JobRef, part: str) -> None:
    told = get(seen(session, job), f"/params/{part}")
    expect(same_value(without_nulls(ODD), without_nulls(told)), f"the {part}'s part is {told!r}, given was {ODD!r}", job.created, session.exchanges[-1])


@check("BYT-REQ-044")
def sources_are_kept_as_they_are(session: Session) -> None:
    """Parameters of sources and destinations of each kind; neither end is made of the other, and a name alone makes none."""
    params = {"@type": "type.googleapis.com/bytenite.data_source.S3DataSource", "bucketName": "mine", "cloudRegion": "eu-central-1", "secret_id": "cf", "n": 3}
    for kind in ("s3", "aws", "gcp", "storj", "url"):
        for end, other in (("dataSource", "dataDestination"), ("dataDestination", "dataSource")):
            if kind == "url" and end == "dataDestination":
                continue
            url = "https://example.com/In.zip?Key=A%20b&at=1"
            own = {"@type": "type.googleapis.com/bytenite.data_source.HttpDataSource", "url": url, "username": "cf"}
            said = {"dataSourceDescriptor": kind, "params": {**(own if kind == "url" else params), "name": f"{kind}.zip"}}
            job = session.job_of(accepted(session.post(session.body(patch={end: said})), f"a submission with {kind} as its {end}"))
            view = seen(session, job)
            told = get(view, f"/{end}")
            agrees = isinstance(told, dict) and get(told, "/dataSourceDescriptor") == kind and _holds(get(told, "/params"), said["params"])
            expect(agrees, f"{end} is {told!r}, given was {said!r}", job.created, session.exchanges[-1])
            stray = get(view, f"/{other}/params/bucketName")
            expect(stray is MISSING, f"a submission that gives only its {end} has {get(view, f'/{other}')!r} as its {other}", job.created)


def _holds(told: Json, said: Json) -> bool:
    return isinstance(told, dict) and isinstance(said, dict) and all(same_value(value, told.get(key)) for key, value in said.items())


@check("BYT-RSP-033")
def a_job_tells_its_app_and_template(session: Session) -> None:
    """By itself, when it is read and when it is listed."""
    job = session.submit(draft=True)
    listed = next((one for one in session.items() if get(one, "/id") == job.id), None)
    for view in (seen(session, job), listed):
        for pointer in ("/appId", "/templateInfo/id", "/templateInfo/app"):
            told = get(view, pointer)
            expect(isinstance(told, str) and told, f"a job's {pointer} is {told!r}", job.created, session.exchanges[-1])


@check("BYT-RSP-002")
def a_template_of_ones_own_is_told(session: Session) -> None:
    """One that no page names, and one of the listed, if either is taken."""
    for name in ("cf-own-template", "Cf_Own.Template-2", "image-variations"):
        exchange = session.post(session.body(patch={"templateId": name}))
        if not exchange.response.is_success:
            continue
        view = seen(session, session.job_of(exchange))
        for told in (view.get("templateId"), get(exchange.response.json, "/templateInfo/id"), get(view, "/templateInfo/id")):
            expect(told in (MISSING, None, name), f"a job of {name!r} tells of the template {told!r}", exchange, session.exchanges[-1])


@check("BYT-RSP-034")
def work_has_its_price(session: Session) -> None:
    """Told of a job that is complete, not of a draft; more work is not cheaper."""
    draft = session.submit(draft=True)
    expect(get(seen(session, draft), "/paymentAmount") in (MISSING, None, 0), "a draft is paid for", session.exchanges[-1])
    told = []
    for replicas in (1, 3):
        job = session.submit(patch=chunks(session, replicas))
        needed(session.phase_of(session.until(job)) == "succeeded", "the job fails")
        amount = get(seen(session, job), "/paymentAmount")
        expect(isinstance(amount, int | float) and amount > 0, f"the payment of a complete job is {amount!r}", session.exchanges[-1])
        told.append(amount)
    expect(told[1] >= told[0], f"one task costs {told[0]}, three cost {told[1]}", session.exchanges[-1])


def _links(session: Session, job: JobRef) -> list[Json]:
    told = accepted(on(session, "Customer_GetJobResults", job), "reading results")
    found = get(told.response.json, "/results")
    return found if isinstance(found, list) else []


@check("BYT-RSP-035")
def results_are_each_jobs_own_and_stay(session: Session) -> None:
    """Two jobs share no link; a day later they are the same; each is there once and is a URL."""
    jobs = [session.submit(patch={"dataDestination": {"dataSourceDescriptor": "bucket"}}) for _ in range(2)]
    for job in jobs:
        needed(session.phase_of(session.until(job)) == "succeeded", "the job fails")
    told = [_links(session, job) for job in jobs]
    links = [str(get(one, "/link")) for found in told for one in found]
    needed(links, "there are no results")
    expect(len(set(links)) == len(links), "a link stands twice among the results of two jobs", *session.exchanges[-2:])
    expect(all("://" in link for link in links), f"the links are {links}", *session.exchanges[-2:])
    session.advance(86_400)
    expect([_links(session, job) for job in jobs] == told, "a day later the results of two jobs are others", *session.exchanges[-2:])


@check("BYT-RSP-036")
def a_bypassed_destination_has_no_results(session: Session) -> None:
    """Though the job is complete."""
    job = session.submit(patch={"dataDestination": {"dataSourceDescriptor": "bypass"}})
    needed(session.phase_of(session.until(job)) == "succeeded", "the job fails")
    exchange = on(session, "Customer_GetJobResults", job)
    expect(not exchange.response.is_success or not _links(session, job), "a job whose destination is bypassed has results", exchange)


@check("BYT-TIM-021")
def a_duration_is_told_to_the_tenth(session: Session) -> None:
    """Of a run that takes no whole number of seconds, after a wait, and of a failed one."""
    for shape, patch in (("quick", {"params": {"app": {"MOCK_RUN_SECONDS": 2.6}}}), ("fails", {})):
        job = session.submit(shape, patch, draft=True)
        session.advance(10)
        session.start(job)
        session.until(job)
        view = seen(session, job)
        started, ended, told = instant(get(view, "/startedAt")), instant(get(view, "/endedAt")), get(view, "/duration")
        needed(started is not None and ended is not None, "the job does not tell when it started and ended")
        assert started is not None
        assert ended is not None
        expect(isinstance(told, int | float), f"a job that has {view['state']} tells the duration {told!r}", session.exchanges[-1])
        if "." in f"{get(view, '/startedAt')}{get(view, '/endedAt')}":
            expect(abs(told - (ended - started)) <= 0.1, f"the duration is {told!r}, from start to end are {ended - started:g} seconds", session.exchanges[-1])


@check("BYT-LST-015")
def a_list_is_up_to_date(session: Session) -> None:
    """Each state as it is, and each change of a draft, without any reading in between."""
    draft = session.submit(draft=True)
    for operation, body in NEWER.items():
        needed(on(session, operation, draft, body).response.is_success, f"{operation} of a draft is refused")
    jobs = [draft, *[job for shape in ("quick", "long", "fails") if shape in (*session.settings.shapes, "quick") for job in [session.submit(shape)]]]
    for _ in range(3):
        session.advance(4)
        before = {job.id: seen(session, job) for job in jobs} if not session.target.has_virtual_time else {}
        listed = {get(one, "/id"): one for one in session.items()}
        for job in jobs:
            item, view = listed.get(job.id), seen(session, job)
            if before.get(job.id, view) != view:
                continue  # the job has gone on while the list was asked for
            if not isinstance(item, dict):
                raise Inconclusive("the job is not in the list")
            for name in item.keys() & view.keys():
                agrees = same_value(without_nulls(get(item, f"/{name}")), without_nulls(view.get(name, MISSING)))
                expect(agrees, f"{name} is {get(item, f'/{name}')!r} in the list and {view.get(name)!r} when read", session.exchanges[-1])


@check("BYT-LST-016")
def a_list_stays_in_its_order(session: Session) -> None:
    """Whatever becomes of its jobs: a draft between others, one that is run last, a failed one."""
    made = []
    for shape, draft in (("quick", False), ("quick", True), ("long", False), ("fails", False)):
        made.append(session.submit(shape if shape in session.settings.shapes else "quick", draft=draft))
        session.advance(12)
    for late in (made[1], None):
        right = [job.id for job in reversed(made)]
        expect(ids(page(session)) == right, "the newest job is not first", session.exchanges[-1])
        told = ids(accepted(session.call("Customer_FilterJobs", body={}), "the list without a filter").response.json)
        expect(told == right, "the newest job is not first where the filter is empty", session.exchanges[-1])
        if late is not None:
            session.start(late)
            session.advance(12)


@check("BYT-STM-025")
def a_finished_upload_needs_no_address(session: Session) -> None:
    """It is withdrawn; whatever else was said of the file stays."""
    for operation in ("Customer_UploadCompleted", "Customer_UploadCompletedLegacy"):
        params = {"@type": "type.googleapis.com/bytenite.data_source.LocalFileDataSource", "name": "in.zip"}
        job = session.submit(patch={"dataSource": {"dataSourceDescriptor": "file", "params": params}}, draft=True)
        needed(get(seen(session, job), "/dataSource/params/tempUrl"), "no address is told")
        accepted(on(session, operation, job, {}), operation)
        view = seen(session, job)
        told = get(view, "/dataSource/params")
        expect(not get(told, "/tempUrl"), "after the upload the job still tells where to upload", *session.exchanges[-2:])
        expect(get(told, "/name") == "in.zip", f"after the upload the source's parameters are {told!r}", *session.exchanges[-2:])


@check("BYT-STM-010")
def a_second_run_on_the_older_path_is_refused(session: Session) -> None:
    """Of jobs in every condition."""
    for state, job in in_conditions(session):
        refused(on(session, "Customer_RunJobLegacy", job, {}), f"running a job that is {state}", (400, 409, 412, 422))


@check("BYT-STM-026")
def a_change_changes_what_it_says(session: Session) -> None:
    """Half a minute after the creation; all else stays as it was, its instant too. The older paths do the same."""
    whole: dict[str, Json] = {
        "description": "cf",
        "params": {"app": {"a": 1}},
        "config": {"taskTimeout": 77},
        "dataDestination": {"dataSourceDescriptor": "bucket"},
    }
    members = {"Datasource": {"dataSource"}, "Params": {"params", "numUnitsEstimation"}, "JobName": {"name"}, "onfigs": {"config"}}
    for operation, body in [*NEWER.items(), *OLDER.items()]:
        mine = next((names for word, names in members.items() if word in operation), None)
        if mine is None:
            continue
        job = session.submit(patch=whole, draft=True)
        session.advance(30)
        before = seen(session, job)
        accepted(on(session, operation, job, body), f"{operation} of a draft")
        after = seen(session, job)
        changed = {name for name in before.keys() | after.keys() if not same_value(without_nulls(before.get(name)), without_nulls(after.get(name)))}
        expect(mine & changed, f"{operation} changes nothing", *session.exchanges[-2:])
        expect(not changed - mine, f"{operation} also changes {', '.join(sorted(changed - mine))}", *session.exchanges[-2:])


@check("BYT-STM-027")
def a_late_change_on_an_older_path_changes_nothing(session: Session) -> None:
    """In every condition."""
    for state, job in chain(in_conditions(session), in_passing(session)):
        for operation, body in list(OLDER.items())[:2]:
            before = seen(session, job)
            answer = on(session, operation, job, body)
            after = seen(session, job)
            for name in ("dataSource", "params"):
                expect(before.get(name) == after.get(name), f"{operation} of a job that was {state} changed its {name}", answer, session.exchanges[-1])


@check("BYT-STM-033")
def a_late_change_on_an_older_path_is_refused(session: Session) -> None:
    """In every condition; limits too, and a second run."""
    late = {operation: body for operation, body in OLDER.items() if operation != "Customer_UploadCompletedLegacy"}
    for state, job in chain(in_conditions(session), in_passing(session)):
        for operation, body in late.items():
            before = seen(session, job)
            answer = refused(on(session, operation, job, body), f"{operation} of a job that is {state}", (400, 409, 412, 422))
            after = seen(session, job)
            for name in ("name", "config", "submittedAt"):
                expect(before.get(name) == after.get(name), f"{operation} of a job that was {state} changed its {name}", answer, session.exchanges[-1])


@check("BYT-RSP-039")
def the_estimation_follows_the_work(session: Session) -> None:
    """More replicas are more units, at creation and after a change."""
    told = []
    for first, then in ((2, None), (6, None), (2, 6)):
        job = session.submit(patch=chunks(session, first), draft=True)
        if then is not None:
            accepted(on(session, "Customer_SetJobParams", job, chunks(session, then)["params"]), "a change of the parameters")
        told.append(get(accepted(on(session, "Customer_EstimateJob", job), "the estimation").response.json, "/estimation/totalEstimation"))
    needed(all(str(one).isdigit() for one in told), f"the estimations are {told}")
    few, many, changed = (int(one) for one in told)
    expect(few < many == changed, f"two replicas are {few} units, six are {many}, six after a change are {changed}", *session.exchanges[-3:])
