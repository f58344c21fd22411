"""The implementation that is judged: how it is reached, how its time passes, and who may ask it."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote, urlsplit

import specs
from conformance.errors import JudgeError
from conformance.target import settings as settings_of
from conformance.target import tls
from conformance.target.budget import Budget
from conformance.target.settings import Settings
from conformance.target.transport import AsgiTransport, HttpTransport, Transport
from conformance.traffic.exchange import Exchange, Request, Response
from conformance.traffic.json_pointer import MISSING, Json, get
from conformance.traffic.operations import Operations
from conformance.traffic.redaction import Redaction, is_credential
from specs import Spec

SANDBOX = "X-Mock-Sandbox"
CONTROL = "/_mock"
PATIENCE, LEAST_PATIENCE = 150.0, 30.0
"""Longest wait of one check, in real seconds, where the user says nothing else: an hour of a fast clock is enough, and
for a very fast one so many seconds."""


@dataclass
class Target:
    """One implementation of one API.

    `url` is scheme and host; `control` the root of a server that offers our control API, `scale` how much faster than
    real time the target's clock runs. With `control` time is virtual, and every check gets a world of its own.
    `patience` bounds real waiting, in seconds; 0 stands for the usual. `stamp` is part of every name that is made up
    where there is but one world, which may remember the names of an earlier run. `secrets` are values that are never
    written down; those of the settings and whatever is bought with them are hidden anyway.
    """

    spec: Spec
    url: str
    transport: Transport
    settings: Settings
    control: str | None = None
    scale: float = 1.0
    patience: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    budget: Budget = field(default_factory=Budget)
    secrets: Collection[str] = ()
    stamp: str = field(init=False)
    directory: Operations = field(init=False)
    redaction: Redaction = field(init=False)

    def __post_init__(self) -> None:
        self.patience = self.patience or usual_patience(self.scale)
        self.stamp = "" if self.has_virtual_time else f"{int(time.time() * 10) % 16**7:07x}-"
        self.directory = Operations(self.spec, self.settings.base_path)
        self.redaction = Redaction([*self.settings.secrets, *self.secrets, *_passwords(self.url)])
        for name, value in self.headers.items():
            if is_credential(name):
                self.redaction.add(value)
        self._tokens = [raw["token"] for raw in self.settings.credentials.values() if _is_bought(raw)]

    @classmethod
    def at(cls, api: str, url: str, *, file: Path | None = None, timeout: float = 10.0, **options: Any) -> Target:
        """The implementation of `api` at a URL, which `tls` says how to believe. Raises KeyError, SettingsError.

        A call is over after `timeout` seconds; those are added for which the API may keep its client waiting.
        """
        spec = specs.load(api)
        settings = settings_of.load(api, file, example=first_example(spec))
        budget = options.setdefault("budget", Budget())
        verify = options.pop("tls", None) or tls.context()
        timeout += settings.kept_waiting / options.get("scale", 1.0)
        transport = HttpTransport(timeout=timeout, verify=verify, time_left=budget.seconds_left)
        return cls(spec, url.rstrip("/"), transport, settings, name=options.pop("name", url), **options)

    @classmethod
    def in_process(
        cls, application: Callable[..., Any], api: str, *, file: Path | None = None, **options: Any
    ) -> Target:
        """The ASGI application in this process, which offers our control API too unless `control=None` is given."""
        spec = specs.load(api)
        settings = settings_of.load(api, file, example=first_example(spec))
        options = {"control": "http://localhost", "name": "in process"} | options
        return cls(spec, "http://localhost", AsgiTransport(application), settings, **options)

    @property
    def has_virtual_time(self) -> bool:
        """Whether time passes only when told to."""
        return self.control is not None

    @property
    def is_in_process(self) -> bool:
        """Whether requests reach it without a socket."""
        return isinstance(self.transport, AsgiTransport)

    def ask_control(self, method: str, path: str, body: Json = MISSING, *, sandbox: str = "") -> Response:
        """Call the control API, about a sandbox where one is named. Raises TransportError."""
        headers = [(SANDBOX, sandbox)] if sandbox else []
        raw = None
        if body is not MISSING:
            raw = json.dumps(body).encode()
            headers.append(("Content-Type", "application/json"))
        return self.transport.send(Request(method, self.control or self.url, CONTROL + path, tuple(headers), raw))

    def wait(self, seconds: float) -> None:
        """Let so many seconds of a target's own clock pass that cannot be moved. Raises SafetyStop."""
        self.budget.sleep(seconds / self.scale)

    def learn(self, exchange: Exchange) -> None:
        """Hide from now on what an exchange that buys a token was given and gave."""
        for token in self._tokens:
            if exchange.operation == token.get("operation"):
                asked = exchange.request.json
                sent = [asked.get(name) for name in token.get("body", ())] if isinstance(asked, dict) else []
                for value in (*sent, get(exchange.response.json, str(token.get("at", "")))):
                    if isinstance(value, str):
                        self.redaction.add(value)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self.close()
        if isinstance(error, JudgeError):  # its sentence is printed where nobody knows the target's secrets
            error.args = tuple(self.redaction.value(list(error.args)))

    def close(self) -> None:
        """Let go of connections."""
        self.transport.close()


def usual_patience(scale: float) -> float:
    """The longest wait of one check where a clock runs so many times faster than ours."""
    return min(PATIENCE, max(LEAST_PATIENCE, 3600 / scale))


def first_example(spec: Spec) -> Json:
    """The shortest example of a submission that the document gives, or an empty object."""
    lifecycle = spec.lifecycle
    if lifecycle is None:
        return {}
    examples = request_examples(spec, lifecycle.roles["submit"].operation)
    return min(examples, key=lambda one: len(json.dumps(one)), default={})


def request_examples(spec: Spec, operation: str) -> list[Json]:
    """All examples of an operation's JSON body."""
    body = specs.document.resolve(spec.document, spec.operations[operation].node.get("requestBody", {}))
    medium = body.get("content", {}).get("application/json", {})
    found = [specs.document.resolve(spec.document, example)["value"] for example in medium.get("examples", {}).values()]
    return found + ([medium["example"]] if "example" in medium else [])


def _passwords(url: str) -> Iterator[str]:
    """The password of a URL, as it stands there, as it is meant and as it is sent."""
    parts = urlsplit(url)
    if parts.password:
        user, password = unquote(parts.username or ""), unquote(parts.password)
        yield from (parts.password, password, base64.b64encode(f"{user}:{password}".encode()).decode())


def _is_bought(raw: Json) -> bool:
    return isinstance(raw, dict) and isinstance(raw.get("token"), dict)
