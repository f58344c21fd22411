"""Life stories of Run:AI jobs, told over a real socket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.conftest import Bench

BAD_JOBS: dict[str, tuple[dict[str, Any], str]] = {
    "no project": ({"project": None}, "project"),
    "no image": ({"image": None}, "image"),
    "an empty image": ({"image": ""}, "job.image"),
    "gpu above one that is not whole": ({"gpu": 1.5}, "job.gpu"),
    "gpu below zero": ({"gpu": -1}, "job.gpu"),
    "gpu as text": ({"gpu": "1"}, "job.gpu"),
    "a name in capitals": ({"name": "Job"}, "job.name"),
    "a name that ends in a dash": ({"name": "job-"}, "job.name"),
    "a name of fifty letters": ({"name": "a" * 50}, "job.name"),
    "a prefix that begins with a digit": ({"jobNamePrefix": "0a"}, "job.jobNamePrefix"),
    "another pull policy": ({"imagePullPolicy": "Sometimes"}, "job.imagePullPolicy"),
    "another service type": (
        {"serviceType": "NodePort", "ports": [{"container": 1, "external": 2}]},
        "job.serviceType",
    ),
    "a service type without ports": ({"serviceType": "nodeport"}, "ports"),
    "a port without its outside": ({"ports": [{"container": 80}]}, "external"),
    "a terminal without stdin": ({"tty": True}, "stdin"),
    "parallelism without completions": ({"parallelism": 2}, "completions"),
    "parallelism of an interactive job": ({"parallelism": 2, "completions": 2, "interactive": True}, "job.interactive"),
    "elastic with a part of a gpu": ({"elastic": True, "gpu": 0.5}, "job.gpu"),
    "memory without sense": ({"memory": "lots"}, "job.memory"),
    "time to live without unit": ({"ttlAfterFinish": "60"}, "job.ttlAfterFinish"),
    "environment with a list": ({"environment": {"A": []}}, "job.environment.A"),
    "a negative backoff limit": ({"backoffLimit": -1}, "job.backoffLimit"),
    "command as a list": ({"command": ["sleep", "1"]}, "job.command"),
}


def submit(bench: Bench, *, headers: dict[str, str] | None = None, **wanted: Any) -> httpx.Response:
    job = {
        name: value for name, value in ({"project": "team-a", "image": "ubuntu"} | wanted).items() if value is not None
    }
    return bench.post("/api/job", json={"job": job}, headers=headers)


def name_of(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return answer.json()["name"]


def statuses(bench: Bench, **query: str) -> dict[str, str]:
    answer = bench.get("/api/job", params=query)
    assert answer.status_code == 200, answer.text
    return {job["name"]: job["status"] for job in answer.json()["data"]}


def delete(bench: Bench, *names: str, project: str = "team-a") -> httpx.Response:
    return bench.request("DELETE", "/api/job", json=[{"name": name, "project": project} for name in names])


def is_error(answer: httpx.Response, status: int) -> bool:
    body = answer.json()
    typed = isinstance(body["message"], str) and isinstance(body["details"], str)
    return (
        answer.status_code == body["status"] == status
        and typed
        and answer.headers["content-type"] == "application/json"
    )


def test_a_training_job_waits_prepares_runs_and_succeeds(bench: Bench) -> None:
    name = name_of(submit(bench, gpu=1, command="sleep 20"))
    seen = [statuses(bench)[name]]

    for _ in range(50):
        bench.advance(0.5)
        state = statuses(bench)[name]
        if state != seen[-1]:
            seen.append(state)

    assert seen == ["ContainerCreating", "Running", "Succeeded"]


def test_jobs_wait_while_the_gpus_are_taken(bench: Bench) -> None:
    for _ in range(20):
        submit(bench, gpu=1, command="sleep 30")
    bench.advance(5)

    shown = bench.get("/api/job").json()["data"]
    waiting = [job for job in shown if job["status"] == "Pending"]

    assert len(waiting) == 8
    assert all(job["nodes"] == [] and job["currentAllocatedGPUs"] == 0 for job in waiting)
    assert sum(job["currentAllocatedGPUs"] for job in shown) == 12
    bench.advance(100)
    assert set(statuses(bench).values()) == {"Succeeded"}


def test_a_deleted_job_is_gone_and_its_gpus_are_free(bench: Bench) -> None:
    first = name_of(submit(bench, gpu=4, nodeType="a100", interactive=True))
    second = name_of(submit(bench, gpu=4, nodeType="a100", interactive=True))
    bench.advance(5)
    assert statuses(bench) == {first: "Running", second: "Pending"}

    answer = delete(bench, first)
    bench.advance(5)

    assert answer.json() == {"data": [{"name": first, "ok": True}]}
    assert statuses(bench) == {second: "Running"}


def test_a_failing_job_is_retried_with_growing_pauses_and_fails(bench: Bench) -> None:
    name = name_of(submit(bench, command="sleep 5; exit 3", backoffLimit=2))
    seen = ["Pending"]

    for _ in range(240):
        bench.advance(0.25)
        state = statuses(bench)[name]
        if state != seen[-1]:
            seen.append(state)

    one_try = ["Pending", "ContainerCreating", "Running"]
    assert seen == [*one_try, *one_try, *one_try, "Failed"]


def test_an_interactive_job_runs_until_it_is_deleted_and_is_never_retried(bench: Bench) -> None:
    name_of(submit(bench, name="bench", interactive=True))
    name_of(submit(bench, name="broken", interactive=True, command="exit 1", backoffLimit=6))
    bench.advance(100_000)

    assert statuses(bench) == {"bench": "Running", "broken": "Failed"}


def test_a_finished_job_leaves_the_list_after_its_time_to_live(bench: Bench) -> None:
    submit(bench, command="sleep 10", ttlAfterFinish="1m")
    bench.advance(30)
    assert statuses(bench) == {"job-0": "Succeeded"}

    bench.advance(60)

    assert statuses(bench) == {}
    assert name_of(submit(bench)) == "job-0"


def test_names_are_numbered_per_project_and_prefix(bench: Bench) -> None:
    names = [
        name_of(submit(bench, **wanted))
        for wanted in ({}, {}, {"project": "team-b"}, {"jobNamePrefix": "hpo"}, {"name": "mine"})
    ]

    assert names == ["job-0", "job-1", "job-0", "hpo-0", "mine"]
    delete(bench, "job-0")
    assert [name_of(submit(bench)), name_of(submit(bench))] == ["job-0", "job-2"]


def test_a_taken_name_is_a_conflict_in_its_project_only(bench: Bench) -> None:
    name_of(submit(bench, name="mine"))

    again, elsewhere = submit(bench, name="mine"), submit(bench, name="mine", project="team-b")

    assert is_error(again, 409)
    assert "mine" in again.json()["details"]
    assert name_of(elsewhere) == "mine"


def test_the_list_shows_one_project_or_all_oldest_first(bench: Bench) -> None:
    for project in ("b", "a", "b"):
        submit(bench, project=project, headers={"RA-USER": f"user of {project}"})

    everything = bench.get("/api/job").json()["data"]

    assert [(job["project"], job["name"], job["user"]) for job in everything] == [
        ("b", "job-0", "user of b"),
        ("a", "job-0", "user of a"),
        ("b", "job-1", "user of b"),
    ]
    assert len({job["id"] for job in everything}) == 3
    assert list(statuses(bench, project="b")) == ["job-0", "job-1"]
    assert list(statuses(bench, project="nobody")) == []
    assert bench.get("/api/job?project=").json()["data"] == everything


def test_a_list_item_has_the_documented_members_and_types(bench: Bench) -> None:
    submit(bench, interactive=True, gpu=0.5)
    bench.advance(5)

    (job,) = bench.get("/api/job").json()["data"]

    assert list(job) == [
        "id",
        "project",
        "name",
        "status",
        "type",
        "nodes",
        "createdAt",
        "images",
        "user",
        "currentAllocatedGPUs",
    ]
    assert (job["type"], job["nodes"], job["currentAllocatedGPUs"], job["user"]) == (
        "Interactive",
        ["rtx4090-0"],
        0.5,
        "",
    )
    assert job["createdAt"] == 1_767_225_600_000


def test_a_deletion_of_several_says_what_became_of_each(bench: Bench) -> None:
    submit(bench)

    answer = delete(bench, "job-7", "job-0", "job-0")

    missing, gone, again = answer.json()["data"]
    assert answer.status_code == 200
    assert gone == {"name": "job-0", "ok": True}
    assert [(item["name"], item["ok"], item["error"]["status"]) for item in (missing, again)] == [
        ("job-7", False, 404),
        ("job-0", False, 404),
    ]


@pytest.mark.parametrize(
    "body",
    [{"name": "job-0", "project": "team-a"}, ["job-0"], [{"name": "job-0"}], [{"name": 1, "project": "a"}], None],
)
def test_a_deletion_needs_a_list_of_names_and_projects(bench: Bench, body: Any) -> None:
    submit(bench)

    answer = bench.request("DELETE", "/api/job", json=body)

    assert is_error(answer, 400)
    assert list(statuses(bench)) == ["job-0"]


def test_a_deletion_without_a_body_is_refused(bench: Bench) -> None:
    assert is_error(bench.delete("/api/job"), 400)


@pytest.mark.parametrize(("wanted", "place"), BAD_JOBS.values(), ids=BAD_JOBS.keys())
def test_a_bad_job_is_refused_and_told_where(bench: Bench, wanted: dict[str, Any], place: str) -> None:
    answer = submit(bench, **wanted)

    assert is_error(answer, 400)
    assert place in answer.json()["details"]
    assert statuses(bench) == {}


@pytest.mark.parametrize(
    "wanted",
    [
        {"gpu": 2.0},
        {"gpu": 0},
        {"gpu": 0.25, "elastic": False},
        {"name": "a" * 49},
        {"stdin": True, "tty": True},
        {"completions": 5},
        {"completions": 5, "parallelism": 2},
        {"memory": "1.5Gi", "memoryLimit": "2G", "cpu": 0.1, "cpuLimit": 2.5},
        {"ports": [{"container": 65535, "autoGenerate": True}], "serviceType": "ingress"},
        {"environment": {"A": "1", "B": 2, "C": 0.5, "D": True}},
        {"ttlAfterFinish": "1h30m", "backoffLimit": 0},
        {"ttlAfterFinish": "4d", "preemptible": True, "nodeType": "none"},
        {"gpu": 1000, "memory": "900Ti"},
        {"thisIsNotAField": {"at": "all"}},
        {"project": "Ünïcode / project"},
    ],
)
def test_an_unusual_job_is_taken(bench: Bench, wanted: dict[str, Any]) -> None:
    assert submit(bench, **wanted).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/job/", 404),
        ("GET", "/api/job/job-0", 404),
        ("GET", "/api/jobs", 404),
        ("PUT", "/api/job", 405),
        ("PATCH", "/api/job", 405),
    ],
)
def test_what_this_generation_does_not_know_is_refused_in_its_shape(
    bench_of: Callable[..., Bench], method: str, path: str, status: int
) -> None:
    answer = bench_of(apis=["runai"]).request(method, path)

    assert is_error(answer, status)
    assert ("allow" in answer.headers) == (status == 405)


def test_a_body_that_is_no_json_is_refused(bench: Bench) -> None:
    answer = bench.post("/api/job", content=b"{'job': 1}", headers={"Content-Type": "application/json"})

    assert is_error(answer, 400)


def test_a_body_without_a_media_type_is_refused(bench: Bench) -> None:
    assert is_error(bench.post("/api/job", content=b"{}"), 415)


def test_nobody_is_asked_who_he_is(bench: Bench) -> None:
    assert statuses(bench) == {}
    assert bench.get("/api/job", headers={"Authorization": "Basic whatever"}).status_code == 200


@pytest.mark.parametrize(
    "headers", [{}, {"RA-USER": "john"}, {"Authorization": "Basic mock-token"}, {"Authorization": "Bearer stranger"}]
)
def test_a_strict_cluster_wants_a_token_it_knows(strict_bench: Bench, headers: dict[str, str]) -> None:
    answer = submit(strict_bench, headers=headers)

    assert is_error(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_strict_cluster_serves_whoever_brings_its_token(strict_bench: Bench) -> None:
    token = {"Authorization": "Bearer mock-token"}

    name = name_of(submit(strict_bench, headers=token))

    assert [job["name"] for job in strict_bench.get("/api/job", headers=token).json()["data"]] == [name]


@pytest.mark.parametrize(
    "policy",
    [
        "Always",
        "IfNotPresent",
        "Never",
        "always",
        "ifNotPresent",
        "ifnotpresent",
        "never",
        "ALWAYS",
        "IFNOTPRESENT",
        "NEVER",
    ],
)
def test_a_pull_policy_is_taken_in_any_usual_case(bench: Bench, policy: str) -> None:
    assert submit(bench, imagePullPolicy=policy).status_code == 200
