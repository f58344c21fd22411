"""Checks of ByteNite's refusals that leave everything as it was, and of calls that meet."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.bytenite_calls import NEW, NEWER, NOBODY, change, has_code, on, seen
from conformance.session.expect import accepted, expect, needed, refused
from conformance.session.session import Session
from conformance.traffic.json_pointer import MISSING, Json, get, put

WRONG: tuple[tuple[str, Json], ...] = (
    ("Customer_SetJobDatasource", {"dataSource": 7}),
    ("Customer_SetJobDatasource", {"dataDestination": {"dataSourceDescriptor": 7}}),
    ("Customer_SetJobDatasource", {"dataSource": {"dataSourceDescriptor": "url", "params": "text"}}),
    ("Customer_SetJobParams", {"app": "text"}),
    ("Customer_SetJobParams", {"partitioner": []}),
    ("Customer_SetJobParams", {"assembler": 7}),
    ("Customer_SetJobName", {"name": 7}),
    ("Customer_SetJobConfigs", {"jobTimeout": "soon"}),
    ("Customer_SetJobConfigs", {"taskTimeout": 1.5}),
    ("Customer_SetJobConfigs", {"isTestJob": "yes"}),
)
"""Changes of a draft that are not valid."""


@check("BYT-ERR-007")
def a_wrong_change_changes_nothing(session: Session) -> None:
    """Each change, with a valid twin on the same draft before it."""
    job = session.submit(draft=True)
    for operation, wrong in WRONG:
        before = change(session, operation, job, NEWER[operation])
        answer = refused(on(session, operation, job, wrong), f"{operation} with {wrong}", (400,))
        after = seen(session, job)
        expect(after == before, f"{operation} with {wrong} was refused and changed the job", answer, session.exchanges[-1])


@check("BYT-ERR-001")
@check("BYT-ERR-002")
@check("BYT-ERR-003")
def refusals_of_every_kind(session: Session) -> None:
    """Nothing is said of them here; the oracles look at their shape."""
    session.post(put(session.body(), "/templateId", MISSING))
    session.post(put(session.body(), "/params", "text"))
    session.list_jobs(query={"pagination.limit": "many"})
    job = session.submit()
    for operation, body in NEWER.items():
        on(session, operation, job, body)
        on(session, operation, NOBODY, body)
    for name in ("read", "start", "cancel", "delete"):
        session.on(name, NOBODY)


@check("BYT-ERR-008")
def a_wrong_submission_has_code_3(session: Session) -> None:
    """A member that is missing, one of a wrong type."""
    for pointer, value in (("/templateId", MISSING), ("/params", "text"), ("/config/jobTimeout", "soon")):
        exchange = refused(session.post(put(session.body(), pointer, value)), f"a submission with {value!r} at {pointer}", (400,))
        has_code(exchange, 3)


@check("BYT-ERR-009")
def a_wrong_run_does_not_run(session: Session) -> None:
    """The draft stays one, and can be run rightly."""
    for body in ({"jobTimeout": "soon"}, {"config": {"taskTimeout": 1.5}}, {"isTestJob": "yes"}):
        job = session.submit(draft=True)
        answer = refused(session.start(job, body=body), f"running a job with {body}", (400,))
        expect(session.state(job) == NEW, "a run that was refused took place", answer, session.exchanges[-1])
        accepted(session.start(job, body={"jobTimeout": 3600}), "running the same job rightly")


@check("BYT-IDM-001")
def one_of_many_runs_is_granted(session: Session) -> None:
    """Four at once."""
    job = session.submit("long", draft=True)
    path = session.directory.path("Customer_RunJob", {"jobId": job.id})
    told = session.together([session.request("POST", path, body={}) for _ in range(4)])
    granted = sum(1 for one in told if one.response.is_success)
    expect(granted == 1, f"of four calls at once that run a job {granted} were granted", *told)
    expect(session.state(job) != NEW, "a job that was run is still new", session.exchanges[-1])


@check("BYT-IDM-002")
def neighbours_stay_as_they_were(session: Session) -> None:
    """A draft before, a draft behind and a job at work, while another is changed, run and deleted."""
    first = session.submit(draft=True)
    working = session.submit("long")
    session.until(working, "running")
    job, last = session.submit("long", draft=True), session.submit(draft=True)
    before = [seen(session, one) for one in (first, working, last)]
    steps = [(operation, body) for operation, body in NEWER.items()] + [("Customer_RunJob", {}), ("Customer_DeleteJob", MISSING)]
    for operation, body in steps:
        answer = on(session, operation, job, body)
        if operation == "Customer_DeleteJob" and not answer.response.is_success:  # perhaps it has to be over first
            session.cancel(job)
            answer = session.delete(job)
        needed(answer.response.is_success, f"{operation} was answered {answer.response.status}")
        after = [session.view(one) for one in (first, working, last)]
        expect(after == before, f"{operation} of one job changed another", answer, *session.exchanges[-3:])


@check("BYT-IDM-003")
def equal_submissions_make_a_job_each(session: Session) -> None:
    """Byte for byte the same, twice."""
    body = session.body()
    jobs = [session.job_of(accepted(session.post(body), "one of two equal submissions")) for _ in range(2)]
    expect(jobs[0].id != jobs[1].id, "two equal submissions made one job", *(job.created for job in jobs))
    session.start(jobs[0])
    states = [session.state(job) for job in jobs]
    expect(states[0] != NEW and states[1] == NEW, f"of two equal jobs one was run; they are {states}", *session.exchanges[-2:])


@check("BYT-RSP-025")
def a_local_file_can_be_uploaded(session: Session) -> None:
    """Given with the submission or with a change of the draft; then it is said to be there."""
    source = {"dataSource": {"dataSourceDescriptor": "file", "params": {"name": "in.zip"}}}
    for job in (session.submit(patch=source, draft=True), session.submit(draft=True)):
        view = seen(session, job) if "dataSource" in (job.body or {}) else change(session, "Customer_SetJobDatasource", job, source)
        told = get(view, "/dataSource/params/tempUrl")
        expect(isinstance(told, str) and "://" in told, f"a draft whose input is a local file is told {told!r}", session.exchanges[-1])
        accepted(on(session, "Customer_UploadCompleted", job, {}), "saying that the file was uploaded")
