"""Builds the server: connexion around the contract application, all chosen APIs in one."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from os import PathLike
from typing import Any
from urllib.parse import quote, unquote, unquote_to_bytes

import specs
from mockserver.adapters.exchange import Adapter
from mockserver.adapters.loading import adapter_of
from mockserver.http.apis import Served
from mockserver.http.asgi.path_index import PathIndex
from mockserver.http.asgi.routing import IndexedRouting, connect
from mockserver.http.control import Control
from mockserver.http.cors import LOOPBACK, Cors
from mockserver.http.guard import Guard
from mockserver.http.limits import KEPT_BYTES
from mockserver.http.pace import tempo
from mockserver.http.pages import BARE
from mockserver.http.pipeline import Pipeline
from mockserver.http.sandbox_name import PREFIX, SANDBOX
from mockserver.http.sandboxes.sandbox import Sandboxes, SandboxSettings, compiled_lifecycles
from mockserver.simulation.scenario import scenario as scenarios
from mockserver.simulation.scenario.scenario import Scenario
from specs.printable import as_json


class Understudy:
    """The ASGI application: removes the sandbox prefix and calls connexion."""

    def __init__(self, application: Pipeline, routing: IndexedRouting, apis: Sequence[str]) -> None:
        self.application, self.sandboxes, self.apis = application, application.sandboxes, tuple(apis)
        self._routing = routing

    def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Coroutine[Any, Any, None]:
        """Serve one request, or the server's start and stop."""
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            scope = _without_prefix(scope)
        served: Coroutine[Any, Any, None] = self._routing(scope, receive, send)
        return served

    def close(self) -> None:
        """End open streams, callbacks and held requests, because the server is about to stop."""
        self.application.background_mover.close()
        self.application.closing.set()
        self.sandboxes.close()


def create_app(
    apis: Sequence[str] | None = None,
    *,
    scenario: Scenario | Mapping[str, Any] | str | None = None,
    auth: str = "lenient",
    pace: str | None = None,
    seed: int | None = None,
    access_log: bool = False,
    callback_hosts: Sequence[str] = (),
    most_bytes: int = KEPT_BYTES,
    sandboxes: Sandboxes | None = None,
    guard: Guard | None = None,
    cors: Sequence[str] | str = LOOPBACK,
) -> Understudy:
    """The server for the named APIs (all of them by default).

    `sandboxes` shares worlds with another application, so that APIs on several ports live in one simulation; it must
    have been made for these APIs too (see `create_sandboxes`). `guard` says who may use the control API (without one:
    whoever is on this machine). `cors` says which web pages may call the vendors' APIs: `loopback` (those of this
    machine), `*`, `off`, or origins.

    Raises KeyError (unknown API), ScenarioError, SpecError, ValueError (pace, auth, cors).
    """
    if auth not in ("lenient", "strict"):
        raise ValueError(f"unknown auth {auth!r}; expected lenient or strict")
    names = tuple(apis) if apis is not None else specs.names()
    if sandboxes is None:
        sandboxes = create_sandboxes(
            names, scenario=scenario, pace=pace, seed=seed, callback_hosts=callback_hosts, most_bytes=most_bytes
        )
    control = Control(sandboxes, names, strict=auth == "strict")
    served: list[tuple[specs.Spec, Adapter]] = [(specs.load(name), adapter_of(name)) for name in names]
    served.append((specs.load(specs.CONTROL), control))
    index: PathIndex[Any] = PathIndex()
    application = Pipeline(
        Served(served, index, strict=auth == "strict"),
        sandboxes,
        access_log=access_log,
        guard=guard or Guard(),
        cors=Cors(cors, [spec for spec, _ in served]),
    )
    return Understudy(application, connect(application, served, index), names)


def create_sandboxes(
    apis: Sequence[str],
    *,
    scenario: Scenario | Mapping[str, Any] | str | None = None,
    pace: str | None = None,
    seed: int | None = None,
    callback_hosts: Sequence[str] = (),
    most_bytes: int = KEPT_BYTES,
) -> Sandboxes:
    """The worlds for the named APIs; no pace means the scenario's, and real if it has none. `callback_hosts`
    may be called back although they are not this machine. `most_bytes` is what all keep together of what clients send.

    Raises KeyError, ScenarioError, ValueError.
    """
    chosen = _chosen(scenario)
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool) or not -(2**63) <= seed < 2**63):
        raise ValueError(f"seed is {as_json(seed)}; expected a whole number from {-(2**63)} to {2**63 - 1}")
    settings = SandboxSettings(chosen, seed, tempo(pace or chosen.pace or "real"))
    return Sandboxes(
        compiled_lifecycles([specs.load(name) for name in apis]),
        settings,
        callback_hosts=callback_hosts,
        most_bytes=most_bytes,
    )


def _chosen(scenario: Scenario | Mapping[str, Any] | str | None) -> Scenario:
    """A scenario by its name, its file or its description. Raises ScenarioError, ValueError."""
    if isinstance(scenario, Scenario):
        return scenario
    if isinstance(scenario, Mapping):
        return scenarios.described(dict(scenario))
    if scenario is not None and not isinstance(scenario, str | PathLike):
        raise ValueError(f"scenario is {as_json(scenario)}; expected a name, a file or a mapping of its fields")
    return scenarios.load(str(scenario or "default"))


def _without_prefix(scope: dict[str, Any]) -> dict[str, Any]:
    """The scope without the prefix. An encoded slash belongs to the name and does not end it."""
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    parts = raw.split(b"/", 3)
    if len(parts) < 3 or unquote_to_bytes(parts[1]) != PREFIX.strip("/").encode():
        return scope
    rest = b"/".join([b"", *parts[3:]]) or b"/"
    path, name = unquote(rest.decode("latin-1")), unquote(parts[2].decode("latin-1"))
    return {**scope, "path": path, "raw_path": rest, SANDBOX: name, BARE: len(parts) == 3}
