"""How openYuanrong refuses what it cannot do."""

from __future__ import annotations

from functools import partial

from conformance.checks import check
from conformance.checks.families.refusals import changes_nothing
from conformance.session.expect import expect, need_success, refused
from conformance.session.session import Session
from conformance.traffic.json_pointer import Json, shown

WRONG: tuple[Json, ...] = (
    {"entrypoint_num_cpus": 17},
    {"entrypoint_memory": 1},
    {"submission_id": "No"},
    {"entrypoint_num_cpus": -1},
    {"entrypoint": None},
    {"runtime_env": {"working_dir": None}},
)


@check("OYR-ERR-002")
def what_is_refused_leaves_no_job(session: Session) -> None:
    """Refused for an amount, an id, a label, a resource."""
    session.submit()
    for patch in WRONG:
        attempt = partial(session.post, session.body(patch=patch))
        changes_nothing(lambda: len(session.items()), f"a submission with {shown(patch)}", attempt)


@check("OYR-ERR-003")
def of_several_mistakes_one_is_enough(session: Session) -> None:
    """Whatever comes beside it."""
    need_success(session.post(session.body()), "the control twin")
    body = session.body(patch={"entrypoint_num_cpus": -1, "entrypoint_memory": -1, "submission_id": "No"})
    no_environment = {key: value for key, value in body.items() if key != "runtime_env"}
    for raw in (body, {**body, "entrypoint": ""}, no_environment, {**body, "entrypoint_num_cpus": 17}):
        refused(session.post(raw), "a submission with several mistakes", (400,))


@check("OYR-ERR-005")
def much_may_be_said(session: Session) -> None:
    """In a command, in metadata; the same with less of it is accepted."""
    for say in (lambda text: {"entrypoint": f"true # {text}"}, lambda text: {"metadata": {"much": text}}):
        need_success(session.post(session.body(patch=say("x"))), "the control submission")
        status = session.post(session.body(patch=say("x" * 100_000))).response.status
        expect(status < 500 or status == 503, f"a submission of much was answered {status}")
