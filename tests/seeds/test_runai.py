"""Every example that the Run:AI seed prints, sent over a socket: accepted or refused as its sources decide."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.conftest import Bench

EXAMPLES = yaml.safe_load((Path(__file__).parent / "runai" / "examples.yaml").read_text(encoding="utf-8"))
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("printed", EXAMPLES, ids=lambda printed: printed["example"])
def test_an_example_is_answered_as_decided(bench: Bench, printed: dict) -> None:
    answer = bench.post("/api/job", content=printed["body"], headers=JSON)

    assert answer.status_code == printed["status"]
    assert answer.json() == {"name": "job-0"} if answer.is_success else answer.json()["status"] == 400


def test_the_headers_of_the_example_are_taken_and_the_user_is_shown(bench: Bench) -> None:
    answer = bench.post("/api/job", content=EXAMPLES[0]["body"], headers=JSON | {"RA-USER": "john"})

    (job,) = bench.get("/api/job", params={"project": "team-a"}).json()["data"]

    assert answer.json() == {"name": "job-0"}
    assert (job["name"], job["user"], job["images"]) == ("job-0", "john", "gcr.io/run-ai-demo/quickstart")


def test_the_example_runs_to_its_end_within_seconds(bench: Bench) -> None:
    bench.post("/api/job", content=EXAMPLES[0]["body"], headers=JSON)
    bench.advance(15)

    (job,) = bench.get("/api/job").json()["data"]

    assert job["status"] == "Succeeded"


def test_the_example_needs_the_content_type_that_the_header_list_forgets(bench: Bench) -> None:
    answer = bench.post("/api/job", content=EXAMPLES[0]["body"], headers={"RA-USER": "john"})

    assert (answer.status_code, answer.json()["status"]) == (415, 415)
