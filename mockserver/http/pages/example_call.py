"""An example call that can be repeated, made from a document's examples, for landing page, first screen and demo."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
        line = ["curl", "-X", self.method, base + self.path]
        for name, value in self.headers:
            line += ["-H", f"{name}: {value}"]
        if self.body is not None:
            line += ["-H", "Content-Type: application/json", "-d", json.dumps(self.body, ensure_ascii=False)]
        return shlex.join(line)


def first_call(spec: Spec, role: str = "submit", **path_values: str) -> FirstCall:
    """The call that plays `role`, with `path_values` in its path. Raises KeyError: no such role.

    Its body is the document's `x-first-call`, or else the shortest example: short lines are read, and ask for no name
    twice.
    """
    assert spec.lifecycle is not None
    operation = spec.operations[spec.lifecycle.roles[role].operation]
    path = spec.base_path + operation.path.format_map(path_values) + _query(operation)
    return FirstCall(operation.method.upper(), path, tuple(_headers(spec, operation)), _body(spec, operation))


def _body(spec: Spec, operation: Operation) -> Any:
    request = resolve(spec.document, operation.node.get("requestBody", {}))
    content = request.get("content", {}).get("application/json", {})
    examples = [resolve(spec.document, one).get("value") for one in content.get("examples", {}).values()]
    return content.get("x-first-call", min(examples, key=lambda body: len(json.dumps(body)), default=None))


def _query(operation: Operation) -> str:
    needed = [one for one in operation.parameters if one["in"] == "query" and (one.get("required") or "example" in one)]
    pairs = [f"{one['name']}={_example(one)}" for one in needed]
    return "?" + "&".join(pairs) if pairs else ""


def _headers(spec: Spec, operation: Operation) -> list[tuple[str, str]]:
    found = [
        (one["name"], str(_example(one)))
        for one in operation.parameters
        if one["in"] == "header" and one.get("required")
    ]
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
