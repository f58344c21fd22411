"""Ionworks's channels, series and plots of a fit."""

from __future__ import annotations

from typing import Any

from conformance.checks import check
from conformance.checks.ionworks.steps import CHANNELS, PLOT, SERIES, ask, completed_fit
from conformance.session.expect import accepted, expect, needed, refused
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import get, shown

TIME = "Time [s]"


REFUSALS = (400, 404, 422)


def _series(session: Session, job: JobRef, operation: str = SERIES, **query: Any) -> dict[str, Any]:
    """The lists of a series, by channel; or the answer of another operation about a fit."""
    answer = accepted(ask(session, operation, job, **query), f"{operation} with {shown(query)}").response.json
    is_series = isinstance(answer, dict) and all(isinstance(one, list) for one in answer.values())
    expect(is_series or operation != SERIES, "a series is no object of lists")
    needed(isinstance(answer, dict), "the answer is no object")
    return dict(answer)


def _names(session: Session, job: JobRef) -> list[str]:
    objectives = [one for one in _series(session, job, CHANNELS).values() if isinstance(one, dict)]
    sources = [source for objective in objectives for source in objective.values()]
    needed(sources and isinstance(sources[0], list) and sources[0], "no channels are named")
    return [str(name) for name in sources[0]]


@check("ION-RSP-005")
def every_channel_can_be_read(session: Session) -> None:
    """One by one and together."""
    job = completed_fit(session)
    names = _names(session, job)
    x = {TIME} & set(names)
    for name in names:
        expect(set(_series(session, job, columns=name)) == {name, *x}, f"the channel {name} cannot be read by itself")
    whole = _series(session, job)
    expect(len({len(values) for values in whole.values()}) == 1, "the channels of a series differ in length")
    expect(all(whole.values()), "a series is empty")


@check("ION-RSP-006")
def columns_choose_the_channels(session: Session) -> None:
    """None means all; one means one beside the channel on x; what there is not is refused."""
    job = completed_fit(session)
    names = _names(session, job)
    expect(set(_series(session, job)) == set(names), f"a series without columns does not hold {', '.join(names)}")
    for some in (names[:2], names[-1:]):
        found, wanted = set(_series(session, job, columns=",".join(some))), {*some} | ({TIME} & set(names))
        expect(found == wanted, f"a series of {', '.join(some)} holds {', '.join(sorted(found))}")
    is_refused = not ask(session, SERIES, job, columns="no such channel").response.is_success
    expect(is_refused, "a channel that there is not was read")


@check("ION-RSP-007")
def the_usual_source_is_the_optimal_one(session: Session) -> None:
    """And the other one is different."""
    job = completed_fit(session)
    optimal, baseline = (_series(session, job, source=name) for name in ("optimal", "baseline"))
    expect(_series(session, job) == optimal, "without a source it is not the optimal one that is reported")
    expect(baseline != optimal, "both sources are the same")
    refused(ask(session, SERIES, job, source="zz"), "a source that there is not", (422, 400, 404))


@check("ION-RSP-008")
def max_points_bound_a_series(session: Session) -> None:
    """Some numbers below the length of the whole."""
    job = completed_fit(session)
    whole = _series(session, job, max_points=80_000)
    length = max(len(values) for values in whole.values())
    for most in (1, 2, 10, 100, length - 1):
        for name, values in _series(session, job, max_points=most).items():
            expect(0 < len(values) <= most, f"of at most {most} values of {name} there are {len(values)}")
            is_filled = most < 10 or len(values) > most // 3
            expect(is_filled, f"of {length} values of {name} only {len(values)} are left at {most}")
            is_spread = most < 10 or len(values) < 4 or values[-1] in whole[name][len(whole[name]) * 2 // 3 :]
            expect(is_spread, f"{name} is cut off rather than thinned")


@check("ION-RSP-009")
def bounds_cut_a_series(session: Session) -> None:
    """From below, from above, from both sides; the bounds belong to it."""
    job = completed_fit(session)
    times = _series(session, job, max_points=80_000).get(TIME) or []
    needed(len(times) > 4, f"there is no channel {TIME}")
    low, high = times[len(times) // 4], times[len(times) // 2]
    for query, wanted in (
        ({"x_min": low}, [one for one in times if one >= low]),
        ({"x_max": high}, [one for one in times if one <= high]),
        ({"x_min": low, "x_max": high}, [one for one in times if low <= one <= high]),
    ):
        found = _series(session, job, max_points=80_000, **query).get(TIME)
        expect(found == wanted, f"for {shown(query)} there are {len(found or [])} values, expected {len(wanted)}")


@check("ION-RSP-010")
def a_plot_has_pairs(session: Session) -> None:
    """Whole, thinned and cut."""
    job = completed_fit(session)
    for query in ({}, {"max_points": 100}, {"x_min": 720.0, "x_max": 1800.0}):
        plot = accepted(ask(session, PLOT, job, **query), f"the plot for {shown(query)}")
        traces = get(plot.response.json, "/traces")
        expect(isinstance(traces, list) and traces, "a plot has no traces")
        for trace in traces:
            x, y = get(trace, "/x"), get(trace, "/y")
            needed(isinstance(x, list) and isinstance(y, list), "a trace has no x and y")
            fits = len(x) == len(y) <= query.get("max_points", 2000)
            expect(fits, f"a trace has {len(x)} x and {len(y)} y values for {shown(query)}")
            inside = all(query.get("x_min", one) <= one <= query.get("x_max", one) for one in x)
            expect(inside, f"a trace leaves the bounds {shown(query)}")


@check("ION-RSP-011")
def max_points_of_a_plot_have_bounds(session: Session) -> None:
    """Just inside and just outside."""
    job = completed_fit(session)
    for inside in (100, 101, 80_000):
        accepted(ask(session, PLOT, job, max_points=inside), f"a plot of {inside} points")
    for outside in (99, 0, -1, 80_001, "many"):
        refused(ask(session, PLOT, job, max_points=outside), f"a plot of {outside} points", (422, 400))


@check("ION-RSP-014")
def what_goes_on_has_no_curves(session: Session) -> None:
    """A fit that runs or waits; its channels are none, or unknown."""
    job = session.submit("long", {"job_type": "datafit"})
    session.advance(2)
    answer = accepted(ask(session, CHANNELS, job), "the channels of a job that has not completed", (200, 404)).response
    expect(answer.status == 404 or answer.json == {}, "a job that has not completed has channels")
    for operation in (SERIES, PLOT):
        refused(ask(session, operation, job), f"{operation} of a job that has not completed", (404,))


@check("ION-RSP-022")
def another_channel_may_be_the_axis(session: Session) -> None:
    """The middle third of the values of each channel that has different ones."""
    job = completed_fit(session)
    for name, values in _series(session, job).items():
        low, high = min(values), max(values)
        if name == TIME or not low < high:
            continue
        first, last = low + (high - low) / 3, high - (high - low) / 3
        found = _series(session, job, x_column=name, x_min=first, x_max=last).get(name, [])
        is_within = found and all(first <= value <= last for value in found)
        expect(is_within, f"a series bounded by {name} has {len(found)} values, not all within")
        return
    needed(False, "no other channel has different values")


@check("ION-RSP-023")
def only_what_there_is_can_be_chosen(session: Session) -> None:
    """Objectives and plots; those that there are can be."""
    job = completed_fit(session)
    objectives = list(_series(session, job, CHANNELS))
    needed(objectives, "a fit names no objectives")
    for operation, name in ((SERIES, "objective"), (PLOT, "objective_name")):
        accepted(ask(session, operation, job, **{name: objectives[0]}), f"{operation} of an objective")
        stranger = ask(session, operation, job, **{name: "no-such-objective"})
        refused(stranger, f"{operation} of an objective that there is not", REFUSALS)
    accepted(ask(session, PLOT, job, plot_index=0), "the first plot")
    refused(ask(session, PLOT, job, plot_index=1_000_000), "the millionth plot", REFUSALS)


@check("ION-RSP-024")
def columns_and_sources_are_those_of_the_channels(session: Session) -> None:
    """Two columns of three, of either source; both sources differ somewhere; a name that is none is refused."""
    job = completed_fit(session)
    whole = {source: _series(session, job, source=source) for source in ("optimal", "baseline")}
    needed(all(len(one) > 1 for one in whole.values()), "there are fewer than two channels")
    expect(whole["optimal"] != whole["baseline"], "both sources hold the same")
    for source, series in whole.items():
        names = sorted(series)[:2]
        found, wanted = (
            _series(session, job, source=source, columns=",".join(names)),
            {one: series[one] for one in names},
        )
        expect(found == wanted, f"of {source}, {shown(names)} are {shown(sorted(found))}, or hold other values")
    refused(ask(session, SERIES, job, columns="no such channel"), "a channel that there is not", REFUSALS)


@check("ION-RSP-025")
def thinning_leaves_the_ends_of_a_series(session: Session) -> None:
    """Of a tenth of the values the last is not far from the last of all; the same of a plot."""
    job = completed_fit(session)
    whole = _series(session, job)
    times = whole.get(TIME, [])
    needed(len(times) > 200, "the series is short")
    thin = _series(session, job, max_points=len(times) // 10).get(TIME, [])
    spans = thin and thin[0] == times[0] and thin[-1] >= times[0] + 0.8 * (times[-1] - times[0])
    expect(spans, "a thinned series does not span the run")
    most = 100
    for trace in get(_series(session, job, PLOT, max_points=most), "/traces") or []:
        xs = get(trace, "/x")
        expect(isinstance(xs, list) and 0 < len(xs) <= most, f"a trace of at most {most} points has {len(xs)}")
