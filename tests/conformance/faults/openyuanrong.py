"""Faults of openYuanrong's mock: members of submissions, ids, amounts, what is told of a job."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from conformance.traffic.json_pointer import MISSING, get, put
from tests.conformance.faults import Apply, Asked, Fault, Json, Told, answers, both, every_job, patched, requests

API = "openyuanrong"
LOOKS = ("read", "list")


def forgives(pointer: str, wrong: Callable[[Json], bool], instead: Json = MISSING) -> Apply:
    """A wrong value at a pointer of a submission is taken for another, or for none."""

    def edit(asked: Asked) -> None:
        if isinstance(asked.body, dict) and wrong(get(asked.body, pointer)):
            asked.body = put(asked.body, pointer, instead)

    return requests(API, "submit", edit)


def kinds(*allowed: type) -> Callable[[Json], bool]:
    """Whether a value is there and of none of these types; true and false are no numbers."""
    return lambda value: value is not MISSING and (not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed))


def no_words(value: Json) -> bool:
    """Whether a value is there and no map of texts."""
    return value is not MISSING and not (isinstance(value, dict) and all(isinstance(one, str) for one in value.values()))


def between(low: float, high: float) -> Callable[[Json], bool]:
    """Whether a number is above the first bound and below the second."""
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and low < value < high


def refuses(wrong: Callable[[Asked], bool], status: int = 400) -> Apply:
    """Submissions that the vendor takes are refused."""

    def revise(asked: Asked, told: Told) -> None:
        if wrong(asked):
            told.status, told.body = status, "no"

    return answers(API, "submit", revise)


def holds(asked: Asked, pointer: str, value: Json) -> bool:
    """Whether the map at a pointer of the submission has that value."""
    found = get(asked.body, pointer)
    return isinstance(found, dict) and any(one == value and not isinstance(one, bool) for one in found.values())


def refuses_at(pointer: str, *values: Json) -> Apply:
    """Some values at a pointer are refused."""
    return refuses(lambda asked: any(json.dumps(get(asked.body, pointer), default=str) == json.dumps(value) for value in values))


def restated(was: int, becomes: int, when: Callable[[Asked], bool] = lambda asked: True, where: str = "submit") -> Apply:
    """Answers of one status have another."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status == was and when(asked):
            told.status = becomes

    return answers(API, where, revise)


def shows(name: str, change: Callable[[dict[str, Any]], Json], *states: str) -> Apply:
    """A member is shown otherwise, in some states or in all."""

    def revise(job: dict[str, Any], asked: Asked) -> None:
        if not states or job.get("status") in states:
            job[name] = change(job)

    return answers(API, LOOKS, every_job(API, revise))


def inside(name: str, member: str, change: Callable[[dict[str, Any]], Json]) -> Apply:
    """A member of a member is shown otherwise."""

    def revise(job: dict[str, Any], asked: Asked) -> None:
        job[name] = {**job[name], member: change(job)}

    return answers(API, LOOKS, every_job(API, revise))


def _later(name: str, seconds: int) -> Callable[[dict[str, Any]], str]:
    return lambda job: str(int(job[name]) + seconds) if job[name] else ""


def _later_start(job: dict[str, Any]) -> str:
    return str(int(job["start_time"]) + (int(job["end_time"]) - int(job["start_time"]) > 2))


def _planned(job: dict[str, Any]) -> str:
    """The end of a short job is told as soon as it runs."""
    return str(int(job["start_time"]) + 3) if job["entrypoint"] == "sleep 3" else ""


def _second_early(original: Any) -> Any:
    def render(world: Any, job: Any) -> Any:
        told = original(world, job)
        if job.serial == 2 and told["entrypoint"] == "sleep 600" and told["metadata"] is None and told["start_time"]:
            told["start_time"] = str(int(told["start_time"]) - 50)
        return told

    return render


def _drift(job: dict[str, Any], asked: Asked) -> None:
    count = asked.memory[job["submission_id"]] = asked.memory.get(job["submission_id"], 0) + 1
    if job["end_time"] and count > 3:
        job["end_time"] = str(int(job["end_time"]) + 1)


def _moves(job: dict[str, Any], asked: Asked) -> None:
    if job["driver_node_id"] and job["status"] not in ("RUNNING", "PENDING"):
        job["driver_node_id"] += "-away"


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
    if isinstance(asked.body, dict) and isinstance(_own_id(asked), str) and asked.body["submission_id"].startswith("app-"):
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
    if [one for one, _ in before] == [asked.body] and isinstance(asked.body, dict) and asked.body.keys() == {"entrypoint", "runtime_env"} and told.status == 200:
        told.body = before[0][1] if asked.body["entrypoint"] == "sleep 3" else told.body


def _without_words(asked: Asked) -> None:
    if isinstance(asked.body, dict) and isinstance(get(asked.body, "/runtime_env/env_vars"), dict) and no_words(get(asked.body, "/runtime_env/env_vars")):
        asked.body["runtime_env"]["env_vars"] = {}


def _placed_anyway(asked: Asked) -> None:
    asked.headers.pop("x-pool-label", None)


def _nobodys(asked: Asked) -> None:
    if isinstance(asked.body, dict):
        asked.body.pop("entrypoint_resources", None)


def _fault(name: str, requirement: str, describe: str, apply: Apply, *also: str) -> Fault:
    return Fault(f"{API}:{name}", API, requirement, describe, apply, also)


TYPES = "JOB-REQ-002"
FAULTS = [
    _fault("no-command", "OYR-REQ-001", "a submission without a command runs nothing", forgives("/entrypoint", lambda told: told is MISSING, "true"), "JOB-REQ-001"),
    _fault("command-list", "OYR-REQ-002", "a command that is no text is taken", forgives("/entrypoint", kinds(str), "true"), TYPES),
    _fault("empty-command", "OYR-REQ-003", "an empty command is taken", forgives("/entrypoint", lambda told: told == "", "true")),
    _fault("command-cut", "OYR-REQ-004", "a command is shown up to its first &", shows("entrypoint", lambda job: job["entrypoint"].split(" &&")[0])),
    _fault("no-environment", "OYR-REQ-005", "a submission without an environment gets one", forgives("/runtime_env", lambda told: told is MISSING, {"working_dir": "/"}), "JOB-REQ-001"),
    _fault("environment-text", "OYR-REQ-006", "an environment that is no object is taken", forgives("/runtime_env", lambda told: told is not MISSING and not isinstance(told, dict), {"working_dir": "/"}), TYPES),
    _fault("no-directory", "OYR-REQ-007", "an environment without a directory gets one", forgives("/runtime_env/working_dir", lambda told: told is MISSING, "/"), "JOB-REQ-001", "OYR-REQ-005", "OYR-REQ-006"),
    _fault("directory-number", "OYR-REQ-008", "a directory that is no text is taken", forgives("/runtime_env/working_dir", kinds(str), "/"), TYPES),
    _fault("empty-directory", "OYR-REQ-009", "an empty directory is taken", forgives("/runtime_env/working_dir", lambda told: told == "", "/")),
    _fault("no-zip", "OYR-REQ-010", "a zip file as a URL is refused", refuses(lambda asked: str(get(asked.body, "/runtime_env/working_dir")).endswith(".zip")), "JOB-CRT-004"),
    _fault("empty-variable", "OYR-REQ-011", "a variable without a value is refused", refuses(lambda asked: holds(asked, "/runtime_env/env_vars", ""))),
    _fault("variable-number", "OYR-REQ-012", "a variable that is no text is passed over", requests(API, "submit", _without_words)),
    _fault("pip-refused", "OYR-REQ-013", "packages are refused", refuses(lambda asked: bool(get(asked.body, "/runtime_env/pip")))),
    _fault("pip-any", "OYR-REQ-014", "packages in another form are passed over", forgives("/runtime_env/pip", lambda told: told is not MISSING and not isinstance(told, list))),
    _fault("conda-refused", "OYR-REQ-015", "an environment with further members is refused", refuses(lambda asked: get(asked.body, "/runtime_env/conda") is not MISSING)),
    _fault("metadata-upper", "OYR-REQ-016", "metadata are shown in capitals", shows("metadata", lambda job: job["metadata"] and {key: one.upper() for key, one in job["metadata"].items()})),
    _fault("metadata-number", "OYR-REQ-017", "metadata that are no texts are passed over", forgives("/metadata", no_words), TYPES),
    _fault("least-cores-refused", "OYR-REQ-018", "0.3 cores are refused", refuses_at("/entrypoint_num_cpus", 0.3)),
    _fault("most-cores-refused", "OYR-REQ-018", "16 cores are refused", refuses_at("/entrypoint_num_cpus", 16)),
    _fault("more-cores", "OYR-REQ-019", "17 cores are taken", forgives("/entrypoint_num_cpus", between(16, 18), 16), "OYR-ERR-002", "OYR-ERR-003"),
    _fault("fewer-cores", "OYR-REQ-020", "less than 0.3 cores are rounded up", forgives("/entrypoint_num_cpus", between(0.25, 0.3), 0.3)),
    _fault("cores-text", "OYR-REQ-021", "cores as text are taken", forgives("/entrypoint_num_cpus", kinds(int, float), 1), TYPES),
    _fault("negative-cores", "OYR-REQ-022", "cores below nought are refused with 500", restated(400, 500, lambda asked: between(-1e9, 0)(get(asked.body, "/entrypoint_num_cpus"))), "OYR-ERR-003"),
    _fault("least-memory-refused", "OYR-REQ-023", "134217728 bytes are refused", refuses_at("/entrypoint_memory", 134217728)),
    _fault("less-memory", "OYR-REQ-024", "a byte less than the least memory is taken", forgives("/entrypoint_memory", between(134217726, 134217728), 134217728)),
    _fault("more-memory", "OYR-REQ-025", "any amount of memory is taken", forgives("/entrypoint_memory", between(2**50, 2**60), 134217728)),
    _fault("memory-text", "OYR-REQ-026", "memory as text is taken", forgives("/entrypoint_memory", kinds(int, float), 134217728), TYPES),
    _fault("negative-memory", "OYR-REQ-027", "memory below nought is taken for none", forgives("/entrypoint_memory", between(-1e12, 0))),
    _fault("half-gpu-refused", "OYR-REQ-029", "a part of a GPU is refused", refuses_at("/entrypoint_num_gpus", 0.5)),
    _fault("gpus-text", "OYR-REQ-030", "GPUs as text are taken", forgives("/entrypoint_num_gpus", kinds(int, float)), TYPES),
    _fault("negative-gpus", "OYR-REQ-031", "GPUs below nought are taken for none", forgives("/entrypoint_num_gpus", between(-1e9, 0))),
    _fault("gpus-placed", "OYR-REQ-032", "many GPUs find no room", refuses(lambda asked: get(asked.body, "/entrypoint_num_gpus") == 100000, 500)),
    _fault("nought-refused", "OYR-REQ-033", "an amount of nought is refused", refuses(lambda asked: holds(asked, "/entrypoint_resources", 0)), "JOB-CRT-004", "OYR-REQ-035"),
    _fault("resources-text", "OYR-REQ-034", "resources that are no numbers are passed over", forgives("/entrypoint_resources", lambda told: told is not MISSING and not (isinstance(told, dict) and not any(map(kinds(int, float), told.values())))), TYPES),
    _fault("resources-ignored", "OYR-REQ-035", "resources are not looked at", requests(API, "submit", _nobodys), "OYR-REQ-034", TYPES),
    _fault("tenant-refused", "OYR-REQ-036", "a tenant is refused", refuses(lambda asked: "x-tenant-id" in asked.headers), "OYR-ISO-001"),
    _fault("labels-ignored", "OYR-REQ-037", "labels are not looked at", requests(API, "submit", _placed_anyway)),
    _fault("wishes-ignored", "OYR-REQ-038", "labels that are wishes are demanded", refuses(lambda asked: "unUseAnti" in asked.headers.get("x-pool-label", ""), 500)),
    _fault("no-prefix", "OYR-IDM-001", "made ids have no prefix", both(API, "*", _with_prefix, _without_prefix), "OYR-IDM-002", "OYR-IDM-020"),
    _fault("short-id", "OYR-IDM-002", "made ids are short", patched("mockserver.simulation.world:World.new_id", lambda original: lambda world, *all_, **others: original(world, *all_, **others).replace("-", "")[:16])),
    _fault("own-id-ignored", "OYR-IDM-003", "ids with app- are not looked at", requests(API, "submit", _ignored), "OYR-IDM-006"),
    _fault("own-id-late", "OYR-IDM-003", "a job that brought its id is not known at the first look", answers(API, ("submit", "read"), _late), "OYR-IDM-006", "OYR-RSP-004"),
    _fault("own-id-hidden", "OYR-IDM-004", "an id without app- is answered with another in front", both(API, "submit", lambda asked: asked.body.__setitem__("submission_id", f"job-{_own_id(asked)}") if isinstance(_own_id(asked), str) and _own_id(asked) and not _own_id(asked).startswith("app") else None, lambda asked, told: None), "OYR-IDM-005"),
    _fault("app-anywhere", "OYR-IDM-005", "an id that begins with app alone is refused", refuses(lambda asked: isinstance(_own_id(asked), str) and _own_id(asked).startswith("app") and not _own_id(asked).startswith("app-"))),
    _fault("sixty-four-refused", "OYR-IDM-006", "ids of 64 characters are refused", requests(API, "submit", _cut)),
    _fault("sixty-five", "OYR-IDM-007", "an id of 65 characters is cut", requests(API, "submit", _shorter)),
    _fault("lower", "OYR-IDM-008", "capitals and underscores of ids are replaced", requests(API, "submit", _lower), "OYR-ERR-002", "OYR-ERR-003"),
    _fault("id-number", "OYR-IDM-009", "an id that is no text is passed over", forgives("/submission_id", kinds(str)), TYPES),
    _fault("empty-id-refused", "OYR-IDM-010", "an empty id is refused", refuses_at("/submission_id", "")),
    _fault("driver", "OYR-IDM-011", "the word driver may stand in an id", requests(API, "submit", lambda asked: asked.body.__setitem__("submission_id", _own_id(asked).replace("driver", "drive")) if isinstance(_own_id(asked), str) else None)),
    _fault("duplicate-granted", "OYR-IDM-012", "a second submission of an id is answered as the first", answers(API, "submit", _again), "OYR-STM-018", "OYR-IDM-013", "OYR-IDM-014", "OYR-IDM-016", "JOB-IDM-001"),
    _fault("duplicate-409", "OYR-IDM-013", "a second submission of an id is answered 409", restated(400, 409, lambda asked: isinstance(_own_id(asked), str) and set(asked.body) == {"entrypoint", "runtime_env", "submission_id"})),
    _fault("id-never-free", "OYR-IDM-015", "the id of a deleted job stays taken", answers(API, "submit", _keeps)),
    _fault("deduplicated", "OYR-IDM-017", "an equal submission is answered with the first job", answers(API, "*", _deduplicated), "JOB-IDM-001", "JOB-IDM-002", "JOB-LST-009"),
    _fault("refused-id-taken", "OYR-IDM-018", "a refused submission takes its id", answers(API, "submit", _keeps), "OYR-IDM-015"),
    _fault("other-type", "OYR-RSP-003", "jobs that fail are shown as drivers", shows("type", lambda job: "DRIVER" if job["entrypoint"].startswith("exit") else "SUBMISSION"), "JOB-RSP-002"),
    _fault("driver-id", "OYR-RSP-004", "the driver's id is the process", inside("driver_info", "id", lambda job: job["driver_info"]["pid"])),
    _fault("node-hidden", "OYR-RSP-006", "a job that runs tells no node", shows("driver_node_id", lambda job: "", "RUNNING")),
    _fault("exit-code-nought", "OYR-RSP-010", "the exit code of every job is 0", shows("driver_exit_code", lambda job: 0)),
    _fault("exit-code-one", "OYR-RSP-010", "the exit code of every failure is 1", shows("driver_exit_code", lambda job: int(job["driver_exit_code"] != 0))),
    _fault("exit-code-success", "OYR-RSP-009", "the exit code of a job that succeeded is 1", shows("driver_exit_code", lambda job: 1, "SUCCEEDED")),
    _fault("failed-without-why", "OYR-RSP-011", "failed jobs do not say why", shows("error_type", lambda job: "", "FAILED")),
    _fault("succeeded-with-why", "OYR-RSP-012", "jobs that succeeded tell of an error", shows("error_type", lambda job: "none", "SUCCEEDED")),
    _fault("node-moves", "OYR-RSP-014", "a job that has ended is shown on another node", answers(API, LOOKS, every_job(API, _moves))),
    _fault("variables-lost", "OYR-RSP-015", "environment variables are not shown", inside("runtime_env", "envVars", lambda job: "")),
    _fault("packages-lost", "OYR-RSP-016", "only the first package is shown", inside("runtime_env", "pip", lambda job: " ".join(job["runtime_env"]["pip"].split()[:3]))),
    _fault("metadata-made-up", "OYR-DEF-001", "a job without metadata is shown with some", shows("metadata", lambda job: job["metadata"] or {"owner": "default"})),
    _fault("one-word-refused", "OYR-DEF-003", "a command of one word is refused", refuses(lambda asked: isinstance(asked.body, dict) and asked.body.get("entrypoint") == "true")),
    _fault("ends-before-start", "OYR-TIM-001", "the end of a failed job is told before its start", shows("end_time", _later("end_time", -3600), "FAILED"), "OYR-TIM-008"),
    _fault("start-is-told-anew", "OYR-TIM-002", "a job that succeeded tells another start than before", shows("start_time", _later_start, "SUCCEEDED")),
    _fault("end-drifts", "OYR-TIM-002", "the end moves on while one looks", answers(API, LOOKS, every_job(API, _drift))),
    _fault("end-while-running", "OYR-TIM-003", "a job that runs tells of an end", shows("end_time", _planned, "RUNNING")),
    _fault("no-end", "OYR-TIM-004", "stopped jobs tell of no end", shows("end_time", lambda job: "", "STOPPED")),
    _fault("start-while-waiting", "OYR-TIM-006", "a job that waits tells of a start", shows("start_time", lambda job: "1767225600", "PENDING")),
    _fault("start-early", "OYR-TIM-007", "the start of a second job is told too early", patched("mockserver.adapters.openyuanrong.jobs:view", _second_early)),
    _fault("end-late", "OYR-TIM-008", "the end is told ten seconds late", shows("end_time", lambda job: _later("end_time", 0 if job["metadata"] else 10)(job))),
]
