"""Checks of what Ionworks keeps beside a job: metadata, channels, series and plots; and of the account behind a request."""

from __future__ import annotations

from typing import Any

from conformance.checks import check
from conformance.errors import NotApplicable
from conformance.oracles.echo import agree
from conformance.session.expect import accepted, expect, needed, refused
from conformance.session.session import JobRef, Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, get

METADATA, CHANNELS = "get_job_metadata_jobs__job_id__metadata_get", "get_series_channels_jobs__job_id__series_channels_get"
SERIES, PLOT = "get_series_jobs__job_id__series_get", "get_plot_data_pipelines_datafits__job_id__plot_data_get"
BESIDE = (METADATA, CHANNELS, SERIES, PLOT)
ME, HEALTH = "get_current_user_users_me_get", "healthz_healthz_get"
NOBODY = "00000000-0000-4000-8000-00000000dead"
TIME = "Time [s]"


def _ask(session: Session, operation: str, job: JobRef | str, **query: Any) -> Exchange:
    id_, tenant = (job.id, job.tenant) if isinstance(job, JobRef) else (job, "")
    return session.call(operation, {"job_id": id_}, query=query, tenant=tenant)


def _fit(session: Session, **options: Any) -> JobRef:
    job = session.submit("fit", **options)
    ended = session.until(job)
    needed(session.phase_of(ended) == "succeeded", f"a fit ended as {ended}")
    return job


def _series(session: Session, job: JobRef, **query: Any) -> dict[str, list[Any]]:
    told = accepted(_ask(session, SERIES, job, **query), f"the series for {query}").response.json
    expect(isinstance(told, dict) and all(isinstance(one, list) for one in told.values()), "a series is no object of lists", session.exchanges[-1])
    return dict(told)


def _names(session: Session, job: JobRef) -> list[str]:
    told = accepted(_ask(session, CHANNELS, job), "the channels of a completed fit").response.json
    sources = [one for objective in told.values() if isinstance(objective, dict) for one in objective.values()] if isinstance(told, dict) else []
    needed(sources and isinstance(sources[0], list) and sources[0], "no channels are named")
    return [str(name) for name in sources[0]]


@check("ION-RSP-003")
def metadata_is_read_as_it_was_handed_in(session: Session) -> None:
    """Nested, with letters of all kinds; each job's own, and after its end too."""
    said: tuple[dict[str, Any], ...] = ({"ticket": "CELL-118", "deep": {"list": [1, 2.5, None, "ä"]}}, {"ticket": "CELL-119"}, {})
    jobs = [session.submit(patch={"metadata": one}) for one in said]
    for _ in range(2):
        for job, one in zip(jobs, (job.body["metadata"] for job in jobs), strict=True):
            told = accepted(_ask(session, METADATA, job), "the metadata of a job that has some")
            expect(agree(one, told.response.json, "part"), f"the metadata is {told.response.json!r}, handed in was {one!r}", job.created, told)
            strange = (set().union(*said) - one.keys()) & told.response.json.keys()
            expect(not strange, f"the metadata has {', '.join(sorted(strange))} of another job", job.created, told)
        session.advance(20)
    for shape in [one for one in ("fails", "long") if one in session.settings.shapes]:
        job = session.submit(shape, {"metadata": {"ticket": shape}})
        if shape == "long" and "cancel" in session.roles:
            session.cancel(job)
        session.advance(20)
        told = accepted(_ask(session, METADATA, job), f"the metadata of a job that is {session.state(job)}")
        expect(get(told.response.json, "/ticket") == shape, "the metadata of a job that ended so is not what was handed in", job.created, told)


@check("ION-RSP-004")
def no_metadata_is_unknown(session: Session) -> None:
    """Left out, or null."""
    bodies = (session.body(), {**session.body(), "metadata": None})
    for body in bodies:
        job = session.job_of(accepted(session.post(body), "a submission without metadata"))
        refused(_ask(session, METADATA, job), "the metadata of a job that has none", (404,))


@check("ION-RSP-005")
def every_channel_can_be_read(session: Session) -> None:
    """One by one and together."""
    job = _fit(session)
    names = _names(session, job)
    x = {TIME} & set(names)
    for name in names:
        expect(set(_series(session, job, columns=name)) == {name, *x}, f"the channel {name} cannot be read by itself", session.exchanges[-1])
    whole = _series(session, job)
    expect(len({len(values) for values in whole.values()}) == 1, "the channels of a series differ in length", session.exchanges[-1])
    expect(all(whole.values()), "a series is empty", session.exchanges[-1])


@check("ION-RSP-006")
def columns_choose_the_channels(session: Session) -> None:
    """None means all; one means one beside the channel on x; what there is not is refused."""
    job = _fit(session)
    names = _names(session, job)
    expect(set(_series(session, job)) == set(names), f"a series without columns does not hold {', '.join(names)}", session.exchanges[-1])
    for some in (names[:2], names[-1:]):
        found, wanted = set(_series(session, job, columns=",".join(some))), {*some} | ({TIME} & set(names))
        expect(found == wanted, f"a series of {', '.join(some)} holds {', '.join(sorted(found))}", session.exchanges[-1])
    told = _ask(session, SERIES, job, columns="no such channel")
    expect(not told.response.is_success, "a channel that there is not was read", told)


@check("ION-RSP-007")
def the_usual_source_is_the_optimal_one(session: Session) -> None:
    """And the other one is different."""
    job = _fit(session)
    usual, optimal, baseline = _series(session, job), _series(session, job, source="optimal"), _series(session, job, source="baseline")
    expect(usual == optimal, "without a source it is not the optimal one that is told", *session.exchanges[-3:])
    expect(baseline != optimal, "both sources are the same", *session.exchanges[-2:])
    refused(_ask(session, SERIES, job, source="zz"), "a source that there is not", (422, 400, 404))


@check("ION-RSP-008")
def max_points_bound_a_series(session: Session) -> None:
    """Some numbers below the length of the whole."""
    job = _fit(session)
    whole = _series(session, job, max_points=80_000)
    length = max(len(values) for values in whole.values())
    for most in (1, 2, 10, 100, length - 1):
        for name, values in _series(session, job, max_points=most).items():
            expect(0 < len(values) <= most, f"of at most {most} values of {name} there are {len(values)}", session.exchanges[-1])
            expect(most < 10 or len(values) > most // 3, f"of {length} values of {name} only {len(values)} are left at {most}", session.exchanges[-1])
            few = most < 10 or len(values) < 4
            expect(few or values[-1] in whole[name][len(whole[name]) * 2 // 3 :], f"{name} is cut off rather than thinned", session.exchanges[-1])


@check("ION-RSP-009")
def bounds_cut_a_series(session: Session) -> None:
    """From below, from above, from both sides; the bounds belong to it."""
    job = _fit(session)
    times = _series(session, job, max_points=80_000).get(TIME) or []
    needed(len(times) > 4, f"there is no channel {TIME}")
    low, high = times[len(times) // 4], times[len(times) // 2]
    for query, wanted in (
        ({"x_min": low}, [one for one in times if one >= low]),
        ({"x_max": high}, [one for one in times if one <= high]),
        ({"x_min": low, "x_max": high}, [one for one in times if low <= one <= high]),
    ):
        told = _series(session, job, max_points=80_000, **query).get(TIME)
        expect(told == wanted, f"for {query} there are {len(told or [])} values, expected {len(wanted)}", session.exchanges[-1])


@check("ION-RSP-010")
def a_plot_has_pairs(session: Session) -> None:
    """Whole, thinned and cut."""
    job = _fit(session)
    for query in ({}, {"max_points": 100}, {"x_min": 720.0, "x_max": 1800.0}):
        told = accepted(_ask(session, PLOT, job, **query), f"the plot for {query}")
        traces = get(told.response.json, "/traces")
        expect(isinstance(traces, list) and traces, "a plot has no traces", told)
        for trace in traces:
            x, y = get(trace, "/x"), get(trace, "/y")
            needed(isinstance(x, list) and isinstance(y, list), "a trace has no x and y")
            expect(len(x) == len(y) <= query.get("max_points", 2000), f"a trace has {len(x)} x and {len(y)} y values for {query}", told)
            inside = all(query.get("x_min", one) <= one <= query.get("x_max", one) for one in x)
            expect(inside, f"a trace leaves the bounds {query}", told)


@check("ION-RSP-011")
def max_points_of_a_plot_have_bounds(session: Session) -> None:
    """Just inside and just outside."""
    job = _fit(session)
    for inside in (100, 101, 80_000):
        accepted(_ask(session, PLOT, job, max_points=inside), f"a plot of {inside} points")
    for outside in (99, 0, -1, 80_001, "many"):
        refused(_ask(session, PLOT, job, max_points=outside), f"a plot of {outside} points", (422, 400))


@check("ION-RSP-014")
def what_goes_on_has_no_curves(session: Session) -> None:
    """A fit that runs or waits; its channels are none, or unknown."""
    job = session.submit("long", {"job_type": "datafit"})
    session.advance(2)
    told = _ask(session, CHANNELS, job)
    expect(told.response.status in (200, 404), f"the channels of a job that has not completed are answered {told.response.status}", told)
    expect(told.response.status == 404 or told.response.json == {}, "a job that has not completed has channels", told)
    for operation in (SERIES, PLOT):
        refused(_ask(session, operation, job), f"{operation} of a job that has not completed", (404,))


@check("ION-RSP-012")
def the_caller_is_told_who_it_is(session: Session) -> None:
    """As its jobs say, whoever it is."""
    for tenant in ("", *session.settings.tenants):
        job = session.submit(tenant=tenant)
        told = accepted(session.call(ME, tenant=tenant), "asking who one is")
        for pointer, name in (("/id", "user_id"), ("/organization_id", "organization_id"), ("/authorized_organization/id", "organization_id")):
            found = get(told.response.json, pointer)
            on_job = get(job.created.response.json, f"/{name}")
            expect(found in (MISSING, None, on_job), f"{pointer} is {found!r}, the caller's job has the {name} {on_job!r}", job.created, told)


@check("ION-RSP-013")
def the_service_says_that_it_is_up(session: Session) -> None:
    """With any object."""
    told = accepted(session.call(HEALTH), "asking for the health of the service", (200,))
    expect(isinstance(told.response.json, dict), "the answer is no object", told)


@check("ION-ERR-004")
def an_unknown_job_has_its_error_code(session: Session) -> None:
    """When read and, where there is a way, canceled."""
    for name in ("read", "cancel"):
        if name in session.roles:
            told = refused(session.on(name, NOBODY), f"the call to {name} a job that never was", (404,))
            code = get(told.response.json, "/error_code")
            if code is MISSING and isinstance(get(told.response.json, "/detail"), str):
                raise NotApplicable("refusals have the older form, which has no error code")
            expect(code == "NOT_FOUND", f"error_code is {code!r} for a job that never was", told)


@check("ION-ERR-005")
def nothing_is_kept_beside_an_unknown_job(session: Session) -> None:
    """Each operation that names a job; the twin is a job that has it all."""
    job = _fit(session, patch={"metadata": {"a": 1}})
    for operation in BESIDE:
        control = _ask(session, operation, job)
        needed(control.response.is_success, f"{operation} of a completed fit was answered {control.response.status}")
        refused(_ask(session, operation, NOBODY), f"{operation} of a job that never was", (404,))


@check("ION-ISO-001")
def what_is_beside_a_job_is_its_tenants_own(session: Session) -> None:
    """Each operation that names a job."""
    first, second = list(session.settings.tenants)[:2]
    job = _fit(session, patch={"metadata": {"a": 1}}, tenant=first)
    for operation in BESIDE:
        control = _ask(session, operation, job)
        needed(control.response.is_success, f"{operation} of a completed fit was answered {control.response.status}")
        refused(session.call(operation, {"job_id": job.id}, tenant=second), f"{operation} of the job of another tenant", (404, 403))
