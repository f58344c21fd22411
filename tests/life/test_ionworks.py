"""Ionworks' life stories over a real socket, as its client would live them."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from mockserver.simulation.scenario.scenario import Distribution, NodeClass, Scenario
from tests.conftest import Bench

SIMULATION = {"job_type": "simulate", "params": {"model": "SPM"}, "priority": 5}


def submit(bench: Bench, **changes: Any) -> dict[str, Any]:
    answer = bench.post("/jobs/", json=SIMULATION | changes)
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()
    return job


def read(bench: Bench, job_id: str, **headers: str) -> dict[str, Any]:
    answer = bench.get(f"/jobs/{job_id}", headers=headers)
    assert answer.status_code == 200, answer.text
    job: dict[str, Any] = answer.json()
    return job


def scenario(**changes: Any) -> Scenario:
    facts: dict[str, Any] = {"nodes": (NodeClass("plain", 8, 32),), "run": Distribution(fixed=10)}
    return Scenario(**(facts | changes))


def refused(answer: httpx.Response, status: int, code: str) -> str:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == {"error_code", "message", "detail"}
    assert body["error_code"] == code
    assert answer.headers["x-correlation-id"]
    return str(body["message"])


def test_a_job_waits_runs_and_completes(bench: Bench) -> None:
    job_id = submit(bench)["job_id"]

    seen = [read(bench, job_id)["status"]]
    for _ in range(20):
        bench.advance(0.5)
        state = read(bench, job_id)["status"]
        if state != seen[-1]:
            seen.append(state)
    job = read(bench, job_id)

    assert seen in (["pending", "processing", "completed"], ["processing", "completed"])
    assert (job["is_terminal"], job["is_failed"]) == (True, False)
    assert job["result"]
    assert job["created_at"] <= job["started_at"] < job["completed_at"] == job["updated_at"]


def test_twenty_jobs_show_a_queue_that_empties(bench: Bench) -> None:
    for _ in range(20):
        submit(bench)

    bench.advance(1)
    pending = bench.get("/jobs", params={"status": "pending"}).json()["total"]
    bench.advance(60)
    completed = bench.get("/jobs", params={"status": "completed"}).json()["total"]

    assert 0 < pending < 20
    assert completed == 20


def test_a_running_job_is_cancelled_and_stays_so(bench: Bench) -> None:
    job_id = submit(bench)["job_id"]
    bench.advance(1)

    cancelled = bench.post(f"/jobs/{job_id}/cancel", json={})
    again = bench.post(f"/jobs/{job_id}/cancel")
    bench.advance(30)

    assert (cancelled.status_code, again.status_code) == (200, 200)
    assert cancelled.json()["status"] == "canceled"
    assert again.json() == cancelled.json() == read(bench, job_id)
    assert (again.json()["is_terminal"], again.json()["is_failed"]) == (True, True)


def test_a_cancelled_job_makes_room(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(scenario=scenario(), apis=["ionworks"])
    first = submit(bench, job_type="datafit")["job_id"]
    second = submit(bench, job_type="datafit")["job_id"]
    bench.advance(1)
    before = read(bench, second)["status"]

    bench.post(f"/jobs/{first}/cancel", json={})
    bench.advance(0.1)

    assert (before, read(bench, second)["status"]) == ("pending", "processing")


def test_a_failing_job_says_why_and_can_be_submitted_again(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(scenario=scenario(failure_rate=1.0), apis=["ionworks"])
    job_id = submit(bench)["job_id"]

    bench.advance(11)
    job, again = read(bench, job_id), submit(bench)

    assert (job["status"], job["error_code"], job["result"]) == ("failed", "SOLVER_ERROR", None)
    assert (job["is_terminal"], job["is_failed"]) == (True, True)
    assert job["error_detail"]["exit_code"] == 1
    assert again["job_id"] != job_id


def test_a_parent_waits_for_its_child(bench: Bench) -> None:
    parent = submit(bench, job_type="simple_pipeline")["job_id"]
    bench.advance(1)
    children = [submit(bench, parent_job_id=parent)["job_id"] for _ in range(12)]

    bench.advance(7.5)
    waiting = read(bench, parent)["status"]
    bench.advance(60)

    assert waiting == "waiting"
    assert {read(bench, job_id)["status"] for job_id in (parent, *children)} == {"completed"}


def test_an_unknown_parent_is_not_found(bench: Bench) -> None:
    message = refused(bench.post("/jobs", json=SIMULATION | {"parent_job_id": "nobody"}), 404, "NOT_FOUND")

    assert "nobody" in message
    assert bench.get("/jobs").json() == {"jobs": [], "total": 0}


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("POST", "/cancel"), ("GET", "/metadata"), ("GET", "/series"), ("GET", "/series/channels")],
)
def test_an_unknown_id_is_not_found(bench: Bench, method: str, path: str) -> None:
    message = refused(bench.request(method, f"/jobs/no-such-job{path}"), 404, "NOT_FOUND")

    assert "no-such-job" in message


def test_the_same_submission_twice_is_two_jobs(bench: Bench) -> None:
    first, second = submit(bench), submit(bench)

    assert first["job_id"] != second["job_id"]


def test_lists_page_filter_and_come_in_two_shapes(bench: Bench) -> None:
    ids = [submit(bench, job_type=kind)["job_id"] for kind in ("dummy", "simulate", "datafit", "dummy")]

    page = bench.get("/jobs", params={"limit": 2, "offset": 1}).json()
    dummies = bench.get("/jobs", params={"job_type": "dummy"}).json()
    several = bench.get("/jobs?job_types=simulate&job_types=datafit&job_type=dummy").json()
    array = bench.get("/jobs/").json()

    assert ([job["job_id"] for job in page["jobs"]], page["total"]) == ([ids[2], ids[1]], 4)
    assert [job["job_id"] for job in dummies["jobs"]] == [ids[3], ids[0]]
    assert [job["job_id"] for job in several["jobs"]] == [ids[2], ids[1]]
    assert [job["job_id"] for job in array] == ids[::-1]


@pytest.mark.parametrize(
    ("query", "where", "kind"),
    [
        ("limit=0", ["query", "limit"], "greater_than_equal"),
        ("limit=1001", ["query", "limit"], "less_than_equal"),
        ("limit=ten", ["query", "limit"], "int_parsing"),
        ("offset=-1", ["query", "offset"], "greater_than_equal"),
        ("status=done", ["query", "status"], "enum"),
        ("job_types=dummy&job_types=paint", ["query", "job_types", 1], "enum"),
    ],
)
def test_a_broken_query_is_named(bench: Bench, query: str, where: list[Any], kind: str) -> None:
    answer = bench.get(f"/jobs?{query}")

    assert answer.status_code == 422
    (detail,) = answer.json()["detail"]
    assert (detail["loc"], detail["type"]) == (where, kind)


def test_a_body_that_is_not_json_is_refused_with_its_offset(bench: Bench) -> None:
    answer = bench.post("/jobs", content=b'{"job_type": dummy}', headers={"content-type": "application/json"})

    assert answer.status_code == 422
    (detail,) = answer.json()["detail"]
    assert (detail["loc"], detail["type"]) == (["body", 13], "json_invalid")


def test_the_content_type_of_every_answer_is_exact(bench: Bench) -> None:
    job_id = submit(bench)["job_id"]
    answers = [
        bench.get(path) for path in ("/jobs", "/jobs/", f"/jobs/{job_id}", "/jobs/nobody", "/healthz", "/users/me")
    ]
    answers.append(bench.delete(f"/jobs/{job_id}"))

    assert {answer.headers["content-type"] for answer in answers} == {"application/json"}
    correlations = [answer.headers["x-correlation-id"] for answer in answers]
    assert len(set(correlations)) == len(correlations)


def test_a_method_that_is_not_there_names_those_that_are(bench: Bench) -> None:
    answer = bench.delete("/jobs")

    refused(answer, 405, "METHOD_NOT_ALLOWED")
    assert {"GET", "POST"} <= set(answer.headers["allow"].split(", "))


def test_a_compressed_body_is_read(bench: Bench) -> None:
    body = gzip.compress(b'{"job_type": "dummy", "params": {"points": [' + b"1," * 300_000 + b"1]}}")

    answer = bench.post(
        "/jobs/", content=body, headers={"content-type": "application/json", "content-encoding": "gzip"}
    )

    assert answer.status_code == 202


def test_metadata_curves_and_plot_of_a_fit(bench: Bench) -> None:
    job_id = submit(bench, job_type="datafit", metadata={"ticket": 7})["job_id"]
    before = bench.get(f"/jobs/{job_id}/metadata").json()
    early = bench.get(f"/jobs/{job_id}/series/channels")
    bench.advance(30)

    after = bench.get(f"/jobs/{job_id}/metadata").json()
    channels = bench.get(f"/jobs/{job_id}/series/channels").json()
    columns = channels["objective"]["optimal"][:2]
    series = bench.get(
        f"/jobs/{job_id}/series", params={"objective": "objective", "columns": ",".join(columns), "max_points": 50}
    ).json()
    plot = bench.get(
        f"/pipelines/datafits/{job_id}/plot_data", params={"objective_name": "objective", "x_max": 100}
    ).json()

    assert before == {"ticket": 7}
    assert (early.status_code, early.json()) == (200, {})
    assert after["intermediate_results"]
    assert list(series) == columns
    assert all(len(values) <= 50 for values in series.values())
    assert all(max(trace["x"]) <= 100 for trace in plot["traces"])


def test_tenants_do_not_see_each_other(bench: Bench) -> None:
    mine, yours = {"X-API-Key": "mine"}, {"Authorization": "Bearer yours"}
    job = bench.post("/jobs", json=SIMULATION, headers=mine).json()

    hidden = bench.get(f"/jobs/{job['job_id']}", headers=yours)

    refused(hidden, 404, "NOT_FOUND")
    refused(bench.post(f"/jobs/{job['job_id']}/cancel", headers=yours), 404, "NOT_FOUND")
    assert bench.get("/jobs", headers=yours).json()["total"] == 0
    assert bench.get("/users/me", headers=mine).json()["organization_id"] == job["organization_id"]


def test_strict_mode_wants_a_known_key_or_token(strict_bench: Bench) -> None:
    refused(strict_bench.get("/jobs"), 401, "UNAUTHORIZED")
    refused(strict_bench.post("/jobs", json=SIMULATION, headers={"X-API-Key": "guess"}), 401, "UNAUTHORIZED")
    refused(
        strict_bench.get("/jobs", headers={"X-API-Key": "mock-api-key", "X-Organization-Id": "others"}),
        403,
        "FORBIDDEN",
    )

    by_key = strict_bench.post("/jobs", json=SIMULATION, headers={"X-API-Key": "mock-api-key"})
    by_token = strict_bench.get("/jobs", headers={"Authorization": "Bearer mock-api-key"})

    assert by_key.status_code == 202
    assert by_token.json()["total"] == 1
    assert strict_bench.get("/healthz").json() == {"status": "ok"}


@pytest.mark.parametrize("path", ["/jobs", "/jobs/"])
def test_a_switch_takes_submission_away_and_leaves_the_rest(bench_of: Callable[..., Bench], path: str) -> None:
    bench = bench_of(scenario=scenario(switches=frozenset({"ionworks.submission-gone"})), apis=["ionworks"])

    refused(bench.post(path, json=SIMULATION), 410, "GONE")

    assert bench.get("/jobs").json() == {"jobs": [], "total": 0}


def test_a_switch_makes_a_late_cancel_a_conflict(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(scenario=scenario(switches=frozenset({"ionworks.cancel-terminal-conflicts"})), apis=["ionworks"])
    job_id = submit(bench)["job_id"]
    bench.advance(11)

    message = refused(bench.post(f"/jobs/{job_id}/cancel"), 409, "CONFLICT")

    assert "completed" in message


def test_a_switch_lets_a_cancel_reach_the_children(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(scenario=scenario(switches=frozenset({"ionworks.cascade-cancel"})), apis=["ionworks"])
    parent = submit(bench)["job_id"]
    child = submit(bench, parent_job_id=parent)["job_id"]

    bench.post(f"/jobs/{parent}/cancel")

    assert read(bench, child)["status"] == "canceled"


def slow(bench_of: Callable[..., Bench]) -> Bench:
    """A world whose jobs run 100 seconds."""
    return bench_of(scenario=scenario(run=Distribution(fixed=100)), apis=["ionworks"])


def test_a_running_fit_saves_its_progress(bench_of: Callable[..., Bench]) -> None:
    bench = slow(bench_of)
    job_id = submit(bench, job_type="datafit")["job_id"]
    traces = []
    for instant in (0.5, 3.5, 60, 99, 150):
        bench.advance(instant - bench.get("/_mock/health").json()["now"])
        answer = bench.get(f"/jobs/{job_id}/metadata")
        traces.append(answer.json()["intermediate_results"] if answer.status_code == 200 else None)
        assert bool(read(bench, job_id)["metadata_path"]) is (answer.status_code == 200)

    assert traces[0] is None
    lengths = [len(trace) for trace in traces[1:]]
    assert lengths == sorted(set(lengths))
    assert lengths[0] == 3
    assert all(later[: len(earlier)] == earlier for earlier, later in itertools.pairwise(traces[1:]))
    assert [one["best_cost"] for one in traces[-1]] == sorted((one["best_cost"] for one in traces[-1]), reverse=True)
    assert traces[-1][-1]["cost"] == read(bench, job_id)["result"]["cost"]


def test_a_fit_that_is_cancelled_keeps_what_it_saved(bench_of: Callable[..., Bench]) -> None:
    bench = slow(bench_of)
    job_id = submit(bench, job_type="datafit")["job_id"]
    bench.advance(20)
    running = bench.get(f"/jobs/{job_id}/metadata").json()
    bench.post(f"/jobs/{job_id}/cancel", json={}).raise_for_status()
    bench.advance(500)

    assert bench.get(f"/jobs/{job_id}/metadata").json() == running
    assert running["intermediate_results"]


@pytest.mark.parametrize("job_type", ["datafit", "validation", "optimize", "simple_pipeline"])
def test_a_completed_validation_can_be_read_in_the_metadata(bench: Bench, job_type: str) -> None:
    job_id = submit(bench, job_type=job_type, params={"objectives": {"charge": {}, "discharge": {}}})["job_id"]
    bench.advance(30)

    metadata = bench.get(f"/jobs/{job_id}/metadata").json()
    series = bench.get(f"/jobs/{job_id}/series", params={"objective": "charge", "max_points": 80_000}).json()
    plots = metadata["validation_plot_config"]["objectives"]

    assert metadata["validation_results"]["charge"] == series
    assert (
        list(metadata["baseline_validation_results"]) == list(metadata["validation_results"]) == ["charge", "discharge"]
    )
    assert {name: plot["plot_count"] for name, plot in plots.items()} == {"charge": 1, "discharge": 1}


@pytest.mark.parametrize("job_type", ["simulate", "ecm_fit", "evaluate_variables", "dummy"])
def test_a_job_without_series_has_no_channels(bench: Bench, job_type: str) -> None:
    job_id = submit(bench, job_type=job_type)["job_id"]
    bench.advance(30)

    answer = bench.get(f"/jobs/{job_id}/series/channels")

    assert (answer.status_code, answer.json()) == (200, {})
    refused(bench.get("/jobs/nobody/series/channels"), 404, "NOT_FOUND")


def test_objectives_are_called_as_the_submission_calls_them(bench: Bench) -> None:
    job_id = submit(bench, job_type="datafit", params={"objectives": {"charge": {}, "Größe": {}}})["job_id"]
    bench.advance(30)

    channels = bench.get(f"/jobs/{job_id}/series/channels").json()
    series = [bench.get(f"/jobs/{job_id}/series", params={"objective": name}) for name in channels]
    plots = [bench.get(f"/pipelines/datafits/{job_id}/plot_data", params={"objective_name": name}) for name in channels]
    said = refused(bench.get(f"/jobs/{job_id}/series", params={"objective": "objective"}), 404, "NOT_FOUND")

    assert list(channels) == ["charge", "Größe"]
    assert [answer.status_code for answer in series + plots] == [200] * 4
    assert "charge, Größe" in said


@pytest.mark.parametrize("objectives", [None, [], ["a"], {}, "a", {"x" * 201: {}}, {"": {}}])
def test_a_job_that_names_no_objectives_has_one(bench: Bench, objectives: Any) -> None:
    job_id = submit(bench, job_type="datafit", params={"objectives": objectives})["job_id"]
    bench.advance(30)

    assert list(bench.get(f"/jobs/{job_id}/series/channels").json()) == ["objective"]


def test_objectives_beyond_a_number_are_not_told_apart(bench: Bench) -> None:
    job_id = submit(bench, job_type="datafit", params={"objectives": {f"o{number}": {} for number in range(5000)}})[
        "job_id"
    ]
    bench.advance(30)

    assert len(bench.get(f"/jobs/{job_id}/series/channels").json()) == 50


@pytest.mark.parametrize("x_column", [None, "Time [s]", "Voltage [V]"])
@pytest.mark.parametrize("columns", ["Voltage [V]", "Current [A]", "Current [A],Time [s]"])
def test_a_series_always_holds_its_x(bench: Bench, columns: str, x_column: str | None) -> None:
    job_id = submit(bench, job_type="datafit")["job_id"]
    bench.advance(30)
    query = {"columns": columns} | ({} if x_column is None else {"x_column": x_column})

    series = bench.get(f"/jobs/{job_id}/series", params=query).json()

    assert set(series) == {x_column or "Time [s]", *columns.split(",")}


def test_every_answer_has_a_correlation_id_of_its_own(bench: Bench) -> None:
    def asked() -> list[str]:
        bench.post("/_mock/reset")
        bench.post(
            "/_mock/faults",
            json={"kind": "status", "status": 503, "count": 3, "scope": {"operation": "list_jobs_jobs_get"}},
        )
        answers = [bench.get("/jobs") for _ in range(4)] + [
            bench.get("/jobs/nobody"),
            bench.get("/jobs/nobody"),
            bench.get("/jobs/nobody/nowhere"),
        ]
        answers += [
            bench.post("/jobs", json={}),
            bench.post("/jobs", content=b"{"),
            bench.delete("/jobs"),
            bench.get("/jobs", headers={"Prefer": "code=429"}),
        ]
        return [answer.headers["x-correlation-id"] for answer in answers]

    first, second = asked(), asked()

    assert len(set(first)) == len(first)
    assert first == second
