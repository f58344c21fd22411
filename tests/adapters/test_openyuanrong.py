"""openYuanrong's words, called directly: what a submission becomes, where it may run, and how a job reads."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

import specs
from mockserver.adapters import openyuanrong as api
from mockserver.adapters.exchange import Call, Refusal
from mockserver.adapters.openyuanrong.reading import API
from mockserver.simulation.errors import Unplaceable
from mockserver.simulation.lifecycle import CompiledLifecycle
from mockserver.simulation.request import ResourceRequest
from mockserver.simulation.scenario import scenario
from mockserver.simulation.world import World

EPOCH_S = 1_752_300_000
NODES = """
name: two
nodes:
  - {class: plain, cpu: 4, memory_gib: 8, labels: {pool-a: "1"}}
  - {class: npu, cpu: 4, memory_gib: 8, custom: {NPU: 2}, labels: {pool-b: "1"}}
"""


def make_world(text: str = NODES) -> World:
    return World(
        scenario.parse(text, "test"), {API: CompiledLifecycle(specs.load(API).lifecycle)}, epoch_us=EPOCH_S * 1_000_000
    )


@pytest.fixture
def world() -> World:
    return make_world()


def asking(
    world: World, *, body: Any = None, job: str = "", headers: dict[str, str] | None = None, **rest: Any
) -> Call:
    headers = headers or {}
    path = {"submissionId": job} if job else {}
    raw = orjson.dumps(body)
    return Call("", world, path=path, headers=headers, every_header=headers, body=body, raw=raw, **rest)


def submission(**more: Any) -> dict[str, Any]:
    return {"entrypoint": "sleep 10", "runtime_env": {"working_dir": "/code"}, **more}


def submit(world: World, headers: dict[str, str] | None = None, **more: Any) -> str:
    reply = api.yr_submit_job(asking(world, body=submission(**more), headers=headers))
    assert reply.status == 200
    return str(reply.body["submission_id"])


def read(world: World, job: str) -> dict[str, Any]:
    world.settle()
    body: dict[str, Any] = api.yr_get_job(asking(world, job=job)).body
    return body


# Ids


@pytest.mark.parametrize(
    ("given", "stored"), [("1234", "app-1234"), ("app-1234", "app-1234"), ("a" * 60, "app-" + "a" * 60)]
)
def test_an_id_gets_its_prefix_once(world: World, given: str, stored: str) -> None:
    assert submit(world, submission_id=given) == stored


@pytest.mark.parametrize("more", [{}, {"submission_id": ""}])
def test_an_id_is_made_where_none_is_given(world: World, more: dict[str, Any]) -> None:
    first, second = submit(world, **more), submit(world, **more)

    assert first.startswith("app-")
    assert len(first) == 40
    assert first != second


def test_made_ids_repeat_in_a_world_of_the_same_seed(world: World) -> None:
    assert submit(world) == submit(make_world())


def test_a_taken_id_is_a_bad_request_until_its_job_is_deleted(world: World) -> None:
    submit(world, submission_id="twin", entrypoint="sleep 1")

    with pytest.raises(Refusal, match="submit job has already exist") as caught:
        submit(world, submission_id="app-twin")
    assert api.error(caught.value).status == 400

    world.advance_to(2_000_000)
    api.yr_delete_job(asking(world, job="app-twin"))
    assert submit(world, submission_id="twin") == "app-twin"


# How a job reads


def test_a_new_job_has_exactly_the_documented_members(world: World) -> None:
    job = submit(world, submission_id="one", metadata={"team": "vision"})

    assert read(world, job) == {
        "type": "SUBMISSION",
        "entrypoint": "sleep 10",
        "submission_id": "app-one",
        "driver_info": {"id": "app-one", "node_ip_address": "10.0.0.1", "pid": "1001"},
        "status": "RUNNING",
        "start_time": str(EPOCH_S),
        "end_time": "",
        "metadata": {"team": "vision"},
        "runtime_env": {"working_dir": "/code", "pip": "", "envVars": ""},
        "driver_agent_http_address": "",
        "driver_node_id": "plain-0",
        "driver_exit_code": 0,
        "error_type": "",
    }


def test_the_environment_is_told_as_a_command_and_as_json_text(world: World) -> None:
    environment = {
        "working_dir": "file:///c.zip",
        "pip": ["numpy==1.24", "scipy"],
        "env_vars": {"B": "2", "A": "1"},
        "conda": {},
    }

    job = submit(world, runtime_env=environment)

    told = {
        "working_dir": "file:///c.zip",
        "pip": "pip3.9 install numpy==1.24 scipy && pip3.9 check",
        "envVars": '{"A":"1","B":"2"}',
    }
    assert read(world, job)["runtime_env"] == told


@pytest.mark.parametrize("more", [{}, {"metadata": {}}])
def test_metadata_is_null_when_there_is_none(world: World, more: dict[str, Any]) -> None:
    assert read(world, submit(world, **more))["metadata"] is None


def test_a_waiting_job_has_no_place_and_no_times(world: World) -> None:
    jobs = [submit(world, entrypoint_num_cpus=4) for _ in range(3)]

    waiting = read(world, jobs[2])

    assert waiting["status"] == "PENDING"
    assert waiting["driver_info"] == {"id": jobs[2], "node_ip_address": "", "pid": ""}
    assert (waiting["start_time"], waiting["end_time"], waiting["driver_node_id"]) == ("", "", "")


@pytest.mark.parametrize(
    ("entrypoint", "status", "code", "error_type"),
    [("sleep 10", "SUCCEEDED", 0, ""), ("sleep 10; exit 3", "FAILED", 3, "exit code 3")],
)
def test_an_ended_job_tells_when_and_how(
    world: World, entrypoint: str, status: str, code: int, error_type: str
) -> None:
    job = submit(world, entrypoint=entrypoint)

    world.advance_to(60_000_000)

    ended = read(world, job)
    assert (ended["status"], ended["driver_exit_code"], ended["error_type"]) == (status, code, error_type)
    assert (ended["start_time"], ended["end_time"]) == (str(EPOCH_S), str(EPOCH_S + 10))


def test_a_job_without_room_for_eighteen_seconds_fails(world: World) -> None:
    jobs = [submit(world, entrypoint_num_cpus=4, entrypoint="sleep 9000") for _ in range(3)]

    world.advance_to(17_999_999)
    assert read(world, jobs[2])["status"] == "PENDING"
    world.advance_to(1_800_000_000 // 100)

    given_up = read(world, jobs[2])
    assert (given_up["status"], given_up["error_type"]) == ("FAILED", "create instance timeout")
    assert (given_up["start_time"], given_up["end_time"]) == ("", str(EPOCH_S + 18))


def test_the_list_has_all_jobs_of_all_tenants_in_order(world: World) -> None:
    jobs = [submit(world, headers={"x-tenant-id": tenant}) for tenant in ("a", "b", "a")]

    listed = api.yr_list_jobs(asking(world)).body

    assert [job["submission_id"] for job in listed] == jobs
    assert listed[1] == read(world, jobs[1])


def test_an_empty_world_lists_nothing(world: World) -> None:
    assert api.yr_list_jobs(asking(world)).body == []


# Where it may run


def test_zero_amounts_ask_for_nothing(world: World) -> None:
    job = submit(world, entrypoint_num_cpus=0, entrypoint_memory=0, entrypoint_resources={"NPU": 0, "unheard-of": 0})

    assert world.job(API, job).request.resources == ResourceRequest()


def test_amounts_are_rounded_up_to_the_scheduler_s_units(world: World) -> None:
    job = submit(
        world,
        entrypoint_num_cpus=0.3001,
        entrypoint_memory=134217729,
        entrypoint_num_gpus=9,
        entrypoint_resources={"NPU": 1},
    )

    wanted = world.job(API, job).request.resources
    assert wanted == ResourceRequest(cpu=0.3001, memory=129 << 20, custom=(("NPU", 1.0),))
    assert world.job(API, job).shape.demand[0] == (0, 301)


def test_a_custom_resource_leads_to_the_node_that_has_it(world: World) -> None:
    assert read(world, submit(world, entrypoint_resources={"NPU": 2}))["driver_node_id"] == "npu-0"


@pytest.mark.parametrize(
    ("headers", "more"),
    [
        ({"x-pool-label": " nowhere , pool-b"}, {}),
        ({}, {"labels": "pool-b"}),
        ({"x-pool-label": "pool-b"}, {"labels": "pool-a"}),
    ],
)
def test_a_pool_label_leads_to_a_node_that_carries_it(
    world: World, headers: dict[str, str], more: dict[str, Any]
) -> None:
    assert read(world, submit(world, headers=headers, **more))["driver_node_id"] == "npu-0"


def test_a_label_that_no_node_carries_fails_and_says_why(world: World) -> None:
    with pytest.raises(Unplaceable) as caught:
        submit(world, headers={"x-pool-label": "abc"}, submission_id="lost")

    reply = api.error(Refusal("unplaceable", str(caught.value), cause=caught.value))
    assert reply.status == 500
    assert reply.body.startswith("create app failed, submissionId:[app-lost], err: ")
    assert "18000 ms" in reply.body
    assert "2 of 2 nodes lack any label of abc" in reply.body
    assert api.yr_list_jobs(asking(world)).body == []


def test_labels_that_are_mere_wishes_never_fail(world: World) -> None:
    assert submit(world, headers={"x-pool-label": "abc, unUseAntiOtherLabels"})


@pytest.mark.parametrize(
    "more", [{"entrypoint_num_cpus": 16}, {"entrypoint_memory": 1 << 50}, {"entrypoint_resources": {"NPU": 1e300}}]
)
def test_more_than_any_node_has_is_refused_at_once(world: World, more: dict[str, Any]) -> None:
    with pytest.raises(Unplaceable):
        submit(world, **more)


# Stop and delete


def test_stopping_a_running_job_frees_its_room(world: World) -> None:
    first, _, third = [submit(world, entrypoint_num_cpus=4, entrypoint="sleep 900") for _ in range(3)]

    world.settle()
    assert api.yr_stop_job(asking(world, job=first)).body is True

    stopped = read(world, first)
    assert (stopped["status"], stopped["end_time"]) == ("STOPPED", str(EPOCH_S))
    assert stopped["error_type"]
    assert read(world, third)["status"] == "RUNNING"


def test_only_a_running_job_can_be_stopped_and_only_an_ended_one_deleted(world: World) -> None:
    running, _, pending = [submit(world, entrypoint_num_cpus=4) for _ in range(3)]
    world.settle()

    assert api.yr_stop_job(asking(world, job=pending)).body is False
    assert api.yr_delete_job(asking(world, job=pending)).body is False
    assert api.yr_delete_job(asking(world, job=running)).body is False

    world.advance_to(60_000_000)
    assert api.yr_stop_job(asking(world, job=running)).body is False
    assert api.yr_delete_job(asking(world, job=running)).body is True


@pytest.mark.parametrize(
    ("operation", "text"),
    [
        (api.yr_get_job, "not found app, submissionId: app-none"),
        (api.yr_stop_job, "the app does not exist"),
        (api.yr_delete_job, "the app does not exist"),
    ],
)
def test_an_unknown_id_is_not_found(world: World, operation: Any, text: str) -> None:
    with pytest.raises(Refusal) as caught:
        operation(asking(world, job="app-none"))

    reply = api.error(caught.value)
    assert reply.status == 404
    assert reply.body.startswith(text)
