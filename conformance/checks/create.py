"""Checks of submissions that keep the document."""

from __future__ import annotations

from conformance.checks import check
from conformance.session.expect import accepted, expect, needed
from conformance.session.session import Session
from conformance.target.target import request_examples
from conformance.traffic.json_pointer import MISSING, Json, get, put


@check("JOB-CRT-001")
def a_valid_submission_is_accepted(session: Session) -> None:
    """The body that the target file gives, and one of each shape that has to be taken."""
    accepted(session.post(session.body()), "a valid submission")
    for shape in [one for one in session.settings.shapes if one not in session.settings.may_refuse]:
        accepted(session.post(session.body(shape)), f"a valid submission of the shape {shape!r}")


@check("JOB-CRT-002")
def a_submission_answers_with_an_id(session: Session) -> None:
    """The oracles judge the answer."""
    session.submit(draft=True)


@check("JOB-CRT-003")
def a_new_job_is_not_over(session: Session) -> None:
    """The oracles judge the answer, and where it tells no state, a first look does."""
    job = session.submit("long" if "long" in session.settings.shapes else "quick", draft=True)
    if session.role("submit").status is None:
        phase = session.phase(job)
        expect(phase not in ("succeeded", "cancelled"), f"a new job is {phase} already", *session.exchanges[-2:])


@check("JOB-CRT-004")
def every_example_of_the_document_is_accepted(session: Session) -> None:
    """Examples are promises by demonstration."""
    for example in request_examples(session.spec, session.role("submit").operation):
        accepted(session.post(_anew(session, example)), "an example of the document")


def _anew(session: Session, example: Json) -> Json:
    """The example with what is the target's own, and under another id where it brings one along that an earlier run may have used."""
    for mine in session.settings.own:
        example = put(example, mine, get(session.body(), mine))
    pointer = session.role("submit").id or ""
    id_ = get(example, pointer)
    return example if session.target.has_virtual_time or not isinstance(id_, str) else put(example, pointer, session.unique(id_))


@check("JOB-CRT-005")
def a_new_job_can_be_read(session: Session) -> None:
    """At once, without waiting."""
    job = session.submit(draft=True)
    exchange = session.read(job)
    accepted(exchange, "reading a job right after its submission")
    expect(session.view(job) is not MISSING, "the answer does not show the job", exchange)


@check("JOB-IDM-001")
@check("JOB-IDM-003")
def many_jobs_are_told_apart(session: Session) -> None:
    """Nine, one after the other; the oracles look at their ids, and at whom reading each tells of."""
    jobs = [session.submit(draft=True) for _ in range(9)]
    for job in jobs if "read" in session.roles else ():
        session.read(job)


@check("JOB-IDM-002")
def submissions_at_the_same_time_make_as_many_jobs(session: Session) -> None:
    """Eight at once; each has an id of its own, and each is there afterwards."""
    submit = session.spec.operations[session.role("submit").operation]
    path = session.directory.path(submit.id, {})
    headers = session.settings.submit_headers
    requests = [session.request(submit.method, path, body=session.body(), headers=headers, query=session.settings.submit_query) for _ in range(8)]
    exchanges = session.together(requests)
    granted = [one for one in exchanges if one.response.is_success]
    needed(len(granted) == len(exchanges), f"of {len(exchanges)} submissions at once {len(granted)} were granted")
    jobs = [session.job_of(one) for one in granted]
    expect(len({job.id for job in jobs}) == len(jobs), "submissions at the same time share an id", *granted)
    for job in jobs:
        expect(session.view(job) is not MISSING, f"job {job.id} is not known although its submission was granted", job.created, session.exchanges[-1])
