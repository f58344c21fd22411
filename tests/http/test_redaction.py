"""Secrets are hidden wherever an exchange is shown, whichever way they are named; what is harmless stays."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from mockserver.http.limits import JOURNAL_BODY_BYTES
from mockserver.http.redaction import redacted, redacted_string, redacted_text
from specs.command_secrets import HIDDEN
from specs.secret_names import is_secret
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
    "dbpass",
    "mysqlpass",
    "GH_PAT",
    "pat",
    "githubpat",
    "dsn",
    "SENTRY_DSN",
    "sessid",
    "PHPSESSID",
    "JSESSIONID",
    "SLACK_WEBHOOK_URL",
    "webhookUrl",
    "cvv",
    "card_number",
    "mnemonic",
    "seedPhrase",
    "recovery_codes",
    "csrf",
    "passkey",
    "KUBECONFIG",
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
    "encompass",
    "trespass",
    "lowpass",
    "path",
    "pattern",
    "patch",
    "compat",
    "session_count",
    "webhook",
    "callback_url",
    "card",
    "seed",
    "recovery",
    "max_tokens",
    "maxNewTokens",
    "num_keys",
    "tokens_per_second",
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
    "JSON in a text": {"payload": json.dumps({"password": S})},
    "JSON in JSON in a text": {"payload": json.dumps({"inner": json.dumps({"credentials": {"a": S}, "token": S})})},
    "pairs in JSON in a text": {"payload": json.dumps([{"name": "DB_PASSWORD", "value": S}])},
    "JSON in a command": {"entrypoint": f"""post -d '{{"password": "{S}"}}' http://h/"""},
    "JSON in a command in quotes": {"entrypoint": f'post -d "{{\\"token\\": \\"{S}\\"}}" http://h/'},
    "a scheme": {"note": f"Bearer {S}"},
    "a scheme in a text": {"note": f"send bearer {S} with it"},
    "a basic scheme in a text": {"note": f"Basic {S}="},
    "a header in a command": {"entrypoint": f"curl -H 'Authorization: Bearer {S}' http://h/"},
    "a header of its own in a command": {"entrypoint": f"curl -H 'X-API-Key: {S}' http://h/"},
    "a header without quotes": {"entrypoint": f"curl -H X-API-Key:{S} http://h/"},
    "a header in arguments": {"arguments": ["curl", "-H", f"Authorization: Bearer {S}", "http://h/"]},
    "a cookie in arguments": {"arguments": ["curl", "-H", f"Cookie: a={S}; b={S}"]},
    "a line of YAML": {"script": f"user: me\npassword: {S}\n"},
    "a user of curl": {"entrypoint": f"curl -u me:{S} http://h/"},
    "a user of curl glued": {"entrypoint": f"curl -ume:{S} http://h/"},
    "a user of curl by its long name": {"entrypoint": f"/usr/bin/curl --user 'me:{S}' http://h/"},
    "a user of curl in arguments": {"arguments": ["/usr/bin/curl", "-u", f"me:{S}", "http://h/"]},
    "a user of curl among its letters": {"entrypoint": f"curl -sSu me:{S} http://h/"},
    "arguments of a command": {"command": ["mysql"], "args": ["-uroot", f"-p{S}"]},
    "a password of mysql": {"entrypoint": f"mysql -uroot -p{S} db"},
    "a password of mysql in arguments": {"arguments": ["mysql", "-uroot", f"-p{S}", "db"]},
    "a password of sshpass": {"entrypoint": f"sshpass -p '{S}' ssh h"},
    "a password of redis": {"arguments": ["redis-cli", "-a", S]},
    "a password of docker": {"entrypoint": f"sh -c 'docker login -u me -p {S} registry'"},
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


@pytest.mark.parametrize(
    "text",
    [
        "Basic training for the bearer of bad news",
        "bearer tokens are used; basic auth is not",
        "Basic plan",
        "docker run -u 1000:1000 -p 8080:80 image",
        "docker run -u me:staff image; curl http://h/",
        "curl -u 1000:1000 http://h/",
        "mysql -p mydb -P 3306",
        "ssh -p 22 h",
        "redis-cli ping && ls -a /tmp",
        "tar -pxf x.tar && mysql db",
        "python train.py -p 5 -u b:1",
        "task-abcdefghijklmnopqrst and risk-assessment-of-everything",
        "curl -H 'X-API-Key: ${X_API_KEY}' -H 'Authorization: Bearer $T' -u me:$P http://h/",
        "mysql -p$PASSWORD db",
        "token: expected a string, got a number",
        "the token: none",
        "curl -H 'Accept: text/html' -H 'X-Request-Id: 5' http://h/",
        '{"epochs": 5, "max_tokens": 100}',
        '[1, 2,  {"a": "b"}]',
        "note: see {'mode': 'fast'}",
        "mode: fast\nregion: eu",
    ],
)
def test_a_text_without_secrets_is_shown_as_it_is(text: str) -> None:
    assert redacted({"a": text, "b": ["x", text]}) == {"a": text, "b": ["x", text]}


@pytest.mark.parametrize(
    "secret",
    [
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "sk-proj-abcdefghijklmnop",
        "xoxb-123456789012-abcdefghijkl",
        "AKIAIOSFODNN7EXAMPLE",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
    ],
)
def test_a_token_that_is_known_by_its_form_is_hidden_anywhere(secret: str) -> None:
    begin = "-----BEGIN RSA PRIVATE KEY-----\n" if secret.startswith("MII") else "use "

    assert secret not in redacted_string(f"{begin}{secret} now") + redacted_text(f"{begin}{secret} now")


def test_the_path_of_a_webhook_of_slack_is_hidden() -> None:
    assert redacted_string("to https://hooks.slack.com/services/T0/B0/x") == f"to https://hooks.slack.com/{HIDDEN}"


def test_what_stands_beside_a_secret_is_shown() -> None:
    shown = redacted({"payload": json.dumps({"password": S, "user": "me"}), "run": f"mysql -uroot -p{S} mydb"})

    assert json.loads(shown["payload"]) == {"password": HIDDEN, "user": "me"}
    assert shown["run"] == f"mysql -uroot -p{HIDDEN} mydb"
    assert redacted_string(f"curl -u me:{S} http://h/x") == f"curl -u me:{HIDDEN} http://h/x"
    assert redacted_string(f"curl -H 'Authorization: Bearer {S}' h") == f"curl -H 'Authorization: Bearer {HIDDEN}' h"
    assert redacted(["mysql", "-uroot", f"-p{S}", "db"]) == ["mysql", "-uroot", f"-p{HIDDEN}", "db"]


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
    "text",
    [
        '"' * 65536,
        "a" * 65536,
        "a=" * 32000,
        '"token":{' * 7000,
        "key:[" * 13000,
        '"name":"a","value":"' * 3000,
        "curl" + " -u 'a" * 12000,
        "curl" + ' -u \\"a' * 9000,
        "mysql" + " -p" * 20000,
        "'token:" * 9000,
        "bearer " * 9000,
        '"bearer x' * 7000,
        "-H a:" * 13000,
        "token: \n" * 8000,
        '\\"token\\":\\"a' * 4000,
        '{"token":' * 7000,
        "\\" * 65536,
        '\\"' * 32000,
        ("\\" * 8 + '"') * 7000,
        "curl" + " -u a:" * 10000,
    ],
)
def test_hiding_takes_time_in_proportion_to_the_text(text: str) -> None:
    import time

    began = time.process_time()
    redacted_text(text)
    redacted_string(text)

    assert time.process_time() - began < 1
