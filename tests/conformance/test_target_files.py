"""A target file means what is written in it; what is wrong in it is a sentence with file, line and expectation."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import specs
from conformance.cli.main import main
from conformance.errors import SettingsError
from conformance.run.verdict import Exit
from conformance.target import settings, target_file

WRONG: dict[str, tuple[str, str]] = {
    "no mapping": ("- 5\n", "line 1: expected a mapping"),
    "a text": ("submit\n", "line 1: expected a mapping"),
    "unknown member": ("a: 1\n", "line 1: a: unknown member `a`; known: base_path"),
    "misspelt member": (
        "headers: {}\ncredential: {}\n",
        "line 2: credential: unknown member `credential`; did you mean `cr",
    ),
    "misspelt part of submit": (
        "submit:\n  shape: {}\n",
        "line 2: submit.shape: unknown member `shape`; did you mean `sh",
    ),
    "submit is a list": ("submit: []\n", "line 1: submit: expected a mapping that says how jobs are made; got []"),
    "shapes are a list": ("submit:\n  shapes: [long]\n", "line 2: submit.shapes: expected a mapping"),
    "a shape is a text": (
        "submit:\n  shapes:\n    long: 5\n",
        "line 3: submit.shapes.long: expected a mapping that is me",
    ),
    "unknown shape": (
        "submit:\n  shapes:\n    logn: {}\n",
        "line 3: submit.shapes.logn: unknown shape `logn`; did you m",
    ),
    "may_refuse is a text": ("submit: {may_refuse: waits}\n", "line 1: submit.may_refuse: expected a list of shapes"),
    "unknown shape refused": (
        "submit: {may_refuse: [wait]}\n",
        "submit.may_refuse[0]: unknown shape `wait`; did you mean `wa",
    ),
    "a pointer without a slash": (
        "submit: {own: [params]}\n",
        "line 1: submit.own[0]: expected a JSON pointer such as",
    ),
    "a knob nobody turns": (
        "submit: {knobs: {chunk: /a}}\n",
        "submit.knobs.chunk: unknown knob `chunk`; did you mean `chu",
    ),
    "tenants are a list": ("tenants: [first]\n", "line 1: tenants: expected a mapping from names of tenants"),
    "a tenant is a list": ("tenants:\n  first: [a]\n", "line 2: tenants.first: expected a mapping from header names"),
    "a tenant's header is a list": (
        "tenants: {first: {X-A: [a]}}\n",
        "tenants.first.X-A: expected a text of printable",
    ),
    "credentials are a list": ("credentials: [good]\n", "line 1: credentials: expected a mapping"),
    "a caller is a text": (
        "credentials:\n  good: key\n",
        "line 2: credentials.good: expected a mapping with headers, to",
    ),
    "a caller's headers are a list": (
        "credentials: {good: {headers: [a]}}\n",
        "credentials.good.headers: expected a map",
    ),
    "unknown way of a caller": (
        "credentials: {good: {header: {}}}\n",
        "unknown member `header`; did you mean `headers`?",
    ),
    "a token without members": (
        "credentials: {good: {token: {}}}\n",
        "credentials.good.token: `operation` is missing; expe",
    ),
    "a token of no operation": (
        "credentials:\n  good:\n    token: {operation: nope, body: {}, at: /token}\n",
        "line 3: credentials.good.token.operation: unknown operation `nope`; known: ",
    ),
    "a signature of no scheme": (
        "credentials: {good: {signature: {scheme: nope, public: a, secret: b}}}\n",
        'credentials.good.signature.scheme: expected a scheme that is known: xio; got "nope"',
    ),
    "a signature without a key": ("credentials: {good: {signature: {scheme: xio}}}\n", "`public` is missing; expected"),
    "a capability that is a text": (
        'capabilities: {delete: "false"}\n',
        'capabilities.delete: expected true or false; got "f',
    ),
    "unknown capability": (
        "capabilities: {delte: false}\n",
        "line 1: capabilities.delte: unknown capability `delte`; did",
    ),
    "a base path that is a number": ("base_path: [5]\n", "line 1: base_path: expected a path that begins with a slash"),
    "a base path without a slash": ("base_path: v2\n", "line 1: base_path: expected a path that begins with a slash"),
    "headers that are a list": ("headers: [a]\n", "line 1: headers: expected a mapping from header names to texts"),
    "a header that is a mapping": (
        "headers: {X-A: {b: c}}\n",
        "line 1: headers.X-A: expected a text of printable ASCII",
    ),
    "a header that nothing can send": (
        'headers: {X-A: "\\u00e9"}\n',
        "line 1: headers.X-A: expected a text of printable A",
    ),
    "a header over two lines": ('headers: {X-A: "a\\nb"}\n', "line 1: headers.X-A: expected a text of printable ASCII"),
    "a header that is null": ("headers: {X-A: ~}\n", "line 1: headers.X-A: expected a text of printable ASCII"),
    "a name of a header that nothing can send": (
        "headers: {X A: b}\n",
        "line 1: headers: expected the name of a header",
    ),
    "paging of no such word": (
        "paging: {limits: n}\n",
        "line 1: paging.limits: unknown member `limits`; did you mean `lim",
    ),
    "a bound that is a text": ("paging: {most: many}\n", "line 1: paging.most: expected a whole number from 0"),
    "no order": ("paging: {order: up}\n", "line 1: paging.order: expected newest, oldest or null"),
    "a call of no role": ("calls: {stop: {body: {}}}\n", "line 1: calls.stop: unknown role `stop`; known: cancel"),
    "seconds that are none": ("eventual: soon\n", "line 1: eventual: expected the seconds, from 0 to 600"),
    "seconds below zero": ("eventual: -1\n", "line 1: eventual: expected the seconds, from 0 to 600"),
    "a key twice": ("headers: {}\nheaders: {}\n", "line 2: `headers` is given twice"),
    "no YAML": ("headers: {X-A: b\n", "line 2: not YAML: "),
}


def written(folder: Path, text: str | bytes) -> Path:
    file = folder / "target.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


@pytest.mark.parametrize(("text", "sentence"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_in_a_target_file_is_a_sentence_with_its_line(text: str, sentence: str, tmp_path: Path) -> None:
    file = written(tmp_path, text)

    with pytest.raises(SettingsError) as refusal:
        settings.load("ionworks", file)

    assert sentence in str(refusal.value)
    for line in str(refusal.value).splitlines():
        assert line.startswith(f"{file}, line ")


def test_everything_that_is_wrong_is_reported_in_the_order_of_the_lines(tmp_path: Path) -> None:
    file = written(tmp_path, "a: 1\nheaders: [b]\n" + "".join(f"b{number}: 1\n" for number in range(9)))

    with pytest.raises(SettingsError) as refusal:
        settings.load("ionworks", file)

    lines = str(refusal.value).splitlines()
    assert lines[0].startswith(f"{file}, line 1: a: ")
    assert lines[1].startswith(f"{file}, line 2: headers: ")
    assert lines[-1] == "... and 6 more"


@pytest.mark.parametrize("text", [b"\xff\xfeh\x00e\x00", b"headers: {X: \xe9}\n", b"headers: {X: \x00}\n", b"\x00"])
def test_a_file_of_another_encoding_is_one_sentence_and_exit_2(text: bytes, tmp_path: Path) -> None:
    file = written(tmp_path, text)

    told = CliRunner().invoke(
        main, ["run", "ionworks", "--url", "http://127.0.0.1:9", "--target-file", str(file)], catch_exceptions=False
    )

    assert told.exit_code == Exit.USAGE, told.output
    assert len(told.output.splitlines()) == 1
    assert str(file) in told.output


def test_values_are_sent_as_they_are_written(tmp_path: Path) -> None:
    texts = "{A: NO, B: 0123456, C: 12:30:45, D: 1.10, E: true, F: 1e3, G: 0x10, H: '7', I: 2026-01-01, J: 1_000}"
    meant = dict(
        zip(
            "ABCDEFGHIJ",
            ("NO", "0123456", "12:30:45", "1.10", "true", "1e3", "0x10", "7", "2026-01-01", "1_000"),
            strict=True,
        )
    )
    file = written(
        tmp_path,
        f"headers: {texts}\nsubmit: {{headers: {texts}, query: {texts}}}\ntenants: {{no: {texts}}}\n"
        f"credentials: {{other: {{headers: {texts}}}}}\n",
    )

    found = settings.load("xio", file)

    assert found.headers == meant
    assert found.submit_headers == meant
    assert found.submit_query == meant
    assert found.tenants["no"] == meant
    assert found.credentials["other"]["headers"] == meant


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}\n"])
def test_an_empty_file_changes_nothing(text: str, tmp_path: Path) -> None:
    assert settings.load("ionworks", written(tmp_path, text)) == settings.load("ionworks")


def test_null_takes_away_what_is_shipped(tmp_path: Path) -> None:
    file = written(tmp_path, "submit: {shapes: {waits: ~}}\ncredentials: {second: ~}\npaging: {total: ~}\n")

    found = settings.load("ionworks", file)

    assert "waits" not in found.shapes
    assert "second" not in found.credentials


def test_the_example_of_the_page_is_a_target_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "docs" / "judge-an-implementation.md").read_text(encoding="utf-8")
    example = page.partition("```yaml\nsubmit:")[2].partition("```")[0]
    monkeypatch.setattr(os, "environ", os.environ | {"FIRST_KEY": "a", "SECOND_KEY": "b"})

    target_file.read(written(tmp_path, f"submit:{example}"))

    assert example


@pytest.mark.parametrize("api", specs.names())
def test_the_shipped_settings_are_target_files(api: str) -> None:
    file = settings.FOLDER / f"{api}.yaml"

    found: Any = settings.load(api, file)

    assert found.body == settings.load(api).body
