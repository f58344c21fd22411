"""What the judge writes holds no secret, wherever it came from and wherever it stands, and hides nothing else."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from conformance.cli.main import main
from conformance.run.verdict import Exit
from conformance.traffic.exchange import REDACTED, Exchange, Request, Response
from conformance.traffic.redaction import Redaction, is_credential
from mockserver.http.app import create_app
from mockserver.http.server import serving

FROM_ENV, FROM_FILE, FROM_COMMAND, OF_TENANT, OF_URL = (
    "env-secret-1111",
    'file "secret" & 2222',
    "command-secret-3333",
    "tenant-secret-4444",
    "url-secret-5555",
)
SECRETS = (FROM_ENV, FROM_FILE, FROM_COMMAND, OF_TENANT, OF_URL)
REFERENCES = ("env:JUDGE_KEY", "file:{folder}/key", "command:echo " + FROM_COMMAND)
ONLY = {
    "ionworks": ("JOB-RSP-001", "JOB-ISO-*"),
    "bytenite": ("JOB-RSP-001",),
    "xio": ("JOB-RSP-001",),
    "runai": ("JOB-RSP-*",),
    "openyuanrong": ("JOB-RSP-*",),
}


class Echo:
    """A mock whose answers about jobs break their document and repeat what was sent."""

    def __init__(self, api: str) -> None:
        self._app = create_app([api], pace="manual")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_mock"):
            await self._app(scope, receive, send)
            return
        fields = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        start: dict[str, Any] = {}

        async def echo(message: Any) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            body = message.get("body", b"")
            found = json.loads(body) if body.startswith(b"{") else None
            if isinstance(found, dict):
                body = json.dumps(found | {"echo": fields}, ensure_ascii=False).encode()
            kept = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
            status = 207 if start["status"] < 300 and b"token" not in scope["raw_path"] else start["status"]
            await send(start | {"status": status, "headers": [*kept, (b"content-length", str(len(body)).encode())]})
            await send(message | {"body": body})

        await self._app(scope, receive, echo)

    def close(self) -> None:
        """Nothing to close."""


def settings(api: str, folder: Path) -> dict[str, Any]:
    env, file, command = (one.format(folder=folder) for one in REFERENCES)
    fields = {"X-Of-File": file, "X-Of-Command": command}
    good: dict[str, Any] = {"headers": {"X-API-Key": env, **fields}}
    if api == "bytenite":
        good = {
            "token": {"operation": "Auth_GetAccessToken", "body": {"apiKey": env}, "at": "/token"},
            "headers": fields,
        }
    if api == "xio":
        good = {"signature": {"scheme": "xio", "public": "pk_mock", "secret": env}, "headers": fields}
    if api in ("runai", "openyuanrong"):
        good = {"headers": {"Authorization" if api == "runai" else "X-Auth": env, **fields}}
    tenants = {
        name: {"X-Tenant-Key": "env:TENANT_KEY", "X-Organization-Id": f"org-{name}"} for name in ("first", "second")
    }
    return {"credentials": {"good": good}, "tenants": tenants, "headers": {"X-Own": env, "X-Client": "jobs"}}


def judged(*words: object) -> Result:
    return CliRunner().invoke(main, list(map(str, words)))


@pytest.fixture
def secret_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JUDGE_KEY", FROM_ENV)
    monkeypatch.setenv("TENANT_KEY", OF_TENANT)
    (tmp_path / "key").write_text(FROM_FILE)
    return tmp_path


@pytest.mark.parametrize("api", ONLY)
def test_no_output_of_a_run_holds_a_secret(api: str, secret_file: Path) -> None:
    folder = secret_file
    (folder / "target.yaml").write_text(yaml.safe_dump(settings(api, folder)))
    (folder / "out").mkdir()
    files = {name: folder / "out" / name for name in ("json", "html", "markdown", "junit", "har", "journal")}
    only = [word for glob in ONLY[api] for word in ("--only", glob)]
    outputs = [word for name, file in files.items() for word in (f"--{name}", file)]

    with serving(Echo(api)) as plain:  # type: ignore[arg-type]
        url = plain.replace("://", f"://user:{OF_URL}@")
        ran = judged(
            "run",
            api,
            "--url",
            url,
            "--control",
            plain,
            "--quick",
            "--target-file",
            folder / "target.yaml",
            "--header",
            "X-Cli: env:JUDGE_KEY",
            "--header",
            "X-Api-Version: 2026",
            *only,
            *outputs,
        )

    written = {name: file.read_text(encoding="utf-8") for name, file in files.items()} | {"terminal": ran.output}
    assert ran.exit_code == Exit.BROKEN, ran.output[-2000:]
    assert {
        (name, secret) for name, text in written.items() for secret in spelled(bought(written["har"])) if secret in text
    } == set()
    assert "X-Api-Version: 2026" in written["terminal"]
    assert '"2026"' in written["har"]
    assert '"jobs"' in written["har"]
    assert "echo" in written["har"]


def bought(har: str) -> list[str]:
    """All secrets, with the tokens and signatures that came and went: no header that holds one holds anything else."""
    entries = json.loads(har)["log"]["entries"]
    fields = [one for entry in entries for one in (*entry["request"]["headers"], *entry["response"]["headers"])]
    return [
        *SECRETS,
        *{
            one["value"]
            for one in fields
            if is_credential(one["name"]) and REDACTED not in one["value"] and one["value"]
        },
    ]


def spelled(secrets: list[str]) -> set[str]:
    return {
        text
        for one in secrets
        for text in (one, json.dumps(one)[1:-1], shlex.quote(one), one.replace("&", "&amp;").replace('"', "&quot;"))
    }


def test_a_token_that_was_bought_is_hidden_where_it_is_given_and_where_it_is_sent(tmp_path: Path) -> None:
    with serving(apis=["bytenite"], pace="manual") as url:
        ran = judged(
            "run",
            "bytenite",
            "--url",
            url,
            "--control",
            url,
            "--quick",
            "--only",
            "JOB-CRT-001",
            "--har",
            tmp_path / "har",
        )

    entries = json.loads((tmp_path / "har").read_text(encoding="utf-8"))["log"]["entries"]
    answers = [
        json.loads(entry["response"]["content"]["text"])
        for entry in entries
        if "access_token" in entry["request"]["url"]
    ]
    sent = {
        one["value"]
        for entry in entries
        for one in entry["request"]["headers"]
        if one["name"].lower() == "authorization"
    }
    assert ran.exit_code == Exit.CONFORMANT, ran.output
    assert {one["token"] for one in answers} == {REDACTED}
    assert sent == {REDACTED}


def test_fuzzing_prints_no_credential_and_looks_it_up(secret_file: Path) -> None:
    with serving(Echo("ionworks")) as url:  # type: ignore[arg-type]
        ran = judged(
            "fuzz",
            "ionworks",
            "--url",
            url,
            "--max-examples",
            1,
            "--header",
            "Authorization: Bearer plain-secret-6666",
            "--header",
            "X-Of-Env: env:JUDGE_KEY",
            "--json",
            secret_file / "found.json",
        )

    written = ran.output + (secret_file / "found.json").read_text(encoding="utf-8")
    assert ran.exit_code == Exit.BROKEN, ran.output
    assert "X-Of-Env" in written
    assert [one for one in ("plain-secret-6666", FROM_ENV, "env:JUDGE_KEY") if one in written] == []


def test_the_sentence_of_an_error_holds_no_password() -> None:
    ran = judged(
        "run", "ionworks", "--url", "http://user:url-secret-5555@127.0.0.1:1", "--quick", "--only", "JOB-CRT-001"
    )

    assert ran.exit_code == Exit.UNREACHABLE
    assert "127.0.0.1:1" in ran.output
    assert "url-secret-5555" not in ran.output


@pytest.mark.parametrize("name", ["X-Api-Version", "X-Client", "Content-Type", "Idempotency-Key", "X-Organization-Id"])
def test_a_harmless_field_is_not_hidden(name: str) -> None:
    exchange = Exchange(Request("GET", "http://a", "/jobs", ((name, "harmless"),)), Response(200))

    assert Redaction().exchange(exchange).request.headers == ((name, "harmless"),)


@pytest.mark.parametrize(
    "name", ["Authorization", "X-API-Key", "X-Auth", "X-Signature", "Cookie", "X-Tenant-Key", "X-AuthToken"]
)
def test_a_credential_is_hidden_by_the_name_of_its_field_and_where_the_answer_repeats_it(name: str) -> None:
    exchange = Exchange(
        Request("GET", "http://a", "/jobs", ((name, "Bearer abcdef"),)), Response(401, (), b"not abcdef")
    )

    hidden = Redaction().exchange(exchange)

    assert hidden.request.headers == ((name, f"Bearer {REDACTED}"),)
    assert hidden.response.body == f"not {REDACTED}".encode()


def test_a_command_of_an_exchange_can_be_repeated() -> None:
    fields = (("X-API-Key", "abcdef"), ("Content-Type", "application/json"))
    asked = Exchange(
        Request("POST", "http://u:abcdef@a", "/jobs?token=abcdef", fields, b'{"name": "$HOME"}'), Response(200)
    )
    packed = Exchange(Request("POST", "http://a", "/jobs", (), b"\x1f\x8b\x00"), Response(200))
    long = Exchange(Request("POST", "http://a", "/jobs", (), b"a" * 5000), Response(200))

    shown = Redaction(["abcdef"]).exchange(asked).curl

    assert '-H "X-API-Key: ${X_API_KEY}"' in shown
    assert '"http://u:${PASSWORD}@a/jobs?token=${PASSWORD}"' in shown
    assert """--data-binary '{"name": "$HOME"}'""" in shown
    assert packed.curl.endswith("--data-binary @body # a file with the 3 bytes of the body")
    assert len(long.curl) < 200


@pytest.mark.parametrize(
    "text",
    [
        "Bearer s3cr3t-value",
        "curl -u me:s3cr3t-value http://h/",
        "mysql -ps3cr3t-value",
        "curl -H 'Authorization: Bearer s3cr3t-value' h",
        "GET /jobs?sessid=s3cr3t-value&page=2",
        "GET /jobs?page=2&dsn=s3cr3t-value",
    ],
)
def test_what_a_text_shows_of_commands_schemes_and_queries_is_hidden(text: str) -> None:
    assert "s3cr3t" not in Redaction().text(text)
    assert Redaction().text("GET /jobs?page=2&limit=5 -p 8080:80") == "GET /jobs?page=2&limit=5 -p 8080:80"
