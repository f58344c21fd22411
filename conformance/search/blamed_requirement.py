"""Says which requirement is broken where a submission was granted that the document excludes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from conformance.catalogue import Catalogue
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, Json
from specs import Spec
from specs.document import DOCUMENTED, resolve, schemas_at

MISSING_MEMBER, WRONG_TYPE = "JOB-REQ-001", "JOB-REQ-002"


def blamed(spec: Spec, catalogue: Catalogue, exchange: Exchange) -> Iterator[str]:
    """The requirements that forbid the body of a granted submission.

    The one whose probe looks at the wrong member, or the common ones.
    """
    lifecycle = spec.lifecycle
    if (
        lifecycle is None
        or exchange.operation != lifecycle.roles["submit"].operation
        or not exchange.response.is_success
    ):
        return
    probes = {
        requirement.probe["pointer"]: requirement.id
        for requirement in catalogue.requirements.values()
        if requirement.probe is not None
    }
    sure = set(faults_of(spec, exchange, documented=True))
    for pointer, keyword in faults_of(spec, exchange):
        if pointer in probes:
            yield probes[pointer]
        elif (pointer, keyword) in sure and keyword in ("type", "required"):
            yield WRONG_TYPE if keyword == "type" else MISSING_MEMBER


def faults_of(spec: Spec, exchange: Exchange, *, documented: bool = False) -> Iterator[tuple[str, str]]:
    """Where and by which keyword the document excludes the body of a request, unless the vendor is silent about the
    place.

    Only where the vendor's pages describe it, if `documented` is asked for: what clients are seen to send excludes
    nothing else.
    """
    body, schema = exchange.request.json, _schema(spec, exchange.operation or "")
    if body is MISSING or schema is None:
        return
    root = {**schema, "components": spec.document.get("components", {})}
    for error in jsonschema_rs.Draft202012Validator(root).iter_errors(body):
        pointer = "".join(f"/{key}" for key in error.instance_path)
        if not any(_silent(provenance, documented=documented) for provenance in _provenances(spec, schema, pointer)):
            yield pointer, str(error.schema_path[-1]) if error.schema_path else ""


def _schema(spec: Spec, operation: str) -> Json:
    declared: Any = resolve(spec.document, spec.operations[operation].node.get("requestBody", {}))
    return declared.get("content", {}).get("application/json", {}).get("schema")


def _silent(provenance: str | None, *, documented: bool) -> bool:
    """Whether nobody can be blamed for what only such a source says."""
    return provenance not in DOCUMENTED if documented else provenance == "assumed"


def _provenances(spec: Spec, schema: Json, pointer: str) -> Iterator[str | None]:
    """Where the description of a place, and of all that it is in, comes from."""
    parts = pointer.split("/")
    for length in range(len(parts)):
        for node in schemas_at(spec.document, schema, "/".join(parts[: length + 1])):
            yield node.get("x-provenance")
