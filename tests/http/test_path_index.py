"""One lookup finds what serves a path."""

from __future__ import annotations

import pytest

from mockserver.http.asgi.path_index import PathIndex


@pytest.fixture
def index() -> PathIndex[str]:
    """A few routes that compete."""
    made: PathIndex[str] = PathIndex()
    for template, method in [
        ("/jobs", "GET"),
        ("/jobs", "POST"),
        ("/jobs/", "GET"),
        ("/jobs/{p0}", "GET"),
        ("/jobs/{p0}", "DELETE"),
    ]:
        made.add(template, method, f"{method} {template}")
    made.add("/jobs/templates", "POST", "templates")
    made.add("/jobs/{p0}/runs/{p1}", "GET", "run")
    made.add("/jobs/special/stop", "POST", "stop special")
    made.add("/jobs/{p0}/stop", "POST", "stop")
    return made


@pytest.mark.parametrize(
    ("path", "method", "found"),
    [
        ("/jobs", "GET", ("GET /jobs", ())),
        ("/jobs", "HEAD", ("GET /jobs", ())),
        ("/jobs", "DELETE", None),
        ("/jobs/", "GET", ("GET /jobs/", ())),
        ("/jobs/1", "GET", ("GET /jobs/{p0}", ("1",))),
        ("/jobs/a%2Fb%20c", "GET", ("GET /jobs/{p0}", ("a/b c",))),
        ("/%6Aobs/1", "GET", ("GET /jobs/{p0}", ("1",))),
        ("/jobs/templates", "POST", ("templates", ())),
        ("/jobs/templates", "GET", None),
        ("/jobs/1/runs/2", "GET", ("run", ("1", "2"))),
        ("/jobs/special/stop", "POST", ("stop special", ())),
        ("/jobs/special/runs/2", "GET", ("run", ("special", "2"))),
        ("/jobs//runs/2", "GET", None),
        ("/jobs/1/runs/", "GET", None),
        ("/", "GET", None),
        ("/jobs/1/2/3/4/5/6", "GET", None),
    ],
)
def test_a_path_and_method_find_their_target(
    index: PathIndex[str], path: str, method: str, found: tuple[str, tuple[str, ...]] | None
) -> None:
    assert index.find(path, method) == found


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/jobs", ("GET", "HEAD", "OPTIONS", "POST")),
        ("/jobs/1", ("DELETE", "GET", "HEAD", "OPTIONS")),
        ("/jobs/templates", ("OPTIONS", "POST")),
        ("/nothing", ()),
    ],
)
def test_all_methods_of_a_path_are_known(index: PathIndex[str], path: str, methods: tuple[str, ...]) -> None:
    assert index.methods(path) == methods


def test_text_and_parameter_in_one_segment_are_refused() -> None:
    with pytest.raises(ValueError, match="mixes text and a parameter"):
        PathIndex[str]().add("/jobs/{p0}:run", "POST", "x")
