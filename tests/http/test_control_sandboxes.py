from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

import specs
from mockserver.adapters.exchange import Refusal
from mockserver.client import ControlRefused, MockServer, Sandbox
from mockserver.http.app import create_sandboxes
from mockserver.http.sandboxes import sandbox as sandboxes

JOB = {"job_type": "datafit", "params": {}}
KEY = {"X-API-Key": "any"}
SMALL = {
    "name": "small",
    "nodes": [{"class": "tiny", "cpu": 8, "memory_gib": 16}],
    "run": {"fixed": 10},
    "startup": {"fixed": 0},
}


@pytest.fixture
def server(lenient_url: str) -> Iterator[MockServer]:
    with MockServer.at(lenient_url) as running:
        yield running


@pytest.fixture
def box(server: MockServer) -> Iterator[Sandbox]:
    with server.sandbox(scenario=SMALL) as made:
        yield made


def submit(box: Sandbox, **more: object) -> str:
    answer = httpx.post(f"{box.url('ionworks')}/jobs", json={**JOB, **more}, headers=KEY, verify=False)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


def test_a_sandbox_is_made_as_asked_for(lenient_url: str, request: pytest.FixtureRequest) -> None:
    http = httpx.Client(base_url=f"{lenient_url}/_mock")
    request.addfinalizer(http.close)

    made = http.post(
        "/sandboxes", json={"name": "asked-for", "scenario": SMALL, "seed": 9, "pace": "x10", "auth": "strict"}
    )

    assert made.status_code == 201
    assert made.json() | {"now": 0, "time": "", "idle_seconds": 0} == {
        "name": "asked-for",
        "scenario": "small",
        "seed": 9,
        "pace": "x10",
        "rate": 10.0,
        "auth": "strict",
        "now": 0,
        "time": "",
        "jobs": 0,
        "idle_seconds": 0,
    }
    assert http.get("/sandboxes/asked-for").json()["seed"] == 9
    assert "asked-for" in [one["name"] for one in http.get("/sandboxes").json()["sandboxes"]]
    assert http.post("/sandboxes", json={"name": "asked-for"}).status_code == 409
    assert http.delete("/sandboxes/asked-for").status_code == 204
    assert http.get("/sandboxes/asked-for").status_code == 404


@pytest.mark.parametrize(
    "scenario", ["/etc/passwd", "../default", {"nodes": []}, {"nodes": [{"class": "a"}]}, {"surprise": 1}]
)
def test_a_scenario_that_cannot_be_is_refused_with_the_reason(server: MockServer, scenario: object) -> None:
    with pytest.raises(ControlRefused) as refused:
        server.sandbox(scenario=scenario)

    assert refused.value.status == 422


@pytest.mark.parametrize(
    "order",
    [{"name": ""}, {"name": "a/b"}, {"pace": "fast"}, {"pace": "x0"}, {"seed": -1}, {"auth": "none"}, {"more": 1}],
)
def test_what_the_document_does_not_allow_is_refused(server: MockServer, order: dict[str, object]) -> None:
    answer = httpx.post(f"{server.url}/_mock/sandboxes", json=order)

    assert answer.status_code == 400
    assert answer.json()["error"]["violations"]


def test_strictness_can_differ_from_the_server(server: MockServer) -> None:
    with server.sandbox(auth="strict") as strict, server.sandbox() as lenient:
        jobs = [httpx.get(f"{one.url('ionworks')}/jobs").status_code for one in (strict, lenient)]
        known = httpx.get(f"{strict.url('ionworks')}/jobs", headers={"X-API-Key": "mock-api-key"}).status_code

    assert (jobs, known) == ([401, 200], 200)


def test_header_and_path_prefix_reach_the_same_world(box: Sandbox, server: MockServer) -> None:
    job = submit(box)

    seen = httpx.get(f"{server.url}/jobs/{job}", headers={**KEY, **box.headers})

    assert seen.status_code == 200


def test_reset_leaves_nothing_behind(box: Sandbox) -> None:
    submit(box)
    box.rules.add(match={"api": "xio"}, job={"exit_code": 3})
    box.faults.add("latency", seconds=0.01, scope={"api": "xio"})
    box.clock.advance(30)

    box.reset()

    assert (
        len(box.jobs),
        box.rules.list(),
        box.faults.list(),
        box.exchanges.list(),
        box.callbacks.list(),
        box.clock.now,
    ) == (0, [], [], [], [], 0)


def test_a_snapshot_brings_everything_back(box: Sandbox) -> None:
    job = submit(box)
    box.clock.advance(4)
    kept = box.snapshot()
    box.clock.until(job, "completed")

    box.restore(kept)

    assert (box.clock.now, box.jobs[job].state) == (4, "processing")
    assert box.clock.until(job, "completed").now == 10


def test_a_fork_goes_its_own_way(box: Sandbox) -> None:
    job = submit(box)
    box.clock.advance(4)

    with box.fork() as other:
        other.jobs.fail(job)

        assert other.jobs[job].state == "failed"
        assert box.jobs[job].state == "processing"
        assert other.clock.now == box.clock.now == 4


def test_what_is_no_snapshot_is_refused(box: Sandbox) -> None:
    for wrong, status in (("no base64!", 400), ("YWJ", 422), ("YWJj", 422), (box.snapshot()[:-8], 422)):
        with pytest.raises(ControlRefused) as refused:
            box.restore(wrong)
        assert refused.value.status == status


def test_sixty_four_parallel_tests_never_see_each_other(server: MockServer) -> None:
    def one_test(number: int) -> tuple[int, list[str], float, int]:
        with server.sandbox(scenario=SMALL, seed=number) as box:
            box.rules.add(match={"api": "ionworks"}, job={"run_seconds": number + 1})
            jobs = [submit(box) for _ in range(1 + number % 3)]
            moved = box.clock.until(jobs[-1], "completed")
            seen = [one.job for one in box.jobs if one.state == "completed"]
            return number, [job for job in jobs if job not in seen], moved.now, len(box.exchanges.list())

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(one_test, range(64)))

    assert results == [(number, [], float((number + 1) * (1 + number % 3)), 1 + number % 3) for number in range(64)]


def test_idle_sandboxes_make_room_and_busy_ones_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    made = create_sandboxes(specs.names(), pace="manual")
    monkeypatch.setattr(made, "_clock", lambda: now[0])
    monkeypatch.setattr(sandboxes, "SANDBOXES", 3)
    boxes = [made.get(name) for name in ("default", "a", "b")]

    with pytest.raises(Refusal, match="in use"):
        made.get("c")
    now[0] = 700
    made.get("b")
    made.get("c")

    assert sorted(box.name for box in made) == ["b", "c", "default"]
    assert boxes[1].is_removed


def test_jobs_in_all_sandboxes_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    made = create_sandboxes(specs.names(), pace="manual")
    made.get("a").world.job_limits.taken = 10
    monkeypatch.setattr(sandboxes, "SANDBOX_JOBS", 10)

    with pytest.raises(Refusal, match="at most 10 jobs"):
        made.get("b")
