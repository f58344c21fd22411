"""Faults of what compute.x.io tells: instants, lists, runs, the catalog; of whom it lets in, and how it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from conformance.target.request_signing import xio as signed
from tests.conformance.faults import Apply, Asked, Fault, Told, answers, every_job, patched, requests
from tests.conformance.faults.xio import COOK, SHOWN, shown
from tests.conformance.faults.xio_course import RUNS, keeps_room, runs

Json = Any
JOBS, RUN_LIST, RUN = "xio_list_jobs", *RUNS
OFFERS, NODES, GPUS, RECIPES = "xio_list_compute_offers", "xio_list_nodes", "xio_list_gpu_registry", "xio_list_job_recipes"
KEYS = {"public": "pk_mock", "secret": "sk_mock"}
SIGNATURE = "mockserver.adapters.xio.credentials"


def later(job: dict[str, Json], name: str, seconds: float) -> None:
    """An instant is moved."""
    if isinstance(job.get(name), str):
        moved = datetime.fromisoformat(job[name]) + timedelta(seconds=seconds)
        job[name] = moved.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def in_state(states: tuple[str, ...], change: Callable[[dict[str, Json]], None], where: tuple[str, ...] = SHOWN) -> Apply:
    return shown(lambda job: change(job) if job["status"] in states else None, where)


def counted(change: Callable[[dict[str, Json], int], None]) -> Apply:
    """Something changes each time a job is read: the job, how often it was."""

    def edit(job: dict[str, Json], asked: Asked) -> None:
        asked.memory[job["uuid"]] = asked.memory.get(job["uuid"], 0) + 1
        change(job, asked.memory[job["uuid"]])

    return answers("xio", ("read",), every_job("xio", edit))


def _first_creation() -> Apply:
    return answers("xio", SHOWN, every_job("xio", lambda job, asked: job.update(created_at=asked.memory.setdefault("created", job["created_at"]))))


def _swap(job: dict[str, Json]) -> None:
    if job["started_at"] and job["completed_at"]:
        job["started_at"], job["completed_at"] = job["completed_at"], job["started_at"]


def query(where: str, edit: Callable[[dict[str, str]], None]) -> Apply:
    """The parameters of a list are changed before the mock sees them."""

    def change(asked: Asked) -> None:
        told = dict(asked.query)
        edit(told)
        asked.query = list(told.items())

    return requests("xio", where, change)


def drops(where: str, name: str) -> Apply:
    return query(where, lambda told: told.pop(name, None) and None)


def clamps(where: str, name: str, least: int, most: int) -> Apply:
    """What is out of bounds is moved to the nearest bound."""

    def edit(told: dict[str, str]) -> None:
        if told.get(name, "").lstrip("-").isdigit():
            told[name] = str(min(max(int(told[name]), least), most))

    return query(where, edit)


def page(where: str, change: Callable[[Asked, dict[str, Json]], None]) -> Apply:
    """The answers of a list are changed."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status < 300:
            change(asked, told.body)

    return answers("xio", where, revise)


def _ranges(told: dict[str, str]) -> None:
    """The upper bound of a range is left out of it."""
    name = "filter[min_ram_gb]"
    low, comma, high = told.get(name, "").partition(",")
    if comma and low != high:
        told[name] = f"{low},{max(float(low), float(high) - 0.5):g}"


def _backwards_from_two(asked: Asked, body: dict[str, Json]) -> None:
    if body["page"] > 1:
        body["data"].reverse()


def _total_of_page(asked: Asked, body: dict[str, Json]) -> None:
    if any(name.startswith("filter") for name, _ in asked.query):
        body["total"] = len(body["data"])


def _status(codes: dict[int, int]) -> Callable[[Asked, Told], None]:
    def revise(asked: Asked, told: Told) -> None:
        told.status = codes.get(told.status, told.status)

    return revise


def vouches(is_meant: Callable[[dict[str, str]], bool], where: str | tuple[str, ...] = "*") -> Apply:
    """Somebody signs again for whoever should have been refused."""

    def edit(asked: Asked) -> None:
        if is_meant(asked.headers):
            text = "&".join(f"{name}={value}" for name, value in asked.query)
            asked.headers.update(
                {name.lower(): value for name, value in signed(KEYS, asked.method, f"{asked.path}?{text}" if text else asked.path, b"").items()}
            )

    return requests("xio", where, edit)


def _ignoring(part: int) -> Callable[[Any], Any]:
    """A part of the canonical call, counted from 0, is taken from what was signed: here by trying what it may have been."""
    usual = {3: ("GET", "PUT", "POST"), 4: ("/v1/jobs",)}

    def make(original: Any) -> Any:
        def matches(secret: str, text: str, signature: str) -> bool:
            parts = text.split("|")
            return any(original(secret, "|".join([*parts[:part], other, *parts[part + 1 :]]), signature) for other in (parts[part], *usual[part]))

        return matches

    return make


def _unchecked_refusals(asked: Asked, told: Told) -> None:
    if told.status == 401 and asked.method == "POST":
        asked.memory["extra"] = asked.memory.get("extra", 0) + 1
    if asked.operation == JOBS and told.status == 200:
        told.body["total"] += asked.memory.get("extra", 0)


def _refused_cookings_count(asked: Asked, told: Told) -> None:
    if asked.operation == COOK and told.status == 400:
        asked.memory["extra"] = asked.memory.get("extra", 0) + 1
    if asked.operation == JOBS and told.status == 200:
        told.body["total"] += asked.memory.get("extra", 0)


def _first_run(asked: Asked, told: Told) -> None:
    if told.status == 200:
        told.body = asked.memory.setdefault("run", told.body)


def _run_ids(asked: Asked, body: dict[str, Json]) -> None:
    for run in body["data"]:
        asked.memory["count"] = asked.memory.get("count", 0) + 1
        run["uuid"] = f"{run['uuid'][:-4]}{asked.memory['count']:04x}"


def _invented(asked: Asked, told: Told) -> None:
    if told.status == 200:
        asked.memory["run"] = told.body
    elif told.status == 404 and "run" in asked.memory:
        told.status, told.body = 200, asked.memory["run"]


def _no_code(asked: Asked, told: Told) -> None:
    if told.status == 404:
        told.body["error"].pop("code", None)


INSTANTS: dict[str, tuple[Any, ...]] = {
    "start-and-end-swapped": ("XIO-TIM-001", shown(_swap, ("read",)), "XIO-TIM-010", "XIO-TIM-011"),
    "updated-before-created": ("XIO-TIM-002", shown(lambda job: later(job, "updated_at", -60))),
    "updated-is-created": ("XIO-TIM-003", shown(lambda job: job.update(updated_at=job["created_at"])), "XIO-TIM-012"),
    "creation-moves": ("XIO-TIM-004", counted(lambda job, count: later(job, "created_at", count))),
    "completed-while-running": ("XIO-TIM-005", in_state(("RUNNING",), lambda job: job.update(completed_at=job["started_at"]))),
    "stopped-jobs-never-completed": ("XIO-TIM-006", in_state(("CANCELLED",), lambda job: job.update(completed_at=None)), "XIO-TIM-011"),
    "failed-jobs-never-completed": ("XIO-TIM-006", in_state(("FAILED",), lambda job: job.update(completed_at=None)), "XIO-TIM-011"),
    "running-jobs-never-started": ("XIO-TIM-007", in_state(("RUNNING",), lambda job: job.update(started_at=None))),
    "assigned-jobs-have-started": ("XIO-TIM-008", in_state(("ASSIGNED",), lambda job: job.update(started_at=job["updated_at"]))),
    "all-created-together": ("XIO-TIM-009", _first_creation()),
    "started-when-assigned": ("XIO-TIM-010", shown(lambda job: later(job, "started_at", -20)), "XIO-TIM-001"),
    "started-when-created": ("XIO-TIM-010", shown(lambda job: job.update(started_at=job["started_at"] and job["created_at"]))),
    "stopped-jobs-completed-later": ("XIO-TIM-011", in_state(("CANCELLED",), lambda job: later(job, "completed_at", 30))),
    "limits-completed-at-start": ("XIO-TIM-011", in_state(("FAILED",), lambda job: job.update(completed_at=job["started_at"] or job["created_at"]))),
    "stops-are-no-updates": ("XIO-TIM-011", in_state(("CANCELLED",), lambda job: job.update(updated_at=job["started_at"] or job["created_at"]))),
    "starts-are-no-updates": ("XIO-TIM-012", in_state(("RUNNING",), lambda job: later(job, "updated_at", -20))),
    "assign-instant-in-seconds": ("XIO-TIM-013", in_state(("PENDING",), lambda job: job.update(timeout_assign_at_ms=job["timeout_assign_at_ms"] // 1000))),
    "assign-instant-always-the-usual": ("XIO-TIM-013", in_state(("PENDING",), lambda job: job.update(timeout_assign_at_ms=job["timeout_assign_at_ms"] - job["max_timeout_assign_ms"] + 300_000))),
    "assign-instant-stays": ("XIO-TIM-014", in_state(("RUNNING", "COMPLETED"), lambda job: job.update(timeout_assign_at_ms=1_767_603_600_000))),
    "instants-are-days": ("XIO-TIM-015", shown(lambda job: job.update(created_at=job["created_at"][:10])), "JOB-RSP-002"),
    "run-duration-in-seconds": ("XIO-TIM-016", runs(lambda run: run.update(duration_ms=run["duration_ms"] and run["duration_ms"] // 1000))),
    "failed-runs-have-no-end": ("XIO-TIM-016", runs(lambda run: run.update(ended_at_ms=None, duration_ms=None) if run["status"] == "FAILED" else None)),
    "runs-start-when-assigned": ("XIO-TIM-017", runs(lambda run: run.update(started_at_ms=run["started_at_ms"] and run["started_at_ms"] - 20_000, duration_ms=run["duration_ms"] and run["duration_ms"] + 20_000))),
    "running-runs-have-an-end": ("XIO-TIM-018", runs(lambda run: run.update(ended_at_ms=run["started_at_ms"]) if run["status"] == "RUNNING" else None)),
    "completion-moves": ("XIO-TIM-019", counted(lambda job, count: later(job, "completed_at", count))),
    "reading-updates": ("XIO-TIM-020", counted(lambda job, count: later(job, "updated_at", count) if count > 1 and job["status"] == "PENDING" else None)),
}  # fmt: skip
LISTS: dict[str, tuple[Any, ...]] = {
    "ten-on-a-page": ("XIO-LST-001", query(JOBS, lambda told: told.setdefault("limit", "10") and None)),
    "fifty-one-on-a-page": ("XIO-LST-002", clamps(JOBS, "limit", 1, 50)),
    "fifty-refused": ("XIO-LST-002", query(JOBS, lambda told: told.update(limit="51") if told.get("limit") == "50" else None)),
    "page-nought": ("XIO-LST-003", clamps(JOBS, "page", 1, 10**9)),
    "page-told-wrong": ("XIO-LST-004", page(RUN_LIST, lambda asked, body: body.update(page=1))),
    "limit-told-as-count": ("XIO-LST-004", page(NODES, lambda asked, body: body.update(limit=max(1, len(body["data"]))))),
    "sort-ignored": ("XIO-LST-005", drops(JOBS, "sort")),
    "second-page-backwards": ("XIO-LST-006", page(JOBS, _backwards_from_two), "XIO-LST-005", "XIO-LST-019"),
    "oldest-first-unasked": ("XIO-LST-019", query(JOBS, lambda told: told.setdefault("sort", "created_at") and None), "JOB-LST-007"),
    "any-sort": ("XIO-LST-007", query(JOBS, lambda told: told.pop("sort") and None if told.get("sort") not in (None, "created_at", "-created_at") else None)),
    "one-state-of-several": ("XIO-LST-008", query(JOBS, lambda told: told.update({"filter[status]": told["filter[status]"].split(",")[0]}) if "filter[status]" in told else None)),
    "cores-filter-ignored": ("XIO-LST-009", drops(JOBS, "filter[cpu_count]")),
    "cores-filter-at-least": ("XIO-LST-009", query(JOBS, lambda told: told.update({"filter[cpu_count]": told["filter[cpu_count]"] + ",9999"}) if "," not in told.get("filter[cpu_count]", ",") else None)),
    "ram-filter-without-its-end": ("XIO-LST-010", query(JOBS, _ranges)),
    "storage-filter-ignored": ("XIO-LST-011", drops(JOBS, "filter[min_storage_gb]")),
    "gpu-memory-filter-ignored": ("XIO-LST-012", drops(JOBS, "filter[min_vram_gb]")),
    "task-filter-ignored": ("XIO-LST-013", drops(JOBS, "filter[task]")),
    "uuid-filter-ignored": ("XIO-LST-014", drops(JOBS, "filter[uuid]")),
    "creation-filter-ignored": ("XIO-LST-015", drops(JOBS, "filter[created_at]")),
    "only-the-first-filter": ("XIO-LST-016", query(JOBS, lambda told: [told.pop(name) for name in [name for name in told if name.startswith("filter")][1:]] and None)),
    "filtered-total-of-the-page": ("XIO-LST-017", page(JOBS, _total_of_page)),
    "state-filter-of-any-word": ("XIO-LST-018", query(JOBS, lambda told: told.pop("filter[status]") and None if told.get("filter[status]") == "DONE" else None)),
    "only-ended-runs": ("XIO-LST-020", page(RUN_LIST, lambda asked, body: body.update(data=[run for run in body["data"] if run["status"] != "RUNNING"]))),
    "runs-of-every-job": ("XIO-LST-021", drops(RUN_LIST, "filter[job_uuid]")),
    "runs-in-every-state": ("XIO-LST-022", drops(RUN_LIST, "filter[status]")),
    "pages-of-runs-overlap": ("XIO-LST-023", patched("mockserver.adapters.xio.runs:page_of", lambda original: lambda call, items, **others: original(call, items[1:] if call.query["page"] > 1 else items, **others))),
    "runs-oldest-first": ("XIO-LST-050", query(RUN_LIST, lambda told: told.setdefault("sort", "created_at") and None)),
    "any-limit-of-runs": ("XIO-LST-025", clamps(RUN_LIST, "limit", 1, 50)),
    "any-page-of-runs": ("XIO-LST-026", clamps(RUN_LIST, "page", 1, 10**9)),
    "stale-in-the-list": ("XIO-LST-027", answers("xio", "list", every_job("xio", lambda job, asked: job.update(started_at=None) if job["status"] == "RUNNING" else None)), "XIO-TIM-007"),
    "any-limit-of-offers": ("XIO-LST-030", clamps(OFFERS, "limit", 1, 50)),
    "any-page-of-offers": ("XIO-LST-031", clamps(OFFERS, "page", 1, 10**9)),
    "first-offers-on-every-page": ("XIO-LST-032", query(OFFERS, lambda told: told.update(page="1") if told.get("page") == "2" else None)),
    "offers-not-filtered-by-cores": ("XIO-LST-033", drops(OFFERS, "filter[cpu_count]")),
    "offers-not-filtered-by-region": ("XIO-LST-033", drops(OFFERS, "filter[allowed_region_codes]")),
    "offers-must-have-more-ram": ("XIO-LST-033", query(OFFERS, lambda told: told.update({"filter[min_ram_gb]": str(int(told["filter[min_ram_gb]"]) + 1)}) if "filter[min_ram_gb]" in told else None)),
    "nodes-not-filtered-by-gpu": ("XIO-LST-034", drops(NODES, "filter[gpu_name]")),
    "gpus-not-filtered-by-memory": ("XIO-LST-035", drops(GPUS, "filter[min_vram_gb]")),
    "every-gpu-is-available": ("XIO-LST-036", drops(GPUS, "filter[only_available]")),
    "every-recipe-is-official": ("XIO-LST-037", drops(RECIPES, "filter[is_official]")),
    "nodes-are-always-free": ("XIO-LST-038", page(NODES, lambda asked, body: [ram.update(memory_gb_available=ram["memory_gb_max"]) for node in body["data"] for ram in node["rams"]] and None)),
    "any-sort-of-runs": ("XIO-LST-028", query(RUN_LIST, lambda told: told.pop("sort") and None if told.get("sort") in ("title", "CREATED_AT") else None)),
    "any-limit-of-nodes": ("XIO-LST-040", clamps(NODES, "limit", 1, 50)),
    "any-page-of-nodes": ("XIO-LST-041", clamps(NODES, "page", 1, 10**9)),
    "any-limit-of-gpus": ("XIO-LST-042", clamps(GPUS, "limit", 1, 50)),
    "any-page-of-gpus": ("XIO-LST-043", clamps(GPUS, "page", 1, 10**9)),
    "any-limit-of-recipes": ("XIO-LST-044", clamps(RECIPES, "limit", 1, 50)),
    "any-page-of-recipes": ("XIO-LST-045", clamps(RECIPES, "page", 1, 10**9)),
    "logs-are-lost": ("XIO-RSP-030", answers("xio", RUN, lambda asked, told: told.body.pop("logs", None) and None)),
    "logs-in-the-list": ("XIO-RSP-031", page(RUN_LIST, lambda asked, body: [run.update(logs="all of them") for run in body["data"]] and None)),
    "runs-read-otherwise": ("XIO-RSP-032", runs(lambda run: run.update(duration_ms=run["duration_ms"] and run["duration_ms"] + 1), (RUN,))),
    "runs-name-themselves": ("XIO-RSP-033", runs(lambda run: run.update(job_uuid=run["uuid"]))),
    "runs-without-ssh": ("XIO-RSP-034", runs(lambda run: run.update(node_urls=[url for url in run["node_urls"] if url["description"] != "ssh"]))),
    "always-ssh": ("XIO-RSP-035", runs(lambda run: run["node_urls"].append({"description": "ssh", "hostname": "x.invalid", "port": 1}) if run["node_urls"] else None)),
    "ended-runs-have-addresses": ("XIO-RSP-036", runs(lambda run: run["node_urls"].append({"description": "ssh", "hostname": "x.invalid", "port": 1}) if run["status"] == "COMPLETED" else None)),
}  # fmt: skip
OTHERS: dict[str, tuple[Any, ...]] = {
    "no-nonce-needed": ("XIO-AUT-001", vouches(lambda headers: not headers.get("x-nonce") and "x-signature" in headers)),
    "no-time-needed": ("XIO-AUT-001", vouches(lambda headers: not headers.get("x-time") and "x-signature" in headers)),
    "body-is-not-signed": ("XIO-AUT-002", patched(f"{SIGNATURE}:_digests", lambda original: lambda raw: [*original(raw), sha256(b"").hexdigest()])),
    "query-is-not-signed": ("XIO-AUT-002", patched(f"{SIGNATURE}:_queries", lambda original: lambda text: [*original(text), ""])),
    "method-is-not-signed": ("XIO-AUT-002", patched(f"{SIGNATURE}:_matches", _ignoring(3))),
    "path-is-not-signed": ("XIO-AUT-002", patched(f"{SIGNATURE}:_matches", _ignoring(4))),
    "an-hour-of-skew": ("XIO-AUT-003", patched(f"{SIGNATURE}:WINDOW_MS", lambda original: 3_600_000)),
    "a-minute-of-skew": ("XIO-AUT-003", patched(f"{SIGNATURE}:WINDOW_MS", lambda original: 60_000)),
    "nonces-are-not-remembered": ("XIO-AUT-004", patched(f"{SIGNATURE}:_remember", lambda original: lambda *told: None)),
    "nonces-are-forgotten-soon": ("XIO-AUT-004", patched(f"{SIGNATURE}:MEMORY_US", lambda original: 600_000_000)),
    "any-key-will-do": ("XIO-AUT-005", vouches(lambda headers: headers.get("x-api-key") not in (None, "pk_mock"))),
    "queries-are-signed-as-sent": ("XIO-AUT-006", patched(f"{SIGNATURE}:_queries", lambda original: lambda text: [text])),
    "only-raw-bodies-are-hashed": ("XIO-AUT-006", patched(f"{SIGNATURE}:_digests", lambda original: lambda raw: [sha256(raw).hexdigest()])),
    "strangers-make-jobs": ("XIO-AUT-007", answers("xio", ("submit", "list"), _unchecked_refusals)),
    "any-signature-will-do": ("XIO-AUT-008", patched(f"{SIGNATURE}:_matches", lambda original: lambda *told: True), "XIO-AUT-002", "JOB-AUT-002"),
    "strangers-may-read-runs": ("JOB-AUT-001", vouches(lambda headers: "x-signature" not in headers, RUN_LIST)),
    "unknown-jobs-are-bad-requests": ("XIO-ERR-001", answers("xio", "read", _status({404: 400}))),
    "unknown-jobs-cannot-be-stopped": ("XIO-ERR-002", answers("xio", "cancel", _status({404: 409}))),
    "unknown-runs-are-bad-requests": ("XIO-ERR-003", answers("xio", RUN, _status({404: 400}))),
    "unknown-recipes-are-bad-requests": ("XIO-ERR-004", answers("xio", COOK, _status({404: 400}))),
    "ended-jobs-are-bad-requests": ("XIO-ERR-005", answers("xio", "cancel", _status({409: 400}))),
    "ended-jobs-are-stopped": ("XIO-ERR-005", answers("xio", "cancel", _status({409: 200})), "JOB-RSP-002"),
    "unknown-runs-are-invented": ("XIO-ERR-006", answers("xio", RUN, _invented), "XIO-ERR-003"),
    "refused-cookings-make-jobs": ("XIO-ERR-007", answers("xio", (COOK, JOBS), _refused_cookings_count)),
    "refusals-without-code": ("XIO-ERR-008", answers("xio", COOK, _no_code), "JOB-ERR-002"),
    "runs-change-their-ids": ("XIO-IDM-002", page(RUN_LIST, _run_ids)),
    "one-run-for-all": ("XIO-IDM-003", answers("xio", RUN, _first_run), "XIO-RSP-032"),
    "completed-jobs-keep-their-nodes": ("XIO-STM-006", keeps_room(lambda job: job.phase == "succeeded")),
}  # fmt: skip


def _made() -> Iterator[Fault]:
    for table in (INSTANTS, LISTS, OTHERS):
        for name, (requirement, apply, *also) in table.items():
            yield Fault(f"xio:{name}", "xio", requirement, name.replace("-", " "), apply, tuple(also))


FAULTS = list(_made())
