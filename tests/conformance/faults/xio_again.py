"""Faults of what counts anew when compute.x.io's jobs wait or run again, and of texts and numbers on their way."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

from tests.conformance.faults import Asked, Fault, answers, every_job, patched, requests

API = "xio"
JOBS = "mockserver.adapters.xio.jobs"
SCHEDULER = "mockserver.simulation.scheduler:Scheduler"


def _fault(name: str, requirement: str, describe: str, apply: Any, *also: str) -> Fault:
    return Fault(f"xio:{name}", API, requirement, describe, apply, also)


def _armed_once(original: Any) -> Any:
    """A job that failed waits for ever."""

    def wait(self: Any, job: Any, stage: Any, event: str) -> None:
        limits = job.request.limits
        if event == "retried":
            job.request.limits = type(limits)(start=limits.start, run=limits.run, total=limits.total)
        original(self, job, stage, event)
        job.request.limits = limits

    return wait


def _armed_from_creation(original: Any) -> Any:
    def arm(self: Any, job: Any, limit: str, span: float | None, **others: Any) -> None:
        if limit == "assign" and span is not None:
            span = max(0.0, span - (self.clock.now - job.created) / 1e6)
        original(self, job, limit, span, **others)

    return arm


def _promised_from_creation(original: Any) -> Any:
    def render(world: Any, job: Any) -> Any:
        told = original(world, job)
        if told["timeout_assign_at_ms"] is not None:
            told["timeout_assign_at_ms"] -= (job.changed - job.created) // 1000
        return told

    return render


def _first_start(original: Any) -> Any:
    """The start that is told stays that of the first run."""

    def render(world: Any, job: Any) -> Any:
        told, history = original(world, job), job.history
        began = next((at for at, stage in zip(history[::4], history[1::4], strict=True) if stage.phase == "running"), None)
        if told["started_at"] and began is not None:
            from mockserver.adapters.dates import iso_millis

            told["started_at"] = iso_millis(world, began)
        return told

    return render


def _one_node(original: Any) -> Any:
    def request(call: Any, shown: dict[str, Any]) -> Any:
        found = original(call, shown)
        found.nodes = 1
        return found

    return request


def _exact(original: Any) -> Any:
    """Jobs are found by their uuid as it is stored."""

    def find(world: Any, uuid: str) -> Any:
        return original(world, uuid if uuid == uuid.lower() else "-")

    return find


def _texts(asked: Asked) -> None:
    """Variables of another type are made strings before anybody looks."""
    container = (asked.body or {}).get("parameters") if isinstance(asked.body, dict) else None
    inner = container.get("parameters") if isinstance(container, dict) else None
    if isinstance(inner, dict) and isinstance(inner.get("env"), dict):
        inner["env"] = {name: str(value) for name, value in inner["env"].items()}


def title(change: Callable[[str], str]) -> Any:
    """Titles are stored changed."""

    def edit(asked: Asked) -> None:
        if isinstance(asked.body, dict) and isinstance(asked.body.get("title"), str):
            asked.body["title"] = change(asked.body["title"])

    return requests(API, "submit", edit)


def shown(name: str, change: Callable[[Any], Any]) -> Any:
    """A member of jobs is shown changed, where it is there."""

    def revise(job: dict[str, Any], asked: Asked) -> None:
        if job.get(name) is not None:
            job[name] = change(job[name])

    return answers(API, "*", every_job(API, revise))


def container(change: Callable[[dict[str, Any]], None]) -> Any:
    """The container is stored changed."""

    def edit(asked: Asked) -> None:
        outer = asked.body.get("parameters") if isinstance(asked.body, dict) else None
        inner = outer.get("parameters") if isinstance(outer, dict) else None
        if isinstance(inner, dict):
            change(inner)

    return requests(API, "submit", edit)


def _sorted_ports(inner: dict[str, Any]) -> None:
    if isinstance(inner.get("ports"), list):
        inner["ports"].sort(key=str)


def _upper(inner: dict[str, Any]) -> None:
    if isinstance(inner.get("env"), dict):
        inner["env"] = {name.upper(): value for name, value in inner["env"].items()}


def _no_empty(inner: dict[str, Any]) -> None:
    if isinstance(inner.get("env"), dict):
        inner["env"] = {name: value for name, value in inner["env"].items() if value != ""}


def _last_first(original: Any) -> Any:
    def push(self: Any, job: Any) -> None:
        serial, job.serial = job.serial, -job.serial
        original(self, job)
        job.serial = serial

    return push


def _longer_by_recipe(asked: Asked) -> None:
    asked.body = {"max_timeout_run_ms": 7_200_000, **(asked.body or {})}


def _compared_by_half(original: Any) -> Any:
    from mockserver.adapters.xio.credentials import sign

    return lambda secret, text, signature: sign(secret, text)[:32] == signature[:32]


FAULTS = [
    _fault("second-wait-endless", "XIO-TMO-016", "only the first wait has a limit", patched(f"{SCHEDULER}._wait", _armed_once)),
    _fault("assign-limit-from-creation", "XIO-TMO-016", "the assign limit counts from creation", patched(f"{SCHEDULER}.arm", _armed_from_creation)),
    _fault(
        "second-wait-told-from-creation", "XIO-TIM-021", "the end of a second wait is told from creation", patched(f"{JOBS}:view", _promised_from_creation)
    ),
    _fault("first-start", "XIO-TIM-022", "the start of the first run is told for ever", patched(f"{JOBS}:view", _first_start)),
    _fault("always-one-node", "XIO-STM-025", "a job never gets more than one node", patched("mockserver.adapters.xio.reading:_request", _one_node)),
    _fault("uuid-exact", "XIO-IDM-005", "capitals in a uuid are not its letters", patched(f"{JOBS}:find", _exact)),
    _fault("any-variables", "XIO-REQ-028", "variables of any type are taken", requests(API, "submit", _texts)),
    _fault("title-trimmed", "XIO-RSP-023", "titles are trimmed", title(str.strip), "XIO-RSP-004"),
    _fault("title-of-255", "XIO-RSP-023", "titles are cut to 255 characters", title(lambda text: text[:255]), "XIO-RSP-004"),
    _fault("title-composed", "XIO-RSP-023", "titles are stored in composed form", title(lambda text: unicodedata.normalize("NFC", text)), "XIO-RSP-004"),
    _fault(
        "title-of-two-bytes",
        "XIO-RSP-023",
        "characters beyond two bytes are lost",
        title(lambda text: "".join(one if ord(one) < 1 << 16 else "?" for one in text)),
        "XIO-RSP-004",
    ),
    _fault("title-one-line", "XIO-RSP-023", "white space in titles is made one", title(lambda text: " ".join(text.split())), "XIO-RSP-004"),
    _fault("cores-whole", "XIO-RSP-024", "cores are told without their fraction", shown("cpu_count", int), "XIO-RSP-005"),
    _fault("ram-rounded", "XIO-RSP-024", "RAM is told in whole gigabytes", shown("min_ram_gb", round), "XIO-RSP-007"),
    _fault(
        "run-limit-of-31-bits",
        "XIO-RSP-024",
        "a long run limit is cut to 31 bits",
        shown("max_timeout_run_ms", lambda value: min(value, 2**31 - 1)),
        "XIO-RSP-015",
    ),
    _fault(
        "start-limit-of-32-bits",
        "XIO-RSP-024",
        "a long start limit loses its upper bits",
        shown("max_timeout_start_ms", lambda value: value % 2**32),
        "XIO-RSP-016",
    ),
    _fault("recipe-limit-lost", "XIO-CRT-005", "a cooked job has another run limit than its recipe", requests(API, "xio_cook_job_recipe", _longer_by_recipe)),
    _fault(
        "half-a-signature",
        "XIO-AUT-008",
        "the second half of a signature is not compared",
        patched("mockserver.adapters.xio.credentials:_matches", _compared_by_half),
    ),
    _fault("ports-sorted", "XIO-RSP-010", "ports are told in another order", container(_sorted_ports)),
    _fault("variables-in-capitals", "XIO-RSP-010", "names of variables are told in capitals", container(_upper)),
    _fault("empty-variables-lost", "XIO-RSP-010", "empty variables are lost", container(_no_empty)),
    _fault("last-first", "XIO-PRI-001", "of equal jobs the last made goes first", patched("mockserver.simulation.placement.queue:Queue.push", _last_first)),
]
