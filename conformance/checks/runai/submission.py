"""What Run:AI takes in a submission, and what a submission makes."""

from __future__ import annotations

from typing import Any

from conformance.checks import check
from conformance.checks.common import submission
from conformance.checks.probes import request_schema
from conformance.checks.runai.steps import (
    DAY,
    PENDING,
    RUNNING,
    control_twin,
    count_tries,
    ending_shapes,
    expect_gpus,
    expect_states,
    failing_job,
    item,
    names,
    node_class,
    staged_nodes,
    states_seen,
    submit_named,
)
from conformance.errors import NotApplicable
from conformance.session.expect import accepted, expect, needed, refused, same
from conformance.session.session import JobRef, Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, get, put
from specs.document import schemas_at

HUGE: tuple[dict[str, Any], ...] = ({"gpu": 5000}, {"cpu": 100_000}, {"memory": "900T"})


def _told(session: Session, job: JobRef) -> dict[str, Any]:
    found = item(session, job.id)
    needed(found is not MISSING, f"job {job.id} is not in the list")
    return dict(found)


def _anonymous(session: Session) -> Exchange:
    """A submission without the headers that the target file may want."""
    submit = session.spec.operations[session.role("submit").operation]
    return session.send(submit.method, session.directory.path(submit.id, {}), body=session.body())


@check("RAI-CRT-001")
def a_job_has_the_name_that_it_was_given(session: Session) -> None:
    """The answer says it, and the list has one job of it."""
    for name in (session.unique("train"), f"{session.unique('a')}-0"):
        exchange = accepted(session.post(session.body(patch={"job": {"name": name}})), "a submission with a name")
        same(name, get(exchange.response.json, "/name"), "the name in the answer")
        found = names(session).count(name)
        expect(found == 1, f"{found} jobs are listed as {name}", exchange)


@check("RAI-CRT-002")
def projects_are_told_as_they_are_written(session: Session) -> None:
    """Mixed letters may be refused, but not changed."""
    project = f"Team-{session.unique('blue')}"
    exchange = session.post(session.body(patch={"job": {"project": project}}))
    if exchange.response.is_success:
        same(project, item(session, session.job_of(exchange).id).get("project"), "the project in the list", exchange)


@check("RAI-CRT-002")
def a_job_is_listed_under_its_project(session: Session) -> None:
    """Two projects."""
    for project in ("team-a", "team-b"):
        job = session.submit(patch={"job": {"project": project}})
        same(project, _told(session, job).get("project"), f"the project of a job of {project}")


@check("RAI-CRT-003")
def a_job_is_listed_with_its_image(session: Session) -> None:
    """With registry and tag."""
    for image in ("alpine", "registry.example:5000/Team/train:3.1"):
        job = session.submit(patch={"job": {"image": image}})
        same(image, _told(session, job).get("images"), "the image in the list")


@check("RAI-CRT-004")
def a_user_is_told_to_the_end(session: Session) -> None:
    """Of a job that succeeded and of one that failed."""
    for shape in ending_shapes(session):
        job = session.submit(shape, headers={"RA-USER": "john"}, until="end")
        told = item(session, job.id)
        needed(told is not MISSING, "an ended job is not listed")
        same("john", told.get("user"), f"the user of a job that is {told.get('status')}")


@check("RAI-CRT-004")
def users_are_told_as_they_are_written(session: Session) -> None:
    """A name with a comma, one with signs, one in mixed letters."""
    for user in ("Doe, John", "j.doe+gpu@example.com", "JohnDoe"):
        exchange = session.post(session.body(), headers={"RA-USER": user})
        if exchange.response.is_success:
            same(user, item(session, session.job_of(exchange).id).get("user"), "the user in the list", exchange)


@check("RAI-CRT-004")
def a_job_is_listed_with_its_user(session: Session) -> None:
    """As RA-USER has it."""
    for user in ("john", "Jane.Doe@example.com"):
        job = session.submit(headers={"RA-USER": user})
        same(user, _told(session, job).get("user"), "the user in the list")


@check("RAI-CRT-005")
def being_preemptible_is_no_type(session: Session) -> None:
    """Nor is being elastic, or having several runs."""
    for members, wanted in (
        ({"interactive": True, "preemptible": True}, "Interactive"),
        ({"preemptible": True}, "Train"),
        ({"interactive": False, "preemptible": False, "elastic": True, "gpu": 1}, "Train"),
        ({"completions": 2, "parallelism": 2}, "Train"),
    ):
        job = session.submit(patch={"job": members})
        found = item(session, job.id)
        needed(isinstance(found, dict), f"job {job.id} is not in the list")
        same(wanted, found.get("type"), f"the type of a job with {members}")


@check("RAI-CRT-005")
def a_job_is_listed_with_its_type(session: Session) -> None:
    """While they wait and while they run; a training job to its end."""
    for interactive, wanted in ((True, "Interactive"), (False, "Train")):
        job = session.submit(patch={"job": {"interactive": interactive}})
        same(wanted, _told(session, job).get("type"), f"the type of a job with interactive {interactive}")
        session.until(job, *(("running",) if interactive else ()))
        same(wanted, _told(session, job).get("type"), f"the type, later on, of a job with interactive {interactive}")


@check("RAI-CRT-016")
def who_waits_goes_on_waiting(session: Session) -> None:
    """For days."""
    if "waits" not in session.settings.shapes:
        return
    job = session.submit("waits")
    for pause in (3600, 3 * DAY):
        session.advance(pause)
        state = session.state(job)
        expect(state == PENDING, f"a job that cannot be placed is {state or 'not listed'} later")


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
        expect(state == "Pending", f"a job with {members} is {state or 'not listed'}")


@check("RAI-CRT-019")
def arguments_reach_the_command(session: Session) -> None:
    """It sleeps as long as they say, where it is commands that make jobs last."""
    usual = session.body()["job"].get("command", "")
    if not str(usual).startswith("sleep "):
        raise NotApplicable(f"jobs are made with the command {usual!r} here, which does not sleep")
    job = session.submit(patch={"job": {"command": "sleep", "arguments": ["40"]}}, until="running")
    for pause, wanted in ((30, RUNNING), (20, "Succeeded")):
        session.advance(pause)
        state = session.state(job)
        expect(state == wanted, f"a job that sleeps as its arguments say is {state or 'not listed'}, expected {wanted}")


@check("RAI-DEF-002")
def a_job_that_asks_for_no_gpu_occupies_none(session: Session) -> None:
    """While it runs."""
    expect_gpus(session, session.submit("long"), 0)


@check("RAI-DEF-004")
def six_retries_are_usual(session: Session) -> None:
    """Seven runs in all."""
    job = failing_job(session, 20)
    tries = count_tries(states_seen(session, job, step=5, within=3600), 20, 7)
    expect(tries == 7, f"a job without backoffLimit that always fails ran {tries} times")


@check("RAI-DEF-005")
def no_core_is_no_core(session: Session) -> None:
    """A job that says so is guaranteed none."""
    staged_nodes(session, [node_class(cpu=1, gpus=8)])
    submit_named(session, "one", gpu=1)
    submit_named(session, "none", gpu=1, cpu=0)
    expect_states(session, one=RUNNING, none=RUNNING)


@check("RAI-DEF-005")
def a_gpu_comes_with_a_core(session: Session) -> None:
    """Two cores, eight GPUs: two jobs of one GPU fit."""
    staged_nodes(session, [node_class(cpu=2, gpus=8)])
    for name in ("one", "two", "three"):
        submit_named(session, name, gpu=1)
    expect_states(session, one="Running", two="Running", three="Pending")


@check("RAI-DEF-006")
def a_gpu_comes_with_memory(session: Session) -> None:
    """256 MiB, eight GPUs: two jobs of one GPU fit."""
    staged_nodes(session, [node_class(memory_gib=0.25, gpus=8)])
    for name in ("one", "two", "three"):
        submit_named(session, name, gpu=1)
    expect_states(session, one="Running", two="Running", three="Pending")


@check("RAI-DEF-007")
def nobody_in_particular_has_no_name(session: Session) -> None:
    """After a job of somebody."""
    session.submit(headers={"RA-USER": "john"})
    told = _anonymous(session)
    needed(told.response.is_success, f"a submission without RA-USER was answered {told.response.status}")
    job = session.job_of(told)
    same("", _told(session, job).get("user"), "the user in the list")


@check("RAI-DEF-008")
def without_a_time_to_live_a_job_stays(session: Session) -> None:
    """For a month."""
    shapes = session.shapes("quick", "fails")
    jobs = [session.submit(shape) for shape in shapes]
    for job in jobs:
        session.until(job)
    session.advance(30 * 86_400)
    for job in jobs:
        expect(session.state(job), f"job {job.id} ended and is not listed any more")


@check("RAI-DEF-013")
def a_job_is_one_run(session: Session) -> None:
    """One node, one run, and it is done."""
    job = session.submit("lasts", seconds=20, until="running")
    where = item(session, job.id).get("nodes")
    expect(isinstance(where, str) or len(where) == 1, f"a job of one run is on {where}")
    session.advance(25)
    state = session.state(job)
    expect(state == "Succeeded", f"a job of one run of 20 seconds is {state or 'not listed'} after 25")


@check("RAI-REQ-076")
def null_is_no_value(session: Session) -> None:
    """For any member of the table."""
    schema = request_schema(session)
    members = sorted(
        {name for node in schemas_at(session.spec.document, schema, "/job") for name in node.get("properties", {})}
    )
    control_twin(session)
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


@check("RAI-REQ-079")
def nobody_has_to_say_who_they_are(session: Session) -> None:
    """The same submission with RA-USER is the control."""
    told = session.post(session.body())
    needed(told.response.is_success, f"the control twin was answered {told.response.status}")
    accepted(_anonymous(session), "a submission without RA-USER")


@check("RAI-REQ-080")
def the_media_type_is_read_as_one(session: Session) -> None:
    """With a parameter, and in capitals."""
    submission.the_media_type_is_read_as_one(session)
