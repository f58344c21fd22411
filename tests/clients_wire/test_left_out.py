"""The vendors' own clients are large: `make test` leaves them to `make clients` and `tox -e clients`, which run them by
name.
"""

from __future__ import annotations

import tomllib
from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_real_clients_run_by_name_only() -> None:
    options = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]["ini_options"]
    tox = ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini", encoding="utf-8")

    assert "tests/clients" in options["norecursedirs"]
    assert tox["testenv:clients"]["commands"].startswith("pytest tests/clients tests/clients_wire ")
    assert tox["testenv:clients"]["extras"] == "clients"
    assert "clients" not in tox["tox"]["env_list"]


def test_ci_runs_them_after_everything_else() -> None:
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").rstrip().endswith("exec make clients")
    assert "pytest tests/clients tests/clients_wire" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_the_pinned_client_is_the_one_the_page_speaks_of() -> None:
    page = (ROOT / "docs" / "point-your-client.md").read_text(encoding="utf-8")

    assert (
        "ionworks-api==0.38.0"
        in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"][
            "clients"
        ]
    )
    assert "`ionworks-api` 0.38.0" in page
