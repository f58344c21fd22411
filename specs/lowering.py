"""Makes the OpenAPI 3.0.3 view of a 3.1 document that connexion reads; nothing else ever sees it.

A view may be wider than its original (what 3.0 cannot say is left out), never narrower: requests and answers are judged
by the original.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from specs.document import Node, Operation

_KEPT = frozenset(
    {
        "title",
        "description",
        "default",
        "example",
        "deprecated",
        "readOnly",
        "writeOnly",
        "discriminator",
        "xml",
        "externalDocs",
        "format",
        "enum",
        "required",
        "pattern",
        "multipleOf",
        "maximum",
        "minimum",
        "maxLength",
        "minLength",
        "maxItems",
        "minItems",
        "uniqueItems",
        "maxProperties",
        "minProperties",
    }
)
_ONE = ("not", "items", "additionalProperties")
_MANY = ("allOf", "anyOf", "oneOf")
# instances, not schemas: copied as they are
_DATA = frozenset({"example", "examples", "default", "value", "enum", "const"})
_GONE = frozenset({"callbacks", "webhooks", "jsonSchemaDialect", "pathItems"})


def lower(document: Node) -> Node:
    """The whole document as 3.0.3."""
    lowered: Node = _part({key: value for key, value in document.items() if key not in _GONE})
    lowered["openapi"] = "3.0.3"
    lowered["info"].pop("summary", None)
    lowered["info"].get("license", {}).pop("identifier", None)
    schemas = document.get("components", {}).get("schemas", {})
    if schemas:
        lowered["components"]["schemas"] = {name: _schema(schema) for name, schema in schemas.items()}
    return lowered


def routes(document: Node, operations: Mapping[str, Operation]) -> Node:
    """Only what connexion needs in order to route: paths, methods and operation ids.

    Path parameters are renamed p0, p1, … and taken as strings: turning them into what the document says is the
    contract's work.
    """
    paths: Node = {}
    for operation in operations.values():
        for path in (operation.path, operation.path + "/") if operation.slash_twin else (operation.path,):
            view = _positional(path)
            item = paths.setdefault(view, {})
            item[operation.method.lower()] = {
                "operationId": operation.id,
                "responses": {"default": {"description": "see the original"}},
            }
            if "{" in view:
                names = [part[1:-1] for part in view.split("/") if part.startswith("{")]
                item["parameters"] = [
                    {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names
                ]
    info = {"title": str(document["info"].get("title")), "version": str(document["info"].get("version"))}
    return {"openapi": "3.0.3", "info": info, "servers": document.get("servers", []), "paths": paths}


def _positional(path: str) -> str:
    parts, count = path.split("/"), 0
    for index, part in enumerate(parts):
        if part.startswith("{"):
            parts[index] = f"{{p{count}}}"
            count += 1
    return "/".join(parts)


def _part(node: Any) -> Any:
    """Lower whatever is no schema itself but may hold some."""
    if isinstance(node, list):
        return [_part(value) for value in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("$ref"), str):
        return {"$ref": node["$ref"]}
    lowered = {}
    for key, value in node.items():
        if key in _GONE:
            continue
        if key == "schema":
            lowered[key] = _schema(value)
        elif key in _DATA or (isinstance(key, str) and key.startswith("x-")):
            lowered[key] = value
        else:
            lowered[key] = _part(value)
    return lowered


def _schema(schema: Any) -> Any:
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    if "$ref" in schema:
        beside = {key: value for key, value in schema.items() if key in _KEPT}
        return {"allOf": [{"$ref": schema["$ref"]}], **beside} if beside else {"$ref": schema["$ref"]}
    lowered: Node = {
        key: value for key, value in schema.items() if key in _KEPT or (isinstance(key, str) and key.startswith("x-"))
    }
    for key in _ONE:
        if key in schema:
            keep = key == "additionalProperties" and isinstance(schema[key], bool)
            lowered[key] = schema[key] if keep else _schema(schema[key])
    for key in _MANY:
        if key in schema:
            lowered[key] = [_schema(branch) for branch in schema[key]]
    if "properties" in schema:
        lowered["properties"] = {name: _schema(value) for name, value in schema["properties"].items()}
    if "const" in schema:
        lowered["enum"] = [schema["const"]]
    if schema.get("examples") and "example" not in lowered:
        lowered["example"] = schema["examples"][0]
    for bound, keyword in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(schema.get(keyword), int | float):
            lowered[bound], lowered[keyword] = schema[keyword], True
    return _typed(lowered, schema.get("type"))


def _typed(lowered: Node, types: Any) -> Node:
    """Say a 3.1 `type` in the words of 3.0."""
    wanted = [types] if isinstance(types, str) else list(types or ())
    solid = [name for name in wanted if name != "null"]
    if "array" in solid:
        lowered.setdefault("items", {})
    if wanted == ["null"]:
        lowered["enum"] = [None]
    elif len(solid) == 1:
        lowered["type"] = solid[0]
        if len(wanted) > 1:
            lowered["nullable"] = True
    elif solid:
        branches: list[Node] = [{"type": name, "items": {}} if name == "array" else {"type": name} for name in solid]
        nothing: list[Node] = [{"enum": [None]}] if "null" in wanted else []
        lowered["allOf"] = [*lowered.get("allOf", []), {"anyOf": branches + nothing}]
    return lowered
