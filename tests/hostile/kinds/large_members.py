"""Requests in which one member is large: a text, a list, a map, labels, numbers; and large scenarios and steering."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

from tests.hostile.making import CALLS, heavy, message, place, submission

NODE = {"class": "c", "count": 1, "cpu": 1, "memory_gib": 1}
JSON = ("Content-Type", "application/json")

VALUES: tuple[Callable[[], Any], ...] = (
    lambda: "x" * 7_000_000,
    lambda: ".1" * 3_000_000,
    lambda: "1h" * 3_000_000,
    lambda: "{" * 7_000_000,
    lambda: "https://u:p@h/?token=" * 300_000,
    lambda: ",".join(f"l{number}" for number in range(900_000)),
    lambda: [f"r{number}" for number in range(190_000)],
    lambda: dict.fromkeys((f"k{number}" for number in range(95_000)), "x"),
    lambda: dict.fromkeys((f"k{number}" for number in range(95_000)), 1),
)

MEMBERS = {
    "openyuanrong": ("submission_id", "entrypoint", "labels", "metadata", "entrypoint_resources", "runtime_env"),
    "xio": ("title", "gpu_name", "allowed_region_codes", "parameters", "description", "task"),
    "runai": (
        "project",
        "name",
        "image",
        "nodeType",
        "memory",
        "ttlAfterFinish",
        "command",
        "arguments",
        "environment",
    ),
    "ionworks": ("job_type", "params", "metadata", "callback_url", "parent_job_id"),
    "bytenite": ("templateId", "name", "params", "config", "dataSource"),
}


def body(api: str, **members: Any) -> bytes:
    """The API's first submission with other members."""
    sent = json.loads(json.dumps(CALLS[api].body))
    (sent["job"] if api == "runai" else sent).update(members)
    return json.dumps(sent).encode()


@heavy
def large_members(chance: Random) -> bytes:
    api = chance.choice(list(MEMBERS))
    return submission(chance, body(api, **{chance.choice(MEMBERS[api]): chance.choice(VALUES)()}), api=api)


def scenarios() -> dict[str, Any]:
    """Descriptions of scenarios that would take long or much."""
    names = [f"k{number}" for number in range(90_000)]
    return {
        "many nodes": {"nodes": [{**NODE, "count": 100_000}]},
        "many classes": {"nodes": [{**NODE, "class": name} for name in names[:30_000]]},
        "many labels": {"nodes": [{**NODE, "labels": dict.fromkeys(names, "v")}]},
        "labels of many nodes": {"nodes": [{**NODE, "count": 50_000, "labels": dict.fromkeys(names[:1000], "v")}]},
        "many resources": {"nodes": [{**NODE, "custom": dict.fromkeys(names, 1)}]},
        "resources of many nodes": {"nodes": [{**NODE, "count": 10_000, "custom": dict.fromkeys(names[:1000], 1)}]},
        "resources of many classes": {
            "nodes": [
                {**NODE, "class": names[first], "custom": dict.fromkeys(names[first : first + 100], 1)}
                for first in range(0, 90_000, 100)
            ]
        },
        "many projects": {"nodes": [NODE], "projects": [{"name": name, "deserved_gpus": 1} for name in names[:40_000]]},
        "many switches": {"nodes": [NODE], "switches": names},
        "unknown members": {"nodes": [NODE], **dict.fromkeys(names, 1)},
        "wrong nodes": {"nodes": [1] * 390_000},
        "nodes that fail": {
            "nodes": [{**NODE, "count": 100_000}],
            "node_failures": {"mean_time_between_s": {"fixed": 1}, "repair_s": {"fixed": 1}},
        },
        "a long name": "x" * 7_000_000,
    }


def orders() -> dict[str, tuple[str, Any]]:
    """Paths and bodies of the control API that would take long or much."""
    long, names = "x" * 7_000_000, [f"k{number}" for number in range(90_000)]
    answer = {"answer": {"status": 500}}
    return {
        "a long outcome": ("/_mock/jobs/xio/a/outcome", {"outcome": long}),
        "a long name of a sandbox": ("/_mock/sandboxes", {"name": long}),
        "a long unknown member": ("/_mock/clock/advance", {long: 1}),
        "many unknown members": ("/_mock/clock/advance", dict.fromkeys(names, 1)),
        "a long state": ("/_mock/clock/advance", {"until": {"api": "xio", "job": "a", "state": long}}),
        "a long operation": ("/_mock/rules", {"match": {"operation": "x" * 200_000}, **answer}),
        "many conditions": ("/_mock/rules", {"match": {"headers": dict.fromkeys(names[:10_000], "x")}, **answer}),
        "large patterns": (
            "/_mock/rules",
            {"match": {"headers": {name: {"regex": ".{400}" + name} for name in names[:20]}}, **answer},
        ),
        "a large rule": ("/_mock/rules", {"match": {"path": long}, **answer}),
        "a large fault": ("/_mock/faults", {"kind": "drop", "scope": {"headers": {"k": long}}}),
        "labels of a node": (
            "/_mock/nodes",
            {"name": "n", "cpu": 1, "memory_gib": 1, "labels": dict.fromkeys(names, "v")},
        ),
        "a snapshot that is none": ("/_mock/restore", {"snapshot": "A" * 7_999_996}),
        "a snapshot that is not base64": ("/_mock/restore", {"snapshot": "!" * 7_999_996}),
    }


@heavy
def large_scenarios(chance: Random) -> bytes:
    sent = {"name": f"s{chance.randrange(4)}x", "scenario": chance.choice(list(scenarios().values()))}
    return message("POST", "/_mock/sandboxes", json.dumps(sent).encode(), fields=(JSON,))


@heavy
def large_orders(chance: Random) -> bytes:
    path, sent = chance.choice(list(orders().values()))
    return message("POST", path, json.dumps(sent).encode(), fields=(place(chance), JSON))
