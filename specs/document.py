"""Reads one OpenAPI 3.1 document and answers questions about it: operations, references, schemas inside answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from specs import json_pointer, strict_yaml
from specs.errors import Place, SpecError

Node = dict[str, Any]
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
DOCUMENTED = (None, "seed", "vendor-doc")
"""Values of `x-provenance` that a page of the vendor's stands behind; what the others say nobody was promised."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path: `node` is its part of the document, `parameters` include the path's own, resolved."""

    id: str
    method: str
    path: str
    node: Node
    parameters: tuple[Node, ...]
    slash_twin: bool  # the path is served with a trailing slash as well

    @property
    def pointer(self) -> Place:
        """Where the operation stands in its document."""
        return ("paths", self.path, self.method.lower())


def read(file: Path) -> Node:
    """Parse a YAML file into a mapping; refuses what does not parse."""
    try:
        value = strict_yaml.read(file.read_bytes())
    except OSError as error:
        raise SpecError(file, (), f"cannot be read: {error.strerror}") from error
    except strict_yaml.YamlError as error:
        raise SpecError(file, (), str(error)) from error
    if not isinstance(value, dict):
        raise SpecError(file, (), f"a mapping is expected, not {type(value).__name__}")
    return value


def check(document: Node, file: Path) -> None:
    """Refuse a document that is not OpenAPI 3.1 or has references that lead nowhere."""
    version = document.get("openapi")
    if not isinstance(version, str) or not version.startswith("3.1."):
        raise SpecError(file, ("openapi",), f"OpenAPI 3.1 is expected, not {version!r}")
    for key in ("info", "paths"):
        if not isinstance(document.get(key), dict):
            raise SpecError(file, (key,), "is missing")
    known: set[str] = set()
    stack: list[tuple[Place, Any]] = [((), document)]
    while stack:
        place, node = stack.pop()
        children: Any = ()
        if isinstance(node, dict):
            reference = node.get("$ref")
            if isinstance(reference, str) and reference not in known:
                if not reference.startswith("#/") or _follow(document, reference) is None:
                    raise SpecError(file, (*place, "$ref"), f"{reference} leads nowhere in this document")
                known.add(reference)
            children = node.items()
        elif isinstance(node, list):
            children = enumerate(node)
        stack.extend(((*place, key), child) for key, child in children if isinstance(child, dict | list))


def operations(document: Node, file: Path) -> Mapping[str, Operation]:
    """List all operations by their id, in the document's order; refuses missing and repeated ids."""
    found: dict[str, Operation] = {}
    for path, item in document["paths"].items():
        shared = item.get("parameters", [])
        for method in METHODS:
            if method not in item:
                continue
            node = item[method]
            name, place = node.get("operationId"), ("paths", path, method)
            if not isinstance(name, str) or not name:
                raise SpecError(file, place, "an operationId is expected")
            if name in found:
                other = found[name]
                raise SpecError(file, (*place, "operationId"), f"{name} is also {other.method} {other.path}")
            parameters = _merged(document, shared, node.get("parameters", []))
            twin = item.get("x-trailing-slash") == "both"
            found[name] = Operation(name, method.upper(), path, node, parameters, twin)
    return found


def _merged(document: Node, shared: list[Node], own: list[Node]) -> tuple[Node, ...]:
    resolved = [resolve(document, parameter) for parameter in (*shared, *own)]
    return tuple({(parameter["in"], parameter["name"]): parameter for parameter in resolved}.values())


def base_path(document: Node) -> str:
    """The path of the first server, without a trailing slash."""
    servers = document.get("servers") or [{"url": ""}]
    return urlsplit(str(servers[0]["url"])).path.rstrip("/")


def resolve(document: Node, node: Any) -> Any:
    """Follow `$ref` until something else is reached."""
    while isinstance(node, dict) and isinstance(node.get("$ref"), str):
        node = _follow(document, node["$ref"])
    return node


def _follow(document: Node, reference: str) -> Any:
    node: Any = document
    for key in json_pointer.keys(unquote(reference[1:])):
        if isinstance(node, dict) and key in node:
            node = node[key]
        elif isinstance(node, list) and key.isdigit() and int(key) < len(node):
            node = node[int(key)]
        else:
            return None
    return node


def answer_schema(document: Node, operation: Operation) -> Node | None:
    """The schema of an operation's first successful answer that has a body."""
    for status in sorted(map(str, operation.node.get("responses", {}))):
        if status.startswith("2"):
            response = resolve(document, operation.node["responses"][status])
            for medium in response.get("content", {}).values():
                schema: Node | None = medium.get("schema")
                return schema
    return None


def schemas_at(document: Node, schema: Any, pointer: str) -> Iterator[Node]:
    """Yield every subschema that speaks about the place a JSON pointer names inside an instance.

    Looks through `$ref`, `allOf`, `anyOf` and `oneOf`; a place inside an array may be named by any index. What stands
    beside a `$ref` is a subschema too.
    """
    if isinstance(schema, dict) and "$ref" in schema and len(schema) > 1:
        yield from schemas_at(document, {key: value for key, value in schema.items() if key != "$ref"}, pointer)
    schema = resolve(document, schema)
    if not isinstance(schema, dict):
        return
    for keyword in ("allOf", "anyOf", "oneOf"):
        for branch in schema.get(keyword, ()):
            yield from schemas_at(document, branch, pointer)
    if not pointer:
        yield schema
        return
    key, _, rest = pointer[1:].partition("/")
    rest = f"/{rest}" if rest else ""
    for child in (schema.get("properties", {}).get(key), schema.get("items")):
        if child is not None:
            yield from schemas_at(document, child, rest)
