"""The wheel carries everything: installed into an empty environment it serves."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROBE = """
import specs
from pathlib import Path
from mockserver.http.server import serving
import httpx
with serving(pace="manual") as url:
    answer = httpx.post(url + "/jobs", json={"job_type": "dummy", "params": {}})
    assert answer.status_code == 202, answer.text
    for page in (
        "/", "/_mock/ui/ionworks/", "/_mock/ui/ionworks/swagger-ui-bundle.js", "/_mock/pages/style.css", "/favicon.ico",
        "/_mock/docs/serve.md"):
        assert httpx.get(url + page).status_code == 200, page
    print(Path(specs.__file__).parents[1], answer.json()["status"])
"""


def test_the_wheel_serves_without_the_checkout(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name.startswith("understudy_jobs-")
    names = zipfile.ZipFile(wheel).namelist()
    home = tmp_path / "empty"
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    python = home / "bin" / "python"
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel)],
        check=True,
        capture_output=True,
    )

    told = subprocess.run([python, "-c", PROBE], cwd=tmp_path, capture_output=True, text=True, check=False)

    where, status = told.stdout.split() or ("", told.stderr)
    assert status == "pending"
    assert Path(where).is_relative_to(home)
    for program in ("mockserver", "conformance"):
        version = subprocess.run(
            [home / "bin" / program, "--version"], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        assert version.stdout == f"{program}, version {wheel.name.split('-')[1]}\n"
    assert (
        "watch"
        in subprocess.run([home / "bin" / "conformance", "--help"], capture_output=True, text=True, check=True).stdout
    )
    listed = subprocess.run(
        [home / "bin" / "mockserver", "apis"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "ionworks" in listed.stdout
    for kept in (
        "specs/ionworks/openapi.yaml",
        "specs/xio/lifecycle.yaml",
        "specs/control/openapi.yaml",
        "mockserver/scenarios/default.yaml",
    ):
        assert kept in names
    assert not [name for name in names if name.startswith(("tests", "benchmarks"))]
