"""Random clients: the state machine, and schemathesis with our oracles and view of the document."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

import specs
from conformance.fuzz import Finding, fuzz
from conformance.fuzz_bench import without_false_keys
from conformance.machine import explore
from conformance.target import Target, request_examples
from mockserver.http.app import create_app
from mockserver.http.server import serving
from tests.conformance.faults import all_faults

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("api", specs.names())
def test_random_clients_find_nothing_on_the_clean_mock(api: str) -> None:
    with Target.in_process(create_app([api]), api) as target:
        assert explore(target, examples=4, steps=10) == []


PLAY = """
from conformance.machine import explore
from conformance.target import Target
from mockserver.http.app import create_app
from tests.conformance.faults import all_faults
fault = next(one for one in all_faults("ionworks") if one.id == "ionworks:ended-jobs-come-back")
with fault.apply(create_app(["ionworks"])) as app, Target.in_process(app, "ionworks") as target:
    print(explore(target, examples=30)[0].requirement)
"""


def test_random_clients_find_what_is_broken_and_always_the_same() -> None:
    """From process to process; what else the shortest game breaks beside its first finding is not held here."""
    told = [subprocess.run([sys.executable, "-W", "ignore", "-c", PLAY], cwd=ROOT, capture_output=True, text=True, check=True).stdout for _ in range(2)]

    assert told == ["JOB-STM-004\n"] * 2


@pytest.mark.parametrize("api", specs.names())
def test_without_false_keys_the_same_bodies_are_valid(api: str) -> None:
    spec = specs.load(api)
    assert spec.lifecycle is not None
    view = without_false_keys(deepcopy(spec.document), spec)
    operation = spec.operations[spec.lifecycle.roles["submit"].operation]
    body = specs.document.resolve(view, view["paths"][operation.path][operation.method.lower()]["requestBody"])
    schema = {**body["content"]["application/json"]["schema"], "components": view["components"]}

    validator = jsonschema_rs.Draft202012Validator(schema)
    assert all(validator.is_valid(example) for example in request_examples(spec, operation.id))
    assert not any(name.endswith(("_id", "Id")) for name in _properties(schema, view))


def _properties(schema: Any, document: Any, depth: int = 0) -> Iterator[str]:
    schema = specs.document.resolve(document, schema)
    if isinstance(schema, dict) and depth < 5:
        yield from schema.get("properties", {})
        for child in (*schema.get("properties", {}).values(), *schema.get("allOf", ())):
            yield from _properties(child, document, depth + 1)


@pytest.mark.filterwarnings("ignore")
def test_schemathesis_with_our_oracles_finds_what_it_cannot_find_by_itself() -> None:
    fault = next(one for one in all_faults("ionworks") if one.id == "ionworks:list-repeats-one")
    with fault.apply(create_app(["ionworks"], pace="auto")) as app, serving(_Served(app)) as url:  # type: ignore[arg-type]
        found = [one.check for one in fuzz("ionworks", url, most_examples=1, judged=True) if isinstance(one, Finding)]

    assert "JOB-LST-001" in found


class _Served:
    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._app(scope, receive, send)

    def close(self) -> None:
        """Nothing to close."""
