"""The vendor's page on submitting a job: its facts stand in our document, and every rule it states is kept
on the wire.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import specs
from tests.conftest import Bench

FACTS = yaml.safe_load((Path(__file__).parent / "ionworks" / "facts.yaml").read_text(encoding="utf-8"))
DOCUMENT = specs.load("ionworks").document
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]


def followed(node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        _, _, kind, name = node["$ref"].split("/")
        node = DOCUMENT["components"][kind][name]
    return node


def types(schema: dict[str, Any]) -> list[str]:
    schema = followed(schema)
    if "anyOf" in schema:
        return [name for branch in schema["anyOf"] for name in types(branch)]
    named = schema["type"]
    return [named] if isinstance(named, str) else named


@pytest.mark.parametrize(("part", "name"), [("request", "SubmitJobRequest"), ("response", "JobResponse")])
def test_the_document_keeps_every_member_with_its_types(part: str, name: str) -> None:
    schema = SCHEMAS[name]

    assert {member: types(inner) for member, inner in schema["properties"].items()} == FACTS[part]["members"]
    assert schema["required"] == FACTS[part]["required"]


def test_the_document_keeps_bounds_and_dates() -> None:
    request, response = SCHEMAS["SubmitJobRequest"]["properties"], SCHEMAS["JobResponse"]["properties"]

    assert {
        member: {key: request[member][key] for key in bounds} for member, bounds in FACTS["request"]["bounds"].items()
    } == FACTS["request"]["bounds"]
    assert [member for member, schema in response.items() if schema.get("format") == "date-time"] == FACTS["response"][
        "dates"
    ]
    assert [member for member, schema in response.items() if schema.get("readOnly")] == ["is_terminal", "is_failed"]
    assert response["access_level"]["default"] == "organization"


@pytest.mark.parametrize("name", FACTS["enumerations"])
def test_the_document_keeps_the_enumerations_in_their_order(name: str) -> None:
    assert SCHEMAS[name]["enum"] == FACTS["enumerations"][name]


def test_the_document_keeps_the_operation() -> None:
    fact = FACTS["operation"]
    operation = DOCUMENT["paths"][fact["path"]][fact["method"]]

    assert operation["operationId"] == fact["id"]
    assert set(fact["statuses"]) <= set(operation["responses"])
    assert {followed(one)["name"]: types(followed(one)["schema"]) for one in operation["parameters"]} == fact["query"]
    assert DOCUMENT["security"] == []


def test_the_document_keeps_the_shape_of_a_violation() -> None:
    schema = SCHEMAS["ValidationError"]

    assert schema["required"] == FACTS["violation"]["required"]
    assert list(schema["properties"]) == FACTS["violation"]["members"]


@pytest.mark.parametrize("path", ["/jobs", "/jobs/"])
@pytest.mark.parametrize("name", FACTS["accepted"])
def test_what_the_rules_allow_is_accepted(bench: Bench, path: str, name: str) -> None:
    body = FACTS["accepted"][name]

    answer = bench.post(path, json=body, params={"project_id": "project-1"})

    assert answer.status_code == 202
    job = answer.json()
    assert set(job) == set(FACTS["response"]["members"])
    assert (job["status"], job["project_id"], job["job_type"]) == ("pending", "project-1", body["job_type"])
    assert (job["is_terminal"], job["is_failed"], job["result"]) == (False, False, None)
    for member in ("priority", "callback_url", "parent_job_id"):
        assert job[member] == body.get(member, FACTS["request"]["bounds"].get(member, {}).get("default"))


@pytest.mark.parametrize("name", FACTS["refused"])
def test_what_the_rules_forbid_is_refused_with_the_reason(bench: Bench, name: str) -> None:
    case = FACTS["refused"][name]

    answer = bench.post("/jobs", json=case["body"])

    assert answer.status_code == 422
    (detail,) = answer.json()["detail"]
    assert (detail["loc"], detail["type"]) == (case["loc"], case["type"])
    assert set(FACTS["violation"]["required"]) <= set(detail) <= set(FACTS["violation"]["members"])


def test_metadata_and_params_never_come_back(bench: Bench) -> None:
    body = FACTS["accepted"]["everything"]

    job = bench.post("/jobs", json=body).json()

    assert not {"metadata", "params"} & set(job)
    assert job["params_path"]
    assert bench.get(f"/jobs/{job['job_id']}/metadata").json() == body["metadata"]
