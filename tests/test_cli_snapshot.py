"""A sandbox to a file and back, as a user does it: with the command line, with the client, and when serving begins."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from mockserver.cli import main
from mockserver.client import ControlRefused, MockServer, Sandbox
from mockserver.simulation.snapshot import MAGIC
from tests.test_cli import free_port, running

JOB = {"job": {"project": "team-a", "image": "train:1", "name": "kept", "gpu": 1, "command": "sleep 100"}}


def mockserver(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def box(lenient_url: str) -> Iterator[Sandbox]:
    with MockServer.at(lenient_url) as server, server.sandbox() as made:
        assert httpx.post(f"{made.url('runai')}/job", json=JOB).status_code == 200
        made.clock.advance(10)
        yield made


def state(box: Sandbox) -> tuple[float, list[tuple[str, str]]]:
    return box.clock.now, [(job.job, job.state) for job in box.jobs]


def server_of(box: Sandbox) -> tuple[str, str, str, str]:
    return "--url", box.root.removesuffix(f"/sandbox/{box.name}"), "--sandbox", box.name


def test_a_sandbox_is_saved_and_restored_by_command(box: Sandbox, tmp_path: Path) -> None:
    file, before = tmp_path / "kept.snapshot", state(box)

    saved = mockserver("snapshot", "save", file, *server_of(box))
    box.clock.advance(500)
    restored = mockserver("snapshot", "restore", file, *server_of(box))

    assert saved == (0, f"{file}: scenario default, 1 job at 10 seconds\n", "")
    assert restored == (0, f"{file}: restored, 1 job at 10 seconds\n", "")
    assert state(box) == before
    assert mockserver("snapshot", "show", file) == (0, f"{file}: scenario default, 1 job at 10 seconds\n", "")
    assert [entry.name for entry in tmp_path.iterdir()] == ["kept.snapshot"]
    box.clock.advance(200)
    assert box.jobs.list()[0].state == "Succeeded"


def test_a_file_becomes_another_sandbox(box: Sandbox, tmp_path: Path, lenient_url: str) -> None:
    with MockServer.at(lenient_url) as server, server.sandbox() as other:
        other.load(box.save(tmp_path / "kept"))

        assert state(other) == state(box)
        other.clock.advance(500)
        assert state(other) != state(box)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PK\x03\x04 something else", "this is no snapshot"),
        (b"", "this is no snapshot"),
        (None, "the snapshot is damaged"),
        (MAGIC + b"short", "the snapshot is damaged"),
    ],
)
def test_a_damaged_or_foreign_file_is_refused_and_nothing_changes(
    box: Sandbox, tmp_path: Path, data: bytes | None, reason: str
) -> None:
    file = box.save(tmp_path / "kept")
    file.write_bytes(file.read_bytes()[:-3] + b"!!!" if data is None else data)
    box.clock.advance(7)
    before = state(box)

    for command in (("restore", file, *server_of(box)), ("show", file)):
        status, told, refused = mockserver("snapshot", *command)
        assert (status, told) == (2, "")
        assert refused.startswith("mockserver: ")
        assert reason in refused
        assert refused.count("\n") == 1
    with pytest.raises(ControlRefused, match=reason):
        box.load(file)
    assert state(box) == before


def test_where_nobody_answers_or_nothing_is_one_sentence_says_so(tmp_path: Path) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"

    status, _, told = mockserver("snapshot", "save", tmp_path / "a", "--url", nobody)
    assert status == 2
    assert f"nobody answers at {nobody}" in told
    assert list(tmp_path.iterdir()) == []

    for command in (("show", tmp_path / "none"), ("restore", tmp_path / "none", "--url", nobody)):
        status, _, told = mockserver("snapshot", *command)
        assert status == 2
        assert "No such file" in told


def test_a_save_that_fails_leaves_the_file_as_it_was(box: Sandbox, tmp_path: Path) -> None:
    file = box.save(tmp_path / "kept")
    before = file.read_bytes()

    status, _, _ = mockserver("snapshot", "save", file, "--url", f"http://127.0.0.1:{free_port()}")

    assert status == 2
    assert file.read_bytes() == before


def test_a_server_goes_on_from_a_file(box: Sandbox, tmp_path: Path) -> None:
    file = box.save(tmp_path / "kept")
    port = free_port()

    with running("--pace", "manual", "--snapshot", str(file), port=port):
        (job,) = httpx.get(f"http://127.0.0.1:{port}/api/job").json()["data"]
        clock = httpx.get(f"http://127.0.0.1:{port}/_mock/clock").json()

    assert (job["name"], job["status"], clock["now"]) == ("kept", "Running", 10)


def test_a_server_refuses_a_damaged_file(box: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "kept"
    file.write_bytes(b"nonsense")

    status, _, told = mockserver("serve", "--port", "0", "--snapshot", file)

    assert status == 2
    assert (
        told
        == f"mockserver: {file}: this is no snapshot: it does not begin as one of `mockserver snapshot save` does\n"
    )


def test_a_full_disk_leaves_what_was_there_and_nothing_half_done(
    box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "kept"
    file.write_bytes(b"from yesterday")

    def full(self: Path, data: bytes) -> int:
        with self.open("wb") as begun:
            begun.write(data[:10])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)

    assert mockserver("snapshot", "save", file, *server_of(box)) == (
        2,
        "",
        f"mockserver: {file}: No space left on device\n",
    )
    assert [entry.name for entry in tmp_path.iterdir()] == ["kept"]
    assert file.read_bytes() == b"from yesterday"


def test_a_folder_that_is_not_there_is_named(box: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "no" / "kept"

    assert mockserver("snapshot", "save", file, *server_of(box)) == (
        2,
        "",
        f"mockserver: {file}: No such file or directory\n",
    )


def test_a_name_with_a_slip_makes_no_sandbox_and_says_which_there_are(
    box: Sandbox, tmp_path: Path, lenient_url: str
) -> None:
    wrong = ("--url", lenient_url, "--sandbox", f"{box.name}-typo")

    status, told, refused = mockserver("snapshot", "save", tmp_path / "kept", *wrong)

    assert (status, told) == (2, "")
    assert f"is called {box.name}-typo; there are " in refused
    assert box.name in refused
    assert list(tmp_path.iterdir()) == []
    with MockServer.at(lenient_url) as server:
        assert f"{box.name}-typo" not in server.sandboxes()


def test_a_file_of_another_version_says_which_version_wrote_it(tmp_path: Path) -> None:
    for version, words in ((1, "an older version"), (9, "a newer version")):
        file = tmp_path / "kept"
        file.write_bytes(b"understudy snapshot %d\n" % version + bytes(100))

        status, _, told = mockserver("snapshot", "show", file)

        assert status == 2
        assert f"written by {words} of Understudy (format {version}); this one reads format 2" in told
