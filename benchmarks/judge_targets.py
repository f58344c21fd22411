"""The small servers that the judge is measured with: written by hand, one per API, over sockets or in this process."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from conformance.target.target import Target

VIRTUAL = 0.0
"""The scale of a clock that the judge moves."""


def _ionworks(scale: float) -> tuple[Any, str]:
    from tests.conformance import test_small_ionworks, test_small_server
    from tests.conformance.small_ionworks import TinyServer
    from tests.conformance.small_servers.ionworks import create_app

    if scale == VIRTUAL:
        return TinyServer(), test_small_server.SETTINGS
    return create_app(scale), test_small_ionworks.SETTINGS + test_small_ionworks.PAGES


def _openyuanrong(scale: float) -> tuple[Any, str]:
    from tests.conformance.small_servers.openyuanrong import Server
    from tests.conformance.test_small_openyuanrong import SETTINGS

    return Server(scale), SETTINGS


def _runai(scale: float) -> tuple[Any, str]:
    from tests.conformance.small_servers.runai import Server
    from tests.conformance.test_small_runai import SETTINGS

    return Server(scale or 1.0), SETTINGS


def _xio(scale: float) -> tuple[Any, str]:
    from tests.conformance.small_servers.xio import Server
    from tests.conformance.test_small_xio import SETTINGS

    return Server(speed=scale, strict=scale != VIRTUAL), SETTINGS


def _bytenite(scale: float) -> tuple[Any, str]:
    from tests.conformance.small_servers.bytenite import Server
    from tests.conformance.test_small_bytenite import SETTINGS

    return Server(scale), SETTINGS


SERVERS: dict[str, Callable[[float], tuple[Any, str]]] = {
    "bytenite": _bytenite,
    "ionworks": _ionworks,
    "openyuanrong": _openyuanrong,
    "runai": _runai,
    "xio": _xio,
}
"""An application whose clock runs so many times faster than ours, and its target file."""


@contextlib.contextmanager
def opened(api: str, scale: float, *, kind: str = "") -> Iterator[Target]:
    """A small server as a target; `kind` names what of its fundamentals is broken."""
    from tests.conformance.broken_fundamentals import KINDS
    from tests.conformance.small_servers.serving import served

    app, settings = SERVERS[api](scale)
    with contextlib.ExitStack() as stack:
        if kind:
            app = stack.enter_context(KINDS[kind](api)(app))
        file = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "target.yaml"
        file.write_text(settings, encoding="utf-8")
        if scale == VIRTUAL:
            yield stack.enter_context(Target.in_process(app, api, file=file))
            return
        url = stack.enter_context(served(app))
        yield stack.enter_context(Target.at(api, url, file=file, scale=scale))
