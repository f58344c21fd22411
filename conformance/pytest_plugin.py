"""Lets pytest judge an implementation.

`pytest --pyargs conformance --target ionworks --url http://…`, one test per requirement.
"""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """What the command line of the judge takes, as far as a test run needs it."""
    group = parser.getgroup("conformance")
    group.addoption("--target", help="the API to judge")
    group.addoption("--url", help="scheme, host and port of the implementation")
    group.addoption("--control", help="root of a server that offers the mock's control API")
    group.addoption(
        "--time-scale", type=float, default=1.0, help="how much faster than real time the target's clock runs"
    )
    group.addoption("--target-file", type=Path, help="how this implementation makes jobs")
    group.addoption("--conformance-seed", type=int, default=1, help="fixes order and names")


def pytest_configure(config: pytest.Config) -> None:
    """Raises pytest.UsageError for an API without an implementation."""
    if config.getoption("--target") and not config.getoption("--url"):
        raise pytest.UsageError("--url is missing: the implementation to judge, such as http://127.0.0.1:4080")
