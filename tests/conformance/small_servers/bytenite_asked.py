"""What requests to a second ByteNite say, read as protobuf's JSON is read: null says nothing, numbers may be texts,
names may be in snake case.
"""

from __future__ import annotations

import json
import math
from typing import Any

from tests.conformance.small_servers.bytenite_world import Json, bad

SNAKE = {
    "template_id": "templateId",
    "data_source": "dataSource",
    "data_destination": "dataDestination",
    "task_timeout": "taskTimeout",
    "job_timeout": "jobTimeout",
}
EDITS = {
    "datasource": ("dataSource", "dataDestination"),
    "params": ("partitioner", "app", "assembler"),
    "jobname": ("name",),
    "configs": ("taskTimeout", "jobTimeout", "isTestJob"),
}
MOST = 2**63


def renamed(value: Any) -> Any:
    """Names as protobuf's JSON parser takes them, and no member that is null."""
    return (
        {SNAKE.get(name, name): one for name, one in value.items() if one is not None}
        if isinstance(value, dict)
        else value
    )


def number(value: Any, name: str) -> int:
    if isinstance(value, str) and value.removeprefix("-").isdigit() and value.isascii():
        value = int(value)
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or value != int(value)
        or not -MOST <= value < MOST
    ):
        raise bad(f"{name}: non è int64")
    return int(value)


def struct(value: Any) -> Any:
    """A value as protobuf's Struct keeps it: every number is a double."""
    if isinstance(value, dict):
        return {name: struct(one) for name, one in value.items()}
    if isinstance(value, list):
        return [struct(one) for one in value]
    if isinstance(value, int) and not isinstance(value, bool):
        if abs(value) >= 10**300:
            raise bad("un numero troppo grande")
        return int(float(value))
    return value


def kept(body: Json) -> Json:
    """What a request says of a job, checked."""
    told: Json = {}
    for name, value in renamed(body).items():
        if name in ("name", "templateId", "description"):
            if not isinstance(value, str):
                raise bad(f"{name}: non è un testo")
            told[name] = value
        elif name in ("dataSource", "dataDestination", "params", "config"):
            if not isinstance(value, dict):
                raise bad(f"{name}: non è un oggetto")
            told[name] = {"params": parameters, "config": config}.get(name, source)(renamed(value))
    return told


def config(value: Json) -> Json:
    told = {name: number(value[name], name) for name in ("taskTimeout", "jobTimeout") if name in value}
    if not isinstance(value.get("isTestJob", False), bool):
        raise bad("isTestJob: sì o no?")
    return told | {name: value[name] for name in ("isTestJob",) if name in value}


def parameters(value: Json) -> Json:
    if not isinstance(value.get("preset", ""), str) or any(
        not isinstance(value.get(name, {}), dict) for name in EDITS["params"]
    ):
        raise bad("params")
    app = value.get("app", {})
    if any(
        isinstance(app[name], bool) or not isinstance(app[name], int | float) or app[name] < 0
        for name in ("seconds", "crash", "lose")
        if name in app
    ):
        raise bad("params.app: non come nello schema del template")
    return {
        name: struct(value[name]) if name != "preset" else value[name]
        for name in ("preset", *EDITS["params"])
        if name in value
    }


def source(value: Json) -> Json:
    descriptor, params = value.get("dataSourceDescriptor", ""), value.get("params")
    if (
        not isinstance(descriptor, str)
        or not isinstance(params, dict | None)
        or not isinstance((params or {}).get("@type", ""), str)
    ):
        raise bad("dataSource")
    return {"dataSourceDescriptor": descriptor, "params": params}


def parsed(raw: bytes) -> Json:
    """The object that a body holds; no body says nothing."""
    try:
        body = json.loads(raw.decode("utf-8"), parse_constant=_no, parse_float=finite) if raw.strip() else {}
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as broken:
        raise bad("non è JSON") from broken
    if not isinstance(body, dict):
        raise bad("serve un oggetto")
    return body


def finite(text: str) -> float:
    if not math.isfinite(found := float(text)):
        raise ValueError(text)
    return found


def _no(word: str) -> Any:
    raise ValueError(word)
