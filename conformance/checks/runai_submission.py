"""Checks of Run:AI's submissions: what a body may hold, and what the list then tells of the job."""

from __future__ import annotations

from typing import Any

from conformance.checks import check
from conformance.checks.probes import request_schema
from conformance.checks.runai_cluster import item, names
from conformance.session.expect import accepted, expect, needed, refused, same
from conformance.session.session import JobRef, Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, get, put
from specs.document import schemas_at


def _told(session: Session, job: JobRef) -> dict[str, Any]:
    found = item(session, job.id)
    needed(found is not MISSING, f"job {job.id} is not in the list")
    return dict(found)


def _twin(session: Session) -> None:
    """The control: a valid submission of a fresh identity."""
    told = session.post(session.body())
    needed(told.response.is_success, f"the control twin was answered {told.response.status}")


@check("RAI-REQ-076")
def null_is_no_value(session: Session) -> None:
    """For any member of the table."""
    schema = request_schema(session)
    members = sorted({name for node in schemas_at(session.spec.document, schema, "/job") for name in node.get("properties", {})})
    _twin(session)
    for name in members:
        refused(session.post(put(session.body(), f"/job/{name}", None)), f"null as {name}")


@check("RAI-REQ-077")
def unknown_members_are_passed_over_at_any_depth(session: Session) -> None:
    """Beside the parameters, in a claim, in a port."""
    for members in (
        {"zz_unheard_of": {"deep": [1]}},
        {"pvc": [{"size": "1G", "path": "/data", "zz_unheard_of": 1}]},
        {"ports": [{"container": 80, "external": 32188, "autoGenerate": False, "zz_unheard_of": 1}]},
    ):
        accepted(session.post(session.body(patch={"job": members})), f"a submission with {members}")


@check("RAI-CRT-001")
def a_job_has_the_name_that_it_was_given(session: Session) -> None:
    """The answer says it, and the list has one job of it."""
    for name in (session.unique("train"), f"{session.unique('a')}-0"):
        exchange = accepted(session.post(session.body(patch={"job": {"name": name}})), "a submission with a name")
        same(name, get(exchange.response.json, "/name"), "the name in the answer", exchange)
        found = names(session).count(name)
        expect(found == 1, f"{found} jobs are listed as {name}", exchange, session.exchanges[-1])


WRONG: tuple[dict[str, Any], ...] = (
    {"image": None},
    {"project": None},
    {"gpu": "one"},
    {"backoffLimit": 1.5},
    {"arguments": "-e"},
    {"imagePullPolicy": 7},
)
"""What the table excludes; null takes a member away."""


@check("RAI-ERR-007")
def a_refused_submission_leaves_no_job(session: Session) -> None:
    """Something is missing, or of another type."""
    _twin(session)
    for members in WRONG:
        body = session.body(patch={"job": members})
        told = session.post(body)
        needed(not told.response.is_success, f"a submission with {members} is granted")
        expect(body["job"]["name"] not in names(session), f"a submission with {members} was refused and made a job", told, session.exchanges[-1])


@check("RAI-CRT-002")
def a_job_is_listed_under_its_project(session: Session) -> None:
    """Two projects."""
    for project in ("team-a", "team-b"):
        job = session.submit(patch={"job": {"project": project}})
        same(project, _told(session, job).get("project"), f"the project of a job of {project}", job.created, session.exchanges[-1])


@check("RAI-CRT-003")
def a_job_is_listed_with_its_image(session: Session) -> None:
    """With registry and tag."""
    for image in ("alpine", "registry.example:5000/Team/train:3.1"):
        job = session.submit(patch={"job": {"image": image}})
        same(image, _told(session, job).get("images"), "the image in the list", job.created, session.exchanges[-1])


@check("RAI-CRT-004")
def a_job_is_listed_with_its_user(session: Session) -> None:
    """As RA-USER has it."""
    for user in ("john", "Jane.Doe@example.com"):
        job = session.submit(headers={"RA-USER": user})
        same(user, _told(session, job).get("user"), "the user in the list", job.created, session.exchanges[-1])


def _anonymous(session: Session) -> Exchange:
    """A submission without the headers that the target file may want."""
    submit = session.spec.operations[session.role("submit").operation]
    return session.send(submit.method, session.directory.path(submit.id, {}), body=session.body())


@check("RAI-REQ-079")
def nobody_has_to_say_who_they_are(session: Session) -> None:
    """The same submission with RA-USER is the control."""
    told = session.post(session.body())
    needed(told.response.is_success, f"the control twin was answered {told.response.status}")
    accepted(_anonymous(session), "a submission without RA-USER")


@check("RAI-DEF-007")
def nobody_in_particular_has_no_name(session: Session) -> None:
    """After a job of somebody."""
    session.submit(headers={"RA-USER": "john"})
    told = _anonymous(session)
    needed(told.response.is_success, f"a submission without RA-USER was answered {told.response.status}")
    job = session.job_of(told)
    same("", _told(session, job).get("user"), "the user in the list", job.created, session.exchanges[-1])


@check("RAI-CRT-005")
def a_job_is_listed_with_its_type(session: Session) -> None:
    """While they wait and while they run; a training job to its end."""
    for interactive, wanted in ((True, "Interactive"), (False, "Train")):
        job = session.submit(patch={"job": {"interactive": interactive}})
        same(wanted, _told(session, job).get("type"), f"the type of a job with interactive {interactive}", job.created, session.exchanges[-1])
        session.until(job, *(("running",) if interactive else ()))
        same(wanted, _told(session, job).get("type"), f"the type, later on, of a job with interactive {interactive}", job.created, session.exchanges[-1])


HUGE: tuple[dict[str, Any], ...] = ({"gpu": 5000}, {"cpu": 100_000}, {"memory": "900T"})


@check("RAI-CRT-016")
def what_nothing_can_hold_is_accepted_and_waits(session: Session) -> None:
    """Too many GPUs, too many cores, too much memory."""
    jobs = []
    for members in HUGE:
        exchange = accepted(session.post(session.body(patch={"job": members})), f"a job with {members}")
        jobs.append(session.job_of(exchange))
    session.advance(300)
    for job, members in zip(jobs, HUGE, strict=True):
        state = session.state(job)
        expect(state == "Pending", f"a job with {members} is {state or 'not listed'}", job.created, session.exchanges[-1])
