"""What a submission to Ionworks asks for, in house units. Source: specs/ionworks/sources.md#resources"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec

from mockserver.adapters.exchange import Call
from mockserver.adapters.ionworks import curve
from mockserver.adapters.ionworks.credentials import identity
from mockserver.adapters.steering import script
from mockserver.simulation.request import JobRequest, Limits, ResourceRequest

API = "ionworks"

_GIB = 1 << 30
_USUAL = ResourceRequest(cpu=4, memory=8 * _GIB)
_SMALL = ResourceRequest(cpu=1, memory=2 * _GIB)
_LARGE = ResourceRequest(cpu=8, memory=16 * _GIB)
_RESOURCES = {"dummy": _SMALL, "evaluate_variables": _SMALL, "ecm_fit": _SMALL, "datafit": _LARGE, "optimize": _LARGE}
_LIMITS = Limits(run=86_400.0)
_LONGEST_URL = 2083


class Order(msgspec.Struct, gc=False):  # a struct, since every job keeps one
    """What Ionworks keeps of a submission beside the job; `seen` is the job as last read, after `length` steps."""

    job_type: str
    metadata: dict[str, Any] | None
    callback_url: str | None
    project_id: str | None
    user_id: str
    objectives: tuple[str, ...]
    length: int = 0
    seen: dict[str, Any] = {}


def request(call: Call) -> JobRequest:
    """The job that a submission asks for."""
    body = call.body
    project_id = call.query.get("project_id")
    owner, user = identity(call)
    url = body.get("callback_url")
    callback = None if url is None else _normal(url)
    order = Order(body["job_type"], body.get("metadata"), callback, project_id, user, curve.objectives(body["params"]))
    return JobRequest(
        API,
        call.world.new_id(API, fingerprint=call.raw),
        _RESOURCES.get(order.job_type, _USUAL),
        owner=owner,
        project=project_id or "",
        priority=int(body.get("priority", 0)),
        limits=_LIMITS,
        parent=body.get("parent_job_id"),
        script=script(call, body.get("metadata"), body.get("params")),
        callback=callback,
        remote=callback is not None and call.is_remote(),
        payload=order,
    )


def _normal(url: str) -> str:
    """The URL as pydantic would return it (scheme and host in lower case, with a path), unless that is too long."""
    parts = urlsplit(url)
    credentials, at, host = parts.netloc.rpartition("@")
    normal = urlunsplit((parts.scheme, credentials + at + host.lower(), parts.path or "/", parts.query, parts.fragment))
    return normal if len(normal) <= _LONGEST_URL else url
