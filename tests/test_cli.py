"""The command line as a user meets it: in processes of their own."""

from __future__ import annotations

import io
import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click
import httpx
import pytest
from click.testing import CliRunner
from rich.console import Console

import specs
from mockserver.cli import main
from mockserver.cli_serve import serve
from mockserver.demo import play, show

ROOT = Path(__file__).parents[1]


def mockserver(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mockserver", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def free_port(count: int = 1) -> int:
    """The first of `count` ports in a row that nobody listens on."""
    while True:
        with ExitStack() as stack:
            probes = [stack.enter_context(socket.socket()) for _ in range(count)]
            probes[0].bind(("127.0.0.1", 0))
            port = int(probes[0].getsockname()[1])
            try:
                for number, probe in enumerate(probes[1:], 1):
                    probe.bind(("127.0.0.1", port + number))
            except (OSError, OverflowError):
                continue
            return port


@contextmanager
def running(*arguments: str, port: int) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "mockserver", "serve", "--port", str(port), *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/_mock/health", process)
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for(url: str, process: subprocess.Popen[str]) -> None:
    for _ in range(400):
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)
    raise AssertionError(f"nothing answers at {url}")


def test_the_first_screen_names_each_api_and_a_line_that_works() -> None:
    port = free_port()
    with running(port=port) as process:
        lines = []
        while not lines or not lines[-1].startswith("Stop with"):
            lines.append(process.stdout.readline())  # type: ignore[union-attr]

        screen = "".join(lines)
        assert all(name in screen for name in specs.names())
        for command in (line.strip() for line in lines if line.strip().startswith("curl ")):
            answer = subprocess.run(
                ["bash", "-c", command + " -s -o /dev/null -w '%{http_code}'"],
                capture_output=True,
                text=True,
                check=True,
            )
            assert answer.stdout in ("200", "201", "202"), command


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_within_a_second(number: signal.Signals) -> None:
    port = free_port()
    with running(port=port) as process, httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        client.get("/jobs")
        began = time.monotonic()
        process.send_signal(number)
        status = process.wait(timeout=5)
        took = time.monotonic() - began

    assert status == 0
    assert took < 1.5
    assert process.stderr is not None


def test_each_api_can_have_a_port_of_its_own_in_one_world() -> None:
    port = free_port(2)
    with running("--port-per-api", "--api", "ionworks", "--api", "xio", "--pace", "manual", port=port) as process:
        wait_for(f"http://127.0.0.1:{port + 1}/_mock/health", process)
        assert httpx.post(f"http://127.0.0.1:{port}/jobs", json={"job_type": "dummy", "params": {}}).status_code == 202
        assert httpx.get(f"http://127.0.0.1:{port + 1}/v1/jobs").status_code == 200
        assert httpx.get(f"http://127.0.0.1:{port + 1}/jobs").status_code == 404
        httpx.post(f"http://127.0.0.1:{port + 1}/_mock/clock/advance", json={"seconds": 60})
        assert httpx.get(f"http://127.0.0.1:{port}/jobs").json()["jobs"][0]["status"] == "completed"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["serve", "--api", "nope"], "'nope' is not one of 'bytenite', 'ionworks'"),
        (["serve", "--scenario", "missing.yaml"], "scenario 'missing.yaml' cannot be read"),
        (["serve", "--scenario", "README.md"], "README.md line 7: not YAML"),
        (
            ["serve", "--pace", "fast"],
            "unknown pace 'fast'; expected real, manual, auto, step or x followed by a factor",
        ),
        (["serve", "--port", "70000"], "70000 is not in the range 0<=x<=65535"),
        (["serve", "--host", "203.0.113.7"], "cannot listen on 203.0.113.7:4080"),
        (["serve", "--switch", "nope"], "unknown switch 'nope'; expected one of ionworks.submission-gone"),
        (["spec", "nope"], "'nope' is not one of"),
        (
            ["serve", "--host", "0.0.0.0", "--control-token", ""],
            "--control-token: the control token is empty; expected visible ASCII",
        ),
        (["serve", "--seed", "9" * 23], "is not in the range -9223372036854775808<=x<=9223372036854775807"),
        (["simulate", "--seed", "9" * 23], "is not in the range -9223372036854775808<=x<=9223372036854775807"),
        (["demo", "--seed", "9" * 23], "is not in the range -9223372036854775808<=x<=9223372036854775807"),
        (["serve", "--control-host="], "'' is no host; expected a name or an address without scheme, port and path"),
        (["serve", "--control-host", "evil/"], "'evil/' is no host"),
        (["serve", "--control-host", "mock.test:80"], "'mock.test:80' is no host"),
        (["serve", "--control-host", "http://mock.test"], "'http://mock.test' is no host"),
        (["serve", "--allow-callbacks="], "'' is no host"),
        (["serve", "--allow-callbacks", "a b"], "'a b' is no host"),
        (["serve", "--allow-callbacks", ".example.org"], "'.example.org' is no host"),
        (["serve", "--control-token", "two words"], "--control-token: the control token holds a blank"),
    ],
)
def test_bad_input_gets_one_clear_sentence_and_exit_2(arguments: list[str], told: str) -> None:
    answer = mockserver(*arguments)

    assert answer.returncode == 2
    assert told in answer.stderr
    assert "Traceback" not in answer.stderr


def test_with_a_token_of_ones_own_a_name_of_ones_own_can_be_used() -> None:
    port, name = free_port(), {"Host": "mock.testing"}
    with running("--host", "0.0.0.0", "--control-token", "open-sesame", port=port):
        clock = f"http://127.0.0.1:{port}/_mock/clock"

        assert httpx.get(clock, headers=name).status_code == 401
        assert httpx.get(clock, headers=name | {"Authorization": "Bearer open-sesame"}).status_code == 200


def test_a_name_can_be_allowed_on_loopback() -> None:
    port = free_port()
    with running("--control-host", "mock.testing", port=port):
        clock = f"http://127.0.0.1:{port}/_mock/clock"

        assert httpx.get(clock, headers={"Host": f"mock.testing:{port}"}).status_code == 200
        assert httpx.get(clock, headers={"Host": "other.testing"}).status_code == 403


def test_a_busy_port_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        answer = mockserver("serve", "--port", str(port))

    assert answer.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in answer.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["--host", "300.1.1.1"],
            "cannot listen on 300.1.1.1:4080: there is no such host (Name or service not known); "
            "choose another with --host",
        ),
        (["--host", "a..b"], "choose another with --host"),
        (["--host", "192.0.2.1"], "choose another with --host"),
        (
            ["--port", "65534", "--port-per-api"],
            "--port-per-api needs 5 ports from 65534 upwards, and 65535 is the highest; choose another with --port",
        ),
        (
            ["--port", "65535", "--port-per-api", "--api", "xio", "--api", "runai"],
            "--port-per-api needs 2 ports from 65535 upwards",
        ),
    ],
)
def test_where_nobody_can_listen_is_told_in_a_sentence(arguments: list[str], told: str) -> None:
    answer = mockserver("serve", *arguments)

    assert (answer.returncode, answer.stdout, answer.stderr.count("\n")) == (2, "", 1)
    assert told in answer.stderr


def test_a_quiet_server_prints_nothing() -> None:
    port = free_port()
    with running("--quiet", port=port) as process:
        process.send_signal(signal.SIGTERM)

        assert process.communicate(timeout=10) == ("", "")


def test_a_quiet_server_prints_a_token_that_nobody_could_know() -> None:
    port = free_port()
    with running("--quiet", "--host", "0.0.0.0", port=port) as process:
        process.send_signal(signal.SIGTERM)
        out, told = process.communicate(timeout=10)

    assert out == ""
    assert "Authorization: Bearer" in told


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_with_logs_for_machines_the_first_screen_is_for_machines_too(host: str) -> None:
    port = free_port(len(specs.names()))
    with running("--log-format", "json", "--access-log", "--host", host, "--port-per-api", port=port) as process:
        process.send_signal(signal.SIGTERM)
        out, logged = process.communicate(timeout=10)

    *_, first = printed = [json.loads(line) for line in out.splitlines()]
    assert first["urls"][0].endswith(f":{port}")
    assert set(first["apis"]) == set(specs.names())
    assert ("control_token" in printed[0]) is (host == "0.0.0.0")
    assert all(json.loads(line) for line in logged.splitlines())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "nodes: [{class: a, cpu: -1, memory_gib: 1}]",
            "line 1: nodes[0].cpu: expected cores, a number of at least 0, got -1",
        ),
        ("nodes: [{class: a, cpu: 1, memory_gib: 1}]\nswitches: [x]", "switch 'x'"),
        ("nodes: [", "not YAML"),
    ],
)
def test_a_broken_scenario_is_told_with_file_and_place(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text(text, encoding="utf-8")

    answer = mockserver("serve", "--scenario", str(file))

    assert answer.returncode == 2
    assert str(file) in answer.stderr
    assert told in answer.stderr
    assert "Traceback" not in answer.stderr


def test_the_apis_are_listed_for_people_and_for_machines() -> None:
    listed = json.loads(mockserver("apis", "--json").stdout)

    assert [row["name"] for row in listed] == list(specs.names())
    assert all(row["operations"] == len(specs.load(row["name"]).operations) for row in listed)
    assert all(row["name"] in mockserver("apis").stdout for row in listed)


def test_a_document_is_printed_as_it_is() -> None:
    assert mockserver("spec", "xio").stdout == (specs.FOLDER / "xio" / "openapi.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def demonstration() -> dict[str, list[str]]:
    """What `demo` prints into a pipe: the lines of each API."""
    answer = mockserver("demo")
    assert answer.returncode == 0, answer.stderr
    return {block.split(":")[0]: block.splitlines() for block in answer.stdout.strip().split("\n\n")}


SHOWN = {
    "bytenite": (
        "JOB_STATE_COMPLETE",
        "JOB_STATE_FAILED: out of memory",
        "JOB_STATE_FAILED: the job was aborted",
        "JOB_STATE_STARTED, waits: 6 of 6 nodes",
    ),
    "ionworks": ("completed", "failed: out of memory", "canceled", "pending, waits: 6 of 6 nodes"),
    "openyuanrong": ("SUCCEEDED", "FAILED: out of memory", "STOPPED", "PENDING, waits: 6 of 6 nodes"),
    "runai": ("Succeeded", "Failed: out of memory", "deleted", "Pending again", "Pending, waits: 6 of 6 nodes"),
    "xio": ("COMPLETED", "FAILED: out of memory", "CANCELLED", "PENDING again", "PENDING, waits: 6 of 6 nodes"),
}


@pytest.mark.parametrize("name", specs.names())
def test_the_demonstration_shows_a_success_a_failure_a_retry_an_end_by_the_client_and_a_queue(
    demonstration: dict[str, list[str]], name: str
) -> None:
    text = "\n".join(demonstration[name])

    for words in SHOWN[name]:
        assert words in text


def test_the_demonstration_breaks_no_title_and_leaves_no_blanks_at_the_end(demonstration: dict[str, list[str]]) -> None:
    for name, (title, *lines) in demonstration.items():
        assert title.startswith(f"{name}: ")
        assert " x POST /" in title
        assert all(line == line.rstrip() for line in lines)


def test_the_demonstration_fits_a_terminal_of_80_columns() -> None:
    console = Console(width=80, file=io.StringIO())
    show(play(specs.names()), console)

    assert all(len(line) <= 80 for line in console.file.getvalue().splitlines())  # type: ignore[attr-defined]


def test_options_can_be_environment_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setenv("MOCKSERVER_SERVE_PACE", "manual")
    monkeypatch.setenv("MOCKSERVER_SERVE_API", "xio ionworks")
    with running(port=port):
        health = httpx.get(f"http://127.0.0.1:{port}/_mock/health").json()
        assert httpx.get(f"http://127.0.0.1:{port}/_mock/clock").json()["pace"] == "manual"

    assert sorted(health["apis"]) == ["ionworks", "xio"]


@pytest.mark.parametrize(
    "option", [one for one in serve.params if isinstance(one, click.Option)], ids=lambda one: one.name
)
def test_an_environment_variable_is_called_like_its_option(option: click.Option) -> None:
    named = "MOCKSERVER_SERVE_" + option.opts[0].removeprefix("--").upper().replace("-", "_")

    assert named == (option.envvar or f"MOCKSERVER_SERVE_{(option.name or '').upper()}")


def test_a_server_that_listens_everywhere_shows_addresses_that_can_be_used() -> None:
    port = free_port()
    with running("--host", "0.0.0.0", "--control-token", "open-sesame", port=port) as process:
        lines = []
        while not lines or not lines[-1].startswith("Stop with"):
            lines.append(process.stdout.readline())  # type: ignore[union-attr]

    screen = "".join(lines)
    assert "0.0.0.0" not in screen
    assert f"curl -X POST http://127.0.0.1:{port}/jobs" in screen
    assert re.search(rf"^From other machines: http://[\w.-]+:{port}/$", screen, re.MULTILINE)


@pytest.mark.parametrize("words", [[], ["scenario"], ["snapshot"]], ids=lambda words: " ".join(words) or "mockserver")
def test_help_cuts_no_sentence(words: list[str]) -> None:
    shown = CliRunner().invoke(main, [*words, "--help"]).output

    assert "..." not in shown.partition("Commands:")[2]
