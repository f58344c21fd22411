"""No refusal shows a regular expression, or leaves choices out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

import specs
from tests.conftest import Bench


def patterns(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if isinstance(node.get("pattern"), str):
            yield node
        for inner in node.values():
            yield from patterns(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from patterns(inner)


@pytest.mark.parametrize("api", specs.names())
def test_every_pattern_of_a_document_is_said_in_words(api: str) -> None:
    unsaid = [node["pattern"] for node in patterns(specs.load(api).document) if "x-expected" not in node]

    assert not unsaid


JOB = {"project": "team-a", "image": "i"}
XIO = {"title": "t", "task": "BATCH", "max_timeout_run_ms": 1000, "cpu_count": 1, "gpu_count": 0, "parameters": {}}
WRONG: dict[str, tuple[str, str, Any, str]] = {
    "xio status": ("GET", "/v1/jobs?filter%5Bstatus%5D=NOPE", None, "CANCELLED or COMPLETED, or several of them"),
    "xio uuid": ("GET", "/v1/jobs?filter%5Buuid%5D=NOPE", None, "expected a UUID"),
    "xio span": ("GET", "/v1/jobs?filter%5Bcpu_count%5D=NOPE", None, "a number, or lowest and highest"),
    "xio date": ("GET", "/v1/jobs?filter%5Bcreated_at%5D=NOPE", None, "a day or an instant in UTC"),
    "runai name": ("POST", "/api/job", {"job": {**JOB, "name": "A"}}, "expected lower-case letters, digits and dashes"),
    "runai memory": ("POST", "/api/job", {"job": {**JOB, "name": "a", "memory": "?"}}, "an amount of bytes such as"),
    "runai policy": (
        "POST",
        "/api/job",
        {"job": {**JOB, "name": "a", "imagePullPolicy": "?"}},
        '\\"?\\" is not one of \\"Always\\", \\"IfNotPresent\\" or \\"Never\\", in any case',
    ),
    "bytenite order": ("GET", "/v1/customer/jobs?orderBy=nope", None, "createdAt, submittedAt, startedAt"),
    "ionworks type": ("POST", "/jobs", {"job_type": "nope", "params": {}}, "simulate"),
    "xio task": ("POST", "/v1/jobs", {**XIO, "task": "nope"}, "BATCH"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_value_of_another_form_is_refused_in_words_with_all_choices(bench: Bench, case: str) -> None:
    method, path, body, words = WRONG[case]

    answer = bench.request(method, path, json=body, headers={"Authorization": "t"})

    shown = answer.text + answer.headers["X-Mock-Violations"]
    assert 400 <= answer.status_code < 500
    assert words in answer.text
    assert "candidates" not in shown
    assert not re.search(r"\^\[|\]\{|\(\?|\)\*|does not match", shown)
