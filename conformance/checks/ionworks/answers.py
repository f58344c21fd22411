"""What Ionworks's answers say of a job."""

from __future__ import annotations

from typing import Any

from conformance.checks import check
from conformance.checks.common.steps import NOBODY
from conformance.checks.ionworks.steps import METADATA, ask
from conformance.oracles.echo import agree
from conformance.session.expect import accepted, expect, need_success, needed, refused
from conformance.session.session import Session
from conformance.traffic.json_pointer import MISSING, Json, get, put, same_value, shown

ECM = ("rmse_mV", "num_rcs", "time", "data_voltage", "model_voltage", "soc", "ocv", "r0")
"""What the public client reads of the result of a fit of an equivalent circuit."""
ME, HEALTH = "get_current_user_users_me_get", "healthz_healthz_get"


def _kept(session: Session, said: dict[str, Json]) -> None:
    """What is read as the metadata of a job is exactly what was handed in."""
    exchange = session.post({**session.body(), "metadata": said})  # not as a patch, in which null means nothing
    needed(exchange.response.is_success, "the control submission was refused")
    job = session.job_of(exchange)
    told = session.call(METADATA, {"job_id": job.id})
    need_success(told, "metadata")
    for name, value in said.items():
        found = get(told.response.json, f"/{name}")
        expect(same_value(value, found), f"{name} is {shown(found)} in the metadata, handed in was {shown(value)}")


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
    base = session.directory.base
    for method, path in (
        ("GET", f"{base}/jobs/{NOBODY}/zz-nowhere"),
        ("DELETE", f"{base}/jobs"),
        ("PUT", f"{base}/jobs/{NOBODY}"),
    ):
        exchange = session.send(method, path)
        expect(
            exchange.response.header("x-correlation-id"),
            f"{method} {path} is answered {exchange.response.status} without x-correlation-id",
        )


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
        for job, one in zip(jobs, (job.body["metadata"] for job in jobs), strict=True):
            told = accepted(ask(session, METADATA, job), "the metadata of a job that has some")
            expect(
                agree(one, told.response.json, "part"),
                f"the metadata is {shown(told.response.json)}, handed in was {shown(one)}",
            )
            strange = (set().union(*said) - one.keys()) & told.response.json.keys()
            expect(not strange, f"the metadata has {', '.join(sorted(strange))} of another job")
        session.advance(20)
    for shape in session.shapes("fails", "long"):
        job = session.submit(shape, {"metadata": {"ticket": shape}})
        if shape == "long" and "cancel" in session.roles:
            session.cancel(job)
        session.advance(20)
        told = accepted(ask(session, METADATA, job), f"the metadata of a job that is {session.state(job)}")
        expect(
            get(told.response.json, "/ticket") == shape, "the metadata of a job that ended so is not what was handed in"
        )


@check("ION-RSP-004")
def no_metadata_is_unknown(session: Session) -> None:
    """Left out, or null."""
    bodies = (session.body(), {**session.body(), "metadata": None})
    for body in bodies:
        job = session.job_of(accepted(session.post(body), "a submission without metadata"))
        refused(ask(session, METADATA, job), "the metadata of a job that has none", (404,))


@check("ION-RSP-012")
def the_caller_is_told_who_it_is(session: Session) -> None:
    """As its jobs say, whoever it is."""
    for tenant in ("", *session.settings.tenants):
        job = session.submit(tenant=tenant)
        told = accepted(session.call(ME, tenant=tenant), "asking who one is")
        for pointer, name in (
            ("/id", "user_id"),
            ("/organization_id", "organization_id"),
            ("/authorized_organization/id", "organization_id"),
        ):
            found = get(told.response.json, pointer)
            on_job = get(job.created.response.json, f"/{name}")
            expect(
                found in (MISSING, None, on_job),
                f"{pointer} is {shown(found)}, the caller's job has the {name} {shown(on_job)}",
            )


@check("ION-RSP-013")
def the_service_says_that_it_is_up(session: Session) -> None:
    """With any object."""
    told = accepted(session.call(HEALTH), "asking for the health of the service", (200,))
    expect(isinstance(told.response.json, dict), "the answer is no object")


@check("ION-RSP-018")
def each_answer_has_its_own_correlation(session: Session) -> None:
    """Two submissions, two readings of one job, and a cancel of each."""
    jobs = [session.submit(), session.submit()]
    asked = [jobs[0].created, jobs[1].created, session.read(jobs[0]), session.read(jobs[0])]
    asked += [one for one in (session.cancel(job) for job in jobs) if one.response.is_success]
    told = [one.response.header("x-correlation-id") for one in asked]
    needed(all(told), "answers carry no x-correlation-id")
    expect(len(set(told)) == len(told), "two answers have the same x-correlation-id", *asked)


@check("ION-RSP-019")
def numbers_come_back_as_they_went_in(session: Session) -> None:
    """Beyond the whole numbers of a double, with many decimals, in texts, and told from truth values."""
    _kept(
        session,
        {
            "beyond": 9007199254740993,
            "most": 9223372036854775807,
            "more": 2**70 + 1,
            "small": 1.2345678901234567e-300,
            "third": 0.3333333333333333,
        },
    )
    _kept(
        session,
        {"digits": "007", "whole": 7, "is": True, "is_not": False, "nought": 0, "below": -42, "decimal": 19.995},
    )


@check("ION-RSP-020")
def texts_and_lists_come_back_as_they_went_in(session: Session) -> None:
    """Of all alphabets, with white space around, empty, and nested."""
    _kept(
        session,
        {
            "word": "Größe ☃ 電池 \U0001f50b",
            "padded": "  two lines\n\tand a tab ",
            "none": "",
            "nothing": None,
            "list": [3, 1, 2, [], {}, ""],
            "deep": {"a": {"b": {"c": [0]}}},
        },
    )
    many = {f"key-{number}": number for number in range(64)}
    _kept(session, many)


@check("ION-RSP-021")
def a_fit_leaves_its_trace(session: Session) -> None:
    """Beside the metadata that was handed in."""
    job = session.submit("fit", {"metadata": {"ticket": "CELL-118"}}, until="succeeded")
    told = accepted(session.call(METADATA, {"job_id": job.id}), "the metadata of a completed fit")
    trace = get(told.response.json, "/intermediate_results")
    expect(isinstance(trace, list) and trace, f"intermediate_results of a completed fit are {shown(trace)}")
    expect(get(told.response.json, "/ticket") == "CELL-118", "the trace has replaced what was handed in")


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
