"""Random clients: the state machine, and schemathesis with our oracles and view of the document."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema_rs
import pytest
from rich.console import Console

import specs
from conformance import catalogue as catalogues
from conformance.oracles.all_oracles import AllOracles
from conformance.report import terminal
from conformance.report.json import canonical
from conformance.run.modes import options_for
from conformance.run.results import Options, Report, Search
from conformance.run.runner import run
from conformance.run.verdict import Exit, Result, Verdict
from conformance.search.fuzz import Finding, documented_refusals, fuzz
from conformance.search.fuzz_judge import FuzzJudge, without_false_keys
from conformance.search.replay import replay
from conformance.search.search import search
from conformance.search.state_machine import explore
from conformance.target.target import Target, request_examples
from conformance.traffic.exchange import Exchange, Request, Response
from mockserver.http.app import create_app
from mockserver.http.server import serving
from tests.conformance.faults import Asked, all_faults, requests

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("api", specs.names())
def test_random_clients_find_nothing_on_the_clean_mock(api: str) -> None:
    with Target.in_process(create_app([api]), api) as target:
        assert explore(target, examples=4, steps=10) == []


SEARCH = """
import sys
from conformance import catalogue
from conformance.search.search import search
from conformance.run.results import Options, Report
from conformance.report.json import canonical, text
from conformance.target.target import Target
from conformance.run.verdict import Result, Verdict
from mockserver.http.app import create_app
from tests.conformance.faults import all_faults
api = sys.argv[1].partition(":")[0]
fault = next(one for one in all_faults(api) if one.id == sys.argv[1])
report = Report(api, "", Options())
with fault.apply(create_app([api])) as app, Target.in_process(app, api) as target:
    for one in search(target, catalogue.load(api), seed=1, games=int(sys.argv[2]), examples=int(sys.argv[3])):
        report.searches.append(one)
        for found in one.violations:
            result = report.results.setdefault(found.requirement, Result(found.requirement))
            result.add(Verdict.FAIL, found.message, [found])
print(text(canonical([report])))
"""


@pytest.mark.parametrize(
    ("fault", "games", "examples", "found"),
    [("openyuanrong:stop-ignored", 60, 0, "JOB-STM-007"), ("openyuanrong:id-number", 10, 1, "OYR-IDM-009")],
)
def test_equal_seeds_give_equal_reports_in_whichever_process(fault: str, games: int, examples: int, found: str) -> None:
    """All that a report says of random clients: findings, exchanges byte by byte, how much was done."""
    words = [sys.executable, "-W", "ignore", "-c", SEARCH, fault, str(games), str(examples)]
    told = [
        subprocess.run(
            words, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in "12"
    ]

    told = [re.sub(r'"(sent|began)": [^\n]*', "", one) for one in told]  # real time differs, nothing else
    assert told[0] == told[1]
    assert found in {id_ for search in json.loads(told[0])["runs"][0]["searches"] for id_ in search["broken"]}


def searched(id_: str, *, games: int = 0, examples: int = 0) -> Search:
    """What one kind of random clients finds on a broken mock."""
    api = id_.partition(":")[0]
    fault = next(one for one in all_faults(api) if one.id == id_)
    with fault.apply(create_app([api])) as app, Target.in_process(app, api) as target:
        (told,) = search(target, catalogues.load(api), seed=1, games=games, examples=examples)
    return told


@pytest.mark.parametrize(
    ("fault", "requirement"),
    [
        ("bytenite:units-fraction", "BYT-RSP-008"),
        ("ionworks:cancel-of-nobody", "JOB-ERR-012"),
        ("openyuanrong:stop-ignored", "JOB-STM-007"),
        ("openyuanrong:delete-of-nobody", "JOB-ERR-013"),
        ("runai:no-id", "JOB-CRT-002"),
        ("xio:completed-while-running", "XIO-TIM-005"),
    ],
)
def test_the_state_machine_alone_finds_what_is_broken(fault: str, requirement: str) -> None:
    told = searched(fault, games=60)

    assert requirement in {one.requirement for one in told.violations}
    assert told.examples
    assert told.steps
    assert all(one.exchanges[0].operation for one in told.violations)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("fault", "requirement"),
    [
        ("openyuanrong:id-number", "OYR-IDM-009"),
        ("openyuanrong:everyday-reading-counts", "OYR-RSP-014"),
        ("runai:wrong-success-status", "JOB-RSP-003"),
    ],
)
def test_schemathesis_alone_finds_what_is_broken_and_shows_little(fault: str, requirement: str) -> None:
    told = searched(fault, examples=1)
    found = [one for one in told.violations if one.requirement == requirement]

    assert found
    assert min(len(one.exchanges) for one in found) <= 6
    assert told.steps > 100


@pytest.mark.filterwarnings("ignore")
def test_in_ci_mode_random_clients_join_in_process_and_the_report_says_what_they_did(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Target.in_process(create_app(["openyuanrong"]), "openyuanrong") as target:
        (options,) = options_for("ci", Options(profiles=("create-only",)), quick=False)
        report = run(target, replace(options, games=5, fuzz_examples=1), search=search)
    whole = canonical([report])
    terminal.show(whole, Console(highlight=False))

    assert report.exit is Exit.CONFORMANT, report.sentence
    assert options.games > 5
    assert options.fuzz_examples > 1
    assert [
        (one["by"], one["examples"] > 0, one["steps"] > 0, len(one["operations"]), one["broken"])
        for one in whole["runs"][0]["searches"]
    ] == [
        ("state machine", True, True, 5, []),
        ("schemathesis", True, True, 5, []),
    ]
    assert "schemathesis, seed 1: " in capsys.readouterr().out
    assert options_for("ci", Options(), quick=True) == [Options()]


def test_what_random_clients_find_can_be_replayed() -> None:
    with _broken("openyuanrong:stop-ignored") as target:
        found = explore(target)
        report = Report(
            "openyuanrong",
            "",
            Options(),
            {one.requirement: Result(one.requirement, Verdict.FAIL, one.message, [one]) for one in found},
        )
        told = replay(target, canonical([report]), "JOB-STM-007")

    assert told.verdict == "broken"
    assert len(told.lines) > 3
    assert [then for _, then, _ in told.lines] == [now for _, _, now in told.lines]


@contextmanager
def _broken(id_: str) -> Iterator[Target]:
    api = id_.partition(":")[0]
    fault = next(one for one in all_faults(api) if one.id == id_)
    with fault.apply(create_app([api])) as app, Target.in_process(app, api) as target:
        yield target


def test_a_wrong_body_that_was_refused_for_another_reason_is_tried_on_a_job_that_exists() -> None:
    spec = specs.load("bytenite")
    operation = spec.operations["Customer_SetJobDatasource"]

    def mend(asked: Asked) -> None:
        asked.body = request_examples(spec, operation.id)[0]

    with (
        requests("bytenite", operation.id, mend)(create_app(["bytenite"])) as app,
        Target.in_process(app, "bytenite") as target,
    ):
        bench = FuzzJudge(spec, target)
        list(
            bench.findings(
                _recorded("PATCH", f"{spec.base_path}{operation.path.replace('{jobId}', 'nobody')}", b"[5]", 404)
            )
        )
        found = list(bench.twins())

    assert [one.check for one in found] == ["wrong_reason"]


def _recorded(method: str, path: str, body: bytes, status: int) -> Any:
    """What schemathesis records of one case with a wrong body."""
    asked = SimpleNamespace(
        method=method, uri=f"http://localhost{path}", headers={"Content-Type": ["application/json"]}, body=body
    )
    told = SimpleNamespace(
        status_code=status, headers={"content-type": ["application/json"]}, content=b"{}", content_size=2
    )
    case = SimpleNamespace(meta=SimpleNamespace(components={"body": SimpleNamespace(mode="negative")}))
    return SimpleNamespace(
        interactions={"1": SimpleNamespace(request=asked, response=told, timestamp=0.0)},
        cases={"1": SimpleNamespace(value=case)},
        checks={},
    )


@pytest.mark.parametrize(
    ("operation", "is_broken"), [("yr_submit_job", False), ("yr_stop_job", True), ("yr_list_jobs", True)]
)
def test_only_the_operation_that_the_document_names_may_answer_500(operation: str, is_broken: bool) -> None:
    """Elsewhere a documented 500 is still a failure of the server."""
    spec = specs.load("openyuanrong")
    told = Exchange(
        Request("POST", "", ""),
        Response(500, (("content-type", "application/json"),), b'"no room"'),
        operation=operation,
    )

    broken = {one.requirement for one in AllOracles(spec, catalogues.load("openyuanrong")).observe(told)}

    assert ("JOB-ERR-010" in broken) is is_broken
    assert [
        one["include-operation-id"]
        for one in documented_refusals("openyuanrong")
        if "not_a_server_error" in one["checks"]
    ] == ["yr_submit_job"]


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
    fault = next(one for one in all_faults("ionworks") if one.id == "ionworks:no-correlation")
    # type: ignore[arg-type]
    with fault.apply(create_app(["ionworks"], pace="auto")) as app, serving(_Served(app)) as url:
        found = [one.check for one in fuzz("ionworks", url, most_examples=1, judged=True) if isinstance(one, Finding)]

    assert "ION-RSP-002" in found


class _Served:
    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._app(scope, receive, send)

    def close(self) -> None:
        """Nothing to close."""
