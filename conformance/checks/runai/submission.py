"""What Run:AI takes in a submission, and what a submission makes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conformance.checks import check
from conformance.checks.common import submission
from conformance.checks.common.steps import DAY
from conformance.checks.families.values import all_kept, all_refused, all_taken, taken
from conformance.checks.probes import request_schema
from conformance.checks.runai.steps import (
    PENDING,
    RUNNING,
    count_tries,
    expect_gpus,
    expect_states,
    failing_job,
    listed_job,
    names,
    node_class,
    staged_nodes,
    states_seen,
    submit_named,
)
from conformance.errors import NotApplicable
from conformance.session.expect import accepted, expect, need_success, same
from conformance.session.session import Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import Json, get, put, shown
from specs.document import schemas_at

HUGE: tuple[dict[str, Any], ...] = ({"gpu": 5000}, {"cpu": 100_000}, {"memory": "900T"})
IMAGES = ("alpine", "registry.example:5000/Team/train:3.1")
LISTED_AS = {"/job/project": "/project", "/job/image": "/images", "RA-USER": "/user"}
ODD_USERS = ("Doe, John", "j.doe+gpu@example.com", "JohnDoe")


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
        same(1, names(session).count(name), f"the number of jobs that are listed as {name}")


@check("RAI-CRT-002")
def projects_are_returned_as_they_are_written(session: Session) -> None:
    """Mixed letters may be refused, but not changed."""
    all_kept(session, [{"/job/project": f"Team-{session.unique('blue')}"}], echo=LISTED_AS, may_refuse=True)


@check("RAI-CRT-002", "a job is listed under its project", "/job/project", ("team-a", "team-b"))
@check("RAI-CRT-003", "a job is listed with its image", "/job/image", IMAGES)
def a_job_is_listed_with_what_it_was_given(session: Session, pointer: str, values: Sequence[str]) -> None:
    """As it is written."""
    for value in values:
        job = session.submit(patch=put({}, pointer, value))
        same(value, listed_job(session, job).get(LISTED_AS[pointer][1:]), f"{pointer} in the list")


@check("RAI-CRT-004")
def a_user_is_reported_to_the_end(session: Session) -> None:
    """Of a job that succeeded and of one that failed."""
    for shape in session.shapes("quick", "fails"):
        item = listed_job(session, session.submit(shape, headers={"RA-USER": "john"}, until="end"))
        same("john", item.get("user"), f"the user of a job that is {item.get('status')}")


@check("RAI-CRT-004")
def users_are_returned_as_they_are_written(session: Session) -> None:
    """A name may be refused, but not changed."""
    all_kept(session, ({"RA-USER": user} for user in ODD_USERS), place="headers", echo=LISTED_AS, may_refuse=True)


@check("RAI-CRT-004")
def a_job_is_listed_with_its_user(session: Session) -> None:
    """As RA-USER has it."""
    for user in ("john", "Jane.Doe@example.com"):
        job = session.submit(headers={"RA-USER": user})
        same(user, listed_job(session, job).get("user"), "the user in the list")


@check("RAI-CRT-005")
def being_preemptible_is_no_type(session: Session) -> None:
    """Nor is being elastic, or having several runs."""
    for members, wanted in (
        ({"interactive": True, "preemptible": True}, "Interactive"),
        ({"preemptible": True}, "Train"),
        ({"interactive": False, "preemptible": False, "elastic": True, "gpu": 1}, "Train"),
        ({"completions": 2, "parallelism": 2}, "Train"),
    ):
        item = listed_job(session, session.submit(patch={"job": members}))
        same(wanted, item.get("type"), f"the type of a job with {shown(members)}")


@check("RAI-CRT-005")
def a_job_is_listed_with_its_type(session: Session) -> None:
    """While they wait and while they run; a training job to its end."""
    for interactive, wanted in ((True, "Interactive"), (False, "Train")):
        job = session.submit(patch={"job": {"interactive": interactive}})
        same(wanted, listed_job(session, job).get("type"), f"the type of a job with interactive {interactive}")
        session.until(job, *(("running",) if interactive else ()))
        same(wanted, listed_job(session, job).get("type"), f"the type, later, with interactive {interactive}")


@check("RAI-CRT-016")
def who_waits_goes_on_waiting(session: Session) -> None:
    """For days."""
    if "waits" in session.settings.shapes:
        job = session.submit("waits")
        for pause in (3600, 3 * DAY):
            session.advance(pause)
            same(PENDING, session.state(job), "the state of a job that cannot be placed, later")


@check("RAI-CRT-016")
def what_nothing_can_hold_is_accepted_and_waits(session: Session) -> None:
    """Too many GPUs, too many cores, too much memory."""
    jobs = [taken(session, {"job": members}) for members in HUGE]
    session.advance(300)
    for job, members in zip(jobs, HUGE, strict=True):
        same(PENDING, session.state(job), f"the state of a job with {shown(members)}")


@check("RAI-CRT-019")
def arguments_reach_the_command(session: Session) -> None:
    """It sleeps as long as they say, where it is commands that make jobs last."""
    usual = session.body()["job"].get("command", "")
    if not str(usual).startswith("sleep "):
        raise NotApplicable(f"jobs are made with the command {shown(usual)} here, which does not sleep")
    job = session.submit(patch={"job": {"command": "sleep", "arguments": ["40"]}}, until="running")
    for pause, wanted in ((30, RUNNING), (20, "Succeeded")):
        session.advance(pause)
        same(wanted, session.state(job), "the state of a job that sleeps as its arguments say")


@check("RAI-DEF-002")
def a_job_that_asks_for_no_gpu_occupies_none(session: Session) -> None:
    """While it runs."""
    expect_gpus(session, session.submit("long"), 0)


@check("RAI-DEF-004")
def six_retries_are_usual(session: Session) -> None:
    """Seven runs in all."""
    job = failing_job(session, 20)
    tries = count_tries(states_seen(session, job, step=5, within=3600), 20, 7)
    same(7, tries, "the number of runs of a job without backoffLimit that always fails")


@check("RAI-DEF-005", "no core is no core", node_class(cpu=1, gpus=8), [{}, {"cpu": 0}], 2)
@check("RAI-DEF-005", "a gpu comes with a core", node_class(cpu=2, gpus=8), [{}] * 3, 2)
@check("RAI-DEF-006", "a gpu comes with memory", node_class(memory_gib=0.25, gpus=8), [{}] * 3, 2)
def so_many_jobs_of_one_gpu_fit(session: Session, node: Json, jobs: list[dict[str, Any]], fit: int) -> None:
    """The others wait for what a job has by itself: a core, and 100 MiB."""
    staged_nodes(session, [node])
    for number, members in enumerate(jobs):
        submit_named(session, f"job{number}", gpu=1, **members)
    expect_states(session, **{f"job{number}": RUNNING if number < fit else PENDING for number in range(len(jobs))})


@check("RAI-DEF-007")
def nobody_in_particular_has_no_name(session: Session) -> None:
    """After a job of somebody."""
    session.submit(headers={"RA-USER": "john"})
    job = session.job_of(need_success(_anonymous(session), "a submission without RA-USER"))
    same("", listed_job(session, job).get("user"), "the user in the list")


@check("RAI-DEF-008")
def without_a_time_to_live_a_job_stays(session: Session) -> None:
    """For a month."""
    jobs = [session.submit(shape, until="end") for shape in session.shapes("quick", "fails")]
    session.advance(30 * DAY)
    for job in jobs:
        expect(session.state(job), f"job {job.id} ended and is not listed any more")


@check("RAI-DEF-013")
def a_job_is_one_run(session: Session) -> None:
    """One node, one run, and it is done."""
    job = session.submit("lasts", seconds=20, until="running")
    nodes = listed_job(session, job)["nodes"]
    expect(isinstance(nodes, str) or len(nodes) == 1, f"a job of one run is on {nodes}")
    session.advance(25)
    same("Succeeded", session.state(job), "the state of a job of one run of 20 seconds after 25")


@check("RAI-REQ-076")
def null_is_no_value(session: Session) -> None:
    """For any member of the table."""
    nodes = schemas_at(session.spec.document, request_schema(session), "/job")
    members = sorted({name for node in nodes for name in node.get("properties", {})})
    all_refused(session, session.body, ((name, None) for name in members), parent="/job")


@check("RAI-REQ-077")
def unknown_members_are_ignored_at_any_depth(session: Session) -> None:
    """Beside the parameters, in a claim, in a port."""
    unknown: Json = {"zz_unheard_of": {"deep": [1]}}
    claim: Json = {"size": "1G", "path": "/data", **unknown}
    port: Json = {"container": 80, "external": 32188, "autoGenerate": False, **unknown}
    all_taken(session, ({"job": members} for members in (unknown, {"pvc": [claim]}, {"ports": [port]})))


@check("RAI-REQ-079")
def nobody_has_to_say_who_they_are(session: Session) -> None:
    """The same submission with RA-USER is the control."""
    need_success(session.post(session.body()), "the control twin")
    accepted(_anonymous(session), "a submission without RA-USER")


@check("RAI-REQ-080")
def the_media_type_is_read_as_one(session: Session) -> None:
    """With a parameter, and in capitals."""
    submission.the_media_type_is_read_as_one(session)
