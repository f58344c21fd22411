"""Checks of what a caller can choose: types of Ionworks' jobs, each of which is a job like any other, curves; and of limits that count from the start."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.ionworks_crowd import crowd
from conformance.checks.ionworks_curves import CHANNELS, PLOT, SERIES, TIME
from conformance.checks.ionworks_submission import TYPES
from conformance.session.expect import accepted, expect, needed, refused
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import MISSING, Json, get

DAY = 86_400.0


def _fit(session: Session) -> JobRef:
    job = session.submit("fit")
    needed(session.phase_of(session.until(job)) == "succeeded", "a fit does not complete")
    return job


def _ask(session: Session, operation: str, job: JobRef, **query: Json) -> dict[str, list[float]]:
    told = accepted(session.call(operation, {"job_id": job.id}, query=query), f"{operation} with {query}").response.json
    needed(isinstance(told, dict), "the answer is no object")
    return dict(told)


@check("ION-RSP-022")
def another_channel_may_be_the_axis(session: Session) -> None:
    """The middle third of the values of each channel that has different ones."""
    job = _fit(session)
    for name, values in _ask(session, SERIES, job).items():
        low, high = min(values), max(values)
        if name == TIME or not low < high:
            continue
        first, last = low + (high - low) / 3, high - (high - low) / 3
        found = _ask(session, SERIES, job, x_column=name, x_min=first, x_max=last).get(name, [])
        expect(
            found and all(first <= value <= last for value in found),
            f"a series bounded by {name} has {len(found)} values, not all within",
            session.exchanges[-1],
        )
        return
    needed(False, "no other channel has different values")


@check("ION-RSP-023")
def only_what_there_is_can_be_chosen(session: Session) -> None:
    """Objectives and plots; those that there are can be."""
    job = _fit(session)
    objectives = list(_ask(session, CHANNELS, job))
    needed(objectives, "a fit names no objectives")
    for operation, name in ((SERIES, "objective"), (PLOT, "objective_name")):
        accepted(session.call(operation, {"job_id": job.id}, query={name: objectives[0]}), f"{operation} of an objective")
        told = session.call(operation, {"job_id": job.id}, query={name: "no-such-objective"})
        refused(told, f"{operation} of an objective that there is not", (400, 404, 422))
    accepted(session.call(PLOT, {"job_id": job.id}, query={"plot_index": 0}), "the first plot")
    refused(session.call(PLOT, {"job_id": job.id}, query={"plot_index": 1_000_000}), "the millionth plot", (400, 404, 422))


@check("ION-RSP-024")
def columns_and_sources_are_those_of_the_channels(session: Session) -> None:
    """Two columns of three, of either source; both sources differ somewhere; a name that is none is refused."""
    job = _fit(session)
    whole = {source: _ask(session, SERIES, job, source=source) for source in ("optimal", "baseline")}
    needed(all(len(one) > 1 for one in whole.values()), "there are fewer than two channels")
    expect(whole["optimal"] != whole["baseline"], "both sources hold the same", *session.exchanges[-2:])
    for source, told in whole.items():
        names = sorted(told)[:2]
        found = _ask(session, SERIES, job, source=source, columns=",".join(names))
        expect(
            found == {name: told[name] for name in names}, f"the columns {names} of {source} are {sorted(found)}, or hold other values", session.exchanges[-1]
        )
    refused(session.call(SERIES, {"job_id": job.id}, query={"columns": "no such channel"}), "a channel that there is not", (400, 404, 422))


@check("ION-RSP-025")
def thinning_leaves_the_ends_of_a_series(session: Session) -> None:
    """Of a tenth of the values the last is not far from the last of all; the same of a plot."""
    job = _fit(session)
    whole = _ask(session, SERIES, job)
    times = whole.get(TIME, [])
    needed(len(times) > 200, "the series is short")
    thin = _ask(session, SERIES, job, max_points=len(times) // 10).get(TIME, [])
    expect(
        thin and thin[0] == times[0] and thin[-1] >= times[0] + 0.8 * (times[-1] - times[0]), "a thinned series does not span the run", session.exchanges[-1]
    )
    most = 100
    for trace in get(_ask(session, PLOT, job, max_points=most), "/traces") or []:
        xs = get(trace, "/x")
        expect(isinstance(xs, list) and 0 < len(xs) <= most, f"a trace of at most {most} points has {len(xs)}", session.exchanges[-1])


@check("ION-TMO-004")
def time_in_the_queue_is_no_run(session: Session) -> None:
    """A job that waited goes on for a day from its start, and no longer."""
    fillers = crowd(session)
    job = session.submit("large", {"params": {"MOCK_RUN_SECONDS": 10 * DAY}})
    session.advance(400)
    needed(session.phase(job) == "queued", "the job does not wait")
    session.cancel(fillers[0])
    session.until(job, "running")
    session.advance(DAY - 200)
    state = session.state(job)
    expect(state == "processing", f"a job that waited 400 seconds is {state} less than a day after its start", job.created, session.exchanges[-1])
    session.advance(400)
    state = session.state(job)
    expect(session.phase_of(state) == "failed", f"a job is {state} more than a day after its start", job.created, session.exchanges[-1])


ECM = ("rmse_mV", "num_rcs", "time", "data_voltage", "model_voltage", "soc", "ocv", "r0")
"""What the public client reads of the result of a fit of an equivalent circuit."""


@check("ION-DEF-001")
def no_type_has_a_priority_of_its_own(session: Session) -> None:
    """Of each type one, submitted with no more than must be there."""
    for name in TYPES:
        job = session.job_of(accepted(session.post({"job_type": name, "params": session.body()["params"]}), f"a submission of {name}"))
        told = get(session.view(job), "/priority")
        expect(told == 0, f"the priority of a job of the type {name} is {told!r} when it is left out", job.created, session.exchanges[-1])


@check("ION-STM-006")
def every_type_has_a_result(session: Session) -> None:
    """Of each type one that completes."""
    for name in TYPES:
        job = session.submit(patch={"job_type": name})
        ended, result = session.until(job), get(session.view(job), "/result")
        expect(ended != "completed" or isinstance(result, dict), f"the result of a completed job of the type {name} is {result!r}", session.exchanges[-1])


@check("ION-STM-004")
@check("ION-STM-005")
def every_type_fails_alike(session: Session) -> None:
    """Of each type one that fails; the oracles look at it when it is read and when it is listed."""
    for job in [session.submit("fails", {"job_type": name}) for name in TYPES]:
        session.until(job)
    session.list_jobs()


@check("ION-TMO-003")
def no_type_blames_the_time(session: Session) -> None:
    """Of each type one that fails by itself, and soon."""
    for name in TYPES:
        job = session.submit("fails", {"job_type": name})
        needed(session.phase_of(session.until(job)) == "failed", f"a job of the type {name} does not fail")
        code = get(session.view(job), "/error_code")
        expect(code != "EXECUTION_TIMEOUT", f"a job of the type {name} that fails by itself says {code}", job.created, session.exchanges[-1])


@check("ION-RSP-026")
def a_fitted_circuit_has_what_the_client_reads(session: Session) -> None:
    """Curves of one length each."""
    job = session.submit(patch={"job_type": "ecm_fit"})
    needed(session.phase_of(session.until(job)) == "succeeded", "a fit of an equivalent circuit does not complete")
    result = get(session.view(job), "/result")
    missing = [name for name in ECM if get(result, f"/{name}") is MISSING]
    expect(not missing, f"the result lacks {', '.join(missing)}", session.exchanges[-1])
    lengths = {name: len(result[name]) for name in ("time", "data_voltage", "model_voltage") if isinstance(result[name], list)}
    expect(len(set(lengths.values())) <= 1, f"curves of one fit have the lengths {lengths}", session.exchanges[-1])
