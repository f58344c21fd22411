"""Files that the judge's commands read and write: reports side by side, and places where nothing can be written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import mockserver
from conformance import __version__
from conformance.__main__ import COMMANDS
from conformance.cli.main import main
from conformance.run.verdict import Exit
from mockserver.http.app import create_app
from mockserver.http.server import serving
from tests.conformance.faults import all_faults

CLEAN = "mockserver.http.app:create_app"


class Broken:
    """An Ionworks mock whose list names a job twice."""

    def __init__(self) -> None:
        fault = next(one for one in all_faults("ionworks") if one.id == "ionworks:list-repeats-one")
        self._fault = fault.apply(create_app(["ionworks"], pace="manual"))
        self._app = self._fault.__enter__()

    async def __call__(self, scope: object, receive: object, send: object) -> None:
        await self._app(scope, receive, send)


def told(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def run(app: str, *words: str | Path) -> Result:
    return told("run", "ionworks", "--app", app, "--quick", "--only", "JOB-LST-001", "--only", "JOB-CRT-001", *words)


def test_reports_stand_side_by_side(tmp_path: Path) -> None:
    one, two, page = tmp_path / "one.json", tmp_path / "two.json", tmp_path / "both.html"
    assert run(CLEAN, "--json", one).exit_code == Exit.CONFORMANT
    assert run(f"{__name__}:Broken", "--json", two).exit_code == Exit.BROKEN

    both = told("report", one, two, "--html", page, "--markdown", tmp_path / "both.md")

    assert both.exit_code == Exit.BROKEN, both.output
    row = next(line for line in both.output.splitlines() if line.startswith("JOB-LST-001"))
    assert row.split() == ["JOB-LST-001", "PASS", "FAIL"]
    assert "JOB-CRT-001" not in both.output  # kept by both
    assert "newly broken: JOB-LST-001; broken no longer: none; still broken: none" in both.output
    assert "one.json, 20" in page.read_text(encoding="utf-8")
    assert "broken no longer: JOB-LST-001" in told("report", two, one).output
    assert page.read_text(encoding="utf-8").count("<th>ionworks") == 2
    assert (tmp_path / "both.md").read_text(encoding="utf-8").count("## ionworks") == 2
    assert "JOB-CRT-001" in told("report", one, two, "--all").output
    assert told("report", one).exit_code == Exit.CONFORMANT


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no json", "is not JSON"),
        ("[1]", "has the schema null"),
        ('{"schema": "other/1"}', 'has the schema "other/1"'),
        ('{"schema": "understudy.conformance/1", "runs": [1]}', '1 is not of type "object" at /runs/0'),
        (
            '{"schema": "understudy.conformance/1", "runs": [{"results": []}]}',
            '"api" is a required property at /runs/0',
        ),
        ('{"schema": "understudy.conformance/1"}', '"runs" is a required property at the top'),
    ],
)
def test_what_is_no_report_is_said_to_be_none(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "odd.json"
    file.write_text(text)

    answer = told("report", file)

    assert answer.exit_code == Exit.USAGE
    assert said in answer.output


@pytest.mark.parametrize(
    "text", ["submit: {may_refuse: 5}", "submit: {knobs: 5}", "paging: [1]", "submit: 5", "submit: {bdoy: 1}"]
)
def test_a_wrong_target_file_is_said_to_be_wrong(text: str, tmp_path: Path) -> None:
    file = tmp_path / "target.yaml"
    file.write_text(text)

    answer = run(CLEAN, "--target-file", file)

    assert answer.exit_code == Exit.USAGE
    assert "target.yaml, line 1: " in answer.output
    assert "expected" in answer.output or "did you mean" in answer.output


@pytest.mark.parametrize("option", ["--json", "--html", "--har", "--journal"])
def test_a_run_that_could_not_write_its_report_is_not_begun(option: str, tmp_path: Path) -> None:
    answer = run(CLEAN, option, tmp_path / "missing" / "file")

    assert answer.exit_code == Exit.USAGE
    assert "cannot be written" in answer.output
    assert "PASS" not in answer.output


def test_what_random_clients_found_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "fuzz.json"

    answer = told("fuzz", "ionworks", "--app", f"{__name__}:Broken", "--max-examples", "2", "--json", file)

    kept = json.loads(file.read_text(encoding="utf-8"))
    assert kept["api"] == "ionworks"
    assert kept["requests"] > 10
    assert (answer.exit_code == Exit.BROKEN) is bool(kept["findings"])


def test_a_plan_is_a_line_per_check_of_those_that_are_asked_for() -> None:
    whole, part = told("plan", "ionworks").output, told("plan", "ionworks", "--only", "JOB-CRT-00[14]").output

    lines = part.splitlines()
    assert [line.split()[0] for line in lines[:2]] == ["JOB-CRT-001", "JOB-CRT-004"]
    assert lines[-1].startswith("ionworks: ")
    assert len(lines) < len(whole.splitlines()) / 10
    assert all(line.split()[0] == "life" or line[2:5].isupper() for line in whole.splitlines()[:-1])
    assert "no requirement matches NOPE; expected ids such as" in told("plan", "ionworks", "--only", "NOPE").output


def test_a_plan_reads_the_target_file_as_a_run_does(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("nonsense: {}\n", encoding="utf-8")

    assert "nonsense" in told("plan", "ionworks", "--target-file", file).output


@pytest.mark.parametrize(("more", "exit_"), [("", Exit.BROKEN), ("capabilities: {strict: false}", Exit.USAGE)])
def test_a_server_that_lets_everybody_in_is_blamed_once_its_credentials_are_named(
    more: str, exit_: int, tmp_path: Path
) -> None:
    file = tmp_path / "mine.yaml"
    credentials = "credentials:\n  good: {headers: {X-API-Key: k}}\n  wrong: {headers: {X-API-Key: x}}\n  none: {}\n"
    file.write_text(credentials + more, encoding="utf-8")

    with serving(apis=["ionworks"], pace="x100") as url:  # lenient: any key will do
        words = ("run", "ionworks", "--url", url, "--quick", "--time-scale", "100", "--only", "JOB-AUT-00[12]")
        answer = told(*words, "--target-file", file)

    assert answer.exit_code == exit_
    assert ("FAIL" in answer.output) is (exit_ is Exit.BROKEN)


def test_what_a_target_lacks_is_said_in_words_with_what_would_give_it(tmp_path: Path) -> None:
    file = tmp_path / "r.xml"
    only = ("--only", "JOB-LST-005", "--only", "JOB-AUT-001", "--only", "JOB-CRT-001")

    with serving(apis=["ionworks"], pace="x100") as url:
        answer = told(
            "run", "ionworks", "--url", url, "--quick", "--time-scale", "100", *only, "--junit", file, "--all"
        )

    report = file.read_text(encoding="utf-8")
    assert "the target has no separate worlds for each check (--control)" in " ".join(answer.output.split())
    assert "no credentials that it verifies (name credentials.good in a target file)" in report
    assert 'type="NOT-APPLICABLE"' in report
    assert 'timestamp="20' in report


def test_coverage_is_printed_of_the_api_that_was_asked_for() -> None:
    one, every = told("catalogue", "ionworks", "--coverage").output, told("catalogue", "--coverage").output

    assert [line for line in one.splitlines() if line.startswith("## ")] == ["## ionworks"]
    assert len([line for line in every.splitlines() if line.startswith("## ")]) == 5


BARE = "import sys; sys.modules['openapi_core'] = None; from conformance.__main__ import main; main()"
"""The judge where its extra is not installed."""


@pytest.mark.parametrize("arguments", [["run", "ionworks"], ["fuzz"], ["plan", "--help"]], ids=" ".join)
def test_without_its_extra_the_judge_says_what_to_install(arguments: list[str]) -> None:
    ended = subprocess.run([sys.executable, "-c", BARE, *arguments], capture_output=True, text=True, check=False)

    assert ended.returncode == Exit.USAGE
    assert "openapi_core is not installed" in ended.stderr
    assert "make judge" in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["--version"]], ids=" ".join)
def test_help_and_version_need_no_extra(arguments: list[str]) -> None:
    ended = subprocess.run([sys.executable, "-c", BARE, *arguments], capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr
    assert ("watch" if "h" in arguments[0][:3] else f"conformance, version {__version__}") in ended.stdout


def test_the_help_lists_every_command_with_its_own_sentence() -> None:
    own = {name: " ".join((command.help or "").split("\n\n")[0].split()) for name, command in main.commands.items()}

    assert own == COMMANDS
    assert list(COMMANDS) == sorted(COMMANDS)


def test_both_programs_tell_the_version_of_the_package() -> None:
    assert __version__ == mockserver.__version__
