"""Faults of what every document demands of a submission: members that may be missing after all, and types that it excludes."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.traffic.json_pointer import MISSING, Json, get, put
from tests.conformance.faults import Apply, Asked, Fault, requests

DEMANDED: dict[str, tuple[str, Json, str, str]] = {
    "bytenite": ("/templateId", "hello-world", "BYT-REQ-001", "BYT-REQ-002"),
    "ionworks": ("/params", {}, "ION-REQ-004", "ION-REQ-006"),
    "openyuanrong": ("/runtime_env/working_dir", "/tmp", "OYR-REQ-007", "OYR-REQ-008"),
    "runai": ("/job/image", "alpine", "RAI-REQ-005", "RAI-REQ-005"),
    "xio": ("/title", "a job", "XIO-REQ-002", "XIO-REQ-002"),
}
"""By API: a member that its document demands, a good value of it, and the rows of its table that say so of its presence and of its type."""


def may_be_missing(api: str, pointer: str, value: Json) -> Apply:
    """What is left out is put in."""

    def edit(asked: Asked) -> None:
        parent, _, name = pointer.rpartition("/")
        holder = get(asked.body, parent) if asked.body is not None else MISSING
        if isinstance(holder, dict) and name not in holder:
            asked.body = put(asked.body, pointer, value)

    return requests(api, "submit", edit)


def lists_will_do(api: str, pointer: str, value: Json) -> Apply:
    """An empty list is taken for a good value."""

    def edit(asked: Asked) -> None:
        if isinstance(asked.body, dict) and get(asked.body, pointer) == []:
            asked.body = put(asked.body, pointer, value)

    return requests(api, "submit", edit)


def _made() -> Iterator[Fault]:
    for api, (pointer, value, present, typed) in DEMANDED.items():
        name = pointer.rpartition("/")[2]
        yield Fault(f"{api}:demanded-{name}-may-be-missing", api, "JOB-REQ-001", f"{name} may be missing", may_be_missing(api, pointer, value), (present,))
        yield Fault(f"{api}:demanded-{name}-may-be-a-list", api, "JOB-REQ-002", f"{name} may be an empty list", lists_will_do(api, pointer, value), (typed,))


FAULTS = list(_made())
