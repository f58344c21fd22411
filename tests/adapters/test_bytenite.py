"""ByteNite's adapter, called without any HTTP between."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from msgspec.structs import replace

import specs
from mockserver.adapters import bytenite
from mockserver.adapters.exchange import Call, Json, Refusal, Reply, Violation
from mockserver.simulation.errors import NotCancellable, UnknownJob
from mockserver.simulation.lifecycle import CompiledLifecycle
from mockserver.simulation.scenario import scenario
from mockserver.simulation.world import World

MINUTE = 60_000_000
HELLO = {"templateId": "hello-world"}


class Customer:
    """Calls operations by name in one world."""

    def __init__(self, world: World, **facts: Any) -> None:
        self.world, self.facts = world, facts

    def ask(self, operation: str, body: Json = None, *, job: str | None = None, **facts: Any) -> Reply:
        """The adapter's reply."""
        target = f"/v1/customer/jobs/{job}" if job else ""
        call = Call(
            operation,
            self.world,
            target=target,
            path={"jobId": job} if job else {},
            body=body,
            raw=json.dumps(body).encode(),
            **{**self.facts, **facts},
        )
        reply: Reply = getattr(bytenite, operation)(call)
        return reply

    def create(self, body: Json = None) -> str:
        """The id of a new draft."""
        return str(self.ask("Customer_CreateJob", body or HELLO).body["job"]["id"])

    def run(self, body: Json = None) -> str:
        """The id of a job that was created and run."""
        job = self.create(body)
        self.ask("Customer_RunJob", job=job)
        return job

    def job(self, job: str) -> Json:
        """The job as the customer sees it."""
        return self.ask("Customer_GetJob", job=job).body["job"]

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.world.advance_to(self.world.now_us + round(seconds * 1_000_000))


@pytest.fixture
def world() -> World:
    return World(
        scenario.load(),
        {"bytenite": CompiledLifecycle(specs.load("bytenite").lifecycle)},
        epoch_us=1_767_225_600_000_000,
    )  # type: ignore[arg-type]


@pytest.fixture
def customer(world: World) -> Customer:
    return Customer(world)


def test_every_operation_of_the_document_has_a_function():
    missing = [name for name in specs.load("bytenite").operations if not callable(getattr(bytenite, name, None))]

    assert missing == []


def test_a_created_job_is_a_draft_that_shows_what_was_sent(customer):
    body = customer.ask(
        "Customer_CreateJob",
        {**HELLO, "name": "n", "config": {"taskTimeout": "60", "jobTimeout": 90, "isTestJob": True}},
    ).body

    job = body["job"]
    assert job["state"] == "JOB_STATE_NEW"
    assert list(job["stateTimestamps"]) == ["JOB_STATE_NEW"]
    assert job["config"] == {"taskTimeout": 60, "jobTimeout": 90, "isTestJob": True}
    assert job["templateInfo"] == body["templateInfo"]
    assert body["templateInfo"]["id"] == "hello-world"
    assert "submittedAt" not in job
    assert "description" not in job
    assert None not in job.values()


def test_null_members_are_unset(customer):
    sent = {
        **HELLO,
        "name": None,
        "dataSource": {"dataSourceDescriptor": None, "params": {"@type": None}},
        "params": None,
        "config": {"jobTimeout": None},
    }

    job = customer.ask("Customer_CreateJob", sent).body["job"]

    assert job["dataSource"] == {"params": {}}
    assert not {"name", "params", "config"} & set(job)


def test_data_sources_are_taken_in_snake_case_too(customer):
    job = customer.job(customer.create({**HELLO, "data_source": {"dataSourceDescriptor": "bypass"}}))

    assert job["dataSource"] == {"dataSourceDescriptor": "bypass"}


def test_a_password_is_never_shown(customer):
    params = {"url": "https://example.com/a", "username": "me", "password": "secret"}

    job = customer.job(customer.create({**HELLO, "dataSource": {"dataSourceDescriptor": "url", "params": params}}))

    assert job["dataSource"]["params"]["password"] == ""
    assert job["dataSource"]["params"]["username"] == "me"


def test_a_local_file_gets_an_address_that_is_withdrawn_when_the_upload_is_complete(customer):
    job = customer.create({**HELLO, "dataSource": {"dataSourceDescriptor": "file"}})
    assert job in customer.job(job)["dataSource"]["params"]["tempUrl"]

    customer.ask("Customer_UploadCompleted", {}, job=job)

    assert "tempUrl" not in customer.job(job)["dataSource"]["params"]


def test_a_draft_stays_a_draft_until_it_is_run(customer):
    job = customer.create()

    customer.later(1000)

    assert customer.job(job)["state"] == "JOB_STATE_NEW"


def test_running_answers_the_generic_response(customer):
    reply = customer.ask("Customer_RunJob", job=customer.create())

    assert (reply.status, reply.body) == (200, {"ok": True, "requestId": "", "message": "", "error": None})


@pytest.mark.parametrize(
    "body", [None, {}, {"jobTimeout": "7", "taskTimeout": 5}, {"config": {"jobTimeout": 7, "taskTimeout": "5"}}]
)
def test_each_known_form_of_the_run_body_is_taken(customer, body):
    job = customer.create()

    customer.ask("Customer_RunJob", body, job=job)

    assert customer.job(job).get("config") == ({"taskTimeout": 5, "jobTimeout": 7} if body else None)


def test_a_job_passes_all_states_in_the_order_of_the_document(customer):
    job = customer.run({**HELLO, "params": {"app": {"command": "sleep 3"}, "partitioner": {"num_replicas": 4}}})

    customer.later(60)

    states = specs.load("bytenite").document["components"]["schemas"]["jobJobState"]["enum"]
    shown = customer.job(job)
    assert list(shown["stateTimestamps"]) == states[:-1]
    assert list(shown["stateTimestamps"].values()) == sorted(shown["stateTimestamps"].values())
    assert shown["state"] == "JOB_STATE_COMPLETE"
    assert shown["duration"] == 10.0
    assert shown["numChunks"] == 4


def test_the_dates_of_a_job_are_those_of_its_states(customer):
    job = customer.run()
    customer.later(60)

    shown = customer.job(job)

    stamps = shown["stateTimestamps"]
    assert shown["createdAt"] == stamps["JOB_STATE_NEW"]
    assert shown["submittedAt"] == stamps["JOB_STATE_STARTED"]
    assert shown["startedAt"] == stamps["JOB_STATE_UPLOADING"]
    assert shown["endedAt"] == stamps["JOB_STATE_COMPLETE"]


def test_a_test_job_costs_nothing(customer):
    paid, test = customer.run(), customer.run({**HELLO, "config": {"isTestJob": True}})
    customer.later(60)

    assert customer.job(paid)["paymentAmount"] > 0
    assert customer.job(test)["paymentAmount"] == 0


def test_a_failing_task_fails_the_job_with_its_reason(customer):
    job = customer.run({**HELLO, "params": {"app": {"command": "exit 3"}}})
    customer.later(60)

    shown = customer.job(job)

    assert shown["state"] == "JOB_STATE_FAILED"
    assert shown["errorMessage"] == "a task failed: exit code 3"
    assert "JOB_STATE_MERGING" not in shown["stateTimestamps"]
    assert "endedAt" in shown


@pytest.mark.parametrize(
    ("config", "words"), [({"taskTimeout": 2}, "task timeout"), ({"jobTimeout": "4"}, "job timeout")]
)
def test_a_limit_that_passes_fails_the_job(customer, config, words):
    job = customer.run({**HELLO, "params": {"app": {"command": "sleep 100"}}, "config": config})
    customer.later(60)

    shown = customer.job(job)

    assert shown["state"] == "JOB_STATE_FAILED"
    assert words in shown["errorMessage"]


def test_the_job_limit_counts_from_the_run_call(customer):
    job = customer.create({**HELLO, "params": {"app": {"command": "sleep 1"}}, "config": {"jobTimeout": 30}})
    customer.later(100)

    customer.ask("Customer_RunJob", job=job)
    customer.later(20)

    assert customer.job(job)["state"] == "JOB_STATE_COMPLETE"


def test_aborting_a_running_job_fails_it(customer):
    job = customer.run()
    customer.later(2)

    customer.ask("Customer_AbortJob", job=job)

    assert customer.job(job)["state"] == "JOB_STATE_FAILED"
    assert "aborted" in customer.job(job)["errorMessage"]


def test_aborting_a_draft_deletes_it(customer):
    job = customer.create()

    customer.ask("Customer_AbortJob", job=job)

    with pytest.raises(UnknownJob):
        customer.job(job)


def test_an_ended_job_cannot_be_aborted(customer):
    job = customer.run()
    customer.later(60)

    with pytest.raises(NotCancellable):
        customer.ask("Customer_AbortJob", job=job)


@pytest.mark.parametrize("seconds", [None, 0, 5, 100])
def test_a_job_can_be_deleted_in_any_state(customer, seconds):
    job = customer.create() if seconds is None else customer.run()
    customer.later(seconds or 0)

    assert customer.ask("Customer_DeleteJob", job=job).body["ok"]
    with pytest.raises(UnknownJob):
        customer.job(job)


@pytest.mark.parametrize("suffix", ["", "Legacy"])
def test_a_draft_takes_sources_and_parameters_by_both_forms(customer, suffix):
    job = customer.create()

    customer.ask(f"Customer_SetJobDatasource{suffix}", {"dataDestination": {"dataSourceDescriptor": "bucket"}}, job=job)
    reply = customer.ask(f"Customer_SetJobParams{suffix}", {"partitioner": {"num_replicas": 3}}, job=job)

    assert reply.body["job"]["dataDestination"] == {"dataSourceDescriptor": "bucket"}
    assert reply.body["job"]["params"] == {"partitioner": {"num_replicas": 3}}
    assert reply.body["job"]["numUnitsEstimation"] == "3"


def test_a_part_that_an_edit_leaves_out_stays(customer):
    job = customer.create({**HELLO, "params": {"app": {"a": 1}}, "config": {"jobTimeout": 9}})

    customer.ask("Customer_SetJobParams", {"assembler": {"b": 2}}, job=job)
    customer.ask("Customer_SetJobConfigs", {"config": {"taskTimeout": 3}}, job=job)

    shown = customer.job(job)
    assert shown["params"] == {"app": {"a": 1}, "assembler": {"b": 2}}
    assert shown["config"] == {"jobTimeout": 9, "taskTimeout": 3}


def test_a_draft_can_be_renamed(customer):
    job = customer.create()

    assert customer.ask("Customer_SetJobName", {"name": "other"}, job=job).body["job"]["name"] == "other"


EDITS = {
    "Customer_SetJobDatasource": {},
    "Customer_SetJobParams": {},
    "Customer_SetJobName": {"name": "x"},
    "Customer_SetJobConfigs": {},
    "Customer_UploadCompleted": {},
    "Customer_RunJob": {"jobTimeout": 1},
}


@pytest.mark.parametrize("operation", EDITS)
def test_a_job_that_was_run_takes_no_edits(customer, operation):
    job = customer.run()
    before = dict(customer.job(job))

    with pytest.raises(Refusal) as caught:
        customer.ask(operation, EDITS[operation], job=job)

    reply = bytenite.error(caught.value)
    assert (reply.status, reply.body["code"]) == (400, 9)
    assert job in reply.body["message"]
    assert customer.job(job) == before


def test_results_are_there_once_the_job_is_complete(customer):
    job = customer.run()
    early = customer.ask("Customer_GetJobResults", job=job).body
    customer.later(60)

    late = customer.ask("Customer_GetJobResults", job=job).body

    assert early == {"results": []}
    assert late["results"][0]["name"] == "result.zip"
    assert job in late["results"][0]["link"]


def test_a_bypassed_destination_has_no_results(customer):
    job = customer.run({**HELLO, "dataDestination": {"dataSourceDescriptor": "bypass"}})
    customer.later(60)

    assert customer.ask("Customer_GetJobResults", job=job).body == {"results": []}


def test_a_list_is_newest_first_and_paged(customer):
    jobs = [customer.create() for _ in range(25)]

    first = customer.ask("Customer_ListJobs").body
    second = customer.ask("Customer_ListJobs", query={"pagination.limit": 10, "pagination.offset": 20}).body

    assert [job["id"] for job in first["data"]] == jobs[::-1][:20]
    assert first["pagination"] == {"total": 25, "offset": 0, "hasPrevious": False, "hasNext": True}
    assert [job["id"] for job in second["data"]] == jobs[::-1][20:]
    assert second["pagination"] == {"total": 25, "offset": 20, "hasPrevious": True, "hasNext": False}


def test_short_names_of_the_paging_work_and_the_end_is_empty(customer):
    jobs = [customer.create() for _ in range(3)]

    one = customer.ask("Customer_ListJobs", query={"limit": 1, "offset": 1}).body
    beyond = customer.ask("Customer_ListJobs", query={"limit": 2**63 - 1, "offset": 2**63 - 1}).body

    assert [job["id"] for job in one["data"]] == [jobs[1]]
    assert beyond["data"] == []
    assert beyond["pagination"]["total"] == 3


def test_a_list_can_be_ordered(customer):
    for name in "bca":
        customer.create({**HELLO, "name": name})

    rising = customer.ask("Customer_ListJobs", query={"orderBy": "name"}).body["data"]
    falling = customer.ask("Customer_ListJobs", query={"orderBy": "name desc"}).body["data"]

    assert [job["name"] for job in rising] == ["a", "b", "c"]
    assert [job["name"] for job in falling] == ["c", "b", "a"]


def test_a_filter_joins_its_conditions(customer):
    wanted = customer.run({**HELLO, "name": "big one"})
    customer.run({**HELLO, "name": "small one"})
    customer.create({**HELLO, "name": "big draft"})
    customer.run({"templateId": "web-scraper", "name": "big too"})
    customer.later(60)

    found = customer.ask(
        "Customer_FilterJobs",
        {"states": ["JOB_STATE_COMPLETE"], "templateIds": ["hello-world"], "name": "big", "pagination": {"limit": "5"}},
    )

    assert [job["id"] for job in found.body["data"]] == [wanted]
    assert found.body["pagination"]["total"] == 1


def test_running_tasks_are_counted_while_the_chunks_are_worked_on(customer):
    job = customer.run({**HELLO, "params": {"partitioner": {"num_replicas": 4}, "app": {"command": "sleep 50"}}})
    other = customer.run({**HELLO, "params": {"app": {"command": "sleep 50"}}})
    customer.later(10)

    assert customer.ask("Customer_RunningTasks").body == {"runningTasks": {job: 4, other: 1}}
    assert customer.ask("Customer_RunningTasks", {"jobIds": [job]}).body == {"runningTasks": {job: 4}}


@pytest.mark.parametrize(("wanted", "chunks"), [(0, 1), (-5, 1), (10**12, 1000), (True, 1), ("7", 1), (2.5, 1)])
def test_an_odd_number_of_replicas_is_made_a_sane_one(customer, wanted, chunks):
    job = customer.create({**HELLO, "params": {"partitioner": {"num_replicas": wanted}}})

    assert customer.ask("Customer_EstimateJob", job=job).body == {"estimation": {"totalEstimation": str(chunks)}}


def test_templates_are_listed_in_order(customer):
    every = [template["id"] for template in customer.ask("Customer_ListJobTemplates").body["data"]]
    one = customer.ask("Customer_ListJobTemplates", query={"limit": 1, "offset": 1}).body["data"]

    assert every == sorted(every)
    assert [template["id"] for template in one] == every[1:2]


def test_an_unknown_template_is_the_customers_own(customer):
    body = customer.ask("Customer_CreateJob", {"templateId": "mine"}).body

    assert body["templateInfo"] == {"id": "mine", "owner": "customer", "app": "mine"}


def test_logs_tell_the_history_by_engine_and_task(customer):
    job = customer.run({**HELLO, "params": {"partitioner": {"num_replicas": 2}}})
    customer.later(60)

    logs = customer.ask("Customer_GetLogs", {"jobId": job}).body

    assert [line["container"] for line in logs["partitioner"]] == ["partitioner"] * 2
    assert len(logs["assembler"]) == 2
    assert sorted(logs["taskrunner"]) == [f"{job}-0", f"{job}-1"]


def test_logs_are_filtered(customer):
    job = customer.run({**HELLO, "params": {"partitioner": {"num_replicas": 2}, "app": {"command": "exit 1"}}})
    customer.later(60)

    logs = customer.ask(
        "Customer_GetLogs", {"jobId": job, "levels": ["ERROR"], "services": ["taskrunner"], "taskIds": [f"{job}-0"]}
    ).body

    assert logs["partitioner"] == logs["assembler"] == []
    assert [line["log"] for line in logs["taskrunner"][f"{job}-0"]["logs"]] == ["task failed: exit code 1"]
    assert len(logs["taskrunner"]) == 1


def test_events_tell_each_change_from_the_call_on(customer):
    customer.run()
    customer.later(60)
    stream = customer.ask("Customer_Events").stream

    async def heard() -> list[bytes]:
        parts = [await anext(stream), await anext(stream)]
        job = customer.create()
        customer.ask("Customer_AbortJob", job=customer.run())
        parts += [await anext(stream) for _ in range(6)]
        await stream.aclose()
        assert job.encode() in parts[2]
        return parts

    parts = asyncio.run(heard())

    assert parts[0].startswith(b":")
    assert parts[1] == b""
    assert parts[7] == b""
    told = [json.loads(part.removeprefix(b"data: "))["result"]["data"]["state"] for part in parts[2:7]]
    assert told == ["JOB_STATE_NEW", "JOB_STATE_NEW", "JOB_STATE_STARTED", "JOB_STATE_UPLOADING", "JOB_STATE_FAILED"]


def test_the_service_tells_its_version_and_finds_every_source_fine(customer):
    assert customer.ask("Customer_GetInfo").body == {"version": "0.1", "messages": []}
    assert customer.ask("Customer_TestDatasource", {}).body["ok"]


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [("malformed", 400, 3), ("unauthenticated", 401, 16), ("unrouted", 404, 5), ("internal", 500, 13)],
)
def test_a_refusal_is_an_rpc_status(kind, status, code):
    reply = bytenite.error(Refusal(kind, "why"))

    assert (reply.status, reply.body) == (status, {"code": code, "message": "why", "details": []})


def test_a_refusal_names_the_offending_fields():
    violation = Violation("body", ("config", "jobTimeout"), "anyOf", None, -1, "-1 is less than 0")

    body = bytenite.error(Refusal("invalid", "no", violations=(violation,))).body

    assert body["message"] == "config.jobTimeout: -1 is less than 0"
    assert body["details"][0]["fieldViolations"] == [{"field": "config.jobTimeout", "description": "-1 is less than 0"}]


def test_an_id_that_cannot_be_one_is_unknown():
    reply = bytenite.error(
        Refusal("invalid", "no", violations=(Violation("path", ("jobId",), "pattern", "", "?", "no match"),))
    )

    assert (reply.status, reply.body["code"]) == (404, 5)


def test_lenient_mode_sells_a_token_for_any_key(customer):
    body = customer.ask("Auth_GetAccessToken", {"apiKey": "whatever"}).body

    assert body["expiresIn"] == "3600"
    assert body["token"]
    assert body["scope"]


def strict(customer: Customer, authorization: str = "") -> Customer:
    return Customer(customer.world, strict=True, manual=True, every_header={"authorization": authorization})


def test_strict_mode_refuses_an_unknown_key(customer):
    with pytest.raises(Refusal) as caught:
        strict(customer).ask("Auth_GetAccessToken", {"apiKey": "wrong"})

    assert caught.value.kind == "unauthenticated"


@pytest.mark.parametrize("form", ["{}", "Bearer {}", "bearer {}"])
def test_strict_mode_takes_an_issued_token_in_both_forms(customer, form):
    token = strict(customer).ask("Auth_GetAccessToken", {"apiKey": "mock-api-key"}).body["token"]
    call = Call(
        "Customer_GetJob", customer.world, strict=True, manual=True, every_header={"authorization": form.format(token)}
    )

    bytenite.verify(call)

    with pytest.raises(Refusal):
        bytenite.verify(replace(call, every_header={"authorization": "Bearer other"}))


def test_a_token_runs_out_after_an_hour(customer):
    token = strict(customer).ask("Auth_GetAccessToken", {"apiKey": "mock-api-key"}).body["token"]
    call = Call("Customer_GetJob", customer.world, strict=True, manual=True, every_header={"authorization": token})
    customer.later(3599)
    bytenite.verify(call)
    customer.later(1)

    with pytest.raises(Refusal, match="expired"):
        bytenite.verify(call)


def test_the_token_exchange_itself_needs_no_token(customer):
    assert bytenite.verify(Call("Auth_GetAccessToken", customer.world, strict=True)) is None


def test_customers_do_not_see_each_other_in_strict_mode(customer):
    token = strict(customer).ask("Auth_GetAccessToken", {"apiKey": "mock-api-key"}).body["token"]
    lenient_job = customer.create()
    member = strict(customer, token)
    own = member.create()

    assert [job["id"] for job in member.ask("Customer_ListJobs").body["data"]] == [own]
    with pytest.raises(UnknownJob):
        member.job(lenient_job)


def test_a_world_knows_a_bounded_number_of_tokens_and_the_newest_are_good(
    monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    monkeypatch.setattr("mockserver.adapters.bytenite.credentials.MOST_TOKENS", 3)
    customer = Customer(world)

    tokens = [customer.ask("Auth_GetAccessToken", {"apiKey": "any"}).body["token"] for _ in range(5)]

    assert list(world.shelf("bytenite.tokens")) == tokens[2:]
