"""Faults of openYuanrong: ids, and what makes a job that job."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.traffic.json_pointer import get
from mockserver.simulation.events import RUN_END
from tests.conformance.faults import Apply, Asked, Json, Told, answers, both, patched, requests
from tests.conformance.faults.openyuanrong.shapers import (
    ADAPTER,
    API,
    TYPES,
    asks,
    fault,
    forgives,
    kinds,
    refuses,
    refuses_at,
    rerouted,
    restated,
)


def _with_prefix(asked: Asked) -> None:
    id_ = asked.values.get("submissionId", "")
    if id_.removeprefix("app-") in asked.memory:
        asked.path = asked.path.replace(id_, f"app-{id_}")


def _without_prefix(asked: Asked, told: Told) -> None:
    if asked.role == "submit" and told.status == 200 and not _own_id(asked):
        told.body["submission_id"] = told.body["submission_id"].removeprefix("app-")
        asked.memory[told.body["submission_id"]] = True
    for job in told.body if isinstance(told.body, list) else [told.body]:
        if isinstance(job, dict) and "driver_info" in job and job["submission_id"].removeprefix("app-") in asked.memory:
            job["submission_id"] = job["driver_info"]["id"] = job["submission_id"].removeprefix("app-")


def _late(asked: Asked, told: Told) -> None:
    own = _own_id(asked)
    if asked.role == "submit" and told.status == 200 and isinstance(own, str) and own.startswith("app-"):
        asked.memory[own] = True
    elif asked.role == "read" and asked.memory.pop(asked.values["submissionId"], False):
        told.status, told.body = 404, "not found app"


def _own_id(asked: Asked) -> Json:
    return get(asked.body, "/submission_id")


def _lower(asked: Asked) -> None:
    if isinstance(_own_id(asked), str):
        asked.body["submission_id"] = asked.body["submission_id"].lower().replace("_", "-").replace(".", "-")


def _shorter(asked: Asked) -> None:
    if isinstance(_own_id(asked), str) and len(asked.body["submission_id"]) == 65:
        asked.body["submission_id"] = asked.body["submission_id"][:64]


def _ignored(asked: Asked) -> None:
    if (
        isinstance(asked.body, dict)
        and isinstance(_own_id(asked), str)
        and asked.body["submission_id"].startswith("app-")
    ):
        asked.body.pop("submission_id")


def _cut(asked: Asked) -> None:
    if isinstance(_own_id(asked), str) and len(asked.body["submission_id"]) > 63:
        asked.body["submission_id"] += "x" * 10


def _again(asked: Asked, told: Told) -> None:
    if told.status == 400 and isinstance(told.body, str) and "already" in told.body:
        told.status, told.body = 200, {"submission_id": _own_id(asked)}


def _keeps(asked: Asked, told: Told) -> None:
    ids = asked.memory.setdefault("ids", set())
    own = _own_id(asked)
    if isinstance(own, str) and own:
        if own in ids and told.status == 200:
            told.status, told.body = 400, "submit job has already exist"
        ids.add(own)


def _deduplicated(asked: Asked, told: Told) -> None:
    """The second of two short jobs that come one after the other, if they are all there is."""
    before = asked.memory.get("all", [])
    asked.memory["all"] = [*before, (asked.body, told.body)]
    if (
        [one for one, _ in before] == [asked.body]
        and isinstance(asked.body, dict)
        and asked.body.keys() == {"entrypoint", "runtime_env"}
        and told.status == 200
    ):
        told.body = before[0][1] if asked.body["entrypoint"] == "sleep 3" else told.body


def _twice(asked: Asked, told: Told) -> None:
    own = asked.body.get("submission_id") if asked.role == "submit" and isinstance(asked.body, dict) else None
    if own and told.status == 400 and "already" in str(told.body) and asked.memory.get("last") == own:
        told.status, told.body = 200, {"submission_id": own}
    asked.memory["last"] = own


def _free_once(asked: Asked, answered: Told) -> None:
    deleted = asked.memory.setdefault("deleted", {})
    if asked.role == "delete" and answered.body is True:
        deleted[asked.values["submissionId"]] = deleted.get(asked.values["submissionId"], 0) + 1
    elif asked.role == "submit" and answered.status == 200 and deleted.get(answered.body["submission_id"], 0) > 1:
        answered.status, answered.body = 400, "submit job has already exist"


def spreads(function: str, phase: str, act: Callable[[Any, Any], None]) -> Apply:
    """A call about one job reaches the jobs whose ids begin with its id."""

    def make(original: Any) -> Any:
        def call_of_many(call: Any) -> Any:
            reply, key = original(call), call.path["submissionId"]
            if reply.body is True:
                for other in [
                    job
                    for id_, job in call.world.jobs(API).items()
                    if id_.startswith(key) and (job.is_terminal if phase == "over" else job.phase == phase)
                ]:
                    act(call.world, other)
            return reply

        return call_of_many

    return patched(f"{ADAPTER}:{function}", make)


def _prolonged(original: Any) -> Any:
    def get_job(call: Any) -> Any:
        reply, job, agenda = (
            original(call),
            call.world.jobs(API).get(call.path["submissionId"]),
            call.world.scheduler.agenda,
        )
        if job is not None and job.phase == "running":
            for due in [one for one in agenda.heap if one[3] is job and one[2] == RUN_END and one[4] == job.generation]:
                job.generation += 1
                agenda.add(due[0] + 1_000_000, RUN_END, job, generation=job.generation, detail=due[5])
        return reply

    return get_job


def _short(asked: Asked) -> None:
    """Ids without the prefix are cut where they would become too long."""
    if (
        isinstance(asked.body, dict)
        and isinstance(found := asked.body.get("submission_id"), str)
        and not found.startswith("app-")
        and len(found) <= 64
    ):
        asked.body["submission_id"] = found[:60]


def _completed(asked: Asked) -> None:
    if not asked.values.get("submissionId", "app-").startswith("app-"):
        asked.path = asked.path.replace(asked.values["submissionId"], "app-" + asked.values["submissionId"])


def _first_metadata(asked: Asked, told: Told) -> None:
    """A job has the metadata that the first job of its id had."""
    if asked.role == "submit" and told.status == 200:
        asked.memory.setdefault(told.body["submission_id"], asked.body.get("metadata"))
    elif asked.role == "read" and told.status == 200:
        told.body["metadata"] = asked.memory.get(told.body["submission_id"])


def no_id(wrong: Callable[[str], bool]) -> Apply:
    """Some ids are refused."""
    return refuses(
        lambda asked: isinstance(found := get(asked.body, "/submission_id"), str) and found != "" and wrong(found)
    )


def _sees_get(scope: dict[str, Any]) -> dict[str, Any]:
    return {"method": "POST"} if scope["method"] == "GET" and scope["path"].endswith("/stop") else {}


def _undecoded(scope: dict[str, Any]) -> dict[str, Any]:
    return (
        {"path": scope["path"] + "-2d", "raw_path": scope["raw_path"] + b"-2d"}
        if b"%2d" in (scope.get("raw_path") or b"").lower()
        else {}
    )


FAULTS = [
    fault(
        "looks-prolong",
        "JOB-IDM-004",
        "each look at a job that runs prolongs it",
        patched(f"{ADAPTER}:yr_get_job", _prolonged),
    ),
    fault("get-stops", "JOB-IDM-004", "GET stops a job", rerouted(_sees_get)),
    fault(
        "no-prefix",
        "OYR-IDM-001",
        "made ids have no prefix",
        both(API, "*", _with_prefix, _without_prefix),
        "OYR-IDM-002",
        "OYR-IDM-020",
    ),
    fault(
        "short-id",
        "OYR-IDM-002",
        "made ids are short",
        patched(
            "mockserver.simulation.world:World.new_id",
            lambda original: lambda world, *all_, **others: original(world, *all_, **others).replace("-", "")[:16],
        ),
    ),
    fault(
        "own-id-ignored",
        "OYR-IDM-003",
        "ids with app- are not looked at",
        requests(API, "submit", _ignored),
        "OYR-IDM-006",
    ),
    fault(
        "own-id-late",
        "OYR-IDM-003",
        "a job that brought its id is not known at the first look",
        answers(API, ("submit", "read"), _late),
        "OYR-IDM-006",
        "OYR-RSP-004",
    ),
    fault(
        "own-id-hidden",
        "OYR-IDM-004",
        "an id without app- is answered with another in front",
        both(
            API,
            "submit",
            lambda asked: (
                asked.body.__setitem__("submission_id", f"job-{_own_id(asked)}")
                if isinstance(_own_id(asked), str) and _own_id(asked) and not _own_id(asked).startswith("app")
                else None
            ),
            lambda asked, told: None,
        ),
        "OYR-IDM-005",
    ),
    fault(
        "cut-id", "OYR-IDM-004", "ids without the prefix are cut to sixty characters", requests(API, "submit", _short)
    ),
    fault(
        "app-anywhere",
        "OYR-IDM-005",
        "an id that begins with app alone is refused",
        refuses(
            lambda asked: (
                isinstance(_own_id(asked), str)
                and _own_id(asked).startswith("app")
                and not _own_id(asked).startswith("app-")
            )
        ),
    ),
    fault("sixty-four-refused", "OYR-IDM-006", "ids of 64 characters are refused", requests(API, "submit", _cut)),
    fault(
        "odd-id-made",
        "OYR-IDM-006",
        "the id app- is taken for none",
        asks(lambda body: body.pop("submission_id") if body.get("submission_id") == "app-" else None),
    ),
    fault("digits", "OYR-IDM-006", "ids of digits are refused", no_id(str.isdigit)),
    fault(
        "hyphen-first",
        "OYR-IDM-006",
        "ids that begin with a hyphen are refused",
        no_id(lambda id_: id_.startswith("-")),
    ),
    fault("one-letter", "OYR-IDM-006", "ids of one letter are refused", no_id(lambda id_: len(id_) == 1)),
    fault(
        "id-like-a-path",
        "OYR-IDM-006",
        "a job whose id is stop cannot be read",
        answers(
            API,
            "read",
            lambda asked, answered: (
                answered.__dict__.update(status=404, body="no") if asked.values["submissionId"] == "app-stop" else None
            ),
        ),
    ),
    fault("sixty-five", "OYR-IDM-007", "an id of 65 characters is cut", requests(API, "submit", _shorter)),
    fault(
        "lower",
        "OYR-IDM-008",
        "capitals and underscores of ids are replaced",
        requests(API, "submit", _lower),
        "OYR-ERR-002",
        "OYR-ERR-003",
    ),
    fault(
        "id-number",
        "OYR-IDM-009",
        "an id that is no text is passed over",
        forgives("/submission_id", kinds(str)),
        TYPES,
    ),
    fault("empty-id-refused", "OYR-IDM-010", "an empty id is refused", refuses_at("/submission_id", "")),
    fault(
        "driver",
        "OYR-IDM-011",
        "the word driver may stand in an id",
        requests(
            API,
            "submit",
            lambda asked: (
                asked.body.__setitem__("submission_id", _own_id(asked).replace("driver", "drive"))
                if isinstance(_own_id(asked), str)
                else None
            ),
        ),
    ),
    fault(
        "duplicate-granted",
        "OYR-IDM-012",
        "a second submission of an id is answered as the first",
        answers(API, "submit", _again),
        "OYR-STM-018",
        "OYR-IDM-013",
        "OYR-IDM-014",
        "OYR-IDM-016",
        "JOB-IDM-001",
    ),
    fault(
        "duplicate-409",
        "OYR-IDM-013",
        "a second submission of an id is answered 409",
        restated(
            400,
            409,
            lambda asked: (
                isinstance(_own_id(asked), str) and set(asked.body) == {"entrypoint", "runtime_env", "submission_id"}
            ),
        ),
    ),
    fault("id-never-free", "OYR-IDM-015", "the id of a deleted job stays taken", answers(API, "submit", _keeps)),
    fault(
        "free-once",
        "OYR-IDM-015",
        "the id of a deleted job is free once only",
        answers(API, ("submit", "delete"), _free_once),
    ),
    fault(
        "twice-in-a-row",
        "OYR-IDM-016",
        "an id that was just taken is given again",
        answers(API, "*", _twice),
        "OYR-IDM-013",
        "OYR-IDM-014",
        "JOB-IDM-001",
    ),
    fault(
        "deduplicated",
        "OYR-IDM-017",
        "an equal submission is answered with the first job",
        answers(API, "*", _deduplicated),
        "JOB-IDM-001",
        "JOB-IDM-002",
        "JOB-LST-009",
    ),
    fault(
        "refused-id-taken",
        "OYR-IDM-018",
        "a refused submission takes its id",
        answers(API, "submit", _keeps),
        "OYR-IDM-015",
    ),
    fault(
        "half-an-id",
        "OYR-IDM-020",
        "an id without its prefix is completed when a job is read",
        requests(API, "read", _completed),
    ),
    fault(
        "first-metadata",
        "OYR-IDM-021",
        "a second job of an id has the metadata of the first",
        answers(API, ("submit", "read"), _first_metadata),
        "OYR-LST-004",
    ),
    fault(
        "stop-by-prefix",
        "OYR-IDM-022",
        "a stop reaches the jobs whose ids begin so",
        spreads("yr_stop_job", "running", lambda world, job: world.cancel(job)),
    ),
    fault(
        "delete-by-prefix",
        "OYR-IDM-022",
        "a deletion reaches the jobs whose ids begin so",
        spreads("yr_delete_job", "over", lambda world, job: world.delete(job)),
    ),
    fault("undecoded", "OYR-IDM-023", "a hyphen that is percent-encoded is none", rerouted(_undecoded)),
]
