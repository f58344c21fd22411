"""`pytest --pyargs conformance --target … --url …`: one test per requirement."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from mockserver.http.server import serving


def judged(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "--pyargs", "conformance", "-q", "-p", "no:cacheprovider", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def test_every_requirement_is_a_test_and_selected_ones_alone_are_judged(tmp_path: Path) -> None:
    with serving(apis=["ionworks"], pace="manual") as url:
        told = judged(
            tmp_path, "--target", "ionworks", "--url", url, "--control", url, "-k", "JOB-STM-005 or JOB-STM-011"
        )

    assert told.returncode == 0, told.stdout[-3000:]
    assert "1 passed, 1 skipped" in told.stdout


def test_a_server_that_is_not_there_fails_every_test(tmp_path: Path) -> None:
    told = judged(tmp_path, "--target", "xio", "--url", "http://127.0.0.1:9", "-k", "JOB-CRT-001")

    assert told.returncode == 1
    assert "cannot connect" in told.stdout


def test_what_is_missing_is_said_once(tmp_path: Path) -> None:
    nothing = judged(tmp_path, "-rs")
    no_address = judged(tmp_path, "--target", "xio")

    assert "--target is missing: the API to judge, one of bytenite, ionworks" in nothing.stdout
    assert "1 skipped" in nothing.stdout
    assert no_address.returncode != 0
    assert (no_address.stdout + no_address.stderr).count("--url is missing: the implementation to judge") == 1
