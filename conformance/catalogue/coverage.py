"""Says which requirements speak of which row of a document's parameter tables.

Members and parameters of the submission, parameters of the list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import specs
from conformance import catalogue as catalogues
from conformance.catalogue import Catalogue, Requirement
from conformance.traffic.json_pointer import Json
from specs import Spec
from specs.document import resolve, schemas_at

DEPTH = 4


@dataclass(frozen=True)
class Row:
    """One row: its name, where the document has it from, the requirements that speak of it, or why none does."""

    name: str
    provenance: str
    requirements: tuple[str, ...]
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """Whether nobody speaks of it and nobody says why."""
        return not self.requirements and not self.reason


def rows(api: str) -> list[Row]:
    """Every row of an API. Raises KeyError."""
    spec, catalogue = specs.load(api), catalogues.load(api)
    assert spec.lifecycle is not None
    roles = spec.lifecycle.roles
    submit = spec.operations[roles["submit"].operation]
    body = (
        resolve(spec.document, submit.node.get("requestBody", {}))
        .get("content", {})
        .get("application/json", {})
        .get("schema")
    )
    found = [_row(catalogue, pointer, provenance, submit.id) for pointer, provenance in _members(spec, body, "", 0, "")]
    found += [_row(catalogue, one["name"], one.get("x-provenance", ""), submit.id) for one in submit.parameters]
    if "list" in roles:
        listing = spec.operations[roles["list"].operation]
        found += [
            _row(catalogue, one["name"], one.get("x-provenance", ""), listing.id, "list ") for one in listing.parameters
        ]
    return list({row.name: row for row in found}.values())


def page(apis: Iterable[str]) -> str:
    """All rows of these APIs, as Markdown."""
    parts = [
        "# Which requirement speaks of which parameter",
        "",
        "Made by `conformance catalogue --coverage`; not to be edited.",
        "",
    ]
    for api in apis:
        parts += [f"## {api}", "", "| row | requirements |", "|---|---|"]
        parts += [
            f"| `{row.name}` | {', '.join(row.requirements) or row.reason or '**nothing**'} |" for row in rows(api)
        ]
        parts.append("")
    return "\n".join(parts)


def _members(spec: Spec, schema: Json, parent: str, depth: int, above: str) -> Iterator[tuple[str, str]]:
    names: dict[str, str] = {}
    for node in schemas_at(spec.document, schema, parent):
        for name, inner in node.get("properties", {}).items():
            told = inner.get("x-provenance", "") if isinstance(inner, dict) else ""
            if isinstance(inner, dict) and (inner or name not in names):
                names.setdefault(name, told or node.get("x-provenance", "") or above)
    for name, provenance in names.items():
        yield f"{parent}/{name}", provenance
        if depth < DEPTH:
            yield from _members(spec, schema, f"{parent}/{name}", depth + 1, provenance)


def _row(catalogue: Catalogue, name: str, provenance: str, operation: str, prefix: str = "") -> Row:
    spoken = [one.id for one in catalogue.requirements.values() if _speaks(one, name, operation, is_list=bool(prefix))]
    return Row(prefix + name, provenance, tuple(spoken), catalogue.uncovered.get(prefix + name, ""))


def _speaks(requirement: Requirement, name: str, operation: str, *, is_list: bool) -> bool:
    probe, echo = requirement.probe, requirement.echo
    if probe is not None and (probe["pointer"] == name or probe["pointer"].startswith(f"{name}/")):
        return is_list == ("operation" in probe and probe["operation"] == operation) or not is_list
    if echo is not None and (f"{echo['from']}/".startswith(f"{name}/") or name.startswith(f"{echo['from']}/")):
        return not is_list
    word = name.rpartition("/")[2]
    told = word in requirement.source or f"`{word}`" in requirement.statement or f" {word} " in requirement.statement
    return told and not requirement.id.startswith("JOB-")
