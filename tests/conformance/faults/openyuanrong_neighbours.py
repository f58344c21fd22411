"""Faults of openYuanrong that show only beside another job, or in what another job holds."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from mockserver.adapters.openyuanrong.refusals import answer
from mockserver.simulation.events import RUN_END
from mockserver.simulation.request import Outcome
from tests.conformance.faults import App, Apply, Asked, Fault, Told, answers, patched, requests
from tests.conformance.faults.openyuanrong import API

ADAPTER = f"mockserver.adapters.{API}"
SCHEDULER = "mockserver.simulation.scheduler:Scheduler"


def _fault(name: str, requirement: str, describe: str, apply: Apply, *also: str) -> Fault:
    return Fault(f"{API}:{name}", API, requirement, describe, apply, also)


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
                for other in [job for id_, job in call.world.jobs(API).items() if id_.startswith(key) and (job.is_terminal if phase == "over" else job.phase == phase)]:
                    act(call.world, other)
            return reply

        return call_of_many

    return patched(f"{ADAPTER}:{function}", make)


def _code_two(original: Any) -> Any:
    def run(self: Any, job: Any) -> Any:
        outcome = original(self, job)
        return Outcome(outcome.duration) if outcome.exit_code == 2 else outcome

    return run


def _ends_waiting_and_running(original: Any) -> Any:
    """The limit of waiting is not taken away when a job is placed late."""

    def begin_run(self: Any, job: Any, stage: Any, event: str) -> None:
        original(self, job, stage, event)
        if self.clock.now - job.created > 500_000:
            self.events.add(job.created + 18_000_000, RUN_END, job, generation=job.generation, detail=Outcome(0, 1, "assign_timeout"))

    return begin_run


def _run_from_submission(original: Any) -> Any:
    def begin_run(self: Any, job: Any, stage: Any, event: str) -> None:
        original(self, job, stage, event)
        for due in [one for one in self.events.heap if one[3] is job and one[2] == RUN_END and one[4] == job.generation and self.clock.now > job.created]:
            job.generation += 1
            self.events.add(max(self.clock.now, due[0] - self.clock.now + job.created), RUN_END, job, generation=job.generation, detail=due[5])

    return begin_run


def _crumbs_lost(original: Any) -> Any:
    def give_back(self: Any, job: Any) -> None:
        node = job.holding[0][0]
        original(self, job)
        for index, _ in job.shape.demand[:1]:
            dimension = self.cluster.dimensions[index]
            dimension.set(node, max(0, dimension.free[node] - 1))

    return give_back


def _taken(cluster: Any, shape: Any, node: int, sign: int) -> None:
    for index, amount in shape.demand:
        dimension = cluster.dimensions[index]
        dimension.set(node, max(0, dimension.free[node] + sign * amount))


@contextlib.contextmanager
def _given_up_holds(app: App) -> Iterator[App]:
    """What a job waited for and did not get is missing from what is given back next."""
    lost: dict[int, list[Any]] = {}

    def timed_out(original: Any) -> Any:
        def time_out(self: Any, job: Any, limit: str) -> None:
            lost.setdefault(id(self.cluster), []).extend([job.shape] if limit == "assign" and job.phase == "queued" else [])
            original(self, job, limit)

        return time_out

    def given_back(original: Any) -> Any:
        def give_back(self: Any, job: Any) -> None:
            node = job.holding[0][0]
            original(self, job)
            for shape in lost.pop(id(self.cluster), []):
                _taken(self.cluster, shape, node, -1)

        return give_back

    with patched(f"{SCHEDULER}._time_out", timed_out)(app), patched("mockserver.simulation.placement.placement_pass:Allotment.give_back", given_back)(app):
        yield app


def _refused_holds(original: Any) -> Any:
    """The submission of an id that is taken reserves before it is refused."""

    def submission_id(call: Any) -> Any:
        key = original(call)
        cluster = call.world.scheduler.cluster
        asked = cluster.shape(__import__(ADAPTER, fromlist=["_resources"])._resources(call.body, ""))
        if key in call.world.jobs(API):
            _taken(cluster, asked, 0, -1)
        return key

    return submission_id


def _freed_twice(original: Any) -> Any:
    def delete(self: Any, job: Any) -> None:
        cluster, allotment = self.scheduler.cluster, self.scheduler.allotment
        placed = [detail for _, _, event, detail in job.steps() if event == "allocated"]
        original(self, job)
        if placed:
            node = next(number for number, one in enumerate(cluster.nodes) if one.name == placed[-1][0])
            _taken(cluster, job.shape, node, 1)
            allotment.opened(1 << node)

    return delete


def _label_begins(original: Any) -> Any:
    return lambda node, trait, wanted: any(key.startswith(str(wanted)) for key in node.labels) if trait == "label" else original(node, trait, wanted)


def _prolonged(original: Any) -> Any:
    def get_job(call: Any) -> Any:
        reply, job, events = original(call), call.world.jobs(API).get(call.path["submissionId"]), call.world.scheduler.events
        if job is not None and job.phase == "running":
            for due in [one for one in events.heap if one[3] is job and one[2] == RUN_END and one[4] == job.generation]:
                job.generation += 1
                events.add(due[0] + 1_000_000, RUN_END, job, generation=job.generation, detail=due[5])
        return reply

    return get_job


def _end_moves(original: Any) -> Any:
    def stop(call: Any) -> Any:
        reply, job = original(call), call.world.jobs(API).get(call.path["submissionId"])
        if job is not None and job.state == "STOPPED" and reply.body is False:
            job.history[-4] = call.world.now_us
        return reply

    return stop


def _roomless_unlisted(asked: Asked, answered: Told) -> None:
    if isinstance(answered.body, list):
        answered.body = [job for job in answered.body if job["status"] != "FAILED" or job["driver_node_id"]]


def _two_hundred(asked: Asked, answered: Told) -> None:
    answered.body = answered.body[:200] if isinstance(answered.body, list) else answered.body


def asks_more(member: str, was: float, becomes: float) -> Apply:
    """One amount reaches the mock as another."""

    def edit(asked: Asked) -> None:
        if isinstance(asked.body, dict) and asked.body.get(member) == was:
            asked.body[member] = becomes

    return requests(API, "submit", edit)


def _only_its_own(original: Any) -> Any:
    def delete(call: Any) -> Any:
        job = call.world.jobs(API).get(call.path["submissionId"])
        return answer("no", 404) if job is not None and job.request.owner not in ("", call.every_header.get("x-tenant-id", "")) else original(call)

    return delete


FAULTS = [
    _fault("free-once", "OYR-IDM-015", "the id of a deleted job is free once only", answers(API, ("submit", "delete"), _free_once)),
    _fault("stop-by-prefix", "OYR-IDM-022", "a stop reaches the jobs whose ids begin so", spreads("yr_stop_job", "running", lambda world, job: world.cancel(job))),
    _fault("delete-by-prefix", "OYR-IDM-022", "a deletion reaches the jobs whose ids begin so", spreads("yr_delete_job", "over", lambda world, job: world.delete(job))),
    _fault("exit-two-is-well", "OYR-RSP-010", "a command that exits with 2 has succeeded", patched("mockserver.simulation.workload:Workload.run", _code_two)),
    _fault("waits-while-it-runs", "OYR-STM-002", "the limit of waiting ends jobs that run", patched(f"{SCHEDULER}.begin_run", _ends_waiting_and_running), "OYR-STM-005"),
    _fault("run-from-submission", "OYR-STM-016", "the run of a job that waited is counted from its submission", patched(f"{SCHEDULER}.begin_run", _run_from_submission)),
    _fault("crumbs-lost", "OYR-STM-019", "a thousandth of a core is lost with each job", patched("mockserver.simulation.placement.placement_pass:Allotment.give_back", _crumbs_lost)),
    _fault("given-up-holds", "OYR-STM-018", "a job that gave up waiting takes its room with it", _given_up_holds),
    _fault("refused-holds", "OYR-STM-018", "a submission that is refused for its id holds room", patched(f"{ADAPTER}.jobs:submission_id", _refused_holds)),
    _fault("freed-twice", "OYR-STM-012", "a deletion gives back what the end gave back", patched("mockserver.simulation.world:World.delete", _freed_twice)),
    _fault("never-full", "OYR-STM-019", "all cores of a node are never given", asks_more("entrypoint_num_cpus", 4, 4.001)),
    _fault("other-megabytes", "OYR-STM-019", "memory is counted in megabytes of another size", asks_more("entrypoint_memory", 4 << 30, 4_504_000_000)),
    _fault("label-begins", "OYR-PRI-002", "a label fits every label that begins so", patched("mockserver.simulation.cluster.cluster:has", _label_begins)),
    _fault("looks-prolong", "JOB-IDM-004", "each look at a job that runs prolongs it", patched(f"{ADAPTER}:yr_get_job", _prolonged)),
    _fault("end-moves", "OYR-STM-003", "a second stop moves the end of a job", patched(f"{ADAPTER}:yr_stop_job", _end_moves), "OYR-TIM-002"),
    _fault("roomless-unlisted", "OYR-LST-002", "jobs that found no room are not listed", answers(API, "list", _roomless_unlisted)),
    _fault("two-hundred-listed", "OYR-LST-003", "the list ends after two hundred jobs", answers(API, "list", _two_hundred)),
    _fault("tenants-delete-their-own", "OYR-ISO-001", "only its tenant may delete a job", patched(f"{ADAPTER}:yr_delete_job", _only_its_own)),
]
