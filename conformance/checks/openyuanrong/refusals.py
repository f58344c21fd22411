"""How openYuanrong refuses what it cannot do."""

from __future__ import annotations

import json

from conformance.checks import check
from conformance.session.expect import expect, needed, refused
from conformance.session.session import Session
from conformance.traffic.json_pointer import Json, shown


@check("OYR-ERR-002")
def what_is_refused_leaves_no_job(session: Session) -> None:
    """Refused for an amount, an id, a label, a resource."""
    session.submit()
    before = len(session.items())
    wrong: tuple[Json, ...] = (
        {"entrypoint_num_cpus": 17},
        {"entrypoint_memory": 1},
        {"submission_id": "No"},
        {"entrypoint_num_cpus": -1},
        {"entrypoint": None},
        {"runtime_env": {"working_dir": None}},
    )
    for patch in wrong:
        answer = session.post(session.body(patch=patch))
        needed(not answer.response.is_success, f"a submission with {shown(patch)} is not refused")
        count = len(session.items())
        expect(count == before, f"there were {before} jobs and are {count} after a submission with {shown(patch)}")


@check("OYR-ERR-003")
def of_several_mistakes_one_is_enough(session: Session) -> None:
    """Whatever comes beside it."""
    needed(session.post(session.body()).response.is_success, "the control twin was refused")
    body = session.body(patch={"entrypoint_num_cpus": -1, "entrypoint_memory": -1, "submission_id": "No"})
    for raw in (
        body,
        {**body, "entrypoint": ""},
        {key: value for key, value in body.items() if key != "runtime_env"},
        {**body, "entrypoint_num_cpus": 17},
    ):
        refused(session.post(raw), "a submission with several mistakes", (400,))


@check("OYR-ERR-005")
def much_may_be_said(session: Session) -> None:
    """In a command, in metadata; the same with less of it is accepted."""
    for patch in ({"entrypoint": "true # {}"}, {"metadata": {"much": "{}"}}):
        text = json.dumps(patch)
        needed(
            session.post(session.body(patch=json.loads(text.replace("{}", "x")))).response.is_success,
            "the control submission was refused",
        )
        exchange = session.post(session.body(patch=json.loads(text.replace("{}", "x" * 100_000))))
        expect(
            exchange.response.status < 500 or exchange.response.status == 503, f"answered {exchange.response.status}"
        )
