"""What the Run:AI adapter makes of calls, without a wire."""

from __future__ import annotations

from itertools import count, pairwise
from random import Random
from uuid import UUID

import pytest

import specs
from mockserver.adapters import runai
from mockserver.adapters.exchange import Call, Kind, Refusal, Violation
from mockserver.adapters.runai.amounts import quantity, span
from mockserver.simulation.errors import WorldFull
from mockserver.simulation.lifecycle import CompiledLifecycle
from mockserver.simulation.scenario.scenario import parse
from mockserver.simulation.world import World

EPOCH_US = 1_609_494_983_000_500
SCENARIO = """
startup: {fixed: 1}
run: {fixed: 5}
most_jobs: 50
nodes:
  - {class: gpu, count: 2, cpu: 8, memory_gib: 32, gpu: {count: 2, model: A}, labels: {run.ai/type: fast}}
credentials: {runai: {secret: somebody}}
"""


@pytest.fixture
def world() -> World:
    return World(
        parse(SCENARIO, "test"), {"runai": CompiledLifecycle(specs.load("runai").lifecycle)}, epoch_us=EPOCH_US
    )


def submit(world: World, *, user: str | None = None, **wanted: object) -> str:
    job = {"project": "team-a", "image": "ubuntu", **wanted}
    headers = {} if user is None else {"ra-user": user}
    reply = runai.runai_submit_job(
        Call("runai_submit_job", world, body={"job": job}, raw=repr(job).encode(), headers=headers)
    )
    assert reply.status == 200
    return reply.body["name"]


def listed(world: World, project: str | None = None) -> list[dict]:
    reply = runai.runai_list_jobs(Call("runai_list_jobs", world, query={} if project is None else {"project": project}))
    assert reply.status == 200
    return reply.body["data"]


def delete(world: World, *names: str, project: str = "team-a") -> list[dict]:
    reply = runai.runai_delete_jobs(
        Call("runai_delete_jobs", world, body=[{"name": name, "project": project} for name in names])
    )
    assert reply.status == 200
    return reply.body["data"]


def after(world: World, seconds: float) -> None:
    world.advance_to(world.now_us + round(seconds * 1e6))


def statuses(world: World) -> dict[str, str]:
    return {job["name"]: job["status"] for job in listed(world)}


def test_a_job_without_a_name_gets_the_lowest_free_number_of_its_project(world: World) -> None:
    names = [
        submit(world),
        submit(world),
        submit(world, project="team-b"),
        submit(world, jobNamePrefix="train"),
        submit(world),
    ]

    assert names == ["job-0", "job-1", "job-0", "train-0", "job-2"]


def test_a_number_is_free_again_once_its_job_is_deleted(world: World) -> None:
    for _ in range(4):
        submit(world)

    delete(world, "job-2")
    delete(world, "job-1")

    assert [submit(world) for _ in range(3)] == ["job-1", "job-2", "job-4"]


def test_a_number_that_a_client_chose_is_stepped_over(world: World) -> None:
    submit(world, name="job-1")

    assert [submit(world), submit(world)] == ["job-0", "job-2"]


def test_a_returned_number_that_a_client_took_is_stepped_over(world: World) -> None:
    for _ in range(3):
        submit(world)
    delete(world, "job-0", "job-1")
    submit(world, name="job-0")

    assert [submit(world), submit(world)] == ["job-1", "job-3"]


def test_a_number_with_leading_zeros_is_another_name(world: World) -> None:
    submit(world)
    submit(world, name="job-00")
    delete(world, "job-00")

    assert submit(world) == "job-1"


def test_a_number_is_free_again_once_its_job_has_expired(world: World) -> None:
    submit(world, command="sleep 3", ttlAfterFinish="2s")
    submit(world, command="sleep 300")
    after(world, 10)

    assert [submit(world), submit(world)] == ["job-0", "job-2"]


def test_a_refused_submission_uses_up_no_number(world: World) -> None:
    names = [submit(world) for _ in range(50)]
    with pytest.raises(WorldFull):
        submit(world)
    delete(world, names[7])

    assert submit(world) == "job-7"


def test_a_generated_number_is_always_the_lowest_free_one(world: World) -> None:
    chance = Random(7)
    for _ in range(1500):
        mine = {job["name"] for job in listed(world, "team-a")}
        expected = next(name for name in map("job-{}".format, count()) if name not in mine)
        match chance.randrange(4):
            case 0 if mine:
                delete(world, chance.choice(sorted(mine)))
            case 1 if (chosen := f"job-{chance.randrange(12)}") not in mine and len(mine) < 40:
                submit(world, name=chosen, command="sleep 1", ttlAfterFinish=f"{chance.randrange(5)}s")
            case 2 if len(mine) < 40:
                assert (
                    submit(world, command="sleep 1", **({"ttlAfterFinish": "2s"} if chance.random() < 0.5 else {}))
                    == expected
                )
            case _:
                after(world, chance.random())


def test_a_name_wins_over_a_prefix(world: World) -> None:
    assert submit(world, name="mine", jobNamePrefix="train") == "mine"


def test_a_name_is_taken_once_in_each_project(world: World) -> None:
    submit(world, name="mine")

    assert submit(world, name="mine", project="team-b") == "mine"
    with pytest.raises(Refusal, match="team-a has a job mine") as refused:
        submit(world, name="mine")
    assert refused.value.kind == "conflict"


def test_the_list_tells_what_a_running_job_holds(world: World) -> None:
    submit(world, gpu=2, user="john")
    world.settle()
    after(world, 2)

    (job,) = listed(world)

    assert UUID(job.pop("id")).version == 4
    assert job == {
        "project": "team-a",
        "name": "job-0",
        "status": "Running",
        "type": "Train",
        "nodes": ["gpu-0"],
        "createdAt": 1_609_494_983_000,
        "images": "ubuntu",
        "user": "john",
        "currentAllocatedGPUs": 2,
    }


def test_a_waiting_job_holds_nothing_and_an_ended_one_nothing_any_more(world: World) -> None:
    submit(world, gpu=2)
    submit(world, gpu=3)
    after(world, 20)

    ended, waiting = listed(world)

    assert (ended["status"], ended["nodes"], ended["currentAllocatedGPUs"], ended["user"]) == ("Succeeded", [], 0, "")
    assert (waiting["status"], waiting["nodes"], waiting["currentAllocatedGPUs"]) == ("Pending", [], 0)


def test_the_list_is_of_one_project_or_of_all_oldest_first(world: World) -> None:
    submit(world, name="b1", project="team-b")
    submit(world, name="a1")
    submit(world, name="b2", project="team-b")

    assert [job["name"] for job in listed(world)] == ["b1", "a1", "b2"]
    assert [job["name"] for job in listed(world, "")] == ["b1", "a1", "b2"]
    assert [job["name"] for job in listed(world, "team-b")] == ["b1", "b2"]
    assert listed(world, "nobody") == []


def test_a_training_job_goes_through_its_states_and_succeeds(world: World) -> None:
    submit(world, gpu=1, command="sleep 10")
    seen = [statuses(world)["job-0"]]
    world.settle()

    for seconds in (0.5, 1, 9, 1):
        seen.append(statuses(world)["job-0"])
        after(world, seconds)

    assert [*seen, statuses(world)["job-0"]] == [
        "Pending",
        "ContainerCreating",
        "ContainerCreating",
        "Running",
        "Running",
        "Succeeded",
    ]


def test_an_interactive_job_runs_until_it_is_deleted(world: World) -> None:
    submit(world, interactive=True, gpu=1)
    after(world, 1e6)

    (job,) = listed(world)

    assert (job["type"], job["status"]) == ("Interactive", "Running")


def test_the_words_of_an_interactive_job_end_it(world: World) -> None:
    submit(world, interactive=True, command="sleep", arguments=["30"])
    submit(world, interactive=True, command="exit 3", backoffLimit=5)
    after(world, 40)

    assert statuses(world) == {"job-0": "Succeeded", "job-1": "Failed"}


def test_a_failing_training_job_is_tried_six_times_more_with_growing_pauses(world: World) -> None:
    submit(world, command="exit 1")
    job = world.job("runai", "team-a/job-0")
    after(world, 10_000)

    tries = job.attempts()
    pauses = [(later.assigned or 0) - (before.ended or 0) for before, later in pairwise(tries)]

    assert [attempt.outcome for attempt in tries] == ["retried"] * 6 + ["failed"]
    assert [pause / 1e6 for pause in pauses] == [10, 20, 40, 80, 160, 320]
    assert statuses(world) == {"job-0": "Failed"}


def test_a_pause_is_never_longer_than_six_minutes(world: World) -> None:
    submit(world, command="exit 1", backoffLimit=8)
    job = world.job("runai", "team-a/job-0")
    after(world, 10_000)

    tries = job.attempts()

    assert len(tries) == 9
    assert (tries[8].assigned or 0) - (tries[7].ended or 0) == 360_000_000


def test_a_backoff_limit_of_zero_means_one_try(world: World) -> None:
    submit(world, command="exit 1", backoffLimit=0)
    after(world, 2)

    assert statuses(world) == {"job-0": "Failed"}


def test_cores_and_memory_follow_the_gpus_unless_given(world: World) -> None:
    submit(world, name="alike", gpu=2)
    submit(world, name="half", gpu=0.5)
    submit(world, name="given", gpu=2, cpu=3, memory="1Gi", nodeType="fast")
    submit(world, name="none")
    wanted = {job.payload.name: job.request.resources for job in world.jobs("runai").values()}

    assert (wanted["alike"].cpu, wanted["alike"].memory, wanted["alike"].gpu) == (2, 200 << 20, 2)
    assert (wanted["half"].cpu, wanted["half"].memory, wanted["half"].gpu) == (0.5, 50 << 20, 0.5)
    assert (wanted["given"].cpu, wanted["given"].memory, wanted["given"].labels) == (3, 1 << 30, ("run.ai/type=fast",))
    assert (wanted["none"].cpu, wanted["none"].memory, wanted["none"].gpu) == (0, 0, 0)


def test_two_halves_share_a_gpu(world: World) -> None:
    for _ in range(8):
        submit(world, gpu=0.5, command="sleep 60")
    submit(world, gpu=0.5)
    after(world, 5)

    running = [job for job in listed(world) if job["status"] == "Running"]

    assert len(running) == 8
    assert {job["currentAllocatedGPUs"] for job in running} == {0.5}


def test_a_job_of_a_node_type_waits_for_it(world: World) -> None:
    submit(world, nodeType="fast")
    submit(world, nodeType="slow")
    after(world, 30)

    assert statuses(world) == {"job-0": "Succeeded", "job-1": "Pending"}


def test_a_job_that_no_node_could_hold_is_taken_and_waits(world: World) -> None:
    submit(world, gpu=64, memory="15E")
    after(world, 1e6)

    assert statuses(world) == {"job-0": "Pending"}


def test_a_finished_job_is_listed_until_its_time_to_live_is_over(world: World) -> None:
    submit(world, command="sleep 3", ttlAfterFinish="1m30s")

    after(world, 4 + 89.999)
    assert statuses(world) == {"job-0": "Succeeded"}
    after(world, 0.001)
    assert statuses(world) == {}


def test_a_deletion_answers_item_by_item(world: World) -> None:
    submit(world)

    gone, missing, again = delete(world, "job-0", "job-9", "job-0")

    assert gone == {"name": "job-0", "ok": True}
    assert missing["error"] == {"status": 404, "message": "job not found", "details": "project team-a has no job job-9"}
    assert (again["ok"], again["error"]["status"]) == (False, 404)
    assert delete(world) == []


def test_a_deletion_never_reaches_into_another_project(world: World) -> None:
    submit(world, project="a/b", name="c")

    assert [item["ok"] for item in delete(world, "b/c", project="a") + delete(world, "a/b/c", project="")] == [
        False,
        False,
    ]
    assert statuses(world) == {"c": "Pending"}


def test_a_deleted_job_frees_its_gpus_and_leaves_the_list(world: World) -> None:
    for _ in range(3):
        submit(world, gpu=2, interactive=True)
    after(world, 5)

    delete(world, "job-0")
    world.settle()
    after(world, 2)

    assert statuses(world) == {"job-1": "Running", "job-2": "Running"}


def test_a_job_whose_time_to_live_is_over_this_instant_is_not_found(world: World) -> None:
    submit(world, command="sleep 0", ttlAfterFinish="0s")
    submit(world, interactive=True, ttlAfterFinish="0s")
    after(world, 0.999)
    world.scheduler.clock.advance(1_000_000)

    assert [item["ok"] for item in delete(world, "job-0", "job-1")] == [False, True]
    assert [submit(world), submit(world)] == ["job-0", "job-1"]


def test_an_ended_job_can_be_deleted(world: World) -> None:
    submit(world, ttlAfterFinish="1s", command="sleep 1")
    after(world, 2.5)

    assert delete(world, "job-0") == [{"name": "job-0", "ok": True}]
    after(world, 10)
    assert submit(world) == "job-0"


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1G", 10**9),
        ("20M", 20 * 10**6),
        ("512Mi", 512 << 20),
        ("3GB", 3 * 10**9),
        ("3GiB", 3 << 30),
        ("1.5Gi", 3 << 29),
        ("7", 7),
        ("7B", 7),
        ("1k", 1000),
        ("1K", 1000),
        ("1E", 10**18),
        ("1E3", 1000),
        ("2e6", 2_000_000),
        ("1500m", 2),
        ("0", 0),
    ],
)
def test_a_quantity_is_bytes(text: str, size: int) -> None:
    assert quantity(text) == size


@pytest.mark.parametrize(
    ("text", "seconds"), [("5s", 5), ("2m", 120), ("3h", 10_800), ("4d", 345_600), ("1h30m", 5400), ("1.5m", 90)]
)
def test_a_span_is_seconds(text: str, seconds: int) -> None:
    assert span(text) == seconds


@pytest.mark.parametrize("value", ["", "secret", "Basic secret", "Bearer", "Bearer wrong"])
def test_a_strict_cluster_refuses_all_but_its_tokens(world: World, value: str) -> None:
    with pytest.raises(Refusal) as refused:
        runai.verify(Call("runai_list_jobs", world, every_header={"authorization": value}))

    assert refused.value.kind == "unauthenticated"


@pytest.mark.parametrize("value", ["Bearer secret", "bearer secret"])
def test_a_strict_cluster_lets_its_tokens_in(world: World, value: str) -> None:
    assert runai.verify(Call("runai_list_jobs", world, every_header={"authorization": value})) is None


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("malformed", 400),
        ("unauthenticated", 401),
        ("unrouted", 404),
        ("method", 405),
        ("conflict", 409),
        ("too_large", 413),
        ("internal", 500),
    ],
)
def test_a_refusal_is_status_message_and_details(kind: Kind, status: int) -> None:
    reply = runai.error(Refusal(kind, "for this reason"))

    assert reply.status == reply.body["status"] == status
    assert reply.body["details"] == "for this reason"
    assert ("WWW-Authenticate" in reply.headers) == (status == 401)


def test_an_invalid_call_is_told_every_place(world: World) -> None:
    violations = (
        Violation("body", ("job",), "required", ["image"], {}, '"image" is a required property'),
        Violation("body", ("job", "ports", 0, "container"), "type", "integer", "x", "is not an integer"),
        Violation("query", (), "type", "string", 1, "is not a string"),
    )

    reply = runai.error(Refusal("invalid", "the call breaks the document", violations=violations))

    assert (
        reply.body["details"]
        == 'job: "image" is a required property; job.ports[0].container: is not an integer; query: is not a string'
    )
