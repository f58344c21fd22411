"""Snapshots of worlds with jobs of all five APIs: brought back whole, or refused with nothing changed anywhere."""

from __future__ import annotations

import json
import random
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from copy import deepcopy
from hashlib import blake2b
from pathlib import Path
from typing import Any
from zlib import compress, decompress

import httpx
import pytest

import mockserver
from mockserver.client import MockServer, Sandbox
from mockserver.http.sandboxes.restoring import readers
from mockserver.simulation.snapshot import MAGIC

TOKEN = {"Authorization": "Bearer any"}
CONTAINER = {
    "type": "docker",
    "parameters": {"image": "busybox", "tag": "1", "host": "registry.example", "env": {}, "ports": []},
}
XIO = {
    "title": "t",
    "task": "BATCH",
    "max_timeout_run_ms": 3_600_000,
    "cpu_count": 1,
    "gpu_count": 0,
    "parameters": CONTAINER,
}
NODES = [{"class": "n", "count": 2, "cpu": 8, "memory_gib": 64, "gpu": {"count": 4, "model": "A100", "vram_gib": 40}}]
SMALL = {"name": "small", "nodes": NODES, "startup": {"fixed": 2}, "pace": "manual"}
LISTS = {"openyuanrong": "/jobs", "runai": "/job", "xio": "/jobs", "ionworks": "/jobs", "bytenite": "/customer/jobs"}


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with MockServer(pace="manual") as running:
        yield running


@pytest.fixture
def box(server: MockServer) -> Iterator[Sandbox]:
    with server.sandbox(scenario=SMALL) as made:
        _fill(made)
        yield made


def _fill(box: Sandbox) -> None:
    """Jobs of all APIs: some wait, some run, some have ended, one calls back, one is a draft, some have teams."""
    with httpx.Client(headers=TOKEN) as http:
        ionworks, runai, yuanrong, bytenite = (
            box.url(api) for api in ("ionworks", "runai", "openyuanrong", "bytenite")
        )
        for number, kind in enumerate(("dummy", "datafit", "simulate")):
            body: dict[str, Any] = {"job_type": kind, "params": {}, "metadata": {"MOCK_RUN_SECONDS": 4 + 50 * number}}
            more = {"callback_url": "http://127.0.0.1:9/gone"} if kind == "datafit" else {}
            assert http.post(f"{ionworks}/jobs", json=body | more).status_code == 202
        for count in (1, 2, 12):
            assert http.post(
                f"{box.url('xio')}/jobs", json={**XIO, "max_node_count": min(count, 2), "cpu_count": count}
            ).is_success
        for wanted in ({"gpu": 1, "command": "sleep 60"}, {"gpu": 1, "completions": 3, "parallelism": 2}, {"gpu": 8}):
            assert http.post(f"{runai}/job", json={"job": {"project": "team-a", "image": "i", **wanted}}).is_success
        entry = {"entrypoint": "sleep 20", "runtime_env": {"working_dir": "file:///x"}, "entrypoint_num_cpus": 1}
        assert http.post(f"{yuanrong}/jobs", json={**entry, "metadata": {"a": "b"}}).is_success
        assert http.post(f"{bytenite}/auth/access_token", json={"apiKey": "mock-api-key"}).is_success
        for runs in (False, True):
            job = http.post(f"{bytenite}/customer/jobs", json={"templateId": "hello-world", "name": "n"}).json()["job"][
                "id"
            ]
            if runs:
                assert http.post(
                    f"{bytenite}/customer/jobs/{job}/run", json={"config": {"taskTimeout": "3600"}}
                ).is_success
        box.clock.advance(7)


def _said(box: Sandbox) -> dict[str, Any]:
    """What every API says of its jobs, and the control API of everything."""
    with httpx.Client(headers=TOKEN) as http:
        lists = {api: http.get(box.url(api) + path).json() for api, path in LISTS.items()}
        own = {path: http.get(f"{box.root}/_mock/{path}").json() for path in ("jobs", "nodes", "clock")}
    del own["clock"]["sandbox"]
    return {**lists, **own}


def _record(snapshot: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(decompress(b64decode(snapshot)[len(MAGIC) + 32 :]))
    return told


def _sealed(told: Any) -> str:
    body = compress(told if isinstance(told, bytes) else json.dumps(told).encode())
    return b64encode(MAGIC + blake2b(body, digest_size=32).digest() + body).decode()


def test_what_all_apis_say_comes_back(box: Sandbox, server: MockServer) -> None:
    kept, before = box.snapshot(), _said(box)

    box.clock.advance(90)
    later = _said(box)
    box.restore(kept)
    back = _said(box)
    box.clock.advance(90)

    assert (back, _said(box)) == (before, later)
    with server.sandbox() as other:
        other.restore(kept)
        assert _said(other) == before


def test_a_fork_says_the_same_and_goes_on_by_itself(box: Sandbox) -> None:
    with box.fork() as other:
        assert _said(other) == _said(box)
        other.clock.advance(90)
        box.clock.advance(90)
        assert _said(other) == _said(box)


def test_the_answer_of_snapshot_is_taken_by_restore_as_it_is(box: Sandbox) -> None:
    saved = httpx.post(f"{box.root}/_mock/snapshot")
    box.clock.advance(50)

    restored = httpx.post(
        f"{box.root}/_mock/restore", content=saved.content, headers={"Content-Type": "application/json"}
    )

    assert (restored.status_code, restored.json()["now"]) == (200, 7)


def _changed(told: dict[str, Any], random_: random.Random) -> dict[str, Any]:
    """The record with one to three places made strange."""
    told = deepcopy(told)
    for _ in range(random_.choice((1, 1, 2, 3))):
        node: Any = told
        key = random_.choice(list(node))
        while isinstance(node[key], dict | list) and node[key] and random_.random() < 0.85:
            node = node[key]
            key = random_.choice(list(node)) if isinstance(node, dict) else random_.randrange(len(node))
        if random_.random() < 0.2:
            del node[key]
        else:
            node[key] = random_.choice(
                (0, -1, 3, 2**61, 10**30, 1.5, "", "x", "running", None, True, [], {}, [0], {"a": 1})
            )
    return told


def test_hundreds_of_forged_snapshots_break_nothing(box: Sandbox, server: MockServer) -> None:
    told, random_ = _record(box.snapshot()), random.Random(20)
    with (
        server.sandbox(scenario=SMALL) as victim,
        server.sandbox(scenario=SMALL) as neighbour,
        httpx.Client(headers=TOKEN) as http,
    ):
        _fill(neighbour)
        calm = _said(neighbour)
        statuses = set()
        for _ in range(250):
            before = victim.clock.now, len(victim.jobs)
            answer = http.post(f"{victim.root}/_mock/restore", json={"snapshot": _sealed(_changed(told, random_))})
            statuses.add(answer.status_code)
            if answer.status_code == 422:
                assert "\n" not in answer.json()["error"]["message"]
                assert (victim.clock.now, len(victim.jobs)) == before
                continue
            answers = [http.get(victim.url(api) + path) for api, path in LISTS.items()]
            answers.append(http.post(f"{victim.root}/_mock/clock/advance", json={"seconds": 500}))
            answers += [http.get(victim.url(api) + path) for api, path in LISTS.items()]
            answers += [http.get(f"{victim.root}/_mock/{path}") for path in ("jobs", "nodes", "clock")]
            assert {one.status_code for one in answers} == {200}
        assert statuses == {200, 422}
        assert _said(neighbour) == calm


FORGERIES: dict[str, Any] = {
    "a pickle": b"\x80\x05cmockserver.simulation.world\nWorld\nN}(\x8c\x06submith\x00\x86b.",
    "nested too deep": b'{"shelves":' + b"[" * 500_000,
    "a bomb": b" " * 200_000_000,
    "nothing": b"",
    "another document": {"jobs": []},
}


@pytest.mark.parametrize("kind", FORGERIES)
def test_a_crafted_snapshot_is_refused_and_changes_nothing_anywhere(
    box: Sandbox, server: MockServer, kind: str
) -> None:
    with server.sandbox(scenario=SMALL) as neighbour:
        before = _said(box), _said(neighbour)

        answer = httpx.post(f"{box.root}/_mock/restore", json={"snapshot": _sealed(FORGERIES[kind])}, timeout=30)

        assert answer.status_code == 422
        assert "the snapshot" in answer.json()["error"]["message"]
        assert (_said(box), _said(neighbour)) == before
        assert (
            httpx.post(f"{neighbour.url('ionworks')}/jobs", json={"job_type": "dummy", "params": {}}).status_code == 202
        )


def _job(told: dict[str, Any], api: str) -> dict[str, Any]:
    found: dict[str, Any] = next(job for job in told["jobs"] if job.get("request", {}).get("api") == api)
    return found


@pytest.mark.parametrize(
    ("api", "member", "value"),
    [
        ("xio", "cpu_count", "many"),
        ("xio", "title", 7),
        ("xio", "uuid", "no-uuid"),
        ("xio", "status", "ASLEEP"),
        ("ionworks", "job_type", 7),
        ("ionworks", "user_id", None),
        ("runai", "name", None),
        ("runai", "image", {}),
        ("bytenite", "body", {}),
        ("bytenite", "chunks", 0),
        ("bytenite", "seen", -1),
    ],
)
def test_a_job_that_its_api_could_not_tell_of_is_refused(box: Sandbox, api: str, member: str, value: Any) -> None:
    told = _record(box.snapshot())
    _job(told, api)["request"]["payload"][member] = value

    answer = httpx.post(f"{box.root}/_mock/restore", json={"snapshot": _sealed(told)})

    assert answer.status_code == 422
    assert "job" in answer.json()["error"]["message"]


def test_a_callback_of_an_api_that_calls_nobody_is_refused(box: Sandbox) -> None:
    told = _record(box.snapshot())
    _job(told, "xio")["request"]["callback"] = "http://127.0.0.1:9/"

    assert httpx.post(f"{box.root}/_mock/restore", json={"snapshot": _sealed(told)}).status_code == 422


def test_every_shelf_that_the_source_names_has_a_reader() -> None:
    named = set()
    for file in Path(mockserver.__file__).parent.rglob("*.py"):
        text = file.read_text()
        constants = dict(re.findall(r'^(\w*SHELF) = "([^"]+)"$', text, re.MULTILINE))
        for word in re.findall(r"\.shelf\(([^)]+)\)", text):
            named.add(constants.get(word, word.strip('"').replace("webhooks.SHELF", "mock.callbacks")))

    assert named - {"name"} <= readers().shelves.keys()
    assert len(named) >= 6
