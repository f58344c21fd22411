"""Nothing that a client or a file says can forge a line of the log or act on a terminal."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from click.testing import CliRunner

from mockserver.cli import main
from mockserver.http.logs import TEXT, JsonFormatter, TextFormatter
from specs.printable import as_json, printable, printable_lines

HOSTILE = "a\n2026-01-01 INFO forged\r\x1b[31mred\x07\x9b1m\u202eevil\u2028x\ud800\t"


def record(message: str, *values: object, error: Exception | None = None) -> logging.LogRecord:
    info = None if error is None else (type(error), error, error.__traceback__)
    return logging.LogRecord("mockserver", logging.WARNING, __file__, 1, message, values, info)


def acts(text: str) -> bool:
    return any(not (letter.isprintable() or letter == "\n") for letter in text)


@pytest.mark.parametrize("formatter", [TextFormatter(TEXT), JsonFormatter()])
def test_a_record_is_one_line_whatever_it_holds(formatter: logging.Formatter) -> None:
    line = formatter.format(record("refused %s", HOSTILE))

    assert "\n" not in line
    assert not acts(line)
    assert "forged" in line
    line.encode()


def test_no_line_of_a_traceback_can_be_taken_for_a_record() -> None:
    try:
        raise ValueError(HOSTILE)
    except ValueError as error:
        first, *others = TextFormatter(TEXT).format(record("failed", error=error)).split("\n")

    assert first.endswith("WARNING mockserver: failed")
    assert any("ValueError" in line for line in others)
    assert all(line.startswith("    ") and not acts(line) for line in others)


def test_a_record_for_machines_is_json_of_plain_letters() -> None:
    line = JsonFormatter().format(record("%s", HOSTILE))

    assert line.isascii()
    assert json.loads(line)["message"] == HOSTILE


def test_harmless_text_stays_as_it_is() -> None:
    assert printable("Grüße, 世界: 100 % “done”") == "Grüße, 世界: 100 % “done”"
    assert printable_lines("a\nb\x1b") == "a\nb\\x1b"


@pytest.mark.parametrize(
    "command", [["serve", "--scenario"], ["scenario", "check"], ["simulate", "--scenario"], ["scenario", "show"]]
)
def test_what_the_command_line_says_of_a_file_acts_on_no_terminal(tmp_path: Path, command: list[str]) -> None:
    file = tmp_path / "hostile\x1b[31m.yaml"
    file.write_text(
        '{"nodes": [{"class": "a", "count": 1, "cpu": "\\u001b[2Jx", "memory_gib": 1}], "\\u001b]0;owned\\u0007": 1}'
    )

    done = CliRunner().invoke(main, [*command, str(file)])

    assert done.exit_code == 2
    assert "\x1b" not in done.output
    assert "\x07" not in done.output


def test_a_value_is_shown_as_json_and_cut() -> None:
    assert as_json({"a": [True, None, "x'y"]}) == """{"a": [true, null, "x'y"]}"""
    assert as_json("x" * 200) == '"' + "x" * 98 + "…"
