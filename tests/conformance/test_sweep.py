"""Sweeping cleans up what a journal says, as whoever made it, and believes nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result

from conformance.cli.main import main
from conformance.run.verdict import Exit
from mockserver.http.server import serving

JOB = {"job_type": "dummy", "params": {}}


def swept(url: str, file: Path, api: str = "ionworks") -> Result:
    return CliRunner().invoke(main, ["sweep", api, "--url", url, "--journal", str(file)])


def journal(folder: Path, url: str, *lines: object) -> Path:
    file = folder / "journal"
    file.write_text("".join(json.dumps(one) + "\n" for one in ({"run": {"api": "ionworks", "url": url}}, *lines)))
    return file


def test_the_job_of_a_tenant_is_stopped_as_that_tenant(tmp_path: Path) -> None:
    headers = {"X-Organization-Id": "org-first"}
    with serving(apis=["ionworks"], pace="real") as url:
        made = httpx.post(f"{url}/jobs", json=JOB, headers=headers).json()["job_id"]
        told = swept(url, journal(tmp_path, url, {"made": made, "tenant": "first"}))
        state = httpx.get(f"{url}/jobs/{made}", headers=headers).json()["status"]

    assert told.exit_code == Exit.CONFORMANT, told.output
    assert state == "canceled"


def test_a_404_is_not_believed_where_nothing_else_is_seen(tmp_path: Path) -> None:
    with serving(apis=["ionworks"], pace="real") as url:
        file = journal(tmp_path, url, {"made": "11111111-1111-4111-8111-111111111111"})
        alone = swept(url, file)
        httpx.post(f"{url}/jobs", json=JOB, headers={"X-API-Key": "mock-api-key"})
        among_others = swept(url, file)

    assert alone.exit_code == Exit.SAFETY_STOP, alone.output
    assert among_others.exit_code == Exit.CONFORMANT, among_others.output


@pytest.mark.parametrize(("api", "url"), [("runai", "http://127.0.0.1:1"), ("ionworks", "http://127.0.0.1:2")])
def test_the_journal_of_another_api_or_server_is_refused(api: str, url: str, tmp_path: Path) -> None:
    told = swept(url, journal(tmp_path, "http://127.0.0.1:1", {"made": "a"}), api)

    assert told.exit_code == Exit.USAGE
    assert "is the journal of ionworks at http://127.0.0.1:1" in told.output


@pytest.mark.parametrize("content", [b'{"schema": 1}', b"words", b"\xff\xfe\x00", b"[1]\n"])
def test_what_is_no_journal_is_refused_in_a_sentence(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)

    told = swept("http://127.0.0.1:1", tmp_path / "file")

    assert told.exit_code == Exit.USAGE
    assert "is no journal" in told.output


def test_a_submission_whose_answer_never_came_is_said(tmp_path: Path) -> None:
    lines = ({"submitting": "{}"}, {"answered": 202}, {"submitting": "{}"})

    told = swept("http://127.0.0.1:1", journal(tmp_path, "http://127.0.0.1:1", *lines))

    assert told.exit_code == Exit.CONFORMANT, told.output
    assert "1 submissions have an unknown end" in told.output
