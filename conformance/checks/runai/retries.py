"""How often and when Run:AI runs a failed job again."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks import check
from conformance.checks.runai.steps import (
    PENDING,
    RUNNING,
    SETTLED,
    TEAM_A,
    TEAM_B,
    TRAIN,
    count_runs,
    count_tries,
    delete_jobs,
    failing_job,
    item,
    need_states,
    node_class,
    placement,
    staged_nodes,
    states_seen,
    submit_named,
)
from conformance.session.expect import expect, needed, same
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import get


def _pauses(seen: list[tuple[str, float]]) -> Iterator[float]:
    """How long a job that had run did not run before it ran again."""
    pause, has_run = 0.0, False
    for state, seconds in seen:
        if state != RUNNING:
            pause += seconds
            continue
        if has_run:
            yield pause
        pause, has_run = 0.0, True


def _succeeds(session: Session, job: JobRef, most: int) -> None:
    seen = states_seen(session, job, step=1, within=300)
    fits = seen[-1][0] == "Succeeded" and count_runs(seen) <= most
    expect(fits, f"a job whose attempt {most} succeeds went {' -> '.join(state for state, _ in seen)}")


@check("RAI-RTY-001")
def a_job_is_tried_as_often_as_asked(session: Session) -> None:
    """Once more than it may be tried again, for no retry, one, three, and more than are usual."""
    for retries, seconds, step in ((0, 6, 2), (1, 6, 2), (3, 6, 2), (8, 20, 5)):
        job = failing_job(session, seconds, backoffLimit=retries)
        seen = states_seen(session, job, step=step, within=3600)
        tries = count_tries(seen, seconds, retries + 1)
        same(retries + 1, tries, f"the number of runs of a job with backoffLimit {retries} that always fails")
        same("Failed", seen[-1][0], f"the state of a job that always fails after {tries} runs")


@check("RAI-RTY-002")
def a_job_that_succeeds_later_is_done(session: Session) -> None:
    """Its second attempt ends well; a run may be over before it is seen."""
    job = session.submit("retried")
    _succeeds(session, job, 2)
    session.advance(120)
    same("Succeeded", session.state(job), "the state of a job whose second attempt succeeded")


@check("RAI-RTY-003")
def a_job_that_succeeds_runs_once(session: Session) -> None:
    """It may be tried again, but need not."""
    _succeeds(session, session.submit(patch={"job": {"backoffLimit": 5}}), 1)


@check("RAI-RTY-004")
def pauses_double(session: Session) -> None:
    """Ten seconds, twenty, forty; a little slack for preparation."""
    job = failing_job(session, 6, backoffLimit=3)
    pauses = list(_pauses(states_seen(session, job, step=0.5, within=600)))
    needed(len(pauses) == 3, f"the job was tried again {len(pauses)} times")
    for number, pause in enumerate(pauses):
        usual = 10 * 2**number
        message = f"the pauses were about {', '.join(f'{one:g}' for one in pauses)} seconds, expected 10, 20, 40"
        expect(0.9 * usual - 2 <= pause <= 1.4 * usual + 6, message)


@check("RAI-RTY-005")
def no_pause_is_longer_than_six_minutes(session: Session) -> None:
    """The seventh would be."""
    job = failing_job(session, 20, backoffLimit=7)
    seen = states_seen(session, job, step=10, within=3600)
    needed(count_tries(seen, 20, 8) >= 8, "the job was not tried again seven times")
    pauses = [*_pauses(seen), 0.0]
    expect(max(pauses) <= 400, f"a pause before a retry was about {max(pauses):g} seconds")


@check("RAI-RTY-006")
def to_be_taken_back_is_no_failure(session: Session) -> None:
    """A job that may be tried again once is taken back, fails once and runs well after that."""
    staged_nodes(session, [node_class(gpus=2)], {TEAM_A: 1, TEAM_B: 1})
    environment = {"MOCK_FAIL_ATTEMPTS": 2, "MOCK_RUN_SECONDS": 60}
    submit_named(session, "keeps", gpu=1)
    submit_named(session, "taken", gpu=1, command="sleep 60; exit 3", backoffLimit=1, environment=environment)
    need_states(session, keeps=RUNNING, taken=RUNNING)
    other = submit_named(session, "other", TEAM_B, gpu=1)
    session.advance(SETTLED)
    states = {str(one.get("name")): str(one.get("status")) for one in session.items()}
    needed(states.get("other") == RUNNING, "the other project did not get what it deserves")
    victim = next((name for name in ("taken", "keeps") if states.get(name) == PENDING), "")
    needed(victim == "taken", "another job was taken back")
    delete_jobs(session, other)
    session.advance(SETTLED)
    need_states(session, taken=RUNNING)
    session.advance(60)
    state = str(get(item(session, "taken"), "/status"))
    expect(state != "Failed", "a job that was taken back once and failed once was not tried again though it may be")


@check("RAI-RTY-007")
def between_two_tries_a_job_holds_nothing(session: Session) -> None:
    """Another one runs on its GPU meanwhile; nothing of any try stays behind."""
    failing = {"gpu": 1, "command": "sleep 20; exit 3", "backoffLimit": 3}
    placement(session, 1, None, (failing, ""), (TRAIN, "rp"), (20.0, "-R"), (1, ""), (600.0, "f"), (TRAIN, "--R"))
