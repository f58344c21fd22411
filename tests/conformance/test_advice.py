"""What a vendor is told before and after a run: what a requirement asks for, what to mend first, what is new."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from click.testing import CliRunner, Result

import specs
from conformance import catalogue as catalogues
from conformance.cli.main import main
from conformance.report.explanation import explained
from conformance.report.findings import MOST_FINDINGS, findings, shown_findings
from conformance.run import target_template
from conformance.run.verdict import Exit
from conformance.target import settings
from specs import strict_yaml

APP = ("--app", "mockserver.http.app:create_app")
TARGET_SCHEMA = json.loads((Path(settings.__file__).parent / "target-file.schema.json").read_text())


def conformance(*words: str) -> Result:
    return CliRunner().invoke(main, [*words])


@pytest.mark.parametrize("api", specs.names())
def test_every_requirement_is_explained_with_its_sentence_its_source_and_how_it_is_judged(api: str) -> None:
    catalogue = catalogues.load(api)

    for id_, requirement in catalogue.requirements.items():
        parts = dict(explained(catalogue, id_))

        assert parts[f"{id_} {requirement.level}"] == [requirement.statement]
        assert requirement.source in parts["Source"][0]
        assert parts["What is sent"]
        assert requirement.not_tested or parts.get("What passes"), id_
        assert not any("makes-" in line and "submit.shapes" not in line for line in parts.get("What it needs", []))


def test_an_explanation_holds_the_checks_own_messages_and_the_key_that_matters() -> None:
    said = conformance("explain", "JOB-STM-009", "--api", "runai").output

    assert "a job that cannot be placed is …" in said
    assert "makes-waits: submit.shapes.waits in the target file" in said
    assert "conformance/checks/common/states.py" in said
    assert "conformance run runai --url URL --only JOB-STM-009" in said


def test_an_unknown_requirement_is_refused_with_those_that_resemble_it() -> None:
    told = conformance("explain", "ION-CRT-01")

    assert told.exit_code == Exit.USAGE
    assert "'ION-CRT-01' is no requirement; did you mean ION-CRT-001" in told.output
    assert "'NOPE-1' is no requirement; `conformance catalogue` lists them" in conformance("explain", "NOPE-1").output
    assert (
        "'XIO-TMO-001' is no requirement of ionworks;"
        in conformance("explain", "XIO-TMO-001", "--api", "ionworks").output
    )


def test_a_target_that_nobody_answers_at_is_one_line() -> None:
    told = conformance("target", "check", "ionworks", "--url", "http://127.0.0.1:9")

    assert told.exit_code == Exit.UNREACHABLE
    assert told.output.count("\n") == 1
    assert "cannot connect" in told.output


@pytest.mark.parametrize("api", specs.names())
def test_a_target_file_to_begin_with_means_what_is_shipped_and_keeps_the_schema(api: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    assert conformance("target", "init", api, "--out", str(file)).exit_code == 0

    assert settings.load(api, file) == settings.load(api)
    jsonschema_rs.Draft202012Validator(TARGET_SCHEMA).validate(strict_yaml.read(file.read_bytes()))
    assert "requirements need it" in target_template.template(api)


def test_a_target_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("mine")

    told = conformance("target", "init", "xio", "--out", str(file))

    assert told.exit_code == Exit.USAGE
    assert "is there already and is left as it is" in told.output
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    "wrong",
    [
        {"submits": {}},
        {"submit": {"shape": {}}},
        {"tenants": ["a"]},
        {"credentials": {"good": {"header": {}}}},
        {"capabilities": {"delete": "no"}},
        {"base_path": "v2"},
        {"eventual": -1},
    ],
    ids=lambda wrong: json.dumps(wrong),
)
def test_the_schema_refuses_what_is_misspelled(wrong: dict[str, Any]) -> None:
    assert not jsonschema_rs.Draft202012Validator(TARGET_SCHEMA).is_valid(wrong)


@pytest.mark.parametrize("api", specs.names())
def test_a_target_that_keeps_its_file_holds_in_every_line(api: str) -> None:
    told = conformance("target", "check", api, *APP)

    lines = [line for line in told.output.splitlines() if "does not" in line]
    assert all(line.startswith("credentials.") for line in lines), told.output  # a lenient server takes any credential
    assert "submit.body" in told.output


def test_a_line_of_the_target_file_that_does_not_hold_is_named_with_what_was_seen(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("submit: {shapes: {fails: {params: {MOCK_RUN_SECONDS: 3, MOCK_EXIT_CODE: 0}}}}")

    told = conformance("target", "check", "ionworks", *APP, "--target-file", str(file))

    assert told.exit_code == Exit.BROKEN
    (line,) = [line for line in told.output.splitlines() if line.startswith("submit.shapes.fails")]
    assert "does not" in line
    assert "the job is completed" in line


def _result(id_: str, verdict: str, reason: str, *, level: str = "MUST", status: int = 200) -> dict[str, Any]:
    exchange = {
        "operation": "submit_job",
        "request": {"method": "POST"},
        "response": {"status": status},
        "curl": "curl",
    }
    violations = [{"message": reason, "exchanges": [exchange]}] if verdict in ("FAIL", "WARN") else []
    return {"id": id_, "verdict": verdict, "reason": reason, "level": level, "violations": violations}


def test_findings_are_grouped_by_cause_and_those_of_level_must_come_first() -> None:
    run = {
        "results": [
            _result("ION-AAA-001", "WARN", "odd", level="SHOULD"),
            _result("ION-AAA-002", "FAIL", 'the state is "DONE" after 3 seconds'),
            _result("ION-AAA-003", "FAIL", 'the state is "GONE" after 7 seconds'),
            _result("ION-AAA-004", "FAIL", "no body", status=500),
            _result("ION-AAA-005", "FAIL", "no id", status=500),
            _result("ION-AAA-006", "FAIL", "lost", status=500),
            _result("ION-AAA-007", "INCONCLUSIVE", "not judged because of ION-AAA-002"),
            _result("ION-AAA-008", "PASS", ""),
        ]
    }

    found = findings(run)

    assert [one.ids for one in found] == [
        ("ION-AAA-002", "ION-AAA-003"),
        ("ION-AAA-004", "ION-AAA-005", "ION-AAA-006"),
        ("ION-AAA-001",),
    ]
    assert found[0].unjudged == ("ION-AAA-007",)
    held = "(1 requirement could not be judged because of it)"
    assert found[0].sentence == f'MUST ION-AAA-002 and 1 more: the state is "DONE" after 3 seconds {held}'


def test_at_most_ten_findings_are_shown_and_the_others_counted() -> None:
    letters = "abcdefghijklm"
    run = {"results": [_result(f"ION-AAA-{n:03}", "FAIL", letter) for n, letter in enumerate(letters)]}

    shown, more = shown_findings(run)

    assert len(shown) == MOST_FINDINGS
    assert more == len(letters) - MOST_FINDINGS


WRONG_ANSWERS = "tests.conformance.test_advice:stamping_otherwise"


def stamping_otherwise() -> Any:
    """Ionworks' mock, whose jobs do not know exactly when they were made."""
    from mockserver.http.app import create_app

    app = create_app(["ionworks"], pace="manual")

    async def broken(scope: Any, receive: Any, send: Any) -> None:
        async def changed(message: Any) -> None:
            if message["type"] == "http.response.body":
                body = message.get("body", b"").replace(b'"created_at":"2', b'"created_at":"about 2')
                message = message | {"body": body}
            if message["type"] == "http.response.start":
                message = message | {"headers": [one for one in message["headers"] if one[0] != b"content-length"]}
            await send(message)

        await app(scope, receive, changed)

    return broken


def test_a_run_ends_with_what_to_mend_first_and_only_what_is_new_fails_it(tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    few = ("--only", "JOB-STM-00*", "--only", "JOB-RSP-00*", "--quick")
    broken = conformance("run", "ionworks", "--app", WRONG_ANSWERS, *few, "--json", str(kept))
    assert broken.exit_code == Exit.BROKEN
    assert "What to mend first" in broken.output
    assert broken.output.index("What to mend first") > broken.output.index("FAIL")

    again = conformance("run", "ionworks", "--app", WRONG_ANSWERS, *few, "--baseline", str(kept))
    assert again.exit_code == Exit.CONFORMANT, again.output
    assert "none is newly broken" in again.output
    assert "known from before" in again.output

    whole = json.loads(kept.read_text())
    for result in whole["runs"][0]["results"]:
        result["verdict"] = "PASS" if result["verdict"] == "FAIL" else result["verdict"]
    kept.write_text(json.dumps(whole))
    new = conformance("run", "ionworks", "--app", WRONG_ANSWERS, *few, "--baseline", str(kept), "--fail-on", "new")
    assert new.exit_code == Exit.BROKEN


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--fail-on", "new"], "--fail-on new needs --baseline"),
        (["--fail-on", "must", "--baseline", "{kept}"], "--baseline goes with --fail-on new, not with --fail-on must"),
        (["--baseline", "{kept}"], "holds no run of ionworks"),
    ],
)
def test_a_baseline_that_cannot_be_compared_is_refused(words: list[str], sentence: str, tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    kept.write_text(json.dumps({"schema": "understudy.conformance/1", "runs": []}))

    told = conformance("run", "ionworks", *APP, *(word.format(kept=kept) for word in words))

    assert told.exit_code == Exit.USAGE
    assert sentence in told.output
