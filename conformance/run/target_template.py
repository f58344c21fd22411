"""Writes a commented target file to begin with, from what an API's document and shipped settings say."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import yaml

import specs
from conformance import catalogue as catalogues
from conformance.target import settings
from conformance.target.cures import cure
from conformance.traffic.json_pointer import Json

_SHAPES = {
    "long": "runs for ten minutes at least",
    "lasts": "runs for `{seconds}` seconds",
    "fails": "ends as failed, soon",
    "breaks": "fails at the end of a run of `{seconds}` seconds",
    "waits": "finds no room and waits for good",
    "retried": "fails at first, is tried again and ends well",
    "tried": "runs for `{seconds}` seconds, fails once, and is tried again",
    "partly-fails": "some of its parts fail",
    "fills": "a few of these use up all capacity",
    "large": "waits behind those that fill the capacity",
    "endless": "runs until it is stopped",
}


def template(api: str) -> str:
    """The text of a target file for an API: what is shipped, each part with what it means."""
    return "\n".join(_lines(api)) + "\n"


def _lines(api: str) -> Iterator[str]:
    shipped = settings.load(api)
    spec = specs.load(api)
    yield "# yaml-language-server: $schema=target.schema.json"
    yield "# (conformance target schema > target.schema.json, and editors complete and check this file)"
    yield f"# How {spec.title} makes the jobs that the judge needs. Secrets: env:NAME, file:PATH or command:WORDS."
    yield f"# Try it: conformance target check {api} --url URL --target-file THIS-FILE"
    yield "submit:"
    yield f"  body: {_flow(shipped.body)}  # ends soon, and well"
    yield "  shapes:  # merge patches over the body"
    asked = Counter(need for one in catalogues.load(api).requirements.values() for need in one.needs)
    for name, patch in shipped.shapes.items():
        count = asked[f"makes-{name}"]
        meaning = _SHAPES.get(name, "see the requirements that need it")
        yield f"    {name}: {_flow(patch)}  # {meaning}; {count} requirements need it"
    if shipped.kept_waiting:
        yield f"  kept_waiting: {shipped.kept_waiting:g}  # seconds for which a submission may wait for its answer"
    if shipped.may_refuse:
        yield f"  may_refuse: {_flow(sorted(shipped.may_refuse))}  # shapes that need not be accepted"
    yield "# credentials:  # headers, a token to be bought, or a signature; with a good one, others must be refused"
    for name, caller in shipped.credentials.items():
        yield f"#   {name}: {_flow(caller)}"
    yield f"# {asked['tenants']} requirements need two tenants: headers by name"
    yield from _optional("tenants", shipped.tenants, {"first": {"X-Tenant": "env:FIRST"}})
    yield "# What the implementation can or cannot do: a role or an operation that is not there is false"
    yield from _optional("capabilities", dict(shipped.capabilities), {"delete": False})
    yield "# base_path: /v2  # instead of the document's"
    yield "# headers: {X-Client: conformance}  # sent with every request"
    yield "# eventual: 2  # seconds for which reads may show what was before a write"
    roles = spec.lifecycle.roles if spec.lifecycle else {}
    known = {"submit", "read", "makes-quick", "tenants", *(f"makes-{name}" for name in shipped.shapes)}
    for need, count in asked.most_common():
        if need not in known and need not in roles and need not in shipped.capabilities:
            yield f"# {count} requirements need {need}: {cure(need, roles)}"


def _optional(name: str, given: Json, example: Json) -> Iterator[str]:
    if given:
        yield f"{name}: {_flow(given)}"
    else:
        yield f"# {name}: {_flow(example)}"


def _flow(value: Json) -> str:
    plain = json.loads(json.dumps(value, default=dict))
    text: str = yaml.safe_dump(plain, default_flow_style=True, sort_keys=False, width=10**6)
    return text.removesuffix("...\n").strip()
