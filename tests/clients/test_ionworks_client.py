"""Ionworks' published Python client, unmodified and steered by its environment variables alone, at the mock (`tox -e
clients`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import ionworks
import pytest
from ionworks.errors import IonworksError
from ionworks.job import JobCreationPayload, JobResponse

from mockserver.simulation.scenario import scenario as scenarios
from mockserver.simulation.scenario.scenario import Distribution, NodeClass, Scenario
from tests.conftest import Bench

pytestmark = pytest.mark.filterwarnings("ignore:JobClient.create is deprecated:DeprecationWarning")

NOBODY = "00000000-0000-4000-8000-000000000000"
Client = Any
Start = Callable[..., Client]


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """No proxy, no netrc, nothing of the developer's own account."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("API_URL", "API_KEY", "API_TOKEN", "ORGANIZATION_ID", "PROJECT_ID", "INTERNAL_CLIENT"):
        monkeypatch.delenv(f"IONWORKS_{name}", raising=False)
    monkeypatch.delenv("PROJECT_ID", raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Makes a client of the world of a bench; more variables by keyword, None to leave one out."""
    open_ones: list[Client] = []

    def make(bench: Bench, **more: str | None) -> Client:
        told = {"API_URL": f"{bench.url}/sandbox/{bench.sandbox}", "API_KEY": "mock-api-key"} | more
        for name, value in told.items():
            if value is not None:
                monkeypatch.setenv(f"IONWORKS_{name}", value)
        open_ones.append(ionworks.Ionworks())
        return open_ones[-1]

    yield make
    for client in open_ones:
        client.session.close()


@pytest.fixture
def client(bench: Bench, start: Start) -> Client:
    return start(bench)


def create(client: Client, job_type: str = "datafit", **more: Any) -> JobResponse:
    return client.job.create(JobCreationPayload(job_type=job_type, params=more.pop("params", {}), **more))


def asked(bench: Bench) -> list[tuple[str, int]]:
    """(method, status) of what reached the API, oldest first."""
    told = bench.get("/_mock/exchanges").json()["exchanges"]
    return [(one["method"], one["status"]) for one in told if not one["path"].startswith("/_mock")]


def spoil(bench: Bench, kind: str, **more: Any) -> None:
    assert bench.post("/_mock/faults", json={"kind": kind, "scope": {"api": "ionworks"}} | more).status_code == 201


def world_with(bench_of: Callable[..., Bench], *switches: str, **options: Any) -> Bench:
    return bench_of(scenario=scenarios.with_switches(scenarios.load("default"), switches), apis=["ionworks"], **options)


# --- one job's life


def test_a_job_is_created_waits_runs_and_completes(bench: Bench, client: Client) -> None:
    job = create(client, params={"cell": "NMC", "temperature": 25.0})
    before = client.job.get(job.job_id)
    bench.advance(3600)
    after = client.job.get(job.job_id)

    assert (job.status, job.priority, job.is_terminal, job.is_failed) == ("pending", 5, False, False)
    assert before.job_id == job.job_id
    assert before.result is None
    assert not before.is_terminal
    assert (after.status, after.is_terminal, after.is_failed, after.error) == ("completed", True, False, None)
    assert isinstance(after.result, dict)


def test_a_failed_job_says_so(bench: Bench, client: Client) -> None:
    job = create(client)
    bench.advance(2)
    bench.post(
        f"/_mock/jobs/ionworks/{job.job_id}/outcome", json={"outcome": "fail", "reason": "the solver diverged"}
    ).raise_for_status()

    ended = client.job.get(job.job_id)

    assert (ended.status, ended.is_terminal, ended.is_failed) == ("failed", True, True)
    assert "the solver diverged" in (ended.error or "")


def test_the_list_is_what_the_client_takes_for_a_list(client: Client) -> None:
    assert client.job.list() == []

    made = [create(client, kind).job_id for kind in ("datafit", "ecm_fit", "simulate")]

    assert [job.job_id for job in client.job.list()] == made[::-1]
    assert {job.job_type for job in client.job.list()} == {"datafit", "ecm_fit", "simulate"}


def test_cancelling_ends_a_job_once(bench: Bench, client: Client) -> None:
    job = create(client)
    bench.advance(2)

    canceled, again = client.job.cancel(job.job_id), client.job.cancel(job.job_id)

    assert (canceled.status, canceled.is_terminal, canceled.is_failed) == ("canceled", True, True)
    assert again == canceled


def test_the_switch_makes_a_second_cancel_a_conflict(bench_of: Callable[..., Bench], start: Start) -> None:
    client = start(world_with(bench_of, "ionworks.cancel-terminal-conflicts"))
    job = create(client)
    client.job.cancel(job.job_id)

    with pytest.raises(IonworksError) as refused:
        client.job.cancel(job.job_id)

    assert (refused.value.status_code, refused.value.error_code) == (409, "CONFLICT")


def test_what_a_fit_leaves_behind_can_be_read(bench: Bench, client: Client) -> None:
    job = create(client)
    bench.advance(3600)

    channels = client.job.get_series_channels(job.job_id)
    objective, sources = next(iter(channels.items()))
    series = client.job.get_series(job.job_id, objective, columns=sources["optimal"][-1:], max_points=10, x_min=0.0)

    assert list(series) == ["Time [s]", *sources["optimal"][-1:]]
    assert len({len(values) for values in series.values()}) == 1
    assert client.job.get_plot_data(job.job_id, objective, max_points=200)["traces"]
    assert client.job.get_parameter_trace(job.job_id)
    assert client.job.get_posterior_samples(job.job_id) == {}


def test_a_fit_is_watched_while_it_runs(bench_of: Callable[..., Bench], start: Start) -> None:
    slow = Scenario(nodes=(NodeClass("plain", 16, 64),), run=Distribution(fixed=100))
    bench = bench_of(scenario=slow, apis=["ionworks"])
    client = start(bench)
    job = create(client, params={"objectives": {"charge": {}}})
    lengths = []
    for _ in range(4):
        bench.advance(30)
        lengths.append(len(client.job.get_parameter_trace(job.job_id)))

    assert 0 < lengths[0] < lengths[1] < lengths[2] < lengths[3]
    assert list(client.job.get_series_channels(job.job_id)) == ["charge"]
    assert client.job.get_metadata(job.job_id)["validation_plot_config"]["objectives"]["charge"]["plot_count"] == 1


@pytest.mark.parametrize("job_type", ["simulate", "ecm_fit"])
def test_a_job_that_recorded_no_series_has_no_channels(bench: Bench, client: Client, job_type: str) -> None:
    job = create(client, job_type)
    bench.advance(3600)

    assert client.job.get_series_channels(job.job_id) == {}


def test_each_error_has_a_correlation_id_of_its_own(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        with pytest.raises(IonworksError):
            client.job.get(NOBODY)

    told = [line for line in capsys.readouterr().out.splitlines() if "x-correlation-id" in line]
    assert len(set(told)) == len(told) == 2


def test_a_job_without_metadata_has_no_samples_and_no_trace(client: Client) -> None:
    job = create(client, "dummy")

    assert client.job.get_posterior_samples(job.job_id) == {}
    with pytest.raises(IonworksError, match="404"):
        client.job.get_parameter_trace(job.job_id)


def test_a_body_of_more_than_half_a_mebibyte_travels_compressed(bench: Bench, client: Client) -> None:
    job = create(client, params={"current": [0.125] * 200_000})

    assert client.job.get(job.job_id).job_type == "datafit"
    sent = bench.get("/_mock/exchanges").json()["exchanges"][0]
    assert {name.lower(): value for name, value in sent["request"]["headers"].items()}["content-encoding"] == "gzip"


# --- who is asking


def test_health_and_identity(client: Client) -> None:
    assert client.health_check() == {"status": "ok"}
    assert client.whoami()["authorized_organization"]["id"] == "mock organization"


def test_a_slash_behind_the_url_does_no_harm(bench: Bench, start: Start) -> None:
    client = start(bench, API_URL=f"{bench.url}/sandbox/{bench.sandbox}/")

    assert create(client).status == "pending"


@pytest.mark.parametrize(
    "named", [{"API_KEY": "mock-api-key"}, {"API_KEY": "wrong", "API_TOKEN": "mock-api-key"}], ids=["key", "token"]
)
def test_a_known_credential_is_let_in(strict_bench: Bench, start: Start, named: dict[str, str]) -> None:
    client = start(strict_bench, **named)

    assert not client.job.get(create(client).job_id).is_terminal


@pytest.mark.parametrize(
    ("named", "status"),
    [({"API_KEY": "wrong"}, 401), ({"API_TOKEN": "wrong"}, 401), ({"ORGANIZATION_ID": "another"}, 403)],
)
def test_others_are_refused_in_the_clients_words(
    strict_bench: Bench, start: Start, named: dict[str, str], status: int
) -> None:
    client = start(strict_bench, **named)

    with pytest.raises(IonworksError) as refused:
        client.job.list()

    assert refused.value.status_code == status
    assert refused.value.error_code == {401: "UNAUTHORIZED", 403: "FORBIDDEN"}[status]


def test_organizations_do_not_see_each_others_jobs(bench: Bench, start: Start) -> None:
    ours = create(start(bench, ORGANIZATION_ID="one"))
    theirs = start(bench, ORGANIZATION_ID="two")

    assert theirs.job.list() == []
    with pytest.raises(IonworksError, match="404"):
        theirs.job.get(ours.job_id)


# --- errors


@pytest.mark.parametrize("call", ["get", "cancel", "get_metadata", "get_series_channels"])
def test_an_unknown_job_is_not_found(client: Client, call: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(IonworksError) as refused:
        getattr(client.job, call)(NOBODY)

    assert (refused.value.status_code, refused.value.error_code) == (404, "NOT_FOUND")
    assert NOBODY in refused.value.message
    assert "x-correlation-id: " in capsys.readouterr().out


def test_an_invalid_job_is_told_what_is_wrong(client: Client) -> None:
    with pytest.raises(IonworksError) as refused:
        create(client, "telepathy", callback_url="not a url")

    assert refused.value.status_code == 422
    assert sorted(detail["loc"] for detail in refused.value.message) == [["body", "callback_url"], ["body", "job_type"]]


def test_the_switch_makes_submission_gone_and_nothing_else(bench_of: Callable[..., Bench], start: Start) -> None:
    bench = world_with(bench_of, "ionworks.submission-gone")
    client = start(bench)

    with pytest.raises(IonworksError) as refused:
        create(client)

    assert (refused.value.status_code, refused.value.error_code) == (410, "GONE")
    assert client.job.list() == []
    assert asked(bench)[0] == ("POST", 410)


def test_what_the_mock_does_not_serve_is_an_error_like_any_other(client: Client) -> None:
    with pytest.raises(IonworksError) as refused:
        client.pipeline.get(NOBODY)

    assert refused.value.status_code == 404


# --- retries


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_read_survives_a_short_outage(bench: Bench, client: Client, status: int) -> None:
    spoil(bench, "status", status=status, count=2)

    assert client.job.list() == []
    assert asked(bench) == [("GET", status), ("GET", status), ("GET", 200)]


def test_a_read_gives_up_after_six_attempts(bench: Bench, client: Client) -> None:
    spoil(bench, "status", status=503, message="down for repairs")

    with pytest.raises(IonworksError) as refused:
        client.job.list()

    assert (refused.value.status_code, refused.value.message) == (503, "down for repairs")
    assert asked(bench) == [("GET", 503)] * 6


def test_a_submission_is_not_tried_again_on_a_status(bench: Bench, client: Client) -> None:
    spoil(bench, "status", status=503, count=1)

    with pytest.raises(IonworksError, match="503"):
        create(client)

    assert asked(bench) == [("POST", 503)]


def test_too_many_requests_are_tried_again_where_the_answer_says_when(bench: Bench, client: Client) -> None:
    spoil(bench, "status", status=429, headers={"Retry-After": "0"})

    with pytest.raises(IonworksError) as refused:
        client.job.list()

    assert refused.value.status_code == 429
    assert asked(bench) == [("GET", 429)] * 6


def test_too_many_requests_are_final_otherwise(bench: Bench, client: Client) -> None:
    spoil(bench, "status", status=429)

    with pytest.raises(IonworksError) as refused:
        client.job.list()

    assert (refused.value.status_code, refused.value.error_code) == (429, "TOO_MANY_REQUESTS")
    assert asked(bench) == [("GET", 429)]


def test_a_quota_is_waited_out(bench_of: Callable[..., Bench], start: Start) -> None:
    bench = bench_of(apis=["ionworks"], pace="real")
    client = start(bench)
    spoil(bench, "quota", requests=1, window=1)

    begun = time.monotonic()
    assert client.job.list() == client.job.list() == []

    assert time.monotonic() - begun >= 0.9
    assert asked(bench) == [("GET", 200), ("GET", 429), ("GET", 200)]


def test_a_submission_is_sent_again_when_the_connection_drops(bench: Bench, client: Client) -> None:
    spoil(bench, "drop", count=2)

    job = create(client)

    assert asked(bench) == [("POST", 0), ("POST", 0), ("POST", 202)]
    assert [one.job_id for one in client.job.list()] == [job.job_id]


def test_a_submission_whose_answer_is_lost_makes_two_jobs(bench: Bench, client: Client) -> None:
    spoil(bench, "drop", after=True, count=1)

    create(client)

    assert len(client.job.list()) == 2


@pytest.mark.parametrize("kind", ["malformed", "truncate"])
def test_a_broken_answer_is_the_clients_own_error(bench: Bench, client: Client, kind: str) -> None:
    job = create(client)
    spoil(bench, kind)

    with pytest.raises(IonworksError):
        client.job.get(job.job_id)
