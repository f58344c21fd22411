"""openYuanrong's words for jobs: ids that begin with `app-`, bare strings as errors, booleans for stop and delete."""

from __future__ import annotations

from functools import lru_cache
from math import ceil
from typing import NamedTuple

import orjson

from mockserver.adapters.dates import unix_seconds
from mockserver.adapters.exchange import Call, Json, Refusal, Reply
from mockserver.adapters.keeping import Keeping, typed
from mockserver.adapters.openyuanrong.credential import tenant, verify
from mockserver.adapters.openyuanrong.refusal import SCHEDULE_TIMEOUT_MS, answer, complete, error
from mockserver.adapters.steering import script
from mockserver.simulation.errors import Unplaceable
from mockserver.simulation.job import Job, JobRequest, Limits, Outcome, ResourceRequest
from mockserver.simulation.world import World

__all__ = ["error", "verify", "yr_delete_job", "yr_get_job", "yr_list_jobs", "yr_stop_job", "yr_submit_job"]

API = "openyuanrong"
WISHES = "unUseAntiOtherLabels"
MIB = 1 << 20
MOST = 1 << 50  # no node has more of anything; keeps absurd amounts out of the ledger's arithmetic
FIRST_PID = 1000

LIMITS = Limits(assign=SCHEDULE_TIMEOUT_MS / 1000)
"""A job waits so long for room, then it is given up. Source: specs/openyuanrong/sources.md#placement."""

ASSIGN_TIMEOUT = "assign_timeout"
REASONS = {ASSIGN_TIMEOUT: "create instance timeout"}


class Submission(NamedTuple):
    """What the client sent and reads back."""

    entrypoint: str
    metadata: dict[str, str] | None
    runtime_env: dict[str, str]


def yr_submit_job(call: Call) -> Reply:
    """Take a job and, in time that moves by itself, answer once it is placed; refuse it at once when its id is taken or no node could ever run it."""
    world, body = call.world, call.body
    key = _submission_id(call)
    if key in world.jobs(API):
        raise Refusal("conflict", f"submit job has already exist, submissionId: {key}")
    resources = _resources(body, call.headers.get("x-pool-label") or body.get("labels", ""))
    world.refuse_unplaceable(key, resources)
    job = world.submit(
        JobRequest(
            API,
            key,
            resources,
            owner=tenant(call),
            limits=LIMITS,
            command=body["entrypoint"],
            script=script(call, body.get("metadata"), body["runtime_env"].get("env_vars")),
            payload=Submission(body["entrypoint"], body.get("metadata") or None, _runtime_env(body["runtime_env"])),
        )
    )
    reply = answer({"submission_id": key})
    reply.later = lambda: _placed(world, job)
    return reply


def _placed(world: World, job: Job) -> Reply | None:
    """The answer to a submission as soon as its job has left the queue. Raises Unplaceable when it found no room in time."""
    world.settle()
    if job.phase == "queued":
        return None
    outcome = job.outcome
    if job.phase == "failed" and outcome.reason == ASSIGN_TIMEOUT:
        raise Unplaceable(job.key, world.why_waiting(job) or "what there was of room was given to others")
    return answer({"submission_id": job.key})


def yr_list_jobs(call: Call) -> Reply:
    """Every job of every tenant, in order of submission."""
    world = call.world
    return answer([_render(world, job) for job in world.jobs(API).values()])


def yr_get_job(call: Call) -> Reply:
    """One job as it stands."""
    key = call.path["submissionId"]
    job = call.world.jobs(API).get(key)
    if job is None:
        raise Refusal("unknown", f"not found app, submissionId: {key}")
    return answer(_render(call.world, job))


def yr_stop_job(call: Call) -> Reply:
    """Stop a running job; False, and nothing else, in any other state."""
    job = _existing(call)
    if job.phase != "running":
        return answer(False)
    call.world.cancel(job, "the job was stopped on request")
    return answer(True)


def yr_delete_job(call: Call) -> Reply:
    """Forget a job that has ended; False, and nothing else, while it has not."""
    job = _existing(call)
    if not job.is_terminal:
        return answer(False)
    call.world.delete(job)
    return answer(True)


def _existing(call: Call) -> Job:
    key = call.path["submissionId"]
    job = call.world.jobs(API).get(key)
    if job is None:
        raise Refusal("unknown", f"the app does not exist, submissionId:[{key}]")
    return job


def _submission_id(call: Call) -> str:
    """The complete id: the client's with its prefix, or a made one. Source: specs/openyuanrong/sources.md#ids."""
    return complete(call.body.get("submission_id") or call.world.new_id(API, fingerprint=call.raw))


def _resources(body: Json, pools: str) -> ResourceRequest:
    """What the job takes on its node; GPUs are not passed on by this vendor. Source: specs/openyuanrong/sources.md#numbers."""
    wanted = body.get("entrypoint_resources") or {}
    named = [label.strip() for label in pools.split(",")] if pools else []
    labels = tuple([label for label in named if label and label != WISHES])
    return ResourceRequest(
        cpu=float(body.get("entrypoint_num_cpus", 0)),
        memory=ceil(body.get("entrypoint_memory", 0) / MIB) * MIB,
        custom=tuple(sorted((name, float(min(amount, MOST))) for name, amount in wanted.items() if amount > 0)),
        any_labels=() if WISHES in named else labels,
        preferred=labels,
    )


def _runtime_env(given: Json) -> dict[str, str]:
    """The environment the way the kernel keeps it: a shell command and JSON text.

    Source: specs/openyuanrong/sources.md#the-job-as-it-is-read.
    """
    packages, variables = given.get("pip"), given.get("env_vars")
    return {
        "working_dir": given["working_dir"],
        "pip": f"pip3.9 install {' '.join(packages)} && pip3.9 check" if packages else "",
        "envVars": orjson.dumps(variables, option=orjson.OPT_SORT_KEYS).decode() if variables else "",
    }


def _render(world: World, job: Job) -> Json:
    """The 13 members of a job. Source: specs/openyuanrong/sources.md#the-job-as-it-is-read."""
    submission: Submission = job.payload
    start = end = node = address = pid = error_type = ""
    exit_code = 0
    history = job.history
    if "allocated" in history:
        placed = history.index("allocated")  # beside it, the instant two places before and the nodes right after
        start, node = str(unix_seconds(world, history[placed - 2])), history[placed + 1][0]
        address, pid = _address(world, node), str(FIRST_PID + job.serial)
    if job.stage.is_terminal:
        outcome = job.outcome
        end, exit_code = str(unix_seconds(world, history[-4])), outcome.exit_code
        error_type = "" if job.phase == "succeeded" else _reason(outcome)
    return {
        "type": "SUBMISSION",
        "entrypoint": submission.entrypoint,
        "submission_id": job.key,
        "driver_info": {"id": job.key, "node_ip_address": address, "pid": pid},
        "status": job.state,
        "start_time": start,
        "end_time": end,
        "metadata": submission.metadata,
        "runtime_env": submission.runtime_env,
        "driver_agent_http_address": "",
        "driver_node_id": node,
        "driver_exit_code": exit_code,
        "error_type": error_type,
    }


KEEPS = Keeping(typed(Submission), _render, {"openyuanrong.addresses": None})


def _reason(outcome: Outcome) -> str:
    return REASONS.get(outcome.reason, outcome.reason)


def _address(world: World, node: str) -> str:
    """An IP address that stands for the node of that name."""
    known: dict[str, str] = world.shelf("openyuanrong.addresses")
    address = known.get(node)
    if address is None:
        known.update((each.name, _nth_address(number)) for number, each in enumerate(world.scheduler.cluster.nodes, start=1))
        address = known[node]
    return address


@lru_cache(maxsize=1024)
def _nth_address(number: int) -> str:
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
