"""Secrets are hidden wherever an exchange is shown, whichever way they are named; what is harmless stays."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from mockserver.http.limits import JOURNAL_BODY_BYTES
from mockserver.http.redaction import HIDDEN, is_secret, redacted, redacted_string, redacted_text
from tests.conftest import Bench

S = "s3cr3t-value"
SECRET_NAMES = [
    "PGPASSWORD",
    "DBPASSWORD",
    "SECRETKEY",
    "secretkey",
    "accesstoken",
    "authtoken",
    "mysecret",
    "pwd",
    "DB_PWD",
    "jwt",
    "bearer",
    "sessionid",
    "session_id",
    "sig",
    "pin",
    "otp",
    "access_code",
    "connectionString",
    "DATABASE_URL",
    "DB_PASS",
    "apiKey",
    "API-KEY",
    "aws_secret_access_key",
    "X-Auth",
    "clientSecret",
    "privatekey",
    "tokens",
]
HARMLESS_NAMES = [
    "job_id",
    "monkey",
    "tokenize",
    "tokenizer",
    "status",
    "authority",
    "author",
    "pin_memory",
    "pass_rate",
    "secretary",
    "keyboard",
    "PWD",
    "bypass",
    "signal",
    "design",
    "spinning",
    "compass",
    "hotkey",
    "turkey",
    "name",
    "image",
    "value",
    "session",
    "description",
    "cpu_count",
    "code",
    "url",
    "database",
    "connection",
]

BODIES: dict[str, Any] = {
    "a pair": {"env": [{"name": "DB_PASSWORD", "value": S}]},
    "a pair by key": {"env": [{"key": "API_TOKEN", "value": S}]},
    "a pair in the other order": {"env": [{"value": S, "name": "DB_PASSWORD"}]},
    "an object": {"credentials": {"a": S, "b": [S]}},
    "a list": {"tokens": [S, S]},
    "an escaped quote": {"password": f'ab"{S}'},
    "a backslash at the end": {"password": "x\\", "token": S},
    "a user in a URL": {"callback_url": f"http://me:{S}@host/x"},
    "a member in a URL": {"callback_url": f"http://host/x?a=1&token={S}&api_key={S}"},
    "an assignment": {"env": [f"DB_PASSWORD={S}"]},
    "a command": {"entrypoint": f"API_KEY={S} python t.py --token={S} --password {S} --secret '{S}'"},
    "arguments": {"arguments": ["--password", S, "--token", S]},
    "a header": {"headers": {"Authorization": f"Bearer {S}"}},
}


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_a_name_of_a_secret_is_known_as_one(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", HARMLESS_NAMES)
def test_a_harmless_name_is_not_taken_for_one(name: str) -> None:
    assert not is_secret(name)


@pytest.mark.parametrize("kind", BODIES)
def test_a_secret_is_hidden_in_a_whole_body(kind: str) -> None:
    assert S not in json.dumps(redacted(BODIES[kind]))


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("space", [None, 1], ids=["dense", "spaced"])
def test_a_secret_is_hidden_in_a_body_that_is_cut_anywhere(kind: str, space: int | None) -> None:
    text = json.dumps({"image": "python", **BODIES[kind], "zone": "eu"}, indent=space)

    for end in range(len(text)):
        shown = redacted_text(text[:end])
        if kind not in ("a pair in the other order",):  # the name may be what was cut off
            assert S not in shown, text[:end]
    assert "python" in redacted_text(text[:-1])


def test_what_is_harmless_stays() -> None:
    body = {
        "name": "train",
        "value": 5,
        "env": [{"name": "REGION", "value": "eu"}, {"key": "MODE", "value": "fast"}, "EPOCHS=3"],
        "entrypoint": "sort --key=2 --lr=0.1 http://host/x?page=2#top && echo 'a: b'",
        "arguments": ["--epochs", "5", "--verbose"],
        "time": "12:30:00",
        "loc": ["body", "image"],
        "input": "x",
    }

    assert redacted(body) == body
    assert redacted_string(str(body["entrypoint"])) == body["entrypoint"]
    assert redacted_text('{"name":"REGION","value":"eu","image":"py') == '{"name":"REGION","value":"eu","image":"py'


def test_what_an_answer_repeats_of_a_secret_is_hidden_too() -> None:
    told = {"detail": [{"loc": ["body", "api_key"], "input": S}], "violations": [{"pointer": "/env/TOKEN", "got": S}]}

    assert S not in json.dumps(redacted(told))


def shown(bench: Bench) -> str:
    """Everything that is shown of the exchanges so far."""
    return bench.get("/_mock/exchanges").text + bench.get("/_mock/exchanges/har").text


def fields_of(answer: httpx.Response) -> str:
    return json.dumps(dict(answer.headers))


@pytest.mark.parametrize("kind", [kind for kind in BODIES if kind != "a member in a URL"])
def test_a_secret_reaches_neither_journal_nor_archive(bench: Bench, kind: str) -> None:
    whole = {"job_type": "simulate", "params": BODIES[kind]}
    bench.post("/jobs", json=whole)
    bench.post("/jobs", json={"job_type": 7, "params": BODIES[kind]})
    bench.post("/jobs", content=json.dumps(whole)[:-1], headers={"Content-Type": "application/json"})
    bench.post("/jobs", json={**whole, "filling": "x" * JOURNAL_BODY_BYTES})

    assert S not in shown(bench)
    assert HIDDEN in shown(bench)


@pytest.mark.parametrize(
    "url",
    [
        f"http://me:{S}@host.test/x",
        f"ftp://me:{S}@host.test/?token={S}",
        f"http://host.test:x/?token={S}",
        f"http://[::1/?access_token={S}",
    ],
)
def test_a_secret_in_a_url_that_is_refused_is_in_no_reason(bench: Bench, url: str) -> None:
    answer = bench.post("/jobs", json={"job_type": "simulate", "params": {}, "callback_url": url})

    assert S not in fields_of(answer)
    assert S not in shown(bench)


@pytest.mark.parametrize(
    "query", [{"sig": S}, {"accesstoken": S}, {"next": f"http://me:{S}@h/"}, {"next": f"http://h/?token={S}"}]
)
def test_a_secret_in_a_query_or_header_is_hidden(bench: Bench, query: dict[str, str]) -> None:
    bench.get("/jobs", params=query, headers={"Referer": f"http://h/?token={S}", "X-Pgpassword": S})

    assert S not in shown(bench)


@pytest.mark.parametrize(
    "text", ['"' * 65536, "a" * 65536, "a=" * 32000, '"token":{' * 7000, "key:[" * 13000, '"name":"a","value":"' * 3000]
)
def test_hiding_takes_time_in_proportion_to_the_text(text: str) -> None:
    import time

    began = time.process_time()
    redacted_text(text)
    redacted_string(text)

    assert time.process_time() - began < 1
