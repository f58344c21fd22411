from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.test_cli import free_port

pytest_plugins = ["pytester"]

PAGE = Path(__file__).parents[1] / "docs" / "use-from-pytest.md"
FIVE_LINES = next(
    block for block in PAGE.read_text(encoding="utf-8").split("```python\n") if "def test_a_job_that_hangs" in block
).partition("```")[0]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def start(
        text: str, *options: str, server: str = "{'pace': 'manual', 'apis': ['ionworks', 'xio']}"
    ) -> pytest.RunResult:
        pytester.makeconftest(
            f"""
            import pytest

            @pytest.fixture(scope="session")
            def mock_server_options():
                return {server}
            """
        )
        pytester.makepyfile("import httpx\n" + textwrap.dedent(text))
        return pytester.runpytest_subprocess(
            "-p", "mockserver.pytest_plugin", "-p", "no:cacheprovider", "--strict-markers", "-W", "error", *options
        )

    return start


SUBMIT = (
    'httpx.post(mock_sandbox.url("ionworks") + "/jobs", json={"job_type": "datafit", "params": {}}, '
    'headers={"X-API-Key": "k"}, verify=False)'
)
WRONG = (
    'httpx.post(mock_sandbox.url("ionworks") + "/jobs", json={"job_type": 5}, headers={"X-API-Key": "k"}, verify=False)'
)


def test_each_test_has_a_world_and_all_have_one_server(run) -> None:  # type: ignore[no-untyped-def]
    result = run(
        f"""
        urls = []

        def test_one(mock_sandbox, mock_server):
            assert {SUBMIT}.status_code == 202
            assert len(mock_sandbox.jobs) == 1
            mock_sandbox.clock.advance(seconds=60)
            urls.append(mock_server.url)

        def test_two(mock_sandbox, mock_server):
            assert (len(mock_sandbox.jobs), mock_sandbox.clock.now) == (0, 0)
            assert urls == [mock_server.url]
        """
    )

    result.assert_outcomes(passed=2)


def test_a_client_that_breaks_the_contract_is_told_at_the_end(run) -> None:  # type: ignore[no-untyped-def]
    result = run(
        f"""
        import pytest

        def test_breaks(mock_sandbox):
            {WRONG}

        @pytest.mark.mock_contract("off")
        def test_breaks_on_purpose(mock_sandbox):
            {WRONG}

        @pytest.mark.mock_contract("warn")
        @pytest.mark.filterwarnings("default")
        def test_breaks_and_is_warned(mock_sandbox):
            {WRONG}

        def test_breaks_and_fails_anyway(mock_sandbox):
            {WRONG}
            assert False

        def test_an_unknown_job_is_no_breach(mock_sandbox):
            url = mock_sandbox.url("ionworks") + "/jobs/00000000-0000-4000-8000-000000000000"
            answer = httpx.get(url, headers={{"X-API-Key": "k"}}, verify=False)
            assert answer.status_code == 404

        def test_an_ordered_failure_is_no_breach(mock_sandbox):
            mock_sandbox.faults.add("status", status=503)
            assert {SUBMIT}.status_code == 503
        """
    )

    result.assert_outcomes(passed=5, failed=1, errors=1, warnings=1)
    result.stdout.fnmatch_lines(
        [
            "*ContractBroken: the client broke the contract in 1 request:",
            "*POST /jobs returned 422: body: required, expected params*",
        ]
    )


def test_submit_advance_an_hour_see_the_timeout_assert_the_retry(run) -> None:  # type: ignore[no-untyped-def]
    result = run(FIVE_LINES)

    result.assert_outcomes(passed=1)


def test_a_world_is_made_as_its_marker_says(run) -> None:  # type: ignore[no-untyped-def]
    result = run(
        """
        import pytest

        @pytest.mark.mock_world(auth="strict", pace="auto", seed=4)
        def test_strict(mock_sandbox):
            url = mock_sandbox.url("ionworks") + "/jobs"
            answer = httpx.get(url, headers={"X-API-Key": "mock-api-key"}, verify=False)
            assert answer.status_code == 200
        """
    )

    result.assert_outcomes(passed=1)


def test_workers_do_not_meet(run) -> None:  # type: ignore[no-untyped-def]
    result = run(
        f"""
        import pytest

        @pytest.mark.parametrize("number", range(12))
        def test_alone(mock_sandbox, number):
            assert {SUBMIT}.status_code == 202
            assert len(mock_sandbox.jobs) == 1
        """,
        "-p",
        "xdist",
        "-n",
        "2",
    )

    result.assert_outcomes(passed=12)


def test_a_server_that_runs_already_can_be_used(run, lenient_url: str) -> None:  # type: ignore[no-untyped-def]
    result = run(
        f"""
        def test_there(mock_sandbox, mock_server):
            assert mock_server.url == {lenient_url!r}
            assert {SUBMIT}.status_code == 202
        """,
        "--mock-url",
        lenient_url,
    )

    result.assert_outcomes(passed=1)


def test_loading_the_plugin_imports_nothing_of_ours() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); "
        "import mockserver.pytest_plugin; print(sorted(set(sys.modules) - before))"
    )

    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert told.stdout.strip() == "['mockserver', 'mockserver.pytest_plugin']"


def test_a_test_can_begin_where_a_file_was_saved(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    result = run(
        f"""
        import pytest

        def test_one(mock_sandbox):
            assert {SUBMIT}.status_code == 202
            mock_sandbox.clock.advance(seconds=60)
            mock_sandbox.save({str(tmp_path / "kept")!r})

        @pytest.mark.mock_world(snapshot={str(tmp_path / "kept")!r})
        def test_two(mock_sandbox):
            assert (len(mock_sandbox.jobs), mock_sandbox.clock.now) == (1, 60)
        """
    )

    result.assert_outcomes(passed=2)


def test_an_address_that_leads_nowhere_ends_the_run_with_one_sentence(run) -> None:  # type: ignore[no-untyped-def]
    result = run("def test_there(mock_sandbox): pass", "--mock-url", "127.0.0.1:4080")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    expected = "ERROR: --mock-url or --mock-token: '127.0.0.1:4080' has no scheme; expected a base URL such as http://127.0.0.1:4080"
    assert result.errlines == [expected, ""] or result.stderr.str().strip() == expected


# type: ignore[no-untyped-def]
def test_a_server_that_others_can_reach_is_guarded_and_the_fixture_has_its_token(run) -> None:
    result = run(
        """
        def test_there(mock_sandbox, mock_server):
            reset = f"http://127.0.0.1:{mock_server.url.rpartition(':')[2]}/_mock/reset"
            assert httpx.post(reset, verify=False).status_code == 401
            token = {"Authorization": f"Bearer {mock_server.token}"}
            assert httpx.post(reset, verify=False, headers=token).status_code < 300
            assert mock_sandbox.clock.now == 0
        """,
        server="{'pace': 'manual', 'apis': ['ionworks'], 'host': '0.0.0.0'}",
    )

    result.assert_outcomes(passed=1)


def test_only_a_test_that_has_passed_is_judged(run) -> None:  # type: ignore[no-untyped-def]
    result = run(
        f"""
        import unittest

        import pytest

        @pytest.fixture
        def broken_set_up(mock_sandbox):
            {WRONG}
            raise RuntimeError("set-up")

        def test_whose_set_up_fails(broken_set_up):
            pass

        def test_expected_to_fail_inside(mock_sandbox):
            {WRONG}
            pytest.xfail("known")

        @pytest.mark.xfail(reason="known", strict=True)
        def test_expected_to_fail_by_marker(mock_sandbox):
            {WRONG}
            assert False

        def test_skipped_inside(mock_sandbox):
            {WRONG}
            pytest.skip("not here")

        class TestOfUnittest(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def hold(self, mock_sandbox):
                self.mock_sandbox = mock_sandbox

            @unittest.expectedFailure
            def test_expected_to_fail(self):
                mock_sandbox = self.mock_sandbox
                {WRONG}
                self.fail("known")

            def test_skipped(self):
                mock_sandbox = self.mock_sandbox
                {WRONG}
                self.skipTest("not here")

            def test_passes_wrongly(self):
                mock_sandbox = self.mock_sandbox
                {WRONG}
        """
    )

    result.assert_outcomes(errors=2, xfailed=3, skipped=2, passed=1)
    result.stdout.fnmatch_lines(["*RuntimeError: set-up*"])
    broken = "mockserver.pytest_plugin.ContractBroken: the client broke the contract in 1 request"
    assert [line.startswith("E ") for line in result.outlines if broken in line].count(True) == 1


@pytest.mark.parametrize(
    "forget", ["for _ in range(1000): client.get(mock_sandbox.url('ionworks') + '/jobs')", "mock_sandbox.reset()"]
)
def test_a_breach_is_not_forgotten_over_what_came_after(run, forget: str) -> None:  # type: ignore[no-untyped-def]
    result = run(
        f"""
        def test_passes_wrongly(mock_sandbox):
            {WRONG}
            with httpx.Client(verify=False) as client:
                {forget}
            assert mock_sandbox.exchanges.broken() == []
        """
    )

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["*ContractBroken: the client broke the contract in 1 request:", "*POST /jobs returned 422: *"]
    )


def test_many_breaches_are_counted_and_the_first_are_told(run) -> None:  # type: ignore[no-untyped-def]
    result = run(
        f"""
        def test_passes_wrongly(mock_sandbox):
            for _ in range(60):
                {WRONG}

        def test_clears_them(mock_sandbox):
            {WRONG}
            mock_sandbox.exchanges.clear()
        """
    )

    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*the client broke the contract in 60 requests:", "*  and 50 more"])


def test_a_failing_test_tells_what_the_mock_has_refused(run) -> None:  # type: ignore[no-untyped-def]
    result = run(
        f"""
        import pytest

        def test_dies_of_something_else(mock_sandbox):
            url = mock_sandbox.url("ionworks") + "/jobs/00000000-0000-4000-8000-000000000000"
            httpx.get(url, headers={{"X-API-Key": "k"}}, verify=False)
            {WRONG}
            raise KeyError("data")

        def test_dies_without_the_mock(mock_sandbox):
            {SUBMIT}
            raise KeyError("data")

        @pytest.fixture
        def job(mock_sandbox):
            return {WRONG}.json()["job_id"]

        def test_whose_set_up_dies(job):
            pass
        """
    )

    result.assert_outcomes(failed=2, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*KeyError: 'data'",
            "*- requests the document does not allow -*",
            "  POST /jobs returned 422: body: required, expected params, got *",
            "*- other requests that the mock refused -*",
            "  GET /jobs/00000000-0000-4000-8000-000000000000 returned 404: request: unknown, *",
        ]
    )
    assert result.stdout.str().count("requests the document does not allow") == 2


def test_errors_of_the_client_show_the_tests_own_lines(run) -> None:  # type: ignore[no-untyped-def]
    result = run(
        """
        def test_asks_for_nobody(mock_sandbox):
            mock_sandbox.nodes.fail("x")

        def test_asks_nobody(mock_sandbox, mock_server):
            mock_server.at("http://127.0.0.1:1").sandbox()
        """
    )

    told = result.stdout.str()
    result.assert_outcomes(failed=2)
    assert "ControlRefused: no node is called 'x'" in told
    assert "nobody answers at http://127.0.0.1:1" in told
    assert "link.py" not in told
    assert "httpcore" not in told


def test_a_server_that_is_late_is_waited_for(run) -> None:  # type: ignore[no-untyped-def]
    port = free_port()
    result = run(
        f"""
        import threading
        import mockserver.client.link as link
        from mockserver.client import MockServer

        late = MockServer(port={port}, pace="manual", apis=["ionworks"])
        known = link.Link.ask

        def ask(self, *others, **more):  # the server begins when it has been missed
            try:
                return known(self, *others, **more)
            except ConnectionError:
                late.start()
                raise

        link.Link.ask = ask

        def test_there(mock_sandbox):
            assert {SUBMIT}.status_code == 202

        def test_there_too(mock_sandbox):
            assert mock_sandbox.clock.now == 0

        def teardown_module():
            late.stop()
        """,
        "--mock-url",
        f"http://127.0.0.1:{port}",
    )

    result.assert_outcomes(passed=2)


def test_the_report_of_a_failure_shows_values_as_they_were_sent(run) -> None:  # type: ignore[no-untyped-def]
    result = run(
        """
        import httpx

        def test_dies_of_what_was_refused(mock_sandbox):
            def post(body):
                httpx.post(mock_sandbox.url("ionworks") + "/jobs", json=body)

            post({"job_type": "simulate", "params": {"a": None}, "priority": "high"})
            post({"job_type": "simulate", "params": {"a": True}, "callback_url": 5})
            post({"job_type": {"x": [True, None]}, "params": {}})
            post({"params": {"a": [True, None]}})
            httpx.get(mock_sandbox.url("ionworks") + "/jobs", params={"limit": 1000})
            httpx.get(mock_sandbox.url("xio") + "/jobs", params={"sort": "x"})
            raise KeyError("data")
        """
    )

    told = result.stdout.str()
    section = told[told.index("requests the document does not allow") :]
    assert '''body /priority: type, expected integer, got "high"''' in section
    assert """got {"x": [true, null]}""" in section
    assert """body: required, expected job_type, got {"params": {"a": [true, null]}}""" in section
    assert not [word for word in ("View(", "['", "{'", "True", "None") if word in section]


@pytest.mark.parametrize(
    ("marker", "told"),
    [
        ("speed=3", "mock_world(speed=): expected scenario=, seed=, pace=, auth=, snapshot="),
        ("'busy'", "mock_world('busy'): expected scenario="),
    ],
)
# type: ignore[no-untyped-def]
def test_a_world_that_cannot_be_is_told_with_what_can(run, marker: str, told: str) -> None:
    result = run(
        f"""
        import pytest

        @pytest.mark.mock_world({marker})
        def test_there(mock_sandbox):
            pass
        """
    )

    result.assert_outcomes(errors=1)
    assert told in result.stdout.str()
