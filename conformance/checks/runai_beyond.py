"""Checks of Run:AI beyond the usual: every kind of end, long lists, members that nobody named, quotas that are kept."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.runai_cluster import SETTLED, ask, erase, forget, given, item, machines, stand, world
from conformance.errors import NotApplicable
from conformance.session.expect import accepted, expect, needed, same
from conformance.session.session import Session
from conformance.traffic.json_pointer import Json, get

TEAM_A, TEAM_B = "team-a", "team-b"
RUNNING, PENDING = "Running", "Pending"


@check("RAI-TMO-007")
def a_preemptible_workbench_ends_at_the_limit_too(session: Session) -> None:
    """It may exceed the quota, not the limit."""
    world(session, [machines(gpus=1)], {TEAM_A: 1}, interactive_limit_s=600)
    ask(session, "bench", gpu=1, interactive=True, preemptible=True)
    given(session, bench=RUNNING)
    session.advance(600 - 3 * SETTLED)
    stand(session, bench=RUNNING)
    session.advance(4 * SETTLED)
    stand(session, bench="TimedOut")


@check("RAI-TMO-011")
def every_end_is_an_end(session: Session) -> None:
    """A workbench that met its limit, and one that was taken back, leave the list when their time is over."""
    world(session, [machines(gpus=1)], {TEAM_A: 1, TEAM_B: 0}, interactive_limit_s=600)
    ask(session, "timed", TEAM_B, gpu=1, interactive=True, preemptible=True, ttlAfterFinish="2m")
    given(session, timed=RUNNING)
    session.advance(600 + SETTLED)
    given(session, timed="TimedOut")
    ask(session, "taken", TEAM_B, gpu=1, interactive=True, preemptible=True, ttlAfterFinish="2m")
    given(session, taken=RUNNING)
    ask(session, "owner", gpu=1)
    given(session, taken="Preempted")
    session.advance(130)
    told = [str(one.get("name")) for one in session.items()]
    same(["owner"], told, "the names in the list two minutes after the ends", session.exchanges[-1])


@check("RAI-CRT-020")
def a_number_is_free_after_its_time(session: Session) -> None:
    """The second of three is gone."""
    told = []
    for ttl in (None, "30s", None, "none"):
        members = {} if ttl in (None, "none") else {"ttlAfterFinish": ttl}
        if ttl == "none":
            session.advance(120)
            needed("job-1" not in [one.get("name") for one in session.items()], "a job whose time is over is still listed")
        exchange = session.post(session.body(patch={"job": {"name": None, "project": TEAM_A, **members}}))
        needed(exchange.response.is_success, "a submission without a name was refused")
        told.append(str(get(exchange.response.json, "/name")))
    needed(told[:3] == ["job-0", "job-1", "job-2"], f"the names are {told[:3]}")
    same("job-1", told[3], "the name of a job after job-1 has left the list", session.exchanges[-1])


@check("RAI-LST-009")
def a_long_deletion_is_done_to_its_end(session: Session) -> None:
    """The hundred and thirtieth of its items is there."""
    job = session.submit()
    pairs = [{"name": f"nobody-{number}", "project": job.body["job"]["project"]} for number in range(129)]
    answer = erase(session, [*pairs, {"name": job.id, "project": job.body["job"]["project"]}])
    if not answer.response.is_success:
        raise NotApplicable("a deletion of so many jobs is refused")
    expect(not session.state(job), "the last of many jobs that a deletion names is still there", answer, session.exchanges[-1])


@check("RAI-ERR-008")
def a_deletion_takes_what_nobody_named(session: Session) -> None:
    """A member more beside name and project."""
    job = session.submit()
    pair = {"name": job.id, "project": job.body["job"]["project"], "judge": {"more": True}}
    answer = accepted(erase(session, [pair]), "a deletion with a member more")
    expect(not session.state(job), "a deletion with a member more deletes nothing", answer, session.exchanges[-1])


@check("RAI-STM-014")
def no_run_is_begun_that_is_not_needed(session: Session) -> None:
    """Two completions, four at once allowed; then three, two at once, whose last is alone."""
    world(session, [machines(gpus=4)])
    for name, completions, parallelism, told in (("two", 2, 4, [2]), ("three", 3, 2, [2, 1])):
        job = ask(session, name, gpu=1, completions=completions, parallelism=parallelism, command="sleep 60")
        for wanted in told:
            found = item(session, job.id)
            same(wanted, found.get("currentAllocatedGPUs"), f"the GPUs of a job of {completions} runs, {parallelism} at once", session.exchanges[-1])
            session.advance(60)
        forget(session, job)


@check("RAI-PRI-022")
def what_is_within_quota_is_not_taken_back(session: Session) -> None:
    """Though another project deserves a GPU, and a core is what it lacks; parts of GPUs that were held before count no more."""
    world(session, [machines(cpu=2, gpus=2)], {TEAM_A: 1, TEAM_B: 1})
    for number in range(2):
        forget(session, ask(session, f"part-{number}", gpu=0.6))
    ask(session, "keeps", gpu=1, cpu=2)
    given(session, keeps=RUNNING)
    ask(session, "wants", TEAM_B, gpu=1, cpu=1)
    session.advance(SETTLED)
    stand(session, keeps=RUNNING, wants=PENDING)


@check("RAI-PRI-023")
def training_waits_for_training(session: Session) -> None:
    """Both are within the quota, and a core is what the second lacks."""
    world(session, [machines(cpu=2, gpus=2)], {TEAM_A: 2})
    ask(session, "keeps", gpu=1, cpu=2)
    given(session, keeps=RUNNING)
    ask(session, "wants", gpu=1, cpu=1)
    stand(session, keeps=RUNNING, wants=PENDING)


@check("RAI-CRT-004")
def users_are_told_as_they_are_written(session: Session) -> None:
    """A name with a comma, one with signs, one in mixed letters."""
    for user in ("Doe, John", "j.doe+gpu@example.com", "JohnDoe"):
        exchange = session.post(session.body(), headers={"RA-USER": user})
        if exchange.response.is_success:
            same(user, item(session, session.job_of(exchange).id).get("user"), "the user in the list", exchange, session.exchanges[-1])


@check("RAI-CRT-002")
def projects_are_told_as_they_are_written(session: Session) -> None:
    """Mixed letters may be refused, but not changed."""
    project = f"Team-{session.unique('blue')}"
    exchange = session.post(session.body(patch={"job": {"project": project}}))
    if exchange.response.is_success:
        same(project, item(session, session.job_of(exchange).id).get("project"), "the project in the list", exchange, session.exchanges[-1])


@check("RAI-LST-018")
def a_projects_list_tells_all_of_its_jobs(session: Session) -> None:
    """One that waits, one that has a GPU, one that succeeded, one that failed."""
    project = session.unique("team")
    shapes: tuple[tuple[str, Json], ...] = (("waits", {}), ("long", {"gpu": 1}), ("quick", {}), ("fails", {}))
    jobs = [session.submit(shape, {"job": {"project": project, **members}}) for shape, members in shapes]
    session.until(jobs[1], "running")
    for job in jobs[2:]:
        session.until(job)
    told = {str(one.get("name")): one for one in session.items(query={"project": project})}
    of_all = session.exchanges[-1]
    for one in session.items():
        if one.get("project") == project:
            same(one, told.get(str(one.get("name"))), f"what the project's list tells of a job that is {one.get('status')}", of_all, session.exchanges[-1])
    same(sorted(job.id for job in jobs), sorted(told), "the names in the project's list", of_all)


@check("RAI-LST-010")
def an_ended_namesake_stays(session: Session) -> None:
    """Of another project; it has succeeded by then."""
    name = session.unique("twin")
    twin = session.submit(patch={"job": {"name": name, "project": TEAM_B}})
    session.until(twin)
    job = session.submit("long", {"job": {"name": name, "project": TEAM_A}})
    answer = forget(session, job)
    needed(answer.response.is_success, "a deletion was refused")
    listed = [one.get("project") for one in session.items() if one.get("name") == name]
    same([TEAM_B], listed, "the projects of the jobs of that name after one was deleted", answer, session.exchanges[-1])


@check("RAI-STM-005")
def a_deleted_part_of_a_gpu_is_free(session: Session) -> None:
    """And no longer counts against the quota."""
    world(session, [machines(gpus=1)], {TEAM_A: 1})
    for number in range(3):
        name = f"bench-{number}"
        job = ask(session, name, gpu=0.6, interactive=True)
        stand(session, **{name: RUNNING})
        forget(session, job)
        session.advance(SETTLED)
