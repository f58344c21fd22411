"""What a submission to openYuanrong asks for, in house units. Source: specs/openyuanrong/sources.md#numbers."""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

import orjson

from mockserver.adapters.exchange import Call, Json
from mockserver.adapters.openyuanrong.credentials import tenant
from mockserver.adapters.steering import script
from mockserver.simulation.errors import TooManyLabels
from mockserver.simulation.request import MOST_LABELS, JobRequest, Limits, ResourceRequest, named_labels

API = "openyuanrong"
PREFIX = "app-"
WISHES = "unUseAntiOtherLabels"
MIB = 1 << 20
MOST = 1 << 50  # no node has more of anything; keeps absurd amounts out of the ledger's arithmetic

SCHEDULE_TIMEOUT_MS = 18_000
LIMITS = Limits(assign=SCHEDULE_TIMEOUT_MS / 1000)
"""A job waits so long for room, then it is given up. Source: specs/openyuanrong/sources.md#placement."""


class Submission(NamedTuple):
    """What the client sent and reads back."""

    entrypoint: str
    metadata: dict[str, str] | None
    runtime_env: dict[str, str]


def request(call: Call, key: str) -> JobRequest:
    """The job that a submission asks for, under its complete id."""
    body = call.body
    return JobRequest(
        API,
        key,
        _resources(body, call.headers.get("x-pool-label") or body.get("labels", "")),
        owner=tenant(call),
        limits=LIMITS,
        command=body["entrypoint"],
        script=script(call, body.get("metadata"), body["runtime_env"].get("env_vars")),
        payload=Submission(body["entrypoint"], body.get("metadata") or None, _runtime_env(body["runtime_env"])),
    )


def submission_id(call: Call) -> str:
    """The complete id: the client's with its prefix, or a made one. Source: specs/openyuanrong/sources.md#ids."""
    return complete(call.body.get("submission_id") or call.world.new_id(API, fingerprint=call.raw))


def complete(given: str) -> str:
    """An id with the vendor's prefix."""
    return given if given.startswith(PREFIX) else PREFIX + given


def _resources(body: Json, pools: str) -> ResourceRequest:
    """What a job takes of its node; the vendor does not pass GPUs on. Source: specs/openyuanrong/sources.md#numbers."""
    wanted = body.get("entrypoint_resources") or {}
    if pools.count(",") >= MOST_LABELS:
        raise TooManyLabels(pools.count(",") + 1, MOST_LABELS)
    named = [label.strip() for label in pools.split(",")] if pools else []
    labels = named_labels(label for label in named if label and label != WISHES)
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
