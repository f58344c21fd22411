"""What the xio adapter makes of calls, without a wire."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode

import pytest

import specs
from mockserver.adapters import xio
from mockserver.adapters.exchange import Call, Kind, Refusal, Violation
from mockserver.adapters.xio.credentials import sign
from mockserver.adapters.xio.paging import DAY, date_span, span
from mockserver.adapters.xio.refusals import WORDS
from mockserver.adapters.xio.runs import run_uuid
from mockserver.simulation.lifecycle import CompiledLifecycle
from mockserver.simulation.scenario.scenario import parse
from mockserver.simulation.world import World

REGISTRY = "11111111-2222-4333-8444-555555555555"
SCENARIO = f"""
start: "2026-01-05T09:00:00+00:00"
startup: {{fixed: 5}}
run: {{fixed: 10}}
nodes:
  - {{class: plain, count: 2, cpu: 4, memory_gib: 8, storage_gib: 50, region: eu-1}}
  - class: rtx
    cpu: 8
    memory_gib: 64
    storage_gib: 500
    region: us-1
    gpu: {{count: 2, vram_gib: 24, model: NVIDIA RTX 4090, registry: {REGISTRY}}}
credentials: {{xio: {{pk_one: sk_one}}}}
"""
EPOCH_MS = 1_767_603_600_000
JOB = {"title": "a", "task": "BATCH", "max_timeout_run_ms": 60_000, "parameters": {}}
PAGE = {"page": 1, "limit": 20}
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def world() -> World:
    return make_world()


def make_world(more: str = "") -> World:
    return World(
        parse(SCENARIO + more, "test"),
        {"xio": CompiledLifecycle(specs.load("xio").lifecycle)},
        epoch_us=EPOCH_MS * 1000,
    )


def create(world: World, **wishes: Any) -> dict[str, Any]:
    body = JOB | wishes
    reply = xio.xio_create_job(Call("xio_create_job", world, body=body, raw=json.dumps(body).encode()))
    assert reply.status == 201
    return reply.body


def get(world: World, uuid: str) -> dict[str, Any]:
    return xio.xio_get_job(Call("xio_get_job", world, path={"uuid": uuid})).body


def cancel(world: World, uuid: str, body: Any = None) -> dict[str, Any]:
    return xio.xio_cancel_job(Call("xio_cancel_job", world, path={"uuid": uuid}, body=body)).body


def listed(world: World, operation: str = "xio_list_jobs", **query: Any) -> dict[str, Any]:
    filters = {name if name in ("page", "limit", "sort") else f"filter[{name}]": value for name, value in query.items()}
    reply = getattr(xio, operation)(Call(operation, world, query=PAGE | filters))
    assert reply.status == 200
    return reply.body


def titles(world: World, **query: Any) -> list[str]:
    return [job["title"] for job in listed(world, **query)["data"]]


def runs(world: World, **query: Any) -> list[dict[str, Any]]:
    return listed(world, "xio_list_job_runs", **query)["data"]


def run(world: World, uuid: str) -> dict[str, Any]:
    return xio.xio_get_job_run(Call("xio_get_job_run", world, path={"uuid": uuid})).body


def cook(world: World, uuid: str, body: Any = None) -> dict[str, Any]:
    return xio.xio_cook_job_recipe(
        Call("xio_cook_job_recipe", world, path={"uuid": uuid}, body=body, raw=json.dumps(body).encode())
    ).body


def after(world: World, seconds: float) -> None:
    world.advance_to(world.now_us + round(seconds * 1e6))


def test_every_operation_of_the_document_has_a_function() -> None:
    assert set(specs.load("xio").operations) <= set(xio.__all__)


# Jobs


def test_a_new_job_shows_every_member_with_its_default(world: World) -> None:
    job = create(world)

    assert {name: value for name, value in job.items() if value is not None} == {
        "object": "job",
        "created_at": "2026-01-05T09:00:00.000Z",
        "updated_at": "2026-01-05T09:00:00.000Z",
        "status": "PENDING",
        "task": "BATCH",
        "title": "a",
        "cpu_count": 0,
        "gpu_count": 0,
        "min_ram_gb": 0,
        "min_vram_gb": 0,
        "min_storage_gb": 0,
        "parameters": {},
        "timeout_assign_at_ms": EPOCH_MS + 300_000,
        "uuid": job["uuid"],
        "max_timeout_assign_ms": 300_000,
        "max_timeout_run_ms": 60_000,
        "max_timeout_start_ms": 300_000,
        "max_retry_count": 0,
        "max_node_count": 1,
        "container_access_tokens": [],
    }
    assert len(job) == 28


def test_what_was_asked_comes_back_and_what_is_the_servers_does_not_change(world: World) -> None:
    workload = {"type": "docker", "parameters": {"image": "i", "env": {"A": "b"}, "secret": "s", "ports": [22, 80]}}

    job = create(
        world,
        parameters=workload,
        cpu_count=1.5,
        uuid="mine",
        status="COMPLETED",
        allowed_region_codes=["eu-1"],
        unheard_of=1,
    )

    assert (job["parameters"], job["cpu_count"], job["allowed_region_codes"]) == (workload, 1.5, ["eu-1"])
    assert (job["status"], job["uuid"] == "mine", "unheard_of" in job) == ("PENDING", False, False)


def test_a_batch_job_waits_prepares_runs_and_completes(world: World) -> None:
    uuid = create(world)["uuid"]
    after(world, 1)
    assigned = get(world, uuid)
    after(world, 5)
    running = get(world, uuid)
    after(world, 10)
    completed = get(world, uuid)

    assert [job["status"] for job in (assigned, running, completed)] == ["ASSIGNED", "RUNNING", "COMPLETED"]
    assert (assigned["timeout_assign_at_ms"], assigned["started_at"]) == (None, None)
    assert (running["started_at"], running["updated_at"], running["completed_at"]) == (
        "2026-01-05T09:00:05.000Z",
    ) * 2 + (None,)
    assert (completed["started_at"], completed["completed_at"]) == (
        "2026-01-05T09:00:05.000Z",
        "2026-01-05T09:00:15.000Z",
    )
    assert completed["status_reason"] is None


def test_a_persistent_job_runs_until_it_is_cancelled(world: World) -> None:
    uuid = create(world, task="PERSISTENT", max_timeout_run_ms=None)["uuid"]
    after(world, 1e6)

    before, stopped = get(world, uuid), cancel(world, uuid, {"reason": "enough"})

    assert (before["status"], before["max_timeout_run_ms"]) == ("RUNNING", None)
    assert (stopped["status"], stopped["status_reason"], stopped["completed_at"]) == (
        "CANCELLED",
        "enough",
        "2026-01-16T22:46:40.000Z",
    )


def test_a_waiting_job_can_be_cancelled_and_only_once(world: World) -> None:
    uuid = create(world, cpu_count=99)["uuid"]
    after(world, 1)

    stopped = cancel(world, uuid.upper())

    assert (stopped["status"], stopped["status_reason"], stopped["started_at"]) == (
        "CANCELLED",
        "cancelled_by_user",
        None,
    )
    with pytest.raises(Refusal) as refused:
        cancel(world, uuid)
    assert (refused.value.kind, "CANCELLED" in refused.value.message) == ("conflict", True)


@pytest.mark.parametrize(
    ("wishes", "more", "seconds", "reason"),
    [
        ({"cpu_count": 99}, "", 300, "assign_timeout"),
        ({"max_timeout_start_ms": 120_000}, "startup: {fixed: 1000}", 120, "start_timeout"),
        ({}, "run: {fixed: 1000}", 65, "run_timeout"),
        ({"parameters": {"parameters": {"env": {"COMMAND": "sleep 3; exit 4"}}}}, "", 8, "exit code 4"),
    ],
)
def test_a_job_fails_when_a_limit_passes_or_its_run_does(
    wishes: dict[str, Any], more: str, seconds: float, reason: str
) -> None:
    text = "\n".join(line for line in SCENARIO.splitlines() if line.split(":")[0] != more.split(":")[0])
    world = World(parse(f"{text}\n{more}", "test"), {"xio": CompiledLifecycle(specs.load("xio").lifecycle)}, epoch_us=0)
    uuid = create(world, **wishes)["uuid"]
    after(world, seconds - 0.001)
    before = get(world, uuid)
    after(world, 0.001)

    job = get(world, uuid)

    assert before["status"] != "FAILED"
    assert (job["status"], job["status_reason"]) == ("FAILED", reason)


def test_absurdly_large_numbers_are_accepted_and_echoed(world: World) -> None:
    names = (
        "cpu_count gpu_count min_ram_gb min_vram_gb min_storage_gb max_retry_count max_node_count max_timeout_assign_ms"
    )
    huge = dict.fromkeys(names.split(), 1e308)

    job = create(world, max_timeout_run_ms=1e308, **huge)

    assert huge.items() <= job.items()


@pytest.mark.parametrize("name", ["NVIDIA RTX 4090", "rtx 4090", "RTX 4090"])
def test_a_gpu_is_found_by_all_or_part_of_its_name(world: World, name: str) -> None:
    uuid = create(world, gpu_name=name, gpu_count=1)["uuid"]
    after(world, 1)

    job = get(world, uuid)

    assert (job["status"], job["gpu_name"]) == ("ASSIGNED", name)


def test_a_gpu_is_found_by_its_registry_id_and_by_least_vram_only_where_there_is_such(world: World) -> None:
    exact = [{"gpu_registry_uuid": REGISTRY.upper()}, {"gpu_registry_uuid": NOBODY}, {"gpu_name": "H100"}]
    wishes = [*exact, {"min_vram_gb": 24}, {"min_vram_gb": 25}]
    uuids = [create(world, **wish)["uuid"] for wish in wishes]
    after(world, 1)

    assert [get(world, uuid)["status"] for uuid in uuids] == ["ASSIGNED", "PENDING", "PENDING", "ASSIGNED", "PENDING"]


def test_an_unknown_job_is_refused_by_name(world: World) -> None:
    for call in (get, cancel):
        with pytest.raises(Refusal, match=NOBODY) as refused:
            call(world, NOBODY)
        assert refused.value.kind == "unknown"


# Lists


def test_jobs_are_listed_newest_first_unless_asked_otherwise(world: World) -> None:
    for title in "abc":
        create(world, title=title)
        after(world, 1)

    assert titles(world) == titles(world, sort="-created_at") == ["c", "b", "a"]
    assert titles(world, sort="created_at") == ["a", "b", "c"]


def test_pages_hold_what_is_asked_and_tell_the_total(world: World) -> None:
    for number in range(5):
        create(world, title=str(number))

    pages = [listed(world, page=page, limit=2, sort="created_at") for page in (1, 2, 3, 4, 9007199254740991)]

    assert [[job["title"] for job in page["data"]] for page in pages] == [["0", "1"], ["2", "3"], ["4"], [], []]
    assert [(page["page"], page["limit"], page["total"]) for page in pages[:2]] == [(1, 2, 5), (2, 2, 5)]


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("cpu_count", "2", "b"),
        ("cpu_count", "0,2", "ab"),
        ("min_ram_gb", "4,16", "b"),
        ("min_storage_gb", "7.5", "b"),
        ("min_vram_gb", "1,2", ""),
        ("created_at", "2026-01-05", "ab"),
        ("created_at", "2026-01-05T09:00:01Z", "b"),
        ("created_at", "2026-01-05T09:00:00.5Z,2027-01-01", "b"),
        ("created_at", "2025-01-01,2026-01-04", ""),
        ("status", "FAILED,RUNNING", "a"),
        ("status", "PENDING", "b"),
        ("task", "PERSISTENT", "a"),
        ("uuid", NOBODY, ""),
    ],
)
def test_filters_keep_the_jobs_that_pass(world: World, name: str, value: str, found: str) -> None:
    create(world, title="a", task="PERSISTENT", max_timeout_run_ms=None)
    after(world, 1)
    create(world, title="b", cpu_count=2, min_ram_gb=8, min_storage_gb=7.5, gpu_name="none such")
    after(world, 7)

    page = listed(world, sort="created_at", **{name: value})

    assert ("".join(job["title"] for job in page["data"]), page["total"]) == (found, len(found))


def test_filters_add_up_and_a_uuid_may_be_written_in_capitals(world: World) -> None:
    first, second = create(world, title="a"), create(world, title="b")

    assert titles(world, uuid=first["uuid"].upper(), task="BATCH") == ["a"]
    assert titles(world, uuid=second["uuid"], task="PERSISTENT") == []


def test_spans_of_dates_reach_as_far_as_they_are_written() -> None:
    assert date_span("1970-01-02") == (DAY, 2 * DAY - 1)
    assert date_span("2000-03-01,2000-03-01T00:00:00.25Z") == (951_868_800_000_000, 951_868_800_259_999)
    assert date_span("2023-02-30")[0] == date_span("2023-03-02")[0]
    assert span("8,16") == (8, 16)


# Runs


def test_a_retried_job_shows_a_run_for_each_attempt(world: World) -> None:
    job = create(world, max_retry_count=1, parameters={"parameters": {"env": {"COMMAND": "sleep 2; exit 1"}}})
    after(world, 8)
    during = get(world, job["uuid"])
    after(world, 60)

    found = runs(world, job_uuid=job["uuid"])

    assert (during["status"], during["started_at"]) == ("ASSIGNED", "2026-01-05T09:00:05.000Z")
    assert get(world, job["uuid"])["status"] == "FAILED"
    assert [
        (item["status"], item["started_at_ms"] - EPOCH_MS, item["ended_at_ms"] - EPOCH_MS, item["duration_ms"])
        for item in found
    ] == [
        ("FAILED", 12_000, 14_000, 2_000),
        ("FAILED", 5_000, 7_000, 2_000),
    ]
    assert len({item["uuid"] for item in found} | {job["uuid"]}) == 3
    assert [run(world, item["uuid"].upper())["started_at_ms"] for item in found] == [
        item["started_at_ms"] for item in found
    ]


def test_a_single_run_has_logs_and_a_listed_one_does_not(world: World) -> None:
    create(world)
    after(world, 16)
    (listed_run,) = runs(world)

    single = run(world, listed_run["uuid"])

    assert "logs" not in listed_run
    assert {name: value for name, value in single.items() if name != "logs"} == listed_run
    assert [line.split(" ", 1)[1].split(" ")[0] for line in single["logs"].splitlines()] == [
        "assigned",
        "container",
        "run",
    ]


@pytest.mark.parametrize(("ports", "names"), [(None, ["ssh"]), ([22, 8080, 22], ["ssh", "8080"]), ([8080], ["8080"])])
def test_a_running_run_tells_its_addresses(world: World, ports: list[int] | None, names: list[str]) -> None:
    create(world, parameters={"parameters": {} if ports is None else {"ports": ports}})
    after(world, 1)
    preparing = runs(world)[0]
    after(world, 5)
    running = runs(world)[0]
    after(world, 50)

    assert (preparing["status"], preparing["node_urls"]) == ("ASSIGNED", [])
    assert [url["description"] for url in running["node_urls"]] == names
    assert runs(world)[0]["node_urls"] == []


def test_runs_are_filtered_and_a_waiting_job_has_none(world: World) -> None:
    uuids = [create(world, cpu_count=cores)["uuid"] for cores in (1, 99)]
    after(world, 1)
    cancel(world, uuids[0])
    third = create(world)["uuid"]
    after(world, 1)

    assert [item["job_uuid"] for item in runs(world)] == [third, uuids[0]]
    assert [item["job_uuid"] for item in runs(world, sort="created_at")] == [uuids[0], third]
    assert [item["job_uuid"] for item in runs(world, status="CANCELLED,COMPLETED")] == [uuids[0]]
    assert runs(world, job_uuid=uuids[1]) == runs(world, job_uuid=NOBODY) == []


@pytest.mark.parametrize("uuid", [NOBODY, "none", "{" + NOBODY + "}"])
def test_an_unknown_run_is_refused(world: World, uuid: str) -> None:
    with pytest.raises(Refusal) as refused:
        run(world, uuid)
    assert refused.value.kind == "unknown"


def test_a_run_that_is_yet_to_come_is_unknown(world: World) -> None:
    create(world)
    job = next(iter(world.jobs("xio").values()))

    with pytest.raises(Refusal):
        run(world, run_uuid(job, 1))


# Recipes


def test_recipes_are_listed_and_told_apart(world: World) -> None:
    everything, official = (
        listed(world, "xio_list_job_recipes"),
        listed(world, "xio_list_job_recipes", is_official=True),
    )

    assert (everything["total"], official["total"]) == (3, 2)
    assert all(recipe["is_official"] for recipe in official["data"])


def test_a_recipe_is_cooked_as_it_is_or_with_changes(world: World) -> None:
    notebook, render, _ = listed(world, "xio_list_job_recipes")["data"]

    plain = cook(world, render["uuid"])
    changed = cook(
        world,
        render["uuid"].upper(),
        {
            "title": "mine",
            "gpu_registry_uuid": REGISTRY,
            "max_timeout_run_ms": None,
            "parameters": {"parameters": {"env": {"B": "2"}}},
        },
    )
    service = cook(world, notebook["uuid"], {"max_timeout_run_ms": 70_000})
    batch = cook(world, notebook["uuid"], {"task": "BATCH"})

    assert (plain["title"], plain["task"], plain["source_recipe_uuid"]) == ("Frame render", "BATCH", render["uuid"])
    assert (changed["title"], changed["gpu_name"], changed["gpu_registry_uuid"]) == ("mine", None, REGISTRY)
    assert plain["max_timeout_run_ms"] == changed["max_timeout_run_ms"] == 900_000
    assert changed["parameters"]["parameters"]["env"] == {"FRAME": "1", "B": "2"}
    assert render["parameters"]["parameters"]["env"] == {"FRAME": "1"}
    assert (service["max_timeout_run_ms"], batch["max_timeout_run_ms"]) == (None, 3_600_000)


def test_an_unknown_recipe_is_refused(world: World) -> None:
    with pytest.raises(Refusal) as refused:
        cook(world, NOBODY, {})
    assert refused.value.kind == "unknown"


# The catalog


def test_the_registry_counts_free_devices_of_each_model(world: World) -> None:
    create(world, gpu_count=1)
    after(world, 1)

    (gpu,) = listed(world, "xio_list_gpu_registry")["data"]

    assert gpu == {
        "object": "gpu",
        "uuid": REGISTRY,
        "name": "NVIDIA RTX 4090",
        "vram_gb": 24,
        "total_count": 2,
        "available_count": 1,
    }
    assert listed(world, "xio_list_gpu_registry", min_vram_gb=24.5)["total"] == 0
    create(world, gpu_count=1)
    after(world, 1)
    assert listed(world, "xio_list_gpu_registry", only_available=True)["total"] == 0


def test_nodes_show_what_they_have_and_what_is_free(world: World) -> None:
    create(world, gpu_count=0.5, min_ram_gb=4, min_storage_gb=10)
    after(world, 1)

    node = next(node for node in listed(world, "xio_list_nodes")["data"] if node["name"] == "rtx-0")

    assert node["gpus"][0]["vram_gb_max"] == 24
    assert sorted(gpu["vram_gb_available"] for gpu in node["gpus"]) == [12, 24]
    assert node["rams"] == [{"memory_gb_available": 60, "memory_gb_max": 64}]
    assert node["hard_drives"][0]["available_capacity_gb"] == 490
    assert node["last_seen_at"] == "2026-01-05T09:00:01.000Z"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["plain-0", "plain-1", "rtx-0"]),
        ({"sort": "-created_at"}, ["rtx-0", "plain-1", "plain-0"]),
        ({"cpu_count": 5}, ["rtx-0"]),
        ({"gpu_count": 3}, []),
        ({"gpu_name": "4090"}, ["rtx-0"]),
        ({"gpu_registry_uuid": REGISTRY.upper()}, ["rtx-0"]),
        ({"min_vram_gb": 24}, ["rtx-0"]),
        ({"min_ram_gb": 9}, ["rtx-0"]),
        ({"min_storage_gb": 50, "limit": 1}, ["plain-0"]),
    ],
)
def test_nodes_are_filtered_by_what_they_have(world: World, query: dict[str, Any], names: list[str]) -> None:
    assert [node["name"] for node in listed(world, "xio_list_nodes", **query)["data"]] == names


def test_offers_are_one_for_each_kind_of_node(world: World) -> None:
    create(world, cpu_count=1)
    after(world, 1)

    plain, rtx = listed(world, "xio_list_compute_offers")["data"]

    assert plain["availability"] == {"total_nodes": 2, "available_nodes": 1}
    assert rtx["availability"] == {"total_nodes": 1, "available_nodes": 1}
    assert (rtx["region_code"], rtx["hardware_summary"]["gpu_models"][0]["name"]) == ("us-1", "NVIDIA RTX 4090")
    assert rtx["pricing"]["hourly_rate_usd"] > plain["pricing"]["hourly_rate_usd"] > 0
    european = listed(world, "xio_list_compute_offers", allowed_region_codes="eu-1,eu-2")
    assert [offer["region_code"] for offer in european["data"]] == ["eu-1"]


# Refusals and credentials


@pytest.mark.parametrize("kind", WORDS)
def test_every_refusal_has_the_vendors_shape(kind: Kind) -> None:
    violation = Violation("body", ("parameters", "ports", 0), "type", "number", "x", "must be a number")

    reply = xio.error(Refusal(kind, "no", violations=(violation,)))

    assert reply.status >= 400
    assert reply.body == {
        "error": {
            "code": WORDS[kind][1],
            "message": "body /parameters/ports/0: must be a number",
            "details": [{"in": "body", "path": "/parameters/ports/0", "rule": "type", "message": "must be a number"}],
        }
    }


UNCHANGED = {"public": "pk_one", "secret": "sk_one", "nonce": "a1" * 16, "raw": b"", "query": ""}


def signed(world: World, **changes: Any) -> Call:
    """A call as a client signs it; `changes` replace what it signs or sends."""
    facts = UNCHANGED | {"time": str(world.utc_us // 1000)} | changes
    credentials = [facts["public"], facts["time"], facts["nonce"]]
    query, body = facts.get("signed_query", facts["query"]), facts.get("hashed", facts["raw"])
    signature = sign(facts["secret"], "|".join([*credentials, "POST", "/v1/jobs", query, sha256(body).hexdigest()]))
    headers = dict(zip(("x-api-key", "x-time", "x-nonce", "x-signature"), [*credentials, signature], strict=True))
    call = Call(
        "xio_create_job", world, method="POST", target="/v1/jobs", every_header=headers, raw=facts["raw"], strict=True
    )
    call.query_string = facts["query"].encode()
    return call


def test_a_very_long_body_is_not_read_for_its_signature(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    long = b"[" + b"[], " * 300_000 + b"0]"

    xio.verify(signed(world, raw=long))
    monkeypatch.setattr("mockserver.adapters.xio.credentials.json.loads", lambda raw: pytest.fail("it was read"))
    with pytest.raises(Refusal, match="signature"):
        xio.verify(signed(world, raw=long, hashed=b"another", nonce="b2" * 16))


BODY = {"b": [{"z": 1, "a": "naïve"}], "a": 13.0}
CANONICAL = {"sort_keys": True, "separators": (",", ":")}
PAIRS = [("filter[status]", "A,B"), ("filter[gpu_name]", "RTX 4090")]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"raw": b"{ }"},
        {"raw": json.dumps(BODY).encode(), "hashed": json.dumps(BODY, **CANONICAL).encode()},
        {"raw": json.dumps(BODY).encode(), "hashed": json.dumps(BODY, ensure_ascii=False, **CANONICAL).encode()},
        {"query": urlencode(PAIRS), "signed_query": urlencode(sorted(PAIRS))},
        {"query": urlencode(PAIRS), "signed_query": urlencode(sorted(PAIRS), quote_via=quote)},
        {"query": "b=2&a=(1)&b=1", "signed_query": "a=(1)&b=1&b=2"},
        {"raw": b"no json"},
        {"raw": b'"\\ud800"'},
    ],
)
def test_a_call_signed_the_way_a_known_client_does_is_let_in(world: World, changes: dict[str, Any]) -> None:
    assert xio.verify(signed(world, **changes)) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"public": "pk_two"}, "x-api-key"),
        ({"secret": "sk_two"}, "x-signature"),
        ({"time": str(EPOCH_MS - 300_001)}, "x-time"),
        ({"time": str(EPOCH_MS + 300_001)}, "x-time"),
        ({"time": "soon"}, "x-time"),
        ({"nonce": "xyz"}, "x-nonce"),
        ({"raw": b"{}", "hashed": b"[]"}, "x-signature"),
        ({"query": "a=1", "signed_query": "a=2"}, "x-signature"),
        ({"nonce": ""}, "missing header: x-nonce"),
    ],
)
def test_a_call_that_is_not_signed_right_is_refused_with_the_reason(
    world: World, changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Refusal, match=reason) as refused:
        xio.verify(signed(world, **changes))
    assert refused.value.kind == "unauthenticated"


def test_a_clock_may_be_off_by_five_minutes(world: World) -> None:
    calls = [
        signed(world, time=str(EPOCH_MS + off), nonce=nonce * 32) for off, nonce in ((-300_000, "a"), (300_000, "b"))
    ]

    assert [xio.verify(call) for call in calls] == [None, None]


def test_a_nonce_serves_once_in_a_day(world: World) -> None:
    xio.verify(signed(world))
    with pytest.raises(Refusal, match="x-nonce"):
        xio.verify(signed(world))
    after(world, 86_400)

    xio.verify(signed(world))

    assert len(world.shelf("xio.nonces")) == 1


def test_a_sandbox_without_keys_lets_nobody_in() -> None:
    text = SCENARIO.replace("credentials: {xio: {pk_one: sk_one}}", "")
    world = World(
        parse(text, "test"), {"xio": CompiledLifecycle(specs.load("xio").lifecycle)}, epoch_us=EPOCH_MS * 1000
    )

    with pytest.raises(Refusal, match="x-api-key"):
        xio.verify(signed(world))
