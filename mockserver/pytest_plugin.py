"""pytest fixtures: one mock server per run, one world per test, and a check of the contract at its end.

This module is loaded into every run once the package is installed, so it imports nothing of ours before a fixture is
asked for.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mockserver.client import AsyncSandbox, MockServer, Sandbox, View

_PASSED = pytest.StashKey[bool]()
_SANDBOX: pytest.StashKey[Sandbox] = pytest.StashKey()
_SHOWN = 10
_LONGEST = 80  # characters of a value
_PLAN = ("scenario", "seed", "pace", "auth", "snapshot")


class ContractBroken(AssertionError):
    """The client sent requests that the API's document does not allow."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add options to use a server that is already running."""
    group = parser.getgroup("understudy", "Understudy, a mock of job APIs")
    group.addoption(
        "--mock-url", default=None, metavar="URL", help="use the mock server at this URL instead of starting one"
    )
    group.addoption("--mock-token", default=None, metavar="TOKEN", help="the control token of the server at --mock-url")


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers, and check the address of a running server."""
    _check_address(config)
    config.addinivalue_line(
        "markers",
        'mock_contract(mode): what to do when the client broke the contract: "fail" (the default), "warn" or "off"',
    )
    config.addinivalue_line(
        "markers",
        "mock_world(scenario, seed, pace, auth, snapshot): how the test's mock_sandbox is made; "
        "snapshot: a file it begins with",
    )


def _check_address(config: pytest.Config) -> None:
    """Raises pytest.UsageError for options with which no server can be reached."""
    url = config.getoption("--mock-url")
    if url is None:
        return
    with _library_warnings_ignored():
        from mockserver.client import MockServer
    try:
        MockServer.at(url, token=config.getoption("--mock-token"))
    except ValueError as error:
        raise pytest.UsageError(f"--mock-url or --mock-token: {error}") from error


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Remember whether the test passed, because only then the contract is checked; add refusals to the report of a
    failure.
    """
    report: Any = yield
    if report.when in ("setup", "call"):
        item.stash[_PASSED] = report.when == "call" and report.passed and not hasattr(report, "wasxfail")
        sandbox = item.stash.get(_SANDBOX, None)
        if report.failed and sandbox is not None:
            report.sections.extend(_sections(sandbox))
    return report  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def mock_server_options() -> dict[str, Any]:
    """Options of the server: apis, scenario, auth, pace, seed. Override it in a conftest."""
    return {"pace": "manual"}


@pytest.fixture(scope="session")
def mock_server(request: pytest.FixtureRequest, mock_server_options: dict[str, Any]) -> Iterator[MockServer]:
    """One server for the whole run (with pytest-xdist: per worker), on a free port, in a thread."""
    with _library_warnings_ignored():
        from mockserver.client import MockServer

        url = request.config.getoption("--mock-url")
        server = (
            MockServer.at(url, token=request.config.getoption("--mock-token"))
            if url
            else MockServer(**mock_server_options)
        )
        server.start()
        if url:
            server.wait()
    yield server
    server.stop()


@pytest.fixture
def mock_sandbox(request: pytest.FixtureRequest, mock_server: MockServer) -> Iterator[Sandbox]:
    """A separate world for one test; fails a passed test whose client broke the contract."""
    plan = _plan(request.node)
    saved = plan.pop("snapshot", None)
    sandbox = request.node.stash[_SANDBOX] = mock_server.sandbox(**plan)
    if saved is not None:
        sandbox.load(saved)
    yield sandbox
    mode = _mode(request.node)
    try:
        is_judged = mode != "off" and request.node.stash.get(_PASSED, False)
        breaches = sandbox.exchanges.breaches() if is_judged else None
    finally:
        del request.node.stash[_SANDBOX]
        sandbox.delete()
    if breaches and breaches.total and mode == "warn":
        warnings.warn(_told(breaches), stacklevel=1)
    elif breaches and breaches.total:
        raise ContractBroken(_told(breaches))


@pytest.fixture
def async_mock_sandbox(mock_sandbox: Sandbox) -> AsyncSandbox:
    """The test's `mock_sandbox` for asynchronous tests: the same methods, each call awaited."""
    with _library_warnings_ignored():
        from mockserver.client import AsyncSandbox

    return AsyncSandbox(mock_sandbox)


@contextmanager
def _library_warnings_ignored() -> Iterator[None]:
    """A run with -W error concerns its own code, not the libraries that we import."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _plan(node: pytest.Item) -> dict[str, Any]:
    """The options of the test's marker `mock_world`. Raises pytest.UsageError."""
    marker = node.get_closest_marker("mock_world")
    if marker is None:
        return {}
    wrong = [*map(repr, marker.args), *(f"{name}=" for name in marker.kwargs if name not in _PLAN)]
    if wrong:
        raise pytest.UsageError(f"mock_world({', '.join(wrong)}): expected {'=, '.join(_PLAN)}=")
    return dict(marker.kwargs)


def _mode(node: pytest.Item) -> str:
    marker = node.get_closest_marker("mock_contract")
    mode = str(marker.args[0]) if marker and marker.args else "fail"
    if mode not in ("fail", "warn", "off"):
        raise pytest.UsageError(f'mock_contract({mode!r}): expected "fail", "warn" or "off"')
    return mode


def _told(breaches: View) -> str:
    total = breaches.total
    shown = breaches.breaches[:_SHOWN]
    lines = [f"the client broke the contract in {total} request{'s' if total > 1 else ''}:", *map(_line, shown)]
    return "\n".join([*lines, f"  and {total - len(shown)} more"] if total > len(shown) else lines)


def _sections(sandbox: Sandbox) -> list[tuple[str, str]]:
    """What the mock refused in a test that failed, for its report; empty if the mock is not reachable any more."""
    try:
        refused = [one for one in sandbox.exchanges if one.refused is not None]
    except Exception:  # the test's own failure is what matters
        return []
    broken = [one for one in refused if one.verdict == "broken"][-_SHOWN:]
    others = [one for one in refused if one.verdict != "broken"][-_SHOWN:]
    found = [("requests the document does not allow", broken), ("other requests that the mock refused", others)]
    return [(title, "\n".join(map(_line, those))) for title, those in found if those]


def _line(refused: View) -> str:
    return (
        f"  {refused.method} {refused.path} returned {refused.status}: {'; '.join(map(_why, refused.violations[:5]))}"
    )


def _why(violation: View) -> str:
    place = " ".join(part for part in (violation.place, violation.pointer) if part)
    is_absent = violation.keyword == "required" and violation.got is None
    got = "nothing" if is_absent else _shown(violation.got)
    return f"{place}: {violation.keyword}, expected {_expected(violation.expected)}, got {got}"


def _expected(value: Any) -> str:
    """What a document requires, in words."""
    if isinstance(value, str):
        return _short(value)
    if isinstance(value, list) and value:
        return _short(" or ".join(one if isinstance(one, str) else _shown(one) for one in value))
    return _shown(value)


def _shown(value: Any) -> str:
    """A value as JSON, as the client sent it."""
    return _short(json.dumps(value, ensure_ascii=False, default=_plain))


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else str(value)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
