"""The judge's own mistakes, interruptions and full disks are told apart from what the target breaks."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.dom import minidom

import httpx
import pytest
from click.testing import CliRunner, Result

import specs
from conformance.cli import traffic
from conformance.cli.main import main
from conformance.report import junit, markdown
from conformance.run import player, runner
from conformance.run.results import Options
from conformance.run.runner import run
from conformance.run.verdict import Exit, exit_code
from conformance.target.target import Target
from mockserver.http.app import create_app
from mockserver.http.server import serving

APP = "mockserver.http.app:create_app"
FILES = {"json": "r.json", "junit": "r.xml", "markdown": "r.md", "html": "r.html", "badge": "r.badge", "har": "r.har"}
HOSTILE = "\x1b]0;OWNED\x07\x1b[2J\x1b[1;31mALL PASSED\x9b1m\u202e\ufffe\uffff\x00"


def told(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def asked(folder: Path) -> list[str]:
    return [word for view, name in FILES.items() for word in (f"--{view}", str(folder / name))]


def written(folder: Path) -> dict[str, Any]:
    """The canonical report, once it is sure that all the others are there and whole."""
    assert all((folder / name).stat().st_size for name in FILES.values())
    minidom.parse(str(folder / "r.xml"))
    json.loads((folder / "r.har").read_text())
    run_: dict[str, Any] = json.loads((folder / "r.json").read_text())["runs"][0]
    return run_


def signalled(number: signal.Signals, is_busy: Callable[[], bool], *words: str) -> tuple[int, str]:
    """What a command of the judge ends with, and what it said, when a signal comes while it is busy.

    Whatever runs these tests in the background has SIGINT ignored, which a child would inherit.
    """
    with subprocess.Popen(
        [sys.executable, "-m", "conformance", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        try:
            for _ in range(300):
                if is_busy():
                    break
                time.sleep(0.1)
            process.send_signal(number)
            said = process.communicate(timeout=60)[0].decode()
        finally:
            process.kill()
    return process.returncode, said


@pytest.mark.parametrize(("number", "exit_"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_run_with_its_code_and_all_reports(number: signal.Signals, exit_: int, tmp_path: Path) -> None:
    journal = tmp_path / "journal"

    def is_busy() -> bool:
        return journal.exists() and journal.read_text().count('"made"') > 2

    with serving(apis=["ionworks"], pace="real") as url:
        words = ["run", "ionworks", "--url", url, "--quick", *asked(tmp_path), "--journal", str(journal)]
        code, said = signalled(number, is_busy, *words)

    found = written(tmp_path)
    assert code == exit_, said
    assert found["exit"] == exit_
    assert "what was judged until then is reported" in said
    assert "Traceback" not in said
    assert found["left_behind"] == []
    assert journal.read_text().count('"made"') == journal.read_text().count('"gone"')


def test_an_interruption_outranks_what_was_broken() -> None:
    assert exit_code([1, 0, 143]) == Exit.TERMINATED
    assert exit_code([0, 4, 1]) == Exit.BELOW_FLOOR


@pytest.mark.parametrize("place", ["preflight", "cases_of", "play"])
def test_a_mistake_of_the_judge_is_exit_5_and_what_is_known_is_written(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken(*_: object, **__: object) -> None:
        raise AttributeError("no such thing")

    monkeypatch.setattr(runner if place == "cases_of" else player, place, mistaken)
    done = told("run", "ionworks", "--app", APP, "--quick", *asked(tmp_path))

    assert done.exit_code == Exit.OWN_ERROR, done.output
    assert "the suite itself failed: AttributeError: no such thing" in done.output
    found = written(tmp_path)
    assert found["exit"] == Exit.OWN_ERROR
    assert {one["verdict"] for one in found["results"]} <= {"INCONCLUSIVE", "SKIPPED", "NOT-APPLICABLE", "PASS"}


def test_a_mistake_in_any_command_is_one_sentence_and_exit_5(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic, "AllOracles", None)
    (tmp_path / "t.har").write_text('{"log": {"entries": []}}')

    done = told("check", "ionworks", tmp_path / "t.har")

    assert done.exit_code == Exit.OWN_ERROR
    assert done.output.startswith("conformance itself failed: TypeError")


@pytest.mark.parametrize("view", FILES)
def test_a_full_disk_is_one_sentence_and_the_other_reports_are_written(view: str, tmp_path: Path) -> None:
    words = asked(tmp_path)
    words[words.index(str(tmp_path / FILES[view]))] = "/dev/full"
    done = told("run", "ionworks", "--app", APP, "--quick", "--only", "JOB-CRT-001", *words)

    assert done.exit_code == Exit.USAGE
    assert "/dev/full cannot be written: No space left on device" in done.output
    assert [name for key, name in FILES.items() if not (tmp_path / name).exists()] == [FILES[view]]


@pytest.mark.parametrize(
    "command", [["catalogue"], ["run", "ionworks", "--app", APP, "--quick", "--only", "JOB-CRT-*"]]
)
def test_a_full_disk_behind_the_output_is_no_verdict(command: list[str], tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "conformance", *command], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    assert done.returncode == Exit.USAGE
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


ENTRY = {"request": {"method": "GET", "url": "http://x/jobs", "headers": []}, "response": {"status": 200}}
REQUEST: dict[str, Any] = ENTRY["request"]
WRONG: list[Any] = [
    None,
    7,
    {"request": None, "response": None},
    ENTRY | {"request": REQUEST | {"url": 7}},
    ENTRY | {"request": REQUEST | {"url": "http://[x"}},
    ENTRY | {"request": REQUEST | {"postData": {"text": 7}}},
    ENTRY | {"request": REQUEST | {"postData": {"text": "\ud800"}}},
    ENTRY | {"request": REQUEST | {"headers": [{"name": 7, "value": "a"}]}},
    ENTRY | {"request": REQUEST | {"headers": 7}},
    ENTRY | {"response": {"status": None}},
    ENTRY | {"response": {"status": 200, "content": {"text": 7}}},
    ENTRY | {"response": {"status": 200, "content": {"text": "\ud800"}}},
]


@pytest.mark.parametrize(
    "text",
    [*(json.dumps({"log": {"entries": [one]}}) for one in WRONG), "[" * 200_000, "{}", '{"log": {"entries": null}}'],
    ids=range(len(WRONG) + 3),
)
@pytest.mark.parametrize("api", ["ionworks", "bytenite"])
def test_an_archive_of_odd_members_is_one_sentence(api: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / "t.har"
    file.write_text(text)

    done = told("check", api, file)

    assert done.exit_code == Exit.USAGE, done.output
    assert len(done.output.splitlines()) == 1
    assert not any(word in done.output for word in ("Error(", "Traceback", "itself failed", "0 exchanges"))


def test_members_of_an_archive_that_are_null_are_absent(tmp_path: Path) -> None:
    entry = {
        "request": REQUEST | {"postData": None, "headers": None},
        "response": {"status": 404, "content": None, "headers": None},
    }
    (tmp_path / "t.har").write_text(json.dumps({"log": {"entries": [entry]}}))

    assert told("check", "ionworks", tmp_path / "t.har").output == (
        "no exchange of ionworks was judged: 1 whose answer was not recorded\n"
    )


@pytest.mark.parametrize("text", [b"[" * 100_000, b"submit: &a {body: *a}", b"a: " * 3, "é: 1".encode("utf-16")[:-1]])
@pytest.mark.parametrize("option", ["--target-file", "--waivers"])
def test_a_file_of_the_user_that_cannot_be_read_is_one_sentence(option: str, text: bytes, tmp_path: Path) -> None:
    file = tmp_path / "given"
    file.write_bytes(text)

    done = told("run", "ionworks", "--app", APP, "--quick", option, file)

    assert done.exit_code == Exit.USAGE, done.output
    assert len(done.output.splitlines()) == 1


class Hostile:
    """An Ionworks mock whose jobs have a status that would act on a terminal, and in XML and Markdown."""

    def __init__(self) -> None:
        self._app = create_app(["ionworks"], pace="manual")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def louder(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [one for one in message["headers"] if one[0].lower() != b"content-length"]
            body = message.get("body", b"")
            if body.startswith(b'{"job_id"'):
                text = json.dumps(HOSTILE + "<img src=x> ![a](http://evil) | ```", ensure_ascii=False)[1:-1]
                message["body"] = body.replace(b'"pending"', f'"{text}"'.encode())
            await send(message)

        await self._app(scope, receive, louder)


def test_what_a_target_answers_acts_neither_on_a_terminal_nor_in_a_report(tmp_path: Path) -> None:
    done = told("run", "ionworks", "--app", f"{__name__}:Hostile", "--quick", "--only", "JOB-*", *asked(tmp_path))

    assert done.exit_code == Exit.BROKEN, done.output
    assert "OWNED" in done.output
    assert not set(HOSTILE[:5] + "\x07\x9b\u202e\x00").difference("]0;O") & set(done.output)
    written(tmp_path)
    table = "".join(line for line in (tmp_path / "r.md").read_text().splitlines() if line.startswith("|"))
    assert "OWNED" in table
    assert "<img" not in table
    assert "![" not in table


def canonical(text: str) -> dict[str, Any]:
    exchange = {"curl": text, "request": {}, "response": {}}
    result = {
        **dict.fromkeys(("reason", "level", "basis", "source", "statement"), text),
        "id": "JOB-LST-001",
        "verdict": "FAIL",
        "violations": [{"exchanges": [exchange]}],
    }
    search = {"by": text, "seed": 1, "examples": 1, "steps": 1, "operations": [], "broken": [text], "note": text}
    facts = {"target": text, "sentence": text, "api": "ionworks", "seconds": 1.0, "exit": 1, "counts": {"FAIL": 1}}
    return {"runs": [facts | {"results": [result], "searches": [search | {"others": [text]}]}]}


@pytest.mark.parametrize("text", [HOSTILE, "\ufffe", "\ud800", "a\x0bb", "]]>&<"], ids=ascii)
def test_junit_is_well_formed_whatever_is_in_it(text: str) -> None:
    page = minidom.parseString(junit.text(canonical(text)).encode())

    assert [suite.getAttribute("tests") for suite in page.getElementsByTagName("testsuite")] == ["1"]


def test_markdown_is_not_alive_whatever_is_in_it() -> None:
    page = markdown.text(canonical("<script>x</script> ![a](http://evil) `b` [c](d)\n```\n\x1b[2J"))
    live = page.partition("````sh")[0] + page.partition("````\n")[2]

    assert "````sh" in page
    assert "\x1b" not in page
    assert "<script" not in live
    assert "![" not in live
    assert "[c](" not in live


@pytest.mark.parametrize("api", specs.names())
def test_a_wrong_port_is_one_line(api: str, tmp_path: Path) -> None:
    done = told("run", api, "--url", "http://127.0.0.1:9", "--quick", *asked(tmp_path))

    assert done.exit_code == Exit.UNREACHABLE
    assert len(done.output.splitlines()) == 1
    assert "cannot connect" in done.output
    assert written(tmp_path)["counts"]["INCONCLUSIVE"] > 20


def test_reports_are_dated_by_real_time(tmp_path: Path) -> None:
    began = time.strftime("%Y-%m-%dT%H", time.gmtime())
    told("run", "ionworks", "--app", f"{__name__}:Hostile", "--quick", "--only", "JOB-RSP-00?", *asked(tmp_path))

    found = written(tmp_path)
    sent = [one["sent"] for result in found["results"] for each in result["violations"] for one in each["exchanges"]]
    entries = json.loads((tmp_path / "r.har").read_text())["log"]["entries"]
    assert sent
    for instant in (found["began"], *sent, *(one["startedDateTime"] for one in entries)):
        assert began <= instant[:13] <= time.strftime("%Y-%m-%dT%H", time.gmtime())


def test_a_run_that_ends_early_says_of_each_requirement_why_it_was_not_judged() -> None:
    with Target.in_process(create_app(["ionworks"]), "ionworks") as target:
        report = run(target, Options(most_requests=30))

    unjudged = [
        one.reason for one in report.results.values() if one.verdict is not None and one.verdict.name == "INCONCLUSIVE"
    ]
    assert unjudged
    assert all("the budget of 30 requests is used up" in reason for reason in unjudged)


@pytest.mark.parametrize(("number", "exit_"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_fuzzing_with_its_code_and_what_was_found(
    number: signal.Signals, exit_: int, tmp_path: Path
) -> None:
    file = tmp_path / "f.json"
    with serving(apis=["ionworks"], pace="real") as url:
        words = ["fuzz", "ionworks", "--url", url, "--max-examples", "2000", "--json", str(file)]
        code, said = signalled(number, lambda: bool(httpx.get(f"{url}/jobs").json()["jobs"]), *words)

    assert code == exit_, said
    assert json.loads(file.read_text())["api"] == "ionworks"
    assert "Traceback" not in said
