"""A run on a server that many share leaves nothing there: neither its checks nor its random clients."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from conformance import catalogue as catalogues
from conformance.cli.main import main
from conformance.oracles.all_oracles import AllOracles
from conformance.run.results import Options
from conformance.run.runner import run
from conformance.run.verdict import Exit
from conformance.search.search import search
from conformance.session.made_jobs import MadeJobs, left_over
from conformance.session.session import Session
from conformance.target.target import Target
from mockserver.http.server import serving
from tests.conformance.small_servers.runai import Server
from tests.conformance.small_servers.serving import served
from tests.conformance.test_small_runai import SETTINGS


@pytest.mark.parametrize("api", ["ionworks", "openyuanrong"])
def test_nothing_is_left_on_a_shared_server(api: str, tmp_path: Path) -> None:
    file = tmp_path / "journal"
    with serving(apis=[api], pace="x1000") as url, Target.at(api, url, scale=1000.0) as target:
        journal = MadeJobs(file, api=api, url=url, submit=("POST", ""))
        report = run(
            target, Options(profiles=("create-only",), games=2, fuzz_examples=3), journal=journal, search=search
        )
        journal.close()
        held = _held(url)

    made = file.read_text(encoding="utf-8").count('"made"')
    assert report.exit is Exit.CONFORMANT, report.sentence
    assert [len(one.left) > 0 for one in report.searches if one.by == "schemathesis"] == [True]
    assert made > sum(len(one.left) for one in report.searches)  # checks make some, too
    assert left_over(file) == []
    assert report.left_behind == []
    assert held == []


def test_a_job_of_another_project_is_cleaned_up_in_its_project(tmp_path: Path) -> None:
    """Run:AI's deletion names a job and its project: the usual one is not that of every example of the document."""
    (tmp_path / "tiny.yaml").write_text(SETTINGS)
    with served(Server(20.0)) as url, Target.at("runai", url, file=tmp_path / "tiny.yaml") as target:
        oracles = AllOracles(target.spec, catalogues.load("runai"))
        with Session(target, oracles, name="left") as session:
            exchange = session.post(session.body(patch={"job": {"project": "team-b"}}))
            assert exchange.response.is_success
            made = session.job_of(exchange).id
        look = Session(target, oracles, name="look")
        for _ in range(100):  # a deletion takes a moment
            if not (is_there := made in look.list_jobs().response.body.decode()):
                break
            time.sleep(0.05)

    assert not is_there


def _held(url: str) -> list[str]:
    """The jobs that hold a node, once what is being stopped has had its time."""
    for _ in range(50):
        held = [job for node in httpx.get(f"{url}/_mock/nodes").json()["nodes"] for job in node["jobs"]]
        if not held:
            return []
        time.sleep(0.1)
    return held


def test_fuzzing_leaves_nothing_either() -> None:
    with serving(apis=["ionworks"], pace="real") as url:
        told = CliRunner().invoke(main, ["fuzz", "ionworks", "--url", url, "--max-examples", "1"])
        left = {job["status"] for job in httpx.get(f"{url}/jobs?limit=1000").json()["jobs"]}
        held = _held(url)

    assert told.exit_code == Exit.CONFORMANT, told.output
    assert "would not go" not in told.output
    assert left <= {"completed", "failed", "canceled"}
    assert "canceled" in left
    assert held == []
