"""What clients have the server remember is bounded by bytes, in a sandbox and in all of them together."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from mockserver.http import limits
from mockserver.http.app import create_sandboxes
from mockserver.http.records.exchange import Entry
from mockserver.http.sandboxes.sandbox import Sandboxes
from mockserver.http.server import serving
from mockserver.simulation.world import World

MIB = 2**20
BIG = "x" * 900_000


@pytest.fixture(scope="module")
def root() -> Iterator[str]:
    """The root of a server whose sandboxes keep 8 MiB, and 2 MiB each."""
    with serving(pace="manual", most_bytes=8 * MIB) as served:
        yield served


@pytest.fixture
def url(root: str) -> Iterator[str]:
    """The same; the sandboxes that a test made are gone afterwards."""
    yield root
    for sandbox in httpx.get(f"{root}/_mock/sandboxes").json()["sandboxes"]:
        if sandbox["name"] != "default":
            httpx.delete(f"{root}/_mock/sandboxes/{sandbox['name']}")


def submit(url: str, sandbox: str, text: str = BIG) -> httpx.Response:
    return httpx.post(
        f"{url}/sandbox/{sandbox}/jobs", json={"job_type": "dummy", "params": {}, "metadata": {"k": text}}
    )


def test_a_sandbox_that_keeps_its_limit_of_bytes_refuses_with_a_way_out_and_room_comes_back(url: str) -> None:
    assert [submit(url, "full").status_code for _ in range(3)] == [202, 202, 503]

    refused = submit(url, "full")

    assert refused.headers["Retry-After"] == str(limits.RETRY_SECONDS)
    for way in ("this sandbox keeps the limit of 2 MiB", "delete jobs", "/_mock/reset", "--most-mib"):
        assert way in refused.text
    assert submit(url, "full", "small").status_code == 202
    httpx.post(f"{url}/sandbox/full/_mock/reset")
    assert submit(url, "full").status_code == 202


def test_all_sandboxes_together_keep_no_more_than_their_limit_and_a_deleted_one_makes_room(url: str) -> None:
    names = [f"part-{number}" for number in range(5)]
    statuses = [submit(url, name).status_code for name in names for _ in range(2)]

    assert statuses == [202] * 9 + [503]
    assert "all sandboxes together keep the limit of 8 MiB" in submit(url, names[-1]).text
    httpx.delete(f"{url}/_mock/sandboxes/{names[0]}")
    assert submit(url, names[-1]).status_code == 202


def test_a_text_beyond_ascii_counts_as_what_it_takes_in_memory(url: str) -> None:
    assert (
        httpx.post(
            f"{url}/sandbox/wide/jobs",
            content=b'{"job_type":"dummy","params":{"k":"' + b"x" * 600_000 + "\U0001f600".encode() + b'"}}',
            headers={"Content-Type": "application/json"},
        ).status_code
        == 503
    )


def test_a_copy_of_a_world_counts_like_the_world(url: str) -> None:
    for _ in range(2):
        submit(url, "source")
    answers = [httpx.post(f"{url}/sandbox/source/_mock/fork", json={}) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [201, 201, 201, 503, 503]


def entry(body: bytes) -> Entry:
    return ("ionworks", "op", "POST", b"/jobs", b"", [], body, 200, [], b"", 0, 0.0, 0.001, "")


def test_journals_of_all_sandboxes_are_bounded_together_and_idle_ones_are_cut_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mockserver.http.records.journal.JOURNALS_BYTES", MIB)
    monkeypatch.setattr("mockserver.http.sandboxes.sandbox.JOURNALS_BYTES", MIB)
    sandboxes: Sandboxes = create_sandboxes(["ionworks"])
    idle, busy = sandboxes.create("idle"), sandboxes.create("busy")
    idle.used, busy.used = 1.0, 2.0
    for box in (idle, busy):
        for _ in range(12):
            box.journal.add(entry(b"x" * 50_000))

    assert sandboxes.journal_budget.bytes == idle.journal.bytes + busy.journal.bytes <= MIB
    assert len(busy.journal) == 12 > len(idle.journal)
    sandboxes.remove("busy")
    assert sandboxes.journal_budget.bytes == idle.journal.bytes


def test_a_rule_beyond_its_limit_of_bytes_is_refused(url: str) -> None:
    rule = {"match": {}, "answer": {"status": 503, "body": {"k": "x" * limits.RULE_BYTES}}}

    assert httpx.post(f"{url}/sandbox/rules/_mock/rules", json=rule).status_code == 413


def rule(client: httpx.Client, text: str = "x" * 200_000) -> httpx.Response:
    return client.post("/_mock/rules", json={"match": {}, "answer": {"status": 503, "body": {"k": text}}})


def fault(client: httpx.Client, text: str = "x" * 200_000) -> httpx.Response:
    return client.post("/_mock/faults", json={"kind": "drop", "scope": {"headers": {"k": text}}})


@pytest.mark.parametrize("add", [rule, fault])
def test_rules_and_faults_take_room_until_they_are_removed_whatever_becomes_of_the_world(
    url: str, add: Callable[[httpx.Client], httpx.Response]
) -> None:
    with httpx.Client(base_url=f"{url}/sandbox/steered") as client:
        answers = [add(client) for _ in range(12)]
        statuses = [answer.status_code for answer in answers]
        assert statuses == [201] * statuses.count(201) + [503] * statuses.count(503)
        assert 5 <= statuses.count(201) <= 10
        part = f"/_mock/{add.__name__}s"
        assert len(client.get(part).json()[f"{add.__name__}s"]) == statuses.count(201)

        saved = client.post("/_mock/snapshot").json()["snapshot"]
        assert client.post("/_mock/restore", json={"snapshot": saved}).status_code == 200
        assert add(client).status_code == 503
        client.delete(f"{part}/{answers[0].json()['id']}")
        assert add(client).status_code == 201
        client.delete(part)
        assert add(client).status_code == 201
        client.post("/_mock/reset")
        assert submit(url, "steered").status_code == 202


def test_a_fault_beyond_its_limit_of_bytes_is_refused(url: str) -> None:
    with httpx.Client(base_url=f"{url}/sandbox/rules") as client:
        assert fault(client, "x" * limits.RULE_BYTES).status_code == 413


@pytest.mark.parametrize(
    "scenario",
    [
        {"nodes": [{"class": "c", "count": 1, "cpu": 1, "memory_gib": 1, "labels": {"k": "x" * 900_000}}]},
        {"nodes": [{"class": "c", "count": 2500, "cpu": 1, "memory_gib": 1}]},
    ],
    ids=["long", "many nodes"],
)
def test_scenarios_that_clients_describe_take_room(url: str, scenario: dict[str, Any]) -> None:
    sent = [{"name": f"own-{number}", "scenario": scenario} for number in range(12)]
    statuses = [httpx.post(f"{url}/_mock/sandboxes", json=one).status_code for one in sent]

    assert statuses == [201] * statuses.count(201) + [503] * statuses.count(503)
    assert 3 <= statuses.count(201) <= 9
    httpx.delete(f"{url}/_mock/sandboxes/own-0")
    assert httpx.post(f"{url}/_mock/sandboxes", json=sent[-1]).status_code == 201


def test_added_nodes_take_room(url: str) -> None:
    scenario = {"nodes": [{"class": "c", "count": 3090, "cpu": 1, "memory_gib": 1}]}
    httpx.post(f"{url}/_mock/sandboxes", json={"name": "grown", "scenario": scenario})

    added = [{"name": f"n-{number}", "cpu": 1, "memory_gib": 1} for number in range(9)]
    statuses = [httpx.post(f"{url}/sandbox/grown/_mock/nodes", json=node).status_code for node in added]

    assert statuses == [201] * 7 + [503] * 2


def test_requests_that_leave_nothing_behind_take_no_room(url: str) -> None:
    wanted = {"name": "x" * 900_000}
    answers = [
        httpx.post(f"{url}/sandbox/reading/v1/customer/jobs/filter", json=wanted, headers={"Authorization": "any"})
        for _ in range(4)
    ]

    assert [answer.status_code for answer in answers] == [200] * 4
    assert submit(url, "reading").status_code == 202


def test_an_edit_of_a_draft_takes_room_and_its_deletion_gives_it_back(url: str) -> None:
    headers = {"Authorization": "any"}
    jobs = f"{url}/sandbox/drafts/v1/customer/jobs"

    def draft() -> str:
        made = httpx.post(jobs, json={"templateId": "video-encoder", "name": "n"}, headers=headers)
        return str(made.json()["job"]["id"])

    def edit(job: str) -> int:
        return httpx.patch(f"{jobs}/{job}/params", json={"app": {"k": BIG}}, headers=headers).status_code

    first = draft()
    assert [edit(first), edit(first), edit(draft())] == [200, 200, 503]
    httpx.delete(f"{jobs}/{first}", headers=headers)
    assert edit(draft()) == 200


def test_worlds_that_are_gone_give_their_memory_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockserver.http.sandboxes.sandbox.GONE_BYTES", MIB)
    with serving(apis=["ionworks"], pace="manual") as url, httpx.Client(base_url=url) as client:
        gc.collect()
        others = {id(one) for one in gc.get_objects() if isinstance(one, World)}  # of servers that other tests share
        gc.disable()
        try:
            for number in range(12):
                body = {"job_type": "dummy", "params": {"a": f"{number}" + "k" * 300_000}}
                assert client.post("/sandbox/one/jobs", json=body).status_code == 202
                client.post("/sandbox/one/_mock/reset" if number % 2 else "/sandbox/other/_mock/reset")
                client.delete("/_mock/sandboxes/one")
            worlds = [one for one in gc.get_objects() if isinstance(one, World) and id(one) not in others]
            worlds = [one for one in worlds if one.job_limits.bytes > 250_000]
        finally:
            gc.enable()

    assert len(worlds) <= 4


def test_the_world_of_a_deleted_sandbox_is_gone_at_once_if_it_is_large(url: str) -> None:
    scenario = {"nodes": [{"class": "large", "count": 3000, "cpu": 1, "memory_gib": 1}]}
    gc.collect()
    gc.disable()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("mockserver.http.sandboxes.sandbox.GONE_BYTES", MIB)
            assert httpx.post(f"{url}/_mock/sandboxes", json={"name": "wide", "scenario": scenario}).is_success
            httpx.delete(f"{url}/_mock/sandboxes/wide")
            httpx.get(f"{url}/_mock/health")
        worlds = [
            one for one in gc.get_objects() if isinstance(one, World) and len(one.scheduler.cluster.nodes) == 3000
        ]
    finally:
        gc.enable()

    assert worlds == []
