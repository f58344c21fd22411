"""A server on which something is broken that most checks stand on is judged quickly, and for that alone."""

from __future__ import annotations

from contextlib import ExitStack, nullcontext
from typing import Any

import pytest

import specs
from conformance import catalogue as catalogues
from conformance.oracles.all_oracles import AllOracles
from conformance.run.fundamentals import Broken, broken_grounds, reasons
from conformance.run.results import Options, Report
from conformance.run.runner import Run
from conformance.run.verdict import Exit, Verdict
from conformance.session.session import Session
from conformance.target.target import Target
from conformance.traffic.exchange import Exchange, Request, Response
from mockserver.http.app import create_app
from tests.conformance.broken_fundamentals import GROUND, KINDS
from tests.conformance.faults import answers

APIS = specs.names()


def judged(api: str, kind: str = "") -> Report:
    with ExitStack() as stack:
        app = create_app([api])
        broken: Any = stack.enter_context(KINDS[kind](api)(app) if kind else nullcontext(app))
        target = stack.enter_context(Target.in_process(broken, api))
        return Run(target, Options())()


def grounds(api: str, kind: str = "") -> dict[str, Broken]:
    with ExitStack() as stack:
        app = create_app([api])
        broken: Any = stack.enter_context(KINDS[kind](api)(app) if kind else nullcontext(app))
        target = stack.enter_context(Target.in_process(broken, api))
        session = Session(target, AllOracles(target.spec, catalogues.load(api)), name="f")
        return {str(ground): one for ground, one in broken_grounds(session).items()}


@pytest.mark.parametrize("api", APIS)
def test_nothing_is_missing_on_a_server_that_is_in_order(api: str) -> None:
    assert grounds(api) == {}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("api", APIS)
def test_what_is_broken_is_found_before_anything_is_judged(api: str, kind: str) -> None:
    found = grounds(api, kind)

    assert GROUND[kind] in found
    assert all(one.requirement in catalogues.load(api).requirements for one in found.values())


def test_a_server_that_is_only_busy_has_everything() -> None:
    """429 and 503 say nothing about what most checks stand on."""
    for status in (401, 429, 503):

        def refuse(asked: object, told: object, status: int = status) -> None:
            told.status = status  # type: ignore[attr-defined]

        with (
            answers("ionworks", ("list", "read"), refuse)(create_app(["ionworks"])) as app,
            Target.in_process(app, "ionworks") as target,
        ):
            session = Session(target, AllOracles(target.spec, catalogues.load("ionworks")), name="f")
            assert broken_grounds(session) == {}


@pytest.mark.parametrize(("api", "kind"), [("ionworks", "in-another-case"), ("runai", "no-envelope")])
def test_what_stands_on_something_broken_says_so_and_is_not_waited_for(api: str, kind: str) -> None:
    clean, broken = judged(api), judged(api, kind)

    unjudged = broken.of(Verdict.INCONCLUSIVE)
    blamed = {one.requirement for one in broken.of(Verdict.FAIL)}
    assert broken.exit is Exit.BROKEN
    assert len(unjudged) > 50
    assert sum(one.reason.startswith("not judged because of ") for one in unjudged) > 0.8 * len(unjudged)
    assert {one.reason.split()[4].rstrip(":") for one in unjudged if one.reason.startswith("not judged")} <= blamed
    assert "was not judged: " in broken.sentence
    assert broken.requests <= clean.requests


def test_jobs_that_never_get_on_leave_a_run_without_a_verdict_on_them() -> None:
    """How long one has to wait for a job nobody knows: no MUST is broken by that alone."""
    found = judged("ionworks", "never-on").results["JOB-STM-005"]

    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.reason == '3 jobs are still "pending" after 600 seconds'


def test_whoever_judges_the_broken_ground_is_not_told_to_leave_it() -> None:
    broken: Any = {
        "list": Broken("JOB-LST-002", "no list", Exchange(Request("GET", "http://x", "/"), Response(200))),
        "end": Broken("JOB-STM-005", "none ended"),
    }

    assert reasons(broken, ("JOB-LST-002",)) == {"end": "not judged because of JOB-STM-005: none ended"}
    assert reasons(broken, ("JOB-STM-005",)) == {
        "list": "not judged because of JOB-LST-002: no list",
        "end": "none ended",
    }
    assert "list" not in reasons(broken, ())


def test_a_run_of_a_few_requirements_looks_at_nothing_else() -> None:
    with Target.in_process(create_app(["ionworks"]), "ionworks") as target:
        report = Run(target, Options(only=("JOB-CRT-001",)))()

    assert report.requests < 30
