from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from mockserver.client import ControlRefused, MockServer, NotReached, Sandbox
from tests.http.test_control_sandboxes import SMALL, submit


@pytest.fixture
def box(lenient_url: str) -> Iterator[Sandbox]:
    with MockServer.at(lenient_url) as server, server.sandbox(scenario=SMALL) as made:
        yield made


def test_the_clock_goes_by_a_span_and_to_an_instant(box: Sandbox) -> None:
    assert box.clock.advance(1.5).now == 1.5
    assert box.clock.advance(minutes=1).now == 61.5
    assert box.clock.advance(to=100).now == 100
    assert box.clock.advance(to="2026-01-01T01:00:00Z").now == 3600
    assert box.clock.time == "2026-01-01T01:00:00.000000Z"


def test_time_never_goes_back(box: Sandbox) -> None:
    box.clock.advance(10)

    for instant in (9.5, "2026-01-01T00:00:05Z", "2126-01-01T00:00:00Z"):
        with pytest.raises(ControlRefused, match="422"):
            box.clock.advance(to=instant)


def test_the_clock_goes_from_event_to_event(box: Sandbox) -> None:
    first, second = submit(box), submit(box)

    moved = box.clock.step()

    assert moved.now == 10
    assert [(one.job, one.state) for one in moved.transitions] == [(first, "completed"), (second, "processing")]
    assert box.clock.next_event == 20
    assert box.clock.idle().now == 20
    assert box.clock.next_event is None
    assert box.clock.step().now == 20


def test_the_clock_goes_until_a_job_is_somewhere(box: Sandbox) -> None:
    submit(box)
    second = submit(box)

    assert box.clock.until(second, "processing").now == 10
    assert box.clock.until(second, "succeeded").now == 20
    assert box.clock.until(second, "ended").now == 20


def test_waiting_for_what_cannot_come_ends_at_once(box: Sandbox) -> None:
    job = submit(box)

    with pytest.raises(NotReached, match="it is completed at 10 seconds"):
        box.clock.until(job, "failed")
    with pytest.raises(NotReached, match="is processing at 13 seconds"):
        box.clock.until(submit(box), "completed", within=3)
    with pytest.raises(ControlRefused, match="knows no state 'finished'"):
        box.clock.until(job, "finished")


def test_a_state_counts_that_was_left_at_the_same_instant(box: Sandbox) -> None:
    submit(box)
    box.rules.add(match={"api": "ionworks"}, job={"run_seconds": 0})

    assert box.clock.until(submit(box), "processing").now == 10


def test_pace_and_rate_change_without_a_jump(box: Sandbox) -> None:
    box.clock.advance(500)

    box.clock.set("x100000")
    while box.clock.now < 600:
        pass
    box.clock.set("manual")
    stopped = box.clock.now

    assert box.clock.now == stopped
    box.clock.set(rate=0.5)
    assert httpx.get(f"{box.root}/_mock/clock").json()["pace"] == "x0.5"
    assert stopped <= box.clock.now < stopped + 10


def test_a_clock_that_cannot_keep_up_tells_its_lag_and_catches_up(box: Sandbox) -> None:
    for _ in range(500):
        submit(box)
    assert httpx.get(f"{box.root}/_mock/clock").json()["lag"] == 0

    box.clock.set("x1000000")
    seen = []
    while not seen or seen[-1]["next_event"] is not None:
        seen.append(httpx.get(f"{box.root}/_mock/clock").json())

    box.clock.set("manual")
    assert max(told["lag"] for told in seen) > 0
    assert seen[-1]["lag"] == 0
    assert [told["now"] for told in seen] == sorted(told["now"] for told in seen)
    assert all(told["next_event"] is None or told["next_event"] >= told["now"] for told in seen)
    assert {job.state for job in box.jobs} == {"completed"}


def test_what_fired_is_listed_up_to_a_bound_and_counted(box: Sandbox) -> None:
    box.rules.add(match={"api": "ionworks"}, job={"run_seconds": 1})
    for _ in range(110):
        submit(box)

    moved = box.clock.advance(hours=1)

    assert moved.fired.transitions == 219
    assert len(moved.transitions) == 200


def test_two_that_advance_at_once_get_further_than_one(box: Sandbox) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: box.clock.advance(10), range(16)))

    assert box.clock.now == 160


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"seconds": -1},
        {"seconds": 1, "to": 5},
        {"next_event": False},
        {"to": "tomorrow"},
        {"until": {"api": "xio", "job": "a"}},
        {"idle": True, "more": 1},
    ],
)
def test_what_the_document_does_not_allow_is_refused(box: Sandbox, wish: dict[str, object]) -> None:
    assert httpx.post(f"{box.root}/_mock/clock/advance", json=wish).status_code == 400


def test_unknown_jobs_and_apis_are_told(box: Sandbox) -> None:
    for api in ("ionworks", "nobody"):
        answer = httpx.post(
            f"{box.root}/_mock/clock/advance", json={"until": {"api": api, "job": "x", "state": "ended"}}
        )
        assert answer.status_code == 404
