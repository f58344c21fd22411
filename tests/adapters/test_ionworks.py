"""What the Ionworks adapter makes of calls, without HTTP."""

from __future__ import annotations

from typing import Any

import pytest

import specs
from mockserver.adapters import ionworks
from mockserver.adapters.exchange import Call, Refusal, Reply, Violation
from mockserver.http.contract.schema import Schemas, violations
from mockserver.simulation.clock import MICRO
from mockserver.simulation.errors import NotCancellable, UnknownJob, UnknownParent
from mockserver.simulation.lifecycle import CompiledLifecycle
from mockserver.simulation.request import JobRequest, Limits
from mockserver.simulation.scenario.scenario import Distribution, NodeClass, Scenario
from mockserver.simulation.world import World

SPEC = specs.load("ionworks")
SCHEMAS = Schemas(SPEC)
EPOCH = 1_767_225_600 * MICRO  # 2026-01-01T00:00:00Z
LEAST = {"job_type": "simulate", "params": {"model": "SPM"}}
PAGE = {"limit": 100, "offset": 0}


@pytest.fixture
def world() -> World:
    return make_world()


def make_world(**changes: Any) -> World:
    facts: dict[str, Any] = {
        "nodes": (NodeClass("plain", 8, 32),),
        "run": Distribution(fixed=10),
        "credentials": {"ionworks": {"key-1": "cells"}},
    }
    lifecycle = SPEC.lifecycle
    assert lifecycle is not None
    return World(Scenario(**(facts | changes)), {"ionworks": CompiledLifecycle(lifecycle)}, epoch_us=EPOCH)


def submit(
    world: World, *, query: dict[str, Any] | None = None, headers: dict[str, str] | None = None, **body: Any
) -> dict[str, Any]:
    call = Call(
        "submit_job_jobs_post", world, query=query or {}, every_header=headers or {}, body=LEAST | body, raw=b"{}"
    )
    reply = ionworks.submit_job_jobs_post(call)
    assert reply.status == 202
    assert_valid(reply, "JobResponse")
    job: dict[str, Any] = reply.body
    return job


def read(world: World, job_id: str, **headers: str) -> dict[str, Any]:
    reply = ionworks.get_job_jobs__job_id__get(Call("read", world, path={"job_id": job_id}, every_header=headers))
    assert_valid(reply, "JobResponse")
    job: dict[str, Any] = reply.body
    return job


def cancel(world: World, job_id: str) -> dict[str, Any]:
    job: dict[str, Any] = ionworks.cancel_job_jobs__job_id__cancel_post(
        Call("cancel", world, path={"job_id": job_id})
    ).body
    return job


def listed(world: World, **query: Any) -> dict[str, Any]:
    reply = ionworks.list_jobs_jobs_get(Call("list", world, query=PAGE | query))
    assert_valid(reply, "JobPage")
    page: dict[str, Any] = reply.body
    return page


def assert_valid(reply: Reply, schema: str) -> None:
    assert violations(SCHEMAS.validator(("components", "schemas", schema)), reply.body, "answer") == ()


def refused_body(body: Any) -> list[dict[str, Any]]:
    found = violations(SCHEMAS.validator(("components", "schemas", "SubmitJobRequest")), body, "body")
    reply = ionworks.error(Refusal("invalid", "the body breaks the document", violations=found))
    assert reply.status == 422
    assert_valid(reply, "HTTPValidationError")
    details: list[dict[str, Any]] = reply.body["detail"]
    return details


def test_a_new_job_is_pending_with_every_member(world: World) -> None:
    job = submit(world)

    assert job["status"] == "pending"
    assert job["priority"] == 0
    assert job["created_at"] == job["updated_at"] == "2026-01-01T00:00:00.000000Z"
    assert (job["access_level"], job["organization_id"], job["user_id"]) == (
        "organization",
        "org-shared",
        "user-shared",
    )
    assert job["params_path"] == f"jobs/{job['job_id']}/params.json"
    nothing = (
        "started_at",
        "completed_at",
        "compute_time",
        "error",
        "error_code",
        "error_detail",
        "result",
        "callback_url",
    )
    assert all(job[name] is None for name in (*nothing, "parent_job_id", "project_id", "metadata_path"))
    assert (job["is_terminal"], job["is_failed"]) == (False, False)


def test_every_member_of_the_document_is_sent(world: World) -> None:
    properties = SPEC.document["components"]["schemas"]["JobResponse"]["properties"]

    assert set(submit(world)) == set(properties)


def test_a_job_runs_and_completes_with_a_result(world: World) -> None:
    job_id = submit(world)["job_id"]

    world.advance_to(4 * MICRO)
    processing = read(world, job_id)
    world.advance_to(11 * MICRO)
    completed = read(world, job_id)

    assert (processing["status"], processing["started_at"], processing["completed_at"]) == (
        "processing",
        "2026-01-01T00:00:00.000000Z",
        None,
    )
    assert processing["compute_time"] is None
    assert completed["status"] == "completed"
    assert completed["completed_at"] == completed["updated_at"] == "2026-01-01T00:00:10.000000Z"
    assert completed["compute_time"] == 10.0
    assert completed["result"]
    assert (completed["is_terminal"], completed["is_failed"], completed["error"]) == (True, False, None)


@pytest.mark.parametrize(
    ("job_type", "code"),
    [
        ("simulate", "SOLVER_ERROR"),
        ("validation", "MODEL_ERROR"),
        ("dummy", "INTERNAL_ERROR"),
        ("simple_pipeline", "CONFIGURATION_ERROR"),
    ],
)
def test_a_failed_job_says_why(job_type: str, code: str) -> None:
    world = make_world(failure_rate=1.0)
    job_id = submit(world, job_type=job_type)["job_id"]

    world.advance_to(11 * MICRO)
    job = read(world, job_id)

    assert (job["status"], job["error_code"], job["result"]) == ("failed", code, None)
    assert (job["is_terminal"], job["is_failed"]) == (True, True)
    assert job["error"]
    assert job["error_detail"] == {"reason": "exit code 1", "exit_code": 1}


def test_a_run_beyond_its_limit_is_an_execution_timeout() -> None:
    world = make_world(run=Distribution(fixed=100_000))
    job_id = submit(world)["job_id"]

    world.advance_to(90_000 * MICRO)
    job = read(world, job_id)

    assert (job["status"], job["error_code"], job["compute_time"]) == ("failed", "EXECUTION_TIMEOUT", 86_400.0)
    assert job["error_detail"] == {"reason": "run_timeout"}


@pytest.mark.parametrize("seconds", [0, 5])
def test_a_cancelled_job_counts_as_failed_and_has_no_error(world: World, seconds: int) -> None:
    job_id = submit(world)["job_id"]
    world.advance_to(seconds * MICRO)

    job = cancel(world, job_id)

    assert (job["status"], job["is_terminal"], job["is_failed"]) == ("canceled", True, True)
    assert (job["error"], job["error_code"], job["result"]) == (None, None, None)
    assert job["completed_at"] == job["updated_at"]


def test_cancelling_what_has_ended_changes_nothing(world: World) -> None:
    job_id = submit(world)["job_id"]
    world.advance_to(11 * MICRO)
    before = read(world, job_id)

    world.advance_to(20 * MICRO)

    assert cancel(world, job_id) == before


def test_a_switch_makes_cancelling_what_has_ended_a_conflict() -> None:
    world = make_world(switches=frozenset({"ionworks.cancel-terminal-conflicts"}))
    job_id = submit(world)["job_id"]
    cancel(world, job_id)

    with pytest.raises(NotCancellable):
        cancel(world, job_id)


def test_a_switch_makes_submission_gone() -> None:
    world = make_world(switches=frozenset({"ionworks.submission-gone"}))

    with pytest.raises(Refusal) as refusal:
        submit(world)
    reply = ionworks.error(refusal.value)

    assert (reply.status, reply.body["error_code"]) == (410, "GONE")
    assert_valid(reply, "Error")


def test_a_parent_waits_for_its_children(world: World) -> None:
    parent = submit(world, job_type="simple_pipeline")["job_id"]
    child = submit(world, job_type="datafit", parent_job_id=parent)

    world.advance_to(11 * MICRO)
    waiting = read(world, parent)
    world.advance_to(25 * MICRO)
    joined = read(world, parent)

    assert child["parent_job_id"] == parent
    assert (waiting["status"], waiting["is_terminal"], waiting["completed_at"], waiting["compute_time"]) == (
        "waiting",
        False,
        None,
        10.0,
    )
    assert (joined["status"], joined["compute_time"], joined["completed_at"]) == (
        "completed",
        10.0,
        "2026-01-01T00:00:20.000000Z",
    )


def test_an_unknown_parent_is_not_found(world: World) -> None:
    with pytest.raises(UnknownParent):
        submit(world, parent_job_id="nobody")


@pytest.mark.parametrize(
    ("switches", "left"), [(frozenset(), "processing"), (frozenset({"ionworks.cascade-cancel"}), "canceled")]
)
def test_cancelling_a_parent_reaches_its_descendants_only_where_switched_on(
    switches: frozenset[str], left: str
) -> None:
    world = make_world(switches=switches, nodes=(NodeClass("plain", 64, 256),))
    parent = submit(world)["job_id"]
    child = submit(world, parent_job_id=parent)["job_id"]
    grandchild = submit(world, parent_job_id=child)["job_id"]
    world.advance_to(1 * MICRO)

    cancel(world, parent)

    assert [read(world, job_id)["status"] for job_id in (child, grandchild)] == [left, left]


def test_a_long_line_of_descendants_is_cancelled_with_the_first() -> None:
    world = make_world(switches=frozenset({"ionworks.cascade-cancel"}), nodes=(NodeClass("plain", 64, 256),))
    line = [submit(world)["job_id"]]
    for _ in range(1500):
        line.append(submit(world, parent_job_id=line[-1])["job_id"])

    cancel(world, line[0])

    assert {read(world, job_id)["status"] for job_id in line} == {"canceled"}


def test_lists_are_newest_first_and_paged(world: World) -> None:
    ids = [submit(world)["job_id"] for _ in range(5)]

    page = listed(world, limit=2, offset=1)

    assert [job["job_id"] for job in page["jobs"]] == [ids[3], ids[2]]
    assert page["total"] == 5
    assert listed(world, offset=10**30) == {"jobs": [], "total": 5}


def test_lists_are_filtered_by_status_and_type(world: World) -> None:
    fit = submit(world, job_type="datafit")["job_id"]
    simulation = submit(world)["job_id"]
    dummy = submit(world, job_type="dummy")["job_id"]
    cancel(world, dummy)

    def found(**query: Any) -> list[str]:
        return [job["job_id"] for job in listed(world, **query)["jobs"]]

    assert found(status="canceled") == [dummy]
    assert found(job_type="simulate") == [simulation]
    assert found(job_types=["datafit", "dummy"]) == [dummy, fit]
    assert found(job_type="simulate", job_types=["datafit"]) == [fit]
    assert listed(world, job_types=["datafit", "simulate"], limit=1)["total"] == 2


def test_the_path_with_a_slash_gives_a_bare_array(world: World) -> None:
    job = submit(world)

    reply = ionworks.list_jobs_jobs__get(Call("list", world, query=PAGE))

    assert [entry["job_id"] for entry in reply.body] == [job["job_id"]]


def test_a_read_job_is_reported_anew_after_each_step(world: World) -> None:
    job_id = submit(world)["job_id"]

    states = []
    for second in (0, 1, 11):
        world.advance_to(second * MICRO)
        states.append((read(world, job_id)["status"], listed(world)["jobs"][0]["status"]))

    assert states == [("processing", "processing"), ("processing", "processing"), ("completed", "completed")]


def test_metadata_stays_beside_the_job(world: World) -> None:
    job = submit(world, metadata={"ticket": 7})

    reply = ionworks.get_job_metadata_jobs__job_id__metadata_get(
        Call("metadata", world, path={"job_id": job["job_id"]})
    )

    assert "metadata" not in job
    assert job["metadata_path"] == f"jobs/{job['job_id']}/metadata.json"
    assert reply.body == {"ticket": 7}


def test_a_job_without_metadata_has_none_to_read(world: World) -> None:
    job = submit(world)

    with pytest.raises(Refusal, match="has no metadata") as refusal:
        ionworks.get_job_metadata_jobs__job_id__metadata_get(Call("metadata", world, path={"job_id": job["job_id"]}))

    assert ionworks.error(refusal.value).status == 404


def test_a_completed_fit_leaves_a_trace_and_curves(world: World) -> None:
    job_id = submit(world, job_type="datafit", metadata={"ticket": 7})["job_id"]
    world.advance_to(11 * MICRO)
    path = {"job_id": job_id}

    metadata = ionworks.get_job_metadata_jobs__job_id__metadata_get(Call("metadata", world, path=path)).body
    channels = ionworks.get_series_channels_jobs__job_id__series_channels_get(Call("channels", world, path=path)).body
    query = {
        "source": "optimal",
        "x_column": "Time [s]",
        "max_points": 10,
        "x_min": 100,
        "x_max": 1000.0,
        "columns": "Voltage [V]",
    }
    series = ionworks.get_series_jobs__job_id__series_get(Call("series", world, path=path, query=query)).body
    query = {"plot_index": 0, "max_points": 100}
    plot = ionworks.get_plot_data_pipelines_datafits__job_id__plot_data_get(
        Call("plot", world, path=path, query=query)
    ).body

    assert metadata["ticket"] == 7
    assert {"best_cost", "cost", "inputs", "inputs_unscaled"} <= set(metadata["intermediate_results"][0])
    assert channels["objective"]["optimal"] == ["Time [s]", "Voltage [V]", "Current [A]"]
    assert list(series) == ["Time [s]", "Voltage [V]"]
    assert 1 < len(series["Voltage [V]"]) <= 10
    assert all(len(trace["x"]) == len(trace["y"]) <= 100 for trace in plot["traces"])


@pytest.mark.parametrize("query", [{"objective": "other"}, {"columns": "Pressure [Pa]"}, {"x_column": "Pressure [Pa]"}])
def test_unknown_objectives_and_channels_are_not_found(world: World, query: dict[str, Any]) -> None:
    job_id = submit(world, job_type="datafit")["job_id"]
    world.advance_to(11 * MICRO)
    query = {"source": "optimal", "x_column": "Time [s]", "max_points": 10} | query

    with pytest.raises(Refusal) as refusal:
        ionworks.get_series_jobs__job_id__series_get(Call("series", world, path={"job_id": job_id}, query=query))

    assert refusal.value.kind == "unknown"


def test_a_job_that_has_not_completed_has_no_curves(world: World) -> None:
    job_id = submit(world, job_type="datafit")["job_id"]

    call = Call("channels", world, path={"job_id": job_id})
    assert ionworks.get_series_channels_jobs__job_id__series_channels_get(call).body == {}
    query = {"source": "optimal", "x_column": "Time [s]", "max_points": 10}
    with pytest.raises(Refusal, match="has no series"):
        ionworks.get_series_jobs__job_id__series_get(Call("series", world, path={"job_id": job_id}, query=query))
    with pytest.raises(Refusal, match="has no series"):
        ionworks.get_plot_data_pipelines_datafits__job_id__plot_data_get(
            Call("plot", world, path={"job_id": job_id}, query={})
        )


def test_there_is_only_one_plot(world: World) -> None:
    job_id = submit(world, job_type="datafit")["job_id"]
    world.advance_to(11 * MICRO)
    call = Call("plot", world, path={"job_id": job_id}, query={"plot_index": 3, "max_points": 100})

    with pytest.raises(Refusal, match="no plot 3"):
        ionworks.get_plot_data_pipelines_datafits__job_id__plot_data_get(call)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("https://Client.Example", "https://client.example/"),
        ("HTTP://User:Pass@Client.example:8080?x=Y#Z", "http://User:Pass@client.example:8080/?x=Y#Z"),
        ("http://127.0.0.1:9/hook", "http://127.0.0.1:9/hook"),
        ("http://[2001:DB8::1]:8080/hook", "http://[2001:db8::1]:8080/hook"),
    ],
)
def test_a_callback_url_is_echoed_in_normal_form(world: World, given: str, stored: str) -> None:
    assert submit(world, callback_url=given)["callback_url"] == stored


def test_priority_and_project_are_echoed(world: World) -> None:
    job = submit(world, query={"project_id": "project-9"}, priority=7.0)

    assert (job["project_id"], job["priority"]) == ("project-9", 7)
    assert isinstance(job["priority"], int)


def test_a_more_urgent_job_starts_first(world: World) -> None:
    submit(world, job_type="datafit")
    world.advance_to(MICRO)
    late, urgent = submit(world, job_type="datafit")["job_id"], submit(world, job_type="datafit", priority=9)["job_id"]

    world.advance_to(11 * MICRO)

    assert [read(world, job_id)["status"] for job_id in (late, urgent)] == ["pending", "processing"]


@pytest.mark.parametrize(
    ("headers", "owner"),
    [
        ({}, "org-shared"),
        ({"x-organization-id": "org-7"}, "org-7"),
        ({"x-organization-id": "org-7", "x-api-key": "key-1"}, "org-7"),
        ({"x-api-key": "key-1"}, "cells"),
        ({"authorization": "Bearer key-1", "x-api-key": "other"}, "cells"),
        ({"authorization": "Basic abc"}, "org-shared"),
    ],
)
def test_the_organisation_follows_the_credentials(world: World, headers: dict[str, str], owner: str) -> None:
    assert submit(world, headers=headers)["organization_id"] == owner


def test_another_organisation_sees_nothing(world: World) -> None:
    job_id = submit(world, headers={"x-api-key": "one"})["job_id"]

    with pytest.raises(UnknownJob):
        read(world, job_id, **{"x-api-key": "two"})
    assert listed(world)["total"] == 0
    assert read(world, job_id, **{"x-api-key": "one"})["job_id"] == job_id


def test_an_unlisted_key_gets_an_organisation_and_a_user_of_its_own(world: World) -> None:
    call = Call("me", world, every_header={"x-api-key": "somebody"})

    me = ionworks.get_current_user_users_me_get(call).body

    assert me["organization_id"].startswith("org-")
    assert me["organization_id"] != "org-shared"
    assert me["id"].startswith("user-")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"x-api-key": "wrong"}, 401),
        ({"authorization": "key-1"}, 401),
        ({"x-api-key": "key-1", "x-organization-id": "elsewhere"}, 403),
    ],
)
def test_strict_mode_refuses(world: World, headers: dict[str, str], status: int) -> None:
    with pytest.raises(Refusal) as refusal:
        ionworks.verify(Call("any", world, every_header=headers, strict=True))

    assert ionworks.error(refusal.value).status == status


@pytest.mark.parametrize(
    "headers", [{"x-api-key": "key-1"}, {"authorization": "bearer key-1", "x-organization-id": "cells"}]
)
def test_strict_mode_lets_known_credentials_pass(world: World, headers: dict[str, str]) -> None:
    call = Call("any", world, every_header=headers, strict=True)

    ionworks.verify(call)

    assert ionworks.get_current_user_users_me_get(call).body["organization_id"] == "cells"


def test_answers_carry_different_correlation_ids_that_a_second_run_repeats() -> None:
    def ids() -> list[str]:
        world = make_world()
        return [ionworks.healthz_healthz_get(Call("healthz", world)).headers["x-correlation-id"] for _ in range(3)]

    first = ids()

    assert len(set(first)) == 3
    assert first == ids()


@pytest.mark.parametrize(
    ("changes", "where", "kind"),
    [
        ({"job_type": "paint"}, ["body", "job_type"], "enum"),
        ({"params": []}, ["body", "params"], "dict_type"),
        ({"priority": 11}, ["body", "priority"], "less_than_equal"),
        ({"priority": -1}, ["body", "priority"], "greater_than_equal"),
        ({"priority": 1.5}, ["body", "priority"], "int_from_float"),
        ({"priority": "high"}, ["body", "priority"], "int_parsing"),
        ({"priority": None}, ["body", "priority"], "int_type"),
        ({"priority": True}, ["body", "priority"], "int_type"),
        ({"metadata": 3}, ["body", "metadata"], "dict_type"),
        ({"parent_job_id": 3}, ["body", "parent_job_id"], "string_type"),
        ({"callback_url": 3}, ["body", "callback_url"], "url_type"),
        ({"callback_url": ""}, ["body", "callback_url"], "url_parsing"),
        ({"callback_url": "nowhere"}, ["body", "callback_url"], "url_parsing"),
        ({"callback_url": "http://"}, ["body", "callback_url"], "url_parsing"),
        ({"callback_url": "http://h:70000/"}, ["body", "callback_url"], "url_parsing"),
        ({"callback_url": "http://[1::2::3]/"}, ["body", "callback_url"], "url_parsing"),
        ({"callback_url": "ftp://h/"}, ["body", "callback_url"], "url_scheme"),
        ({"callback_url": "http://h/" + "x" * 2083}, ["body", "callback_url"], "url_too_long"),
    ],
)
def test_a_broken_member_is_named_in_pydantics_words(changes: dict[str, Any], where: list[str], kind: str) -> None:
    details = refused_body(LEAST | changes)

    assert [(detail["loc"], detail["type"]) for detail in details] == [(where, kind)]
    assert details[0]["input"] == next(iter(changes.values()))


def test_every_missing_member_is_named() -> None:
    details = refused_body({})

    assert [(detail["loc"], detail["type"], detail["msg"]) for detail in details] == [
        (["body", "job_type"], "missing", "Field required"),
        (["body", "params"], "missing", "Field required"),
    ]


def test_a_missing_body_is_named() -> None:
    absent = Violation("body", (), "required", "a body", None, "a body is required")

    (detail,) = ionworks.error(Refusal("invalid", absent.message, violations=(absent,))).body["detail"]

    assert (detail["loc"], detail["type"], detail["input"]) == (["body"], "missing", None)


def test_a_body_that_is_no_object_is_refused_as_a_whole() -> None:
    (detail,) = refused_body([])

    assert (detail["loc"], detail["type"]) == (["body"], "model_attributes_type")


def test_a_body_that_is_not_json_is_refused_with_its_offset() -> None:
    reply = ionworks.error(Refusal("malformed", "the body is not JSON", offset=17))

    assert reply.status == 422
    assert (reply.body["detail"][0]["loc"], reply.body["detail"][0]["type"]) == (["body", 17], "json_invalid")


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("unauthenticated", 401, "UNAUTHORIZED"),
        ("forbidden", 403, "FORBIDDEN"),
        ("unknown", 404, "NOT_FOUND"),
        ("unrouted", 404, "NOT_FOUND"),
        ("method", 405, "METHOD_NOT_ALLOWED"),
        ("conflict", 409, "CONFLICT"),
        ("too_large", 413, "PAYLOAD_TOO_LARGE"),
        ("media_type", 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("throttled", 429, "TOO_MANY_REQUESTS"),
        ("internal", 500, "INTERNAL_SERVER_ERROR"),
        ("unavailable", 503, "SERVICE_UNAVAILABLE"),
    ],
)
def test_other_refusals_have_the_small_shape(kind: Any, status: int, code: str) -> None:
    reply = ionworks.error(Refusal(kind, "so it is"))

    assert reply.status == status
    assert reply.body == {"error_code": code, "message": "so it is", "detail": None}
    assert_valid(reply, "Error")
    assert reply.headers["x-correlation-id"]


def test_a_rule_that_only_prose_states_is_a_value_error() -> None:
    reply = ionworks.error(Refusal("unprocessable", "not like this"))

    assert reply.status == 422
    assert reply.body["detail"][0]["type"] == "value_error"


def test_every_operation_has_a_function() -> None:
    assert all(callable(getattr(ionworks, operation, None)) for operation in SPEC.operations)


def test_the_order_of_a_job_says_what_it_takes(world: World) -> None:
    job_id = submit(world)["job_id"]

    request = world.job("ionworks", job_id).request

    assert isinstance(request, JobRequest)
    assert (request.resources.cpu, request.resources.memory, request.limits) == (4, 8 << 30, Limits(run=86_400.0))
