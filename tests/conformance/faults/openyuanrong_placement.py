"""Faults of where and when openYuanrong's jobs run, and of what an id or a token may be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conformance.faults import Asked, Fault, Told, answers, every_job, patched, requests

API = "openyuanrong"
ADAPTER = f"mockserver.adapters.{API}"
SCHEDULER = "mockserver.simulation.scheduler:Scheduler"


def _fault(name: str, requirement: str, describe: str, apply: Any, *also: str) -> Fault:
    return Fault(f"{API}:{name}", API, requirement, describe, apply, also)


def without(*members: str) -> Any:
    """Submissions reach the mock without these members."""

    def edit(asked: Asked) -> None:
        for member in members:
            if isinstance(asked.body, dict):
                asked.body.pop(member, None)

    return requests(API, "submit", edit)


def labels(change: Callable[[str], str]) -> Any:
    """The header with the labels reaches the mock changed."""

    def edit(asked: Asked) -> None:
        if "x-pool-label" in asked.headers:
            asked.headers["x-pool-label"] = change(asked.headers["x-pool-label"])

    return requests(API, "submit", edit)


def keeps(event: str) -> Any:
    """What a job holds is not given back when it ends with this event."""

    def make(original: Any) -> Any:
        def enter(self: Any, job: Any, stage: Any, what: str, detail: object = None) -> None:
            holding = job.holding
            if what == event and holding and stage.is_terminal:
                job.holding = ()
            original(self, job, stage, what, detail)

        return enter

    return patched(f"{SCHEDULER}.enter", make)


def _body_labels_win(asked: Asked) -> None:
    if isinstance(asked.body, dict) and asked.body.get("labels"):
        asked.headers.pop("x-pool-label", None)


def _requeued(original: Any) -> Any:
    """A job that loses its node is made anew under its id."""

    def enter(self: Any, job: Any, stage: Any, what: str, detail: object = None) -> None:
        if what == "displaced" and stage.name == "FAILED":
            original(self, job, job.stage.on["succeeded"], "succeeded", detail)
        else:
            original(self, job, stage, what, detail)

    return enter


def _last_first(original: Any) -> Any:
    def push(self: Any, job: Any) -> None:
        serial, job.serial = job.serial, -job.serial
        original(self, job)
        job.serial = serial

    return push


def _submitted(original: Any) -> Any:
    def render(world: Any, job: Any) -> Any:
        told = original(world, job)
        if told["start_time"]:
            told["start_time"] = str((world.epoch_us + job.created) // 1_000_000)
        return told

    return render


def _short(asked: Asked) -> None:
    """Ids without the prefix are cut where they would become too long."""
    if isinstance(asked.body, dict) and isinstance(found := asked.body.get("submission_id"), str) and not found.startswith("app-") and len(found) <= 64:
        asked.body["submission_id"] = found[:60]


def _completed(asked: Asked) -> None:
    if not asked.values.get("submissionId", "app-").startswith("app-"):
        asked.path = asked.path.replace(asked.values["submissionId"], "app-" + asked.values["submissionId"])


def metadata(change: Callable[[str, str], tuple[str, str] | None]) -> Any:
    """Labels of the submitter are told changed, or not at all."""

    def revise(job: dict[str, Any], asked: Asked) -> None:
        if job["metadata"]:
            job["metadata"] = dict(pair for key, value in job["metadata"].items() if (pair := change(key, value)))

    return answers(API, ("read", "list"), every_job(API, revise))


def _bare_in_lists(asked: Asked, told: Told) -> None:
    for job in told.body if told.status == 200 else ():
        job["metadata"] = None


def _no_variables_in_lists(asked: Asked, told: Told) -> None:
    for job in told.body if told.status == 200 else ():
        job["runtime_env"]["envVars"] = ""


def _signed_byte(job: dict[str, Any], asked: Asked) -> None:
    if job["driver_exit_code"] > 127:
        job["driver_exit_code"] -= 256


def _hundred(asked: Asked, told: Told) -> None:
    if told.status == 200:
        told.body = told.body[-100:]


def _two_parts(original: Any) -> Any:
    def claims(token: str) -> Any:
        return original(f"{token}.c2lnbmVk" if token.count(".") == 1 else token)

    return claims


FAULTS = [
    _fault(
        "cores-not-taken", "OYR-STM-012", "cores are promised twice", without("entrypoint_num_cpus"), "OYR-REQ-019", "OYR-REQ-020", "OYR-REQ-021", "OYR-REQ-022"
    ),
    _fault(
        "memory-not-taken", "OYR-STM-012", "memory is promised twice", without("entrypoint_memory"), "OYR-REQ-024", "OYR-REQ-025", "OYR-REQ-026", "OYR-REQ-027"
    ),
    _fault("resources-not-taken", "OYR-STM-012", "other resources are promised twice", without("entrypoint_resources"), "OYR-REQ-034", "OYR-REQ-035"),
    _fault("stopped-holds", "OYR-STM-013", "a stopped job keeps what it held", keeps("cancelled")),
    _fault("succeeded-holds", "OYR-STM-013", "a job that succeeded keeps what it held", keeps("succeeded"), "OYR-PRI-004", "OYR-TIM-010"),
    _fault("failed-holds", "OYR-STM-013", "a job that failed keeps what it held", keeps("failed")),
    _fault("lost-is-well", "OYR-STM-014", "a job that loses its node has succeeded", patched(f"{SCHEDULER}.enter", _requeued)),
    _fault("last-first", "OYR-PRI-004", "of equal jobs the last submitted runs first", patched("mockserver.simulation.placement.queue:Queue.push", _last_first)),
    _fault("start-is-submission", "OYR-TIM-010", "the start that is told is the submission", patched(f"{ADAPTER}.jobs:view", _submitted)),
    _fault("first-label-only", "OYR-PRI-001", "only the first label counts", labels(lambda text: text.split(",")[0])),
    _fault("labels-in-reverse", "OYR-PRI-001", "the last label is preferred", labels(lambda text: ",".join(reversed(text.split(","))))),
    _fault("labels-are-wishes", "OYR-PRI-002", "any node will do for a job with labels", labels(lambda text: f"{text},unUseAntiOtherLabels"), "OYR-REQ-037"),
    _fault("labels-as-they-are", "OYR-REQ-038", "white space belongs to labels", labels(lambda text: text.replace(" ", "_")), "OYR-PRI-001", "OYR-PRI-002"),
    _fault("body-labels-ignored", "OYR-PRI-003", "the member labels is ignored", without("labels")),
    _fault("body-labels-win", "OYR-PRI-003", "the member labels counts more than the header", requests(API, "submit", _body_labels_win)),
    _fault("cut-id", "OYR-IDM-004", "ids without the prefix are cut to sixty characters", requests(API, "submit", _short)),
    _fault("half-an-id", "OYR-IDM-020", "an id without its prefix is completed when a job is read", requests(API, "read", _completed)),
    _fault("lower-metadata", "OYR-REQ-016", "keys of metadata are told in lower case", metadata(lambda key, value: (key.lower(), value)), "OYR-LST-004"),
    _fault("trimmed-metadata", "OYR-REQ-016", "values of metadata are trimmed", metadata(lambda key, value: (key, value.strip())), "OYR-LST-004"),
    _fault("ascii-metadata", "OYR-REQ-016", "metadata lose what is not ASCII", metadata(lambda key, value: (key, value.encode("ascii", "replace").decode()))),
    _fault("empty-metadata-lost", "OYR-REQ-016", "empty values of metadata are left out", metadata(lambda key, value: (key, value) if value else None)),
    _fault("listed-without-metadata", "OYR-LST-004", "the list leaves metadata out", answers(API, "list", _bare_in_lists)),
    _fault("listed-without-variables", "OYR-LST-004", "the list leaves variables out", answers(API, "list", _no_variables_in_lists)),
    _fault("exit-code-is-signed", "OYR-RSP-010", "exit codes above 127 are told below nought", answers(API, ("read", "list"), every_job(API, _signed_byte))),
    _fault("hundred-listed", "OYR-LST-003", "the list ends after a hundred jobs", answers(API, "list", _hundred)),
    _fault("two-parts-will-do", "OYR-AUT-005", "a token needs no signature", patched(f"{ADAPTER}.credentials:_claims", _two_parts)),
]
