"""A first call that works, made from a document's own examples: for the landing page, the first screen and the demonstration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from specs import Operation, Spec
from specs.document import resolve


@dataclass(frozen=True, slots=True)
class FirstCall:
    """A request; `path` begins at the host's root and carries the query."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: Any = None

    def curl(self, base: str) -> str:
        """The command line that sends it to `base`."""
        line = [f"curl -X {self.method} '{base}{self.path}'"]
        line += [f"-H '{name}: {value}'" for name, value in self.headers]
        if self.body is not None:
            text = orjson.dumps(self.body).decode().replace("'", "'\\''")
            line.append(f"-H 'Content-Type: application/json' -d '{text}'")
        return " ".join(line)


def first_call(spec: Spec, role: str = "submit", **path_values: str) -> FirstCall:
    """The call that plays `role`, with the document's first example as its body and `path_values` in its path. Raises KeyError: no such role."""
    assert spec.lifecycle is not None
    operation = spec.operations[spec.lifecycle.roles[role].operation]
    content = resolve(spec.document, operation.node.get("requestBody", {})).get("content", {}).get("application/json", {})
    examples = [resolve(spec.document, example).get("value") for example in content.get("examples", {}).values()]
    path = operation.path.format_map(path_values)
    return FirstCall(operation.method.upper(), spec.base_path + path + _query(operation), tuple(_headers(spec, operation)), next(iter(examples), None))


def _query(operation: Operation) -> str:
    needed = [one for one in operation.parameters if one["in"] == "query" and (one.get("required") or "example" in one)]
    pairs = [f"{one['name']}={_example(one)}" for one in needed]
    return "?" + "&".join(pairs) if pairs else ""


def _headers(spec: Spec, operation: Operation) -> list[tuple[str, str]]:
    found = [(one["name"], str(_example(one))) for one in operation.parameters if one["in"] == "header" and one.get("required")]
    schemes = spec.document.get("components", {}).get("securitySchemes", {})
    ways: list[Any] = operation.node.get("security", spec.document.get("security")) or []
    for way in ways[:1]:
        for scheme in (schemes[name] for name in way):
            in_header = scheme["type"] == "apiKey" and scheme["in"] == "header"
            found.append((scheme["name"], "any-token") if in_header else ("Authorization", "Bearer any-token"))
    return found


def _example(parameter: Mapping[str, Any]) -> Any:
    if "example" in parameter:
        return parameter["example"]
    named = [one.get("value") for one in parameter.get("examples", {}).values()]
    schema = parameter.get("schema", {})
    return next(iter([*named, *schema.get("examples", []), *schema.get("enum", [])]), schema.get("default", "example"))
