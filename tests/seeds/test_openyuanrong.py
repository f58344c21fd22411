"""The vendor's page on submitting a job: its facts stand in our document, its examples get the answers it prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import specs
from tests.conftest import Bench

FACTS = yaml.safe_load((Path(__file__).parent / "openyuanrong" / "facts.yaml").read_text(encoding="utf-8"))
EXAMPLE = FACTS["example"]
DOCUMENT: dict[str, Any] = specs.load("openyuanrong").document
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]


def told(member: dict[str, Any]) -> dict[str, Any]:
    """Type and range as the page states them; the branch for zero is not the page's."""
    if "$ref" in member:
        member = SCHEMAS[member["$ref"].rpartition("/")[2]]
    stated = next((branch for branch in member.get("anyOf", ()) if "const" not in branch), member)
    return {"type": stated["type"]} | {
        ours: stated[key] for key, ours in (("minimum", "least"), ("maximum", "most")) if stated.get(key)
    }


@pytest.mark.parametrize(("part", "schema"), [("members", "SubmitRequest"), ("environment", "RuntimeEnvironment")])
def test_the_document_keeps_every_member_with_its_type_and_range(part: str, schema: str) -> None:
    stated = SCHEMAS[schema]
    required = {name: {"required": True} for name in stated["required"]}

    kept = {name: told(stated["properties"][name]) | required.get(name, {}) for name in FACTS[part]}

    assert kept == FACTS[part]


def test_the_document_keeps_the_operation_and_its_headers() -> None:
    operation = specs.load("openyuanrong").operations["yr_submit_job"]

    assert (operation.method, specs.load("openyuanrong").base_path + operation.path) == tuple(
        FACTS["operation"].values()
    )
    assert [parameter["name"] for parameter in operation.parameters if not parameter.get("required")] == FACTS[
        "headers"
    ]


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_printed_request_gets_the_printed_answer(bench: Bench, slash: str) -> None:
    answer = bench.post(f"/api/jobs{slash}", json=EXAMPLE["request"])

    assert (answer.status_code, answer.json()) == (200, EXAMPLE["answer"])


def test_what_the_printed_request_says_can_be_read_back(bench: Bench) -> None:
    bench.post("/api/jobs", json=EXAMPLE["request"])

    job = bench.get("/api/jobs/app-1234").json()

    assert job["entrypoint"] == EXAMPLE["request"]["entrypoint"]
    assert job["metadata"] == EXAMPLE["request"]["metadata"]
    assert job["runtime_env"]["working_dir"] == EXAMPLE["request"]["runtime_env"]["working_dir"]


def test_the_printed_failure_comes_of_a_label_that_no_node_carries(bench: Bench) -> None:
    answer = bench.post("/api/jobs", json=EXAMPLE["request"], headers={"X-Pool-Label": EXAMPLE["failure"]["label"]})

    assert answer.status_code == 500
    assert answer.json().startswith(EXAMPLE["failure"]["beginning"])
    assert all(str(number) in answer.json() for number in (*EXAMPLE["failure"]["numbers"], EXAMPLE["failure"]["label"]))


@pytest.mark.parametrize("working_dir", FACTS["working_dirs"])
def test_both_forms_of_the_working_directory_are_taken(bench: Bench, working_dir: str) -> None:
    answer = bench.post("/api/jobs", json={"entrypoint": "true", "runtime_env": {"working_dir": working_dir}})

    assert answer.status_code == 200
    assert answer.json()["submission_id"].startswith(FACTS["ids"]["prefix"])


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ("app-" + "a" * 60, 200),
        ("a" * 60, 200),
        ("-", 200),
        ("a" * 61, 400),
        ("app-" + "a" * 61, 400),
        ("App-1", 400),
        ("a_b", 400),
        ("a b", 400),
        ("a\n", 400),
    ],
)
def test_an_id_that_fits_the_pattern_with_its_prefix_is_taken(bench: Bench, given: str, status: int) -> None:
    answer = bench.post("/api/jobs", json=EXAMPLE["request"] | {"submission_id": given})

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("member", "value", "status"),
    [
        ("entrypoint_num_cpus", 0.3, 200),
        ("entrypoint_num_cpus", 16, 200),
        ("entrypoint_num_cpus", 0, 200),
        ("entrypoint_num_cpus", 0.29, 500),
        ("entrypoint_num_cpus", 16.01, 500),
        ("entrypoint_num_cpus", -0.3, 400),
        ("entrypoint_num_cpus", "3", 400),
        ("entrypoint_memory", 134217728, 200),
        ("entrypoint_memory", 0, 200),
        ("entrypoint_memory", 134217727, 500),
        ("entrypoint_memory", 1125899906842625, 500),
        ("entrypoint_memory", 1125899906842624, 500),  # within the range, but no node has that much
        ("entrypoint_memory", 134217728.5, 400),
        ("entrypoint_memory", -1, 400),
        ("entrypoint_num_gpus", 100, 200),
        ("entrypoint_num_gpus", -1, 400),
        ("entrypoint_resources", {"NPU": 8}, 200),
        ("entrypoint_resources", {"NPU": 8.5}, 500),
        ("entrypoint_resources", {"NPU": "1"}, 400),
        ("metadata", {"ttl": 1250}, 400),
        ("metadata", None, 400),
        ("runtime_env", {"working_dir": ""}, 400),
        ("runtime_env", {"working_dir": "/code", "env_vars": {"A": 1}}, 400),
        ("runtime_env", {"working_dir": "/code", "pip": {"packages": []}}, 400),
        ("runtime_env", {"working_dir": "/code", "conda": {"any": ["thing"]}}, 200),
        ("entrypoint", "", 400),
        ("unheard_of", {"any": ["thing"]}, 200),
    ],
)
def test_a_changed_member_of_the_printed_request_is_judged_alone(
    bench: Bench, member: str, value: Any, status: int
) -> None:
    answer = bench.post("/api/jobs", json=EXAMPLE["request"] | {member: value})

    assert answer.status_code == status
    assert isinstance(answer.json(), dict if status == 200 else str)


@pytest.mark.parametrize("member", ["entrypoint", "runtime_env"])
def test_a_required_member_of_the_printed_request_is_missed(bench: Bench, member: str) -> None:
    answer = bench.post("/api/jobs", json={name: value for name, value in EXAMPLE["request"].items() if name != member})

    assert answer.status_code == 400
    assert member in answer.json()
