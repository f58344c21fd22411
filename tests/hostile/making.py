"""How requests are made and kinds of them are filed."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from random import Random

import specs
from mockserver.adapters.xio.credentials import sign
from mockserver.http.pages.example_call import FirstCall, first_call
from mockserver.simulation.lifecycle import CompiledLifecycle
from mockserver.simulation.scenario import scenario
from mockserver.simulation.world import World

Kind = Callable[[Random], bytes]
Fields = tuple[tuple[str, str], ...]

KINDS: dict[str, Kind] = {}
HEAVY: set[str] = set()
"""Kinds whose requests are megabytes: they come seldom."""

CALLS: dict[str, FirstCall] = {name: first_call(specs.load(name)) for name in specs.names()}
PLACES = ("default", "s1", "s2", "s3")
"""Sandboxes that are asked for; there are few, so that what is kept stays bounded."""

JSON = ("Content-Type", "application/json")
KEY = b'{"apiKey":"mock-api-key"}'
"""What is exchanged for a token of ByteNite's, in each sandbox when it begins."""


def kind(function: Kind) -> Kind:
    """File a kind under its name."""
    KINDS[function.__name__.replace("_", " ")] = function
    return function


def heavy(function: Kind) -> Kind:
    """File a kind whose requests are large."""
    HEAVY.add(function.__name__.replace("_", " "))
    return kind(function)


def message(
    method: str, path: str, body: bytes = b"", *, fields: Fields = (), length: bool = True, version: str = "1.1"
) -> bytes:
    """A request as bytes; its fields may be anything."""
    lines = [f"{method} {path} HTTP/{version}", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in fields)]
    if length and (body or method not in ("GET", "HEAD")):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body


def submission(
    chance: Random, body: bytes | None = None, *, api: str | None = None, fields: Fields = (), media: str = JSON[1]
) -> bytes:
    """A submission to one of the APIs in one of the sandboxes, with credentials that a strict server takes."""
    api = api or chance.choice(list(CALLS))
    call = CALLS[api]
    sent = json.dumps(call.body).encode() if body is None else body
    own = (*credentials(api, call, sent, chance), place(chance), ("Content-Type", media))
    return message(call.method, call.path, sent, fields=(*own, *fields))


def ordered(chance: Random, path: str, body: object, *, method: str = "POST") -> bytes:
    """A call of the control API, about the sandbox that has rules and faults."""
    return message(method, path, json.dumps(body).encode(), fields=(("X-Mock-Sandbox", "s3"), JSON))


def place(chance: Random) -> tuple[str, str]:
    """The header field that names one of the sandboxes."""
    return "X-Mock-Sandbox", chance.choice(PLACES)


def credentials(api: str, call: FirstCall, body: bytes, chance: Random) -> Fields:
    """What each API's strict mode asks for."""
    if api == "ionworks":
        return (("X-API-Key", "mock-api-key"),)
    if api == "openyuanrong":
        parts = ({"alg": "HS256"}, {"role": "developer", "exp": 0, "sub": "t"})
        return (("X-Auth", ".".join(urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts) + ".x"),)
    if api == "runai":
        return (("Authorization", "Bearer mock-token"),)
    if api == "bytenite":
        return (("Authorization", token()),)
    at, nonce = str(int(time.time() * 1000)), f"{chance.getrandbits(128):032x}"
    text = "|".join(["pk_mock", at, nonce, call.method, call.path, "", sha256(body).hexdigest()])
    signature = sign("sk_mock", text)
    return (("X-API-Key", "pk_mock"), ("X-Time", at), ("X-Nonce", nonce), ("X-Signature", signature))


@cache
def token() -> str:
    """The first token that a world of the server gives for the key: the seed decides it."""
    lifecycle = specs.load("bytenite").lifecycle
    assert lifecycle is not None
    world = World(scenario.load(), {"bytenite": CompiledLifecycle(lifecycle)}, epoch_us=0)
    return world.new_id("bytenite.token", fingerprint=KEY).replace("-", "")


def mutated(chance: Random, value: object, wrong: tuple[object, ...]) -> object:
    """A JSON value with something wrong in it, somewhere."""
    if isinstance(value, dict) and value and chance.random() < 0.8:
        key = chance.choice(list(value))
        if chance.random() < 0.1:
            return {name: one for name, one in value.items() if name != key}
        return {**value, key: mutated(chance, value[key], wrong)}
    if isinstance(value, list) and value and chance.random() < 0.8:
        return [*value[1:], mutated(chance, value[0], wrong)]
    return chance.choice((*wrong, None, True, [], {}, [1] * 60, {"a": {"b": [value]}}))
