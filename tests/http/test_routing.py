"""connexion's part: undocumented ground that is pinned, so held by tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import specs
from mockserver.http.app import create_app
from mockserver.http.asgi.path_index import PathIndex
from mockserver.http.asgi.routing import connect

SILENT = [sys.executable, "-W", "ignore", "-c"]


def python(code: str) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run([*SILENT, code], capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def test_only_routing_is_left_of_connexions_middlewares() -> None:
    from connexion.middleware.routing import RoutingMiddleware

    app = create_app()

    assert isinstance(app._routing, RoutingMiddleware)
    assert app._routing.app is app.application


def test_importing_the_server_leaves_out_what_it_never_uses() -> None:
    late = ("httpx", "requests", "starlette.testclient", "rich")
    code = f"import sys, mockserver.http.app; print([name for name in {late} if name in sys.modules])"

    assert python(code) == "[]"


@pytest.mark.parametrize(
    "code",
    [
        "from requests.adapters import HTTPAdapter; print(HTTPAdapter.__name__)",
        "import requests; print(requests.adapters.HTTPAdapter.__name__)",
        "import httpx; print(httpx.Client and 'HTTPAdapter')",
        "import connexion; print(connexion.AsyncApp and connexion.middleware.MiddlewarePosition and 'HTTPAdapter')",
        "from connexion.json_schema import requests; print(requests.adapters.HTTPAdapter.__name__)",
        "import jinja2, connexion.spec; print(jinja2.Template('HTTPAdapter').render())",
    ],
)
def test_what_was_left_out_is_there_when_asked_for(code: str) -> None:
    assert python(f"import mockserver.http.app; {code}") == "HTTPAdapter"


def test_an_operation_without_a_function_is_refused_at_start() -> None:
    from connexion.exceptions import ResolverError

    class Nothing:
        """No operation at all."""

    with pytest.raises(ResolverError, match="mock_"):
        connect(lambda *_: None, [(specs.load(specs.CONTROL), Nothing())], PathIndex())


def test_what_is_known_from_within_is_pinned() -> None:
    project = (Path(__file__).parents[2] / "pyproject.toml").read_text()

    assert '"uvicorn>=0.54,<0.55"' in project
    assert '"connexion>=3.3' in project or '"connexion==3.3' in project or '"connexion~=3.3' in project
