"""Derives draft entries of a catalogue from a document: one per fact about a member of the submission or a parameter of
the list.

An author then edits level, basis, source and statement, and throws away what is covered elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import yaml

import specs
from conformance import catalogue as catalogues
from conformance.traffic.json_pointer import Json, shown
from specs import Spec
from specs.document import answer_schema, resolve, schemas_at

DEPTH = 3


def draft(api: str) -> str:
    """YAML of entries for an API. Raises KeyError."""
    spec = specs.load(api)
    prefix = next(key for key, name in catalogues.PREFIXES.items() if name == api)
    numbers: Counter[str] = Counter()
    for known in catalogues.load(api).requirements.values():
        if known.id.startswith(prefix):
            numbers[known.area] = max(numbers[known.area], int(known.id[-3:]))
    entries = []
    for area, facts in _facts(spec):
        numbers[area] += 1
        entries.append({"id": f"{prefix}-{area}-{numbers[area]:03d}", **facts})
    return yaml.safe_dump(entries, sort_keys=False, allow_unicode=True, width=180, default_flow_style=None)


def _facts(spec: Spec) -> Iterator[tuple[str, dict[str, Any]]]:
    assert spec.lifecycle is not None
    roles = spec.lifecycle.roles
    operation = spec.operations[roles["submit"].operation]
    body = resolve(spec.document, operation.node.get("requestBody", {}))
    schema = body.get("content", {}).get("application/json", {}).get("schema")
    for pointer, nodes, demanded in _members(spec, schema, ""):
        yield from _of_member(spec, pointer, nodes, demanded)
    for parameter in operation.parameters:
        yield from _of_parameter(spec, parameter, None)
    for parameter in spec.operations[roles["list"].operation].parameters if "list" in roles else ():
        yield from _of_parameter(spec, parameter, roles["list"].operation)


def _members(spec: Spec, schema: Json, parent: str, depth: int = 0) -> Iterator[tuple[str, list[Json], bool]]:
    names: dict[str, bool] = {}
    for node in schemas_at(spec.document, schema, parent):
        for name in node.get("properties", {}):
            names[name] = names.get(name, False) or name in node.get("required", ())
    for name, demanded in names.items():
        pointer = f"{parent}/{name}"
        yield pointer, list(schemas_at(spec.document, schema, pointer)), demanded
        if depth < DEPTH:
            yield from _members(spec, schema, pointer, depth + 1)


def _of_member(spec: Spec, pointer: str, nodes: list[Json], demanded: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    echo = _echo(spec, pointer)
    source = f"EDIT: seed, {pointer}"
    place = {"pointer": pointer}
    if demanded:
        yield (
            "REQ",
            _entry(f"A submission without {pointer} is refused.", "negative", source, place | {"required": True}),
        )
    else:
        yield "REQ", _entry(f"A submission may leave {pointer} out.", "positive", source, place | {"optional": True})
    for node in nodes:
        yield from _of_values(node, pointer, source, echo)
    if echo:
        sentence = f"A job returns {pointer} as it was submitted."
        rule = {"from": pointer, "to": echo["echo"]}
        yield "CRT", _entry(sentence, "semantic", source, None, profile="core") | {"echo": rule}


def _of_values(node: Json, pointer: str, source: str, echo: Json) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a schema says of a member's values and of its default."""
    good, bad = _values(node)
    place = {"pointer": pointer}
    if good:
        yield "REQ", _entry(f"EDIT: {pointer} takes {good}.", "positive", source, place | {"accepts": good} | echo)
    if bad:
        yield "REQ", _entry(f"EDIT: {pointer} refuses {bad}.", "negative", source, place | {"refuses": bad})
    if "default" in node:
        sentence = f"{pointer} is {shown(node['default'])} when it is left out."
        probe = place | {"default": node["default"]} | (echo or {"echo": "EDIT"})
        yield "DEF", _entry(sentence, "default", source, probe, profile="core")


def _of_parameter(spec: Spec, parameter: Json, operation: str | None) -> Iterator[tuple[str, dict[str, Any]]]:
    if parameter["in"] not in ("query", "header"):
        return
    schema = resolve(spec.document, parameter.get("schema", {}))
    good, bad = _values(schema)
    place = {"in": parameter["in"], "pointer": parameter["name"]} | ({"operation": operation} if operation else {})
    source = f"EDIT: {parameter.get('x-provenance', 'seed')}, parameter {parameter['name']}"
    profile = "core" if operation else "create-only"
    area = "LST" if operation else "REQ"
    if good:
        yield (
            area,
            _entry(
                f"EDIT: the parameter {parameter['name']} takes {good}.",
                "positive",
                source,
                place | {"accepts": good},
                profile=profile,
            ),
        )
    if bad:
        yield (
            area,
            _entry(
                f"EDIT: the parameter {parameter['name']} refuses {bad}.",
                "negative",
                source,
                place | {"refuses": bad},
                profile=profile,
            ),
        )


def _entry(statement: str, kind: str, source: str, probe: Json, *, profile: str = "create-only") -> dict[str, Any]:
    facts = {
        "level": "MUST",
        "basis": "documented",
        "source": source,
        "statement": statement[:300],
        "kind": kind,
        "profiles": [profile],
    }
    return facts | ({"probe": probe} if probe is not None else {})


def _values(node: Json) -> tuple[list[Json], list[Json]]:
    """Values just inside and just outside of what a schema allows, and of other types."""
    kinds = node.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    good: list[Json] = list(node.get("enum", ()))
    bad: list[Json] = ["zz-none-of-these"] if good else []
    if "integer" in kinds or "number" in kinds:
        step = 1 if "integer" in kinds else 0.001
        for bound, sign in (("minimum", -1), ("maximum", 1)):
            if bound in node:
                good.append(node[bound])
                bad.append(round(node[bound] + sign * step, 3))
        bad += [] if "string" in kinds else ["7"]
        bad += [1.5] if "integer" in kinds and "number" not in kinds else []
    if "string" in kinds:
        good += (
            ["a" * node["maxLength"]] if "maxLength" in node and "pattern" not in node and "format" not in node else []
        )
        bad += ["a" * (node["maxLength"] + 1)] if "maxLength" in node else []
        bad += [""] if node.get("minLength", 0) > 0 else []
        bad += [] if {"integer", "number"} & set(kinds) else [7]
    if "boolean" in kinds:
        good += [True, False]
        bad += ["true", 1]
    if "null" in kinds:
        good.append(None)
    elif kinds:
        bad.append(None)
    if kinds and not {"array", "object"} & set(kinds):
        bad.append([])
    return good, bad


def _echo(spec: Spec, pointer: str) -> dict[str, str]:
    """Where a view of the job shows a member of the same name."""
    assert spec.lifecycle is not None
    roles = spec.lifecycle.roles
    role = roles.get("read") or roles["list"]
    schema = answer_schema(spec.document, spec.operations[role.operation])
    root = f"{role.items}/0" if role.items is not None else (role.status or "").rpartition("/")[0]
    for tail in (pointer, "/" + pointer.rpartition("/")[2]):
        if any(True for _ in schemas_at(spec.document, schema, root + tail)):
            return {"echo": tail}
    return {}
