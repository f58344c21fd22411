"""The vendor's page on creating a job: its facts stand in our document, its requests get the answers it promises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

import specs

FACTS = yaml.safe_load((Path(__file__).parent / "bytenite" / "facts.yaml").read_text(encoding="utf-8"))
SCHEMAS: dict[str, Any] = specs.load("bytenite").document["components"]["schemas"]


@pytest.fixture(scope="module")
def customer(lenient_url: str) -> Iterator[httpx.Client]:
    headers = {"Authorization": "token", "X-Mock-Sandbox": "seed-bytenite"}
    with httpx.Client(base_url=f"{lenient_url}/v1/customer", headers=headers) as client:
        yield client


def told(schema: Any) -> str:
    while "$ref" in schema:
        schema = SCHEMAS[schema["$ref"].rpartition("/")[2]]
    return ":".join(filter(None, (schema["type"], schema.get("format"))))


@pytest.mark.parametrize(
    ("part", "name"),
    [("job", "jobJob"), ("config", "jobJobConfig"), ("template", "jobJobTemplate"), ("status", "rpcStatus")],
)
def test_the_document_keeps_every_member_with_its_type(part, name):
    assert {member: told(schema) for member, schema in SCHEMAS[name]["properties"].items()} == FACTS[part]


def test_the_document_keeps_the_enumerations_in_their_order():
    assert SCHEMAS["jobJobState"]["enum"] == FACTS["states"]
    assert SCHEMAS["jobByteLevel"]["enum"] == FACTS["priorities"]
    assert SCHEMAS["jobJobState"]["default"] == FACTS["states"][0]


def test_the_document_keeps_the_operation():
    operation = specs.load("bytenite").document["paths"]["/customer/jobs"]["post"]

    assert operation["operationId"] == "Customer_CreateJob"
    assert SCHEMAS["jobsCreateJobRequest"]["required"] == FACTS["required"]
    assert set(FACTS["statuses"]) <= set(operation["responses"])


def test_the_token_travels_in_the_authorization_header():
    scheme = specs.load("bytenite").document["components"]["securitySchemes"]["ApiKeyAuth"]

    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "Authorization")


@pytest.mark.parametrize("body", FACTS["accepted"] + FACTS["tolerated"], ids=str)
def test_a_body_that_fits_makes_a_job(customer, body):
    answer = customer.post("/jobs", json=body)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["job"]["templateId"] == body["templateId"]
    assert answer.json()["job"]["state"] == "JOB_STATE_NEW"
    assert answer.json()["job"]["templateInfo"] == answer.json()["templateInfo"]


@pytest.mark.parametrize("body", FACTS["accepted"][:-1], ids=str)
def test_a_job_shows_what_was_sent(customer, body):
    job = customer.post("/jobs", json=body).json()["job"]

    assert body.items() <= job.items()


def test_members_that_only_a_job_has_are_not_taken_from_a_request(customer):
    job = customer.post("/jobs", json=FACTS["accepted"][-1]).json()["job"]

    assert not {"unknown", "startAt", "priority", "jobId"} & set(job)


@pytest.mark.parametrize(("body", "field"), FACTS["refused"], ids=str)
def test_a_body_that_does_not_fit_is_malformed(customer, body, field):
    answer = customer.post("/jobs", json=body)

    assert answer.status_code == 400
    assert answer.json()["code"] == 3
    assert field in answer.json()["message"]
    assert answer.json()["details"][0]["fieldViolations"]


def test_without_the_header_the_customer_is_not_authenticated(customer):
    answer = httpx.post(f"{customer.base_url}jobs", json={"templateId": "a"})

    assert (answer.status_code, answer.json()["code"]) == (401, 16)


@pytest.mark.parametrize("value", ["raw-token", "Bearer token", "anything at all"])
def test_any_value_of_the_header_will_do(customer, value):
    assert customer.get("/jobs", headers={"Authorization": value}).status_code == 200


def test_protobuf_is_not_taken(customer):
    answer = customer.post("/jobs", content=b"\x0a\x01a", headers={"Content-Type": "application/x-protobuf"})

    assert (answer.status_code, answer.json()["code"]) == (415, 3)


def test_a_wish_for_protobuf_is_answered_in_json(customer):
    answer = customer.post("/jobs", json={"templateId": "a"}, headers={"Accept": "application/x-protobuf"})

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
