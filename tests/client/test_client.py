from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

import specs
from mockserver.client import ControlRefused, MockServer, NotReached, View
from mockserver.simulation.errors import ScenarioError
from tests.http.test_control_sandboxes import KEY, SMALL, submit


def test_a_block_is_all_it_takes() -> None:
    before = set(threading.enumerate())
    with MockServer(pace="manual", apis=["ionworks", "xio"]) as server:
        with server.sandbox(scenario=SMALL) as box:
            job = submit(box)
            assert box.clock.until(job, "completed").now == 10
            assert box.jobs[job].attempts[0].outcome == "succeeded"
        with pytest.raises(ControlRefused):
            server.existing(box.name).delete()
        url = server.url

    assert set(threading.enumerate()) <= before
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, verify=False)
    with pytest.raises(RuntimeError, match="does not run"):
        server.sandbox()


def test_clients_need_no_header(lenient_url: str) -> None:
    with MockServer.at(lenient_url) as server, server.sandbox() as box:
        for name in specs.names():
            assert box.url(name) == f"{lenient_url}/sandbox/{box.name}{specs.load(name).base_path}"
        assert httpx.get(f"{box.url('ionworks')}/healthz", verify=False).json() == {"status": "ok"}


def test_a_job_is_meant_by_its_id_its_answer_or_its_view(lenient_url: str) -> None:
    with MockServer.at(lenient_url) as server, server.sandbox(scenario=SMALL) as box:
        answer = httpx.post(
            f"{box.url('ionworks')}/jobs", json={"job_type": "datafit", "params": {}}, headers=KEY, verify=False
        ).json()
        view = box.jobs.get(answer)

        assert isinstance(view, View)
        assert box.jobs[view].job == box.jobs[answer["job_id"]].job == view["job"] == answer["job_id"]
        with pytest.raises(LookupError):
            box.jobs.get({"nothing": "like a job"})
        with pytest.raises(AttributeError, match="there is no 'status'"):
            _ = view.status


def test_refusals_tell_what_is_wrong(lenient_url: str) -> None:
    with MockServer.at(lenient_url) as server, server.sandbox() as box:
        with pytest.raises(ControlRefused, match="no node is called 'x'") as refused:
            box.nodes.fail("x")

        assert (refused.value.status, refused.value.kind) == (404, "unknown")


@pytest.mark.parametrize("name", ["schlüssel", "two words", "line\nend", "a/b", "", "x" * 65, "%2F", "?"])
def test_what_is_no_name_of_a_sandbox_is_refused_by_the_server(lenient_url: str, name: str) -> None:
    with (
        MockServer.at(lenient_url) as server,
        pytest.raises(ControlRefused, match="is no sandbox name; expected 1 to 64") as refused,
    ):
        _ = server.existing(name).clock.now

    assert refused.value.status == 400


def test_not_reached_is_a_failed_assertion(lenient_url: str) -> None:
    with MockServer.at(lenient_url) as server, server.sandbox(scenario=SMALL) as box:
        job = submit(box)
        with pytest.raises(AssertionError) as failed:
            box.clock.until(job, "failed", within=5)

        assert isinstance(failed.value, NotReached)


def test_threads_share_a_server(lenient_url: str) -> None:
    with MockServer.at(lenient_url) as server:
        with ThreadPoolExecutor(8) as pool:
            boxes = list(pool.map(lambda _: server.sandbox(), range(32)))
        names = {box.name for box in boxes}
        for box in boxes:
            box.delete()

    assert len(names) == 32


def test_lists_go_on_to_their_end(lenient_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockserver.client.parts._PAGE", 3)
    with MockServer.at(lenient_url) as server, server.sandbox(scenario=SMALL) as box:
        jobs = [submit(box) for _ in range(10)]
        box.clock.advance(45)

        assert [one.job for one in box.jobs] == [one.job for one in box.jobs.list()] == jobs
        assert len(box.jobs) == len(box.exchanges) == 10
        ended, waiting = box.jobs.list(state="completed"), box.jobs.list(phase="queued")
        assert [one.job for one in ended + waiting] == jobs[:4] + jobs[5:]
        assert [one.number for one in box.exchanges] == list(range(1, 11))
        assert [one.number for one in box.exchanges.list(since=4)] == list(range(5, 11))
        assert len(box.exchanges.list(status=202)) == 10
        assert box.exchanges.list(status=404) == []
        assert len(box.nodes) == len(box.nodes.list())


def test_more_than_a_thousand_jobs_are_all_there(lenient_url: str) -> None:
    scenario = SMALL
    with MockServer.at(lenient_url) as server, server.sandbox(scenario=scenario) as box, httpx.Client() as client:
        for _ in range(1001):
            assert (
                client.post(
                    f"{box.url('ionworks')}/jobs", json={"job_type": "datafit", "params": {}}, headers=KEY
                ).status_code
                == 202
            )

        assert len(list(box.jobs)) == len(box.jobs) == 1001


def test_breaches_outlive_the_journal_and_a_reset_but_not_their_clearing(lenient_url: str) -> None:
    with MockServer.at(lenient_url) as server, server.sandbox() as box:
        wrong = f"{box.url('ionworks')}/jobs"
        for number in range(60):
            httpx.post(wrong, json={"job_type": number, "secret": "s3cret", "params": {}}, headers=KEY)
        httpx.get(f"{wrong}/00000000-0000-4000-8000-000000000000", headers=KEY)
        httpx.get(f"{box.url('ionworks')}/{'x' * 5000}", headers=KEY)
        box.reset()

        breaches = box.exchanges.breaches()
        first = breaches.breaches[0]
        assert (breaches.total, len(breaches.breaches)) == (61, 50)
        assert (first.number, first.method, first.path, first.status, first.refused) == (
            1,
            "POST",
            "/jobs",
            422,
            "invalid",
        )
        assert (first.violations[0].pointer, first.violations[0].got) == ("/job_type", 0)
        assert "s3cret" not in repr(breaches)
        assert len(box.exchanges) == 0
        box.exchanges.clear()
        assert box.exchanges.breaches().total == 0


def test_a_server_that_closed_a_kept_connection_is_asked_again() -> None:
    server = MockServer(pace="manual", apis=["ionworks"])
    with server:
        box = server.sandbox()
        port = int(server.url.rpartition(":")[2])
        kept = server._link
        server._running.__exit__(None, None, None)  # type: ignore[union-attr]
        with MockServer(port=port, pace="manual", apis=["ionworks"]):
            assert box.clock.advance(0).now == 0
        server._running = None
        assert kept is server._link


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"nope": 1}, TypeError, "MockServer has no option nope; expected apis, scenario, auth, pace, seed"),
        ({"seed": "x"}, ValueError, 'seed is "x"; expected a whole number from -9223372036854775808'),
        ({"seed": 10**30}, ValueError, "; expected a whole number from -9223372036854775808"),
        ({"port": 99999}, ValueError, "port is 99999; expected a whole number from 0 to 65535"),
        ({"scenario": 5}, ValueError, "scenario is 5; expected a name, a file or a mapping of its fields"),
        ({"scenario": {"nodes": []}}, ScenarioError, "expected at least one node class"),
        (
            {"scenario": {"nodes": [{"class": "a", "cpu": 1, "memory_gib": 1}], "start": "1970-01-01T00:00:00Z"}},
            ScenarioError,
            "expected `start` from 2001-09-09T01:46:40Z to 2200-01-01T00:00:00Z, got 1970-01-01T00:00:00Z",
        ),
        ({"callback_hosts": ["http://a/"]}, ValueError, "'http://a/' is no host"),
        ({"control_hosts": [""]}, ValueError, "'' is no host"),
    ],
)
def test_an_option_that_cannot_be_is_refused_in_one_sentence(
    options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error) as refused:
        MockServer(**options).start()

    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_server_takes_a_scenario_as_a_mapping() -> None:
    with MockServer(
        pace="manual", apis=["xio"], scenario={"nodes": [{"class": "a", "cpu": 1, "memory_gib": 1}]}
    ) as one:
        assert [node.name for node in one.sandbox().nodes] == ["a-0"]
