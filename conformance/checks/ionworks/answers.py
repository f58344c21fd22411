"""What Ionworks's answers say of a job."""

from __future__ import annotations

from typing import Any

from conformance.checks import check
from conformance.checks.common.steps import NOBODY
from conformance.checks.ionworks.steps import METADATA, ask
from conformance.oracles.echo import agree
from conformance.session.expect import accepted, expect, need_success, needed, refused, same
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import MISSING, Json, get, put, shown

ECM = ("rmse_mV", "num_rcs", "time", "data_voltage", "model_voltage", "soc", "ocv", "r0")
"""What the public client reads of the result of a fit of an equivalent circuit."""
ME, HEALTH = "get_current_user_users_me_get", "healthz_healthz_get"
WHO = {"/id": "/user_id", "/organization_id": "/organization_id", "/authorized_organization/id": "/organization_id"}
"""Where an answer says who the caller is, and where a job of its own does."""
NUMBERS: dict[str, Json] = {
    "beyond": 9007199254740993,
    "most": 9223372036854775807,
    "more": 2**70 + 1,
    "small": 1.2345678901234567e-300,
    "third": 0.3333333333333333,
    "deep": {"beyond": [9007199254740993, {"most": 9223372036854775807}]},
}
PLAIN: dict[str, Json] = {
    "digits": "007",
    "whole": 7,
    "is": True,
    "is_not": False,
    "zero": 0,
    "below": -42,
    "decimal": 19.995,
}
TEXTS: dict[str, Json] = {
    "word": "Größe ☃ 電池 \U0001f50b",
    "padded": "  two lines\n\tand a tab ",
    "none": "",
    "nothing": None,
    "list": [3, 1, 2, [], {}, ""],
    "deep": {"a": {"b": {"c": [0]}}},
}
MANY: dict[str, Json] = {f"key-{number}": number for number in range(64)}


def _metadata(session: Session, job: JobRef) -> Json:
    """The metadata of a job that has some."""
    return accepted(ask(session, METADATA, job), f"the metadata of a job that is {session.state(job)}").response.json


@check("ION-RSP-001")
@check("ION-RSP-002")
def answers_of_every_kind(session: Session) -> None:
    """Granted and refused; the oracles look at their headers."""
    job = session.submit()
    session.post(put(session.body(), "/priority", 11))
    for name in ("read", "cancel"):
        if name in session.roles:
            session.on(name, job)
            session.on(name, NOBODY)
    if "list" in session.roles:
        session.list_jobs()
        session.list_jobs(query={"limit": "none"})


@check("ION-RSP-002")
def what_no_operation_serves_has_a_correlation(session: Session) -> None:
    """An unknown path, and a method that a path does not have."""
    needed(session.submit().created.response.header("x-correlation-id"), "answers carry no x-correlation-id")
    jobs = f"{session.directory.base}/jobs"
    for method, path in (("GET", f"{jobs}/{NOBODY}/zz-nowhere"), ("DELETE", jobs), ("PUT", f"{jobs}/{NOBODY}")):
        response = session.send(method, path).response
        message = f"{method} {path} is answered {response.status} without x-correlation-id"
        expect(response.header("x-correlation-id"), message)


@check("ION-RSP-003")
def metadata_is_read_as_it_was_handed_in(session: Session) -> None:
    """Nested, with letters of all kinds; each job's own, and after its end too."""
    said: tuple[dict[str, Any], ...] = (
        {"ticket": "CELL-118", "deep": {"list": [1, 2.5, None, "ä"]}},
        {"ticket": "CELL-119"},
        {},
    )
    jobs = [session.submit(patch={"metadata": one}) for one in said]
    for _ in range(2):
        for job in jobs:
            one, found = job.body["metadata"], _metadata(session, job)
            expect(agree(one, found, "part"), f"the metadata is {shown(found)}, handed in was {shown(one)}")
            strange = (set().union(*said) - one.keys()) & found.keys()
            expect(not strange, f"the metadata has {', '.join(sorted(strange))} of another job")
        session.advance(20)
    for shape in session.shapes("fails", "long"):
        job = session.submit(shape, {"metadata": {"ticket": shape}})
        if shape == "long" and "cancel" in session.roles:
            session.cancel(job)
        session.advance(20)
        same(shape, get(_metadata(session, job), "/ticket"), "the metadata of a job that ended so")


@check("ION-RSP-004")
def no_metadata_is_unknown(session: Session) -> None:
    """Left out, or null."""
    bodies = (session.body(), {**session.body(), "metadata": None})
    for body in bodies:
        job = session.job_of(accepted(session.post(body), "a submission without metadata"))
        refused(ask(session, METADATA, job), "the metadata of a job that has none", (404,))


@check("ION-RSP-012")
def the_caller_is_who_its_jobs_say(session: Session) -> None:
    """Whoever it is."""
    for tenant in ("", *session.settings.tenants):
        view = session.submit(tenant=tenant).created.response.json
        me = accepted(session.call(ME, tenant=tenant), "asking who one is").response.json
        for pointer, name in WHO.items():
            found, right = get(me, pointer), get(view, name)
            expect(found in (MISSING, None, right), f"{pointer} is {shown(found)}, the caller's job has {shown(right)}")


@check("ION-RSP-013")
def the_service_says_that_it_is_up(session: Session) -> None:
    """With any object."""
    answer = accepted(session.call(HEALTH), "asking for the health of the service", (200,)).response.json
    expect(isinstance(answer, dict), "the answer is no object")


@check("ION-RSP-018")
def each_answer_has_its_own_correlation(session: Session) -> None:
    """Two submissions, two readings of one job, and a cancel of each."""
    jobs = [session.submit(), session.submit()]
    asked = [jobs[0].created, jobs[1].created, session.read(jobs[0]), session.read(jobs[0])]
    asked += [one for one in (session.cancel(job) for job in jobs) if one.response.is_success]
    correlations = [one.response.header("x-correlation-id") for one in asked]
    needed(all(correlations), "answers carry no x-correlation-id")
    expect(len(set(correlations)) == len(correlations), "two answers have the same x-correlation-id", *asked)


@check("ION-RSP-019", "numbers come back as they went in", NUMBERS, PLAIN)
@check("ION-RSP-020", "texts and lists come back as they went in", TEXTS, MANY)
def metadata_come_back_as_they_went_in(session: Session, *rows: dict[str, Json]) -> None:
    """Beyond a double, with many decimals, in texts; of all alphabets, with white space around, empty, and nested."""
    for said in rows:
        exchange = session.post({**session.body(), "metadata": said})  # not as a patch, in which null means nothing
        job = session.job_of(need_success(exchange, "a submission with metadata"))
        found = need_success(ask(session, METADATA, job), "the metadata of a job").response.json
        for name, value in said.items():
            same(value, get(found, f"/{name}"), f"{name} in the metadata")


@check("ION-RSP-021")
def a_fit_leaves_its_trace(session: Session) -> None:
    """Beside the metadata that was handed in."""
    found = _metadata(session, session.submit("fit", {"metadata": {"ticket": "CELL-118"}}, until="succeeded"))
    trace = get(found, "/intermediate_results")
    expect(isinstance(trace, list) and trace, f"intermediate_results of a completed fit are {shown(trace)}")
    same("CELL-118", get(found, "/ticket"), "what was handed in, beside the trace,")


@check("ION-RSP-026")
def a_fitted_circuit_has_what_the_client_reads(session: Session) -> None:
    """Curves of one length each."""
    job = session.submit(patch={"job_type": "ecm_fit"})
    needed(session.phase_of(session.until(job)) == "succeeded", "a fit of an equivalent circuit does not complete")
    result = get(session.view(job), "/result")
    missing = [name for name in ECM if get(result, f"/{name}") is MISSING]
    expect(not missing, f"the result lacks {', '.join(missing)}")
    lengths = {
        name: len(result[name]) for name in ("time", "data_voltage", "model_voltage") if isinstance(result[name], list)
    }
    expect(len(set(lengths.values())) <= 1, f"curves of one fit have the lengths {lengths}")
