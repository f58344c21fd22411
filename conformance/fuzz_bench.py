"""What we add to schemathesis: a view of a document without false foreign keys, our oracles on its traffic, refusals tried again for the right reason."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import jsonschema_rs

from conformance import catalogue as catalogues
from conformance.directory import Directory
from conformance.exchange import Exchange, Request, Response
from conformance.expect import Inconclusive, NotApplicable
from conformance.panel import Panel
from conformance.pointer import MISSING
from conformance.session import Session
from conformance.target import Target
from conformance.transport import TransportError
from specs import Operation, Spec
from specs.document import resolve

_KEY = re.compile(r"(_id|Id|ID|_uuid|Uuid)s?$")
_OTHER_REASONS = frozenset({401, 403, 404, 409})
_MOST_TWINS = 40


@dataclass(frozen=True, slots=True)
class Finding:
    """One failure: where, which check, what it says, and a command that repeats it."""

    operation: str
    check: str
    message: str
    curl: str


def without_false_keys(document: dict[str, Any], spec: Spec) -> dict[str, Any]:
    """The document, changed in place: members of requests that only look like keys of other jobs become patterns, such parameters are left out.

    schemathesis takes them for foreign keys and then never calls the operation. Whatever is valid stays valid.
    """
    for operation in spec.operations.values():
        node = document["paths"].get(operation.path, {}).get(operation.method.lower())
        if node is None:
            continue
        if "parameters" in node:
            node["parameters"] = [one for one in node["parameters"] if not _is_false(resolve(document, one))]
        body = resolve(document, node.get("requestBody", {}))
        for medium in body.get("content", {}).values():
            _open(document, medium.get("schema"), set())
    return document


def _is_false(parameter: dict[str, Any]) -> bool:
    return parameter["in"] in ("query", "header") and not parameter.get("required") and bool(_KEY.search(parameter["name"]))


def _open(document: dict[str, Any], schema: Any, seen: set[int]) -> None:
    schema = resolve(document, schema)
    if isinstance(schema, list):
        for item in schema:
            _open(document, item, seen)
    if not isinstance(schema, dict) or id(schema) in seen:
        return
    seen.add(id(schema))
    properties = schema.get("properties")
    if isinstance(properties, dict):
        for name in [name for name in properties if _KEY.search(name) and isinstance(properties[name], dict)]:
            schema.setdefault("patternProperties", {})[f"^{re.escape(name)}$"] = properties.pop(name)
    for child in (*(properties or {}).values(), *(schema.get(word) for word in ("items", "allOf", "anyOf", "oneOf", "additionalProperties"))):
        _open(document, child, seen)


class Bench:
    """Looks at what schemathesis sent and got."""

    def __init__(self, spec: Spec, url: str, headers: Mapping[str, str]) -> None:
        self._spec, self._catalogue = spec, catalogues.load(spec.name)
        self._target = Target.at(spec.name, url, headers=headers)
        self._directory = Directory(spec)
        self._panel = Panel(spec, self._catalogue)
        self._twins = 0

    def close(self) -> None:
        """Let go of connections."""
        self._target.close()

    def findings(self, recorder: Any) -> Iterator[Finding]:
        """What our oracles say, and what a refusal for another reason hid."""
        for case_id, interaction in recorder.interactions.items():
            exchange = self._exchange(interaction)
            if exchange is None:
                continue
            for violation in self._panel.observe(exchange):
                if self._catalogue.requirements[violation.requirement].level == "MUST":
                    message = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{20,}", "<id>", violation.message)
                    yield Finding(exchange.operation or exchange.line, violation.requirement, message, exchange.curl)
            case = recorder.cases[case_id].value if case_id in recorder.cases else None
            if case is not None and exchange.response.status in _OTHER_REASONS and _negates_body(case):
                yield from self._twin(exchange)

    def _exchange(self, interaction: Any) -> Exchange | None:
        if interaction.response is None:
            return None
        asked, told = interaction.request, interaction.response
        parts = urlsplit(asked.uri)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        headers = tuple((name, value) for name, values in asked.headers.items() for value in values)
        answered = tuple((name, value) for name, values in told.headers.items() for value in values)
        request = Request(asked.method, f"{parts.scheme}://{parts.netloc}", target, headers, asked.body)
        found = self._directory.find(asked.method, target)
        values = found[1] if found else {}
        response = Response(told.status_code, answered, told.content, cut=told.content_size > len(told.content))
        return Exchange(request, response, interaction.timestamp, interaction.timestamp, None, found[0].id if found else None, values)

    def _twin(self, exchange: Exchange) -> Iterator[Finding]:
        """Send the wrong body to a job that exists: it must be refused there too."""
        operation = self._spec.operations.get(exchange.operation or "")
        if operation is None or not exchange.values or self._twins >= _MOST_TWINS or not self._is_wrong(operation, exchange):
            return
        self._twins += 1
        try:
            with Session(self._target, Panel(self._spec, self._catalogue), name=f"fz{self._twins}") as session:
                job = session.submit(draft=True)
                path = session.directory.path(operation.id, dict.fromkeys(exchange.values, job.id))
                again = session.send(operation.method, path, raw=exchange.request.body)
        except (Inconclusive, NotApplicable, TransportError):
            return
        if again.response.is_success:
            message = f"a body that the document excludes is accepted; {exchange.response.status} for a job that is not there had hidden it"
            yield Finding(operation.id, "wrong_reason", message, again.curl)

    def _is_wrong(self, operation: Operation, exchange: Exchange) -> bool:
        body = exchange.request.json
        if body is MISSING:
            return False
        declared = resolve(self._spec.document, operation.node.get("requestBody", {}))
        schema = declared.get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            return False
        root = {**schema, "components": self._spec.document.get("components", {})}
        return not jsonschema_rs.Draft202012Validator(root).is_valid(body)


def _negates_body(case: Any) -> bool:
    components = getattr(getattr(case, "meta", None), "components", None) or {}
    return any("body" in str(getattr(place, "value", place)).lower() and "negative" in str(info.mode).lower() for place, info in components.items())
