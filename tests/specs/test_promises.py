"""What every document and lifecycle here must hold, whatever the API."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

import specs
from specs import document, lowering
from specs.document import answer_schema, resolve, schemas_at

EVERY = (*specs.names(), specs.CONTROL)
PROVENANCES = {"seed", "vendor-doc", "vendor-code", "vendor-client", "third-party", "assumed"}


def operations() -> list[tuple[str, str]]:
    return [(name, operation) for name in EVERY for operation in specs.load(name).operations]


@pytest.mark.parametrize("name", EVERY)
def test_a_document_is_valid_openapi(name: str) -> None:
    errors = list(OpenAPIV31SpecValidator(specs.load(name).document).iter_errors())

    assert errors == []


def test_operation_ids_are_unique_over_all_documents() -> None:
    ids = [operation for _, operation in operations()]

    assert len(ids) == len(set(ids))


def test_no_two_documents_serve_the_same_path_and_method() -> None:
    served = [
        (spec.base_path + re.sub(r"{.*?}", "{}", one.path), one.method)
        for spec in map(specs.load, EVERY)
        for one in spec.operations.values()
    ]

    assert len(served) == len(set(served))


@pytest.mark.parametrize(("name", "operation"), operations())
def test_an_operation_says_where_it_comes_from(name: str, operation: str) -> None:
    assert specs.load(name).operations[operation].node["x-provenance"] in PROVENANCES


@pytest.mark.parametrize(("name", "operation"), operations())
def test_an_operation_declares_an_answer_for_what_nobody_foresaw(name: str, operation: str) -> None:
    assert "default" in specs.load(name).operations[operation].node["responses"]


@pytest.mark.parametrize("name", EVERY)
def test_errors_outside_operations_have_a_shape(name: str) -> None:
    spec = specs.load(name)

    assert isinstance(resolve(spec.document, {"$ref": spec.document["x-error-schema"]}), dict)


@pytest.mark.parametrize("name", EVERY)
def test_security_names_only_declared_schemes(name: str) -> None:
    spec = specs.load(name)
    declared = spec.document.get("components", {}).get("securitySchemes", {})
    nodes = [spec.document, *(one.node for one in spec.operations.values())]
    used = {
        scheme
        for node in nodes
        for key in ("security", "x-strict-security")
        for way in node.get(key, [])
        for scheme in way
    }

    assert used <= set(declared)


@pytest.mark.parametrize("name", specs.names())
def test_states_equal_the_statuses_of_the_document(name: str) -> None:
    spec = specs.load(name)
    assert spec.lifecycle is not None
    role = spec.lifecycle.roles.get("read") or spec.lifecycle.roles["list"]
    assert role.status is not None
    pointer = role.status if role.items is None else f"{role.items}/0{role.status}"
    told = list(schemas_at(spec.document, answer_schema(spec.document, spec.operations[role.operation]), pointer))
    closed: set[Any] = set(itertools.chain.from_iterable(schema.get("enum", ()) for schema in told)) - {None}
    examples: set[Any] = set(itertools.chain.from_iterable(schema.get("examples", ()) for schema in told))

    assert set(spec.lifecycle.states) == (closed or examples)


@pytest.mark.parametrize("name", specs.names())
def test_links_of_the_submit_answer_lead_to_the_job_that_was_made(name: str) -> None:
    spec = specs.load(name)
    assert spec.lifecycle is not None
    submit = spec.lifecycle.roles["submit"]
    by_operation = {role.operation: role for role in spec.lifecycle.roles.values()}
    links: dict[str, Any] = {}
    for response in spec.operations[submit.operation].node["responses"].values():
        links.update(resolve(spec.document, response).get("links", {}))

    for link in (resolve(spec.document, one) for one in links.values()):
        target = spec.operations[link["operationId"]]
        role = by_operation.get(target.id)
        if role is not None and role.parameter is not None:
            values = {key.rpartition(".")[2]: value for key, value in link.get("parameters", {}).items()}
            assert values.get(role.parameter) == f"$response.body#{submit.id}"
    if "read" in spec.lifecycle.roles:
        assert spec.lifecycle.roles["read"].operation in {
            resolve(spec.document, one)["operationId"] for one in links.values()
        }


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.filterwarnings("ignore")
def test_connexion_takes_the_lowered_document(name: str) -> None:
    from connexion.spec import Specification

    spec = specs.load(name)

    lowered = Specification.load(lowering.lower(spec.document))
    routed = Specification.load(lowering.routes(spec.document, spec.operations))

    assert lowered.version == routed.version == (3, 0, 3)
    assert lowered.base_path == routed.base_path == spec.base_path


def test_reading_leaves_no_reference_loose() -> None:
    for name in EVERY:
        document.check(specs.load(name).document, specs.FOLDER / name / "openapi.yaml")

    assert specs.load(specs.CONTROL).lifecycle is None
