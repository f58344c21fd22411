"""Checks of what is easily forgotten of Run:AI's jobs: names that come again, tries that fail, amounts at their edges, waits and runs that take days."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.runai_cluster import SETTLED, ask, forget, given, item, machines, names, stand, world
from conformance.session.expect import INVALID, accepted, expect, needed, refused, same
from conformance.session.session import Session
from conformance.traffic.json_pointer import MISSING, get

TEAM_A, TEAM_B, TEAM_C = "team-a", "team-b", "team-c"
RUNNING, PENDING = "Running", "Pending"
DAY = 86_400


def _ending(session: Session) -> list[str]:
    """Shapes of jobs that end by themselves."""
    return [shape for shape in ("quick", "fails") if shape == "quick" or shape in session.settings.shapes]


@check("RAI-IDM-007")
def a_namesake_is_told_as_itself(session: Session) -> None:
    """The deleted job, which was listed, had another user, image and type."""
    name = session.unique("twin")
    first = session.submit(patch={"job": {"name": name, "image": "busybox", "interactive": True}}, headers={"RA-USER": "john"})
    before = item(session, name)
    needed(before is not MISSING, "the job is not in the list")
    session.advance(10)
    forget(session, first)
    again = session.post(session.body(patch={"job": {"name": name, "image": "alpine"}}), headers={"RA-USER": "jane"})
    needed(again.response.is_success, "the name of a deleted job may not be used again")
    told = item(session, name)
    needed(told is not MISSING, "the second job is not in the list")
    for member, wanted in (("user", "jane"), ("images", "alpine"), ("type", "Train")):
        same(wanted, told.get(member), f"{member} of a job with the name of a deleted one", again, session.exchanges[-1])
    if session.target.has_virtual_time:
        later = told.get("createdAt", 0) - before.get("createdAt", 0)
        expect(later >= 9000, f"a job that was made 10 seconds after another of its name has a createdAt {later} ms later", again, session.exchanges[-1])


@check("RAI-LST-008")
def a_job_leaves_between_two_tries(session: Session) -> None:
    """It has failed once and waits for the next try, where that can be seen."""
    if "breaks" not in session.settings.shapes:
        return
    job = session.submit("breaks", {"job": {"backoffLimit": 5}}, seconds=5)
    has_run = False
    for state in session.watch(job, within=120):
        has_run = has_run or state == RUNNING
        if has_run and state != RUNNING:
            break
    answer = forget(session, job)
    expect(item(session, job.id) is MISSING, "a job that was deleted between two tries is still listed", answer, session.exchanges[-1])


@check("RAI-LST-009")
def a_name_is_not_a_beginning(session: Session) -> None:
    """A job whose name only begins like that of the deleted one stays, and none is deleted in other letters."""
    name = session.unique("train")
    jobs = [session.submit(patch={"job": {"name": one}}) for one in (name, f"{name}-1", f"{name}x")]
    forget(session, (name.upper(), TEAM_A))
    told = names(session)
    expect(name in told, f"a deletion of {name.upper()} deleted {name}", *session.exchanges[-2:])
    answer = forget(session, jobs[0])
    left = {job.id for job in jobs} & set(names(session))
    expect(left == {jobs[1].id, jobs[2].id}, f"left are {sorted(left)} after {name} was deleted", answer, session.exchanges[-1])


@check("RAI-LST-011")
def a_deletion_of_ended_jobs_tells_of_success(session: Session) -> None:
    """One that succeeded, one that failed."""
    jobs = [session.submit(shape) for shape in _ending(session)]
    for job in jobs:
        session.until(job)
    answer = accepted(forget(session, *jobs), "a deletion of ended jobs")
    told = [one.get("ok") for one in get(answer.response.json, "/data") or []]
    same([True] * len(jobs), told, "what is told of ended jobs that were deleted", answer)


@check("RAI-CRT-014")
def a_failed_job_keeps_its_name(session: Session) -> None:
    """And is told as before."""
    if "fails" not in session.settings.shapes:
        return
    job = session.submit("fails")
    needed(session.phase_of(session.until(job)) == "failed", "the job did not fail")
    before = item(session, job.id).get("id")
    refused(session.post(job.body), "the name of a failed job", (409, *INVALID))
    same(before, item(session, job.id).get("id"), "the id of the failed job", *session.exchanges[-2:])


@check("RAI-LST-001")
def a_project_is_asked_for_as_it_is_written(session: Session) -> None:
    """Signs in its name may be refused; a project that is taken has its list."""
    for stem in ("Team-", "team.", "team_", "team "):
        project = f"{stem}{session.unique('x')}"
        exchange = session.post(session.body(patch={"job": {"project": project}}))
        if exchange.response.is_success:
            job = session.job_of(exchange)
            expect(job.id in names(session, project=project), f"the list of {project!r} lacks its job", exchange, session.exchanges[-1])


@check("RAI-CRT-004")
def a_user_is_told_to_the_end(session: Session) -> None:
    """Of a job that succeeded and of one that failed."""
    for shape in _ending(session):
        job = session.submit(shape, headers={"RA-USER": "john"})
        session.until(job)
        told = item(session, job.id)
        needed(told is not MISSING, "an ended job is not listed")
        same("john", told.get("user"), f"the user of a job that is {told.get('status')}", job.created, session.exchanges[-1])


@check("RAI-IDM-002")
def an_id_outlives_a_try(session: Session) -> None:
    """The first try fails, the second does not."""
    if "retried" not in session.settings.shapes:
        return
    job = session.submit("retried")
    told = {}
    for state in session.watch(job, within=300):
        found = item(session, job.id)
        told[state] = found.get("id") if isinstance(found, dict) else None
    expect(len(set(told.values())) == 1, f"the id of a job that is tried twice is, by state, {told}", job.created, session.exchanges[-1])


@check("RAI-RTY-007")
def between_two_tries_a_job_holds_nothing(session: Session) -> None:
    """Another one runs on its GPU meanwhile; nothing of any try stays behind."""
    world(session, [machines(gpus=1)])
    ask(session, "bad", gpu=1, command="sleep 20; exit 3", backoffLimit=3)
    other = ask(session, "other", gpu=1)
    given(session, bad=RUNNING, other=PENDING)
    session.advance(20)
    stand(session, other=RUNNING)
    forget(session, other)
    session.advance(600)
    given(session, bad="Failed")
    ask(session, "last", gpu=1)
    stand(session, last=RUNNING)


@check("RAI-STM-015")
def a_failed_run_completes_nothing(session: Session) -> None:
    """The first of three runs of twenty seconds fails, two have to succeed."""
    world(session, [machines(cpu=8)])
    job = ask(session, "twice", cpu=1, command="sleep 20", completions=2, backoffLimit=4, environment={"MOCK_FAIL_ATTEMPTS": 1})
    session.advance(55)
    state = session.state(job)
    expect(state != "Succeeded", "a job of two runs has succeeded with one good and one bad", job.created, session.exchanges[-1])
    session.advance(60)
    stand(session, twice="Succeeded")


@check("RAI-STM-010")
def many_runs_are_many(session: Session) -> None:
    """Twelve of twenty seconds, five at a time, take a minute."""
    job = session.submit("lasts", {"job": {"completions": 12, "parallelism": 5}}, seconds=20)
    session.advance(50)
    state = session.state(job)
    expect(state != "Succeeded", "a job of twelve runs of 20 seconds, 5 at a time, has succeeded after 50", job.created, session.exchanges[-1])
    session.until(job)
    same("Succeeded", session.state(job), "the end of a job of twelve good runs", job.created, session.exchanges[-1])


@check("RAI-TMO-001")
def nothing_is_a_time_to_live(session: Session) -> None:
    """0s, where it is taken, is not the same as none."""
    exchange = session.post(session.body(patch={"job": {"ttlAfterFinish": "0s"}}))
    if not exchange.response.is_success:
        return
    job = session.job_of(exchange)
    session.advance(120)
    state = session.state(job)
    expect(state in ("", PENDING, RUNNING), f"a job without any time to live is still listed as {state}", exchange, session.exchanges[-1])


@check("RAI-STM-011")
def a_run_may_take_days(session: Session) -> None:
    """No page knows an end of training."""
    if "lasts" not in session.settings.shapes:
        return
    job = session.submit("lasts", seconds=10 * DAY)
    session.until(job, "running")
    session.advance(9 * DAY)
    state = session.state(job)
    expect(state == RUNNING, f"a job whose run takes ten days is {state or 'not listed'} after nine", job.created, session.exchanges[-1])


@check("RAI-CRT-016")
def who_waits_goes_on_waiting(session: Session) -> None:
    """For days."""
    if "waits" not in session.settings.shapes:
        return
    job = session.submit("waits")
    for pause in (3600, 3 * DAY):
        session.advance(pause)
        state = session.state(job)
        expect(state == PENDING, f"a job that cannot be placed is {state or 'not listed'} later", job.created, session.exchanges[-1])


@check("RAI-PRI-005")
def training_is_always_preemptible(session: Session) -> None:
    """Whatever it says of that: it may exceed its quota, and is taken back for one who deserves the GPU."""
    world(session, [machines(gpus=1)], {TEAM_A: 0, TEAM_B: 1})
    ask(session, "guest", gpu=1, preemptible=False)
    stand(session, guest=RUNNING)
    ask(session, "owner", TEAM_B, gpu=1)
    stand(session, guest=PENDING, owner=RUNNING)


@check("RAI-PRI-010")
def training_goes_before_a_workbench_does(session: Session) -> None:
    """The workbench is younger, its project above its quota."""
    world(session, [machines(gpus=2)], {TEAM_A: 1, TEAM_B: 1})
    ask(session, "train", gpu=1)
    ask(session, "bench", gpu=1, interactive=True)
    given(session, train=RUNNING, bench=RUNNING)
    ask(session, "owner", TEAM_B, gpu=1)
    stand(session, bench=RUNNING, train=PENDING, owner=RUNNING)


@check("RAI-PRI-022")
def what_has_ended_counts_no_more(session: Session) -> None:
    """A project that had more before is within its quota now; a guest without any goes, though older."""
    world(session, [machines(gpus=2)], {TEAM_A: 1, TEAM_B: 1, TEAM_C: 0})
    ask(session, "first", gpu=1, command="sleep 20")
    session.advance(20 + SETTLED)
    given(session, first="Succeeded")
    ask(session, "guest", TEAM_C, gpu=1)
    ask(session, "keeps", gpu=1)
    given(session, guest=RUNNING, keeps=RUNNING)
    ask(session, "owner", TEAM_B, gpu=1)
    stand(session, keeps=RUNNING, owner=RUNNING, guest=PENDING)


@check("RAI-PRI-022")
def what_was_taken_back_counts_no_more(session: Session) -> None:
    """Its project is within the quota since then, and keeps the rest."""
    world(session, [machines(gpus=2)], {TEAM_A: 1, TEAM_B: 1, TEAM_C: 1})
    for name, project in (("keeps", TEAM_A), ("guest", TEAM_A), ("owner", TEAM_B)):
        ask(session, name, project, gpu=1)
    given(session, owner=RUNNING)
    left = next((name for name in ("keeps", "guest") if item(session, name).get("status") == RUNNING), "")
    needed(left, "both jobs of the project were taken back")
    ask(session, "third", TEAM_C, gpu=1)
    stand(session, **{left: RUNNING, "third": PENDING, "owner": RUNNING})


@check("RAI-PRI-017")
def workbenches_go_in_turn(session: Session) -> None:
    """And so does training where there are quotas."""
    for interactive in (True, False):
        world(session, [machines(gpus=1)], {TEAM_A: 1})
        holder = ask(session, "zero", gpu=1, interactive=interactive)
        for name in ("zz-first", "mm-second", "aa-third"):
            ask(session, name, gpu=1, interactive=interactive)
        given(session, zero=RUNNING)
        forget(session, holder)
        session.advance(SETTLED)
        stand(session, **{"zz-first": RUNNING, "mm-second": PENDING, "aa-third": PENDING})


@check("RAI-PRI-012")
def little_more_than_a_whole_is_too_much(session: Session) -> None:
    """Six tenths and a half."""
    world(session, [machines(gpus=1)])
    ask(session, "more", gpu=0.6)
    ask(session, "half", gpu=0.5)
    stand(session, more=RUNNING, half=PENDING)


@check("RAI-PRI-013")
def a_type_may_have_a_dash(session: Session) -> None:
    """A machine of another type is idle."""
    world(session, [machines(kind="plain", gpus=1)])
    ask(session, "wants", gpu=1, nodeType="rtx-4090")
    stand(session, wants=PENDING)


@check("RAI-DEF-005")
def no_core_is_no_core(session: Session) -> None:
    """A job that says so is guaranteed none."""
    world(session, [machines(cpu=1, gpus=8)])
    ask(session, "one", gpu=1)
    ask(session, "none", gpu=1, cpu=0)
    stand(session, one=RUNNING, none=RUNNING)
