"""The vendor's page on creating a job: its facts stand in our document, its request and answer are judged
as decided.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

import specs
from tests.conftest import Bench

FACTS: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "xio" / "facts.yaml").read_text(encoding="utf-8"))
DOCUMENT = specs.load("xio").document
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
REQUEST: dict[str, Any] = FACTS["request"]
DATES = ("created_at", "updated_at", "started_at", "completed_at")


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in REQUEST.items() if name not in names}


ACCEPTED = without("gpu_registry_uuid")


def problems(schema: str, value: Any) -> list[str]:
    validator = jsonschema_rs.validator_for(
        {"$ref": f"#/components/schemas/{schema}", "components": DOCUMENT["components"]}, validate_formats=True
    )
    return ["/".join(map(str, error.instance_path)) for error in validator.iter_errors(value)]


def test_the_example_names_a_gpu_in_two_ways_and_is_refused_for_that(bench: Bench) -> None:
    answer = bench.post("/v1/jobs", json=REQUEST)

    assert answer.status_code == 400
    assert [detail["path"] for detail in answer.json()["error"]["details"]] == ["/gpu_registry_uuid"]
    assert "gpu_name" in answer.json()["error"]["message"]
    assert bench.get("/v1/jobs").json()["total"] == 0


@pytest.mark.parametrize("dropped", ["gpu_name", "gpu_registry_uuid"])
def test_the_example_with_either_way_is_accepted_and_comes_back_and_runs(bench: Bench, dropped: str) -> None:
    asked = without(dropped)

    answer = bench.post("/v1/jobs", json=asked)
    bench.advance(30)

    assert answer.status_code == 201
    assert asked.items() <= answer.json().items()
    assert answer.json()[dropped] is None
    assert bench.get(f"/v1/jobs/{answer.json()['uuid']}").json()["status"] == "COMPLETED"


@pytest.mark.parametrize("nulled", ["gpu_name", "gpu_registry_uuid"])
def test_a_null_beside_the_other_way_is_no_contradiction(bench: Bench, nulled: str) -> None:
    assert bench.post("/v1/jobs", json=REQUEST | {nulled: None}).status_code == 201


def test_the_printed_answer_has_our_members_in_our_order(bench: Bench) -> None:
    job = bench.post("/v1/jobs", json=ACCEPTED).json()

    assert list(job) == list(FACTS["answer"])


def test_the_printed_answer_fits_the_document_but_for_its_dates_and_its_placeholder_of_a_uuid() -> None:
    printed = FACTS["answer"]
    real = dict.fromkeys(DATES, "2023-12-25T00:00:00Z") | {"uuid": REQUEST["gpu_registry_uuid"]}

    assert sorted(problems("Job", printed)) == sorted([*DATES, "uuid"])
    assert problems("Job", printed | real) == []


@pytest.mark.parametrize("name", FACTS["required"])
def test_what_is_required_is_required(bench: Bench, name: str) -> None:
    body = {field: value for field, value in ACCEPTED.items() if field != name}

    answer = bench.post("/v1/jobs", json=body)

    assert answer.status_code == 400
    assert name in answer.json()["error"]["message"]


@pytest.mark.parametrize("name", FACTS["defaults"])
def test_what_is_left_out_has_its_default(bench: Bench, name: str) -> None:
    body = {field: value for field, value in ACCEPTED.items() if field != name}

    assert bench.post("/v1/jobs", json=body).json()[name] == FACTS["defaults"][name]
    assert SCHEMAS["JobWishes"]["properties"][name]["default"] == FACTS["defaults"][name]


@pytest.mark.parametrize("name", FACTS["least"])
def test_the_least_value_is_accepted_and_one_below_is_refused(bench: Bench, name: str) -> None:
    least = FACTS["least"][name]

    inside, outside = (bench.post("/v1/jobs", json=ACCEPTED | {name: value}) for value in (least, least - 1))

    assert (inside.status_code, inside.json()[name]) == (201, least)
    assert (outside.status_code, outside.json()["error"]["details"][0]["path"]) == (400, f"/{name}")


@pytest.mark.parametrize("name", [*FACTS["defaults"], "title", "max_timeout_run_ms", "task", "parameters"])
def test_what_may_not_be_null_is_refused_as_null(bench: Bench, name: str) -> None:
    assert bench.post("/v1/jobs", json=ACCEPTED | {name: None}).status_code == 400


@pytest.mark.parametrize("name", FACTS["nullable"])
def test_what_may_be_null_is_accepted_as_null(bench: Bench, name: str) -> None:
    answer = bench.post("/v1/jobs", json=ACCEPTED | {name: None})

    assert (answer.status_code, answer.json()[name]) == (201, None)


@pytest.mark.parametrize("name", FACTS["examples"])
def test_the_example_of_each_row_is_accepted(bench: Bench, name: str) -> None:
    body = without("gpu_name", "gpu_registry_uuid") | {name: FACTS["examples"][name]}

    assert bench.post("/v1/jobs", json=body).json()[name] == FACTS["examples"][name]


@pytest.mark.parametrize(
    ("task", "limit", "status"),
    [("PERSISTENT", None, 201), ("PERSISTENT", 900_000, 400), ("BATCH", None, 400), ("OTHER", 900_000, 400)],
)
def test_a_task_goes_with_its_run_limit(bench: Bench, task: str, limit: int | None, status: int) -> None:
    assert bench.post("/v1/jobs", json=ACCEPTED | {"task": task, "max_timeout_run_ms": limit}).status_code == status


def test_the_states_and_tasks_are_those_printed() -> None:
    assert SCHEMAS["Status"]["enum"] == ["PENDING", "ASSIGNED", "RUNNING", "COMPLETED", "CANCELLED", "FAILED"]
    assert SCHEMAS["Job"]["properties"]["task"]["enum"] == ["BATCH", "PERSISTENT"]
