"""Faults of every API: what a submission may say and what it makes."""

from __future__ import annotations

from collections.abc import Iterator

import specs
from conformance.traffic.json_pointer import MISSING, Json, get, put
from tests.conformance.faults import Apply, Asked, Fault, Told, answers, requests
from tests.conformance.faults.common.shapers import Words, everyday, of_every_api, roles, unescaped

DEMANDED: dict[str, tuple[str, Json, str, str]] = {
    "bytenite": ("/templateId", "hello-world", "BYT-REQ-001", "BYT-REQ-002"),
    "ionworks": ("/params", {}, "ION-REQ-004", "ION-REQ-006"),
    "openyuanrong": ("/runtime_env/working_dir", "/tmp", "OYR-REQ-007", "OYR-REQ-008"),
    "runai": ("/job/image", "alpine", "RAI-REQ-005", "RAI-REQ-005"),
    "xio": ("/title", "a job", "XIO-REQ-002", "XIO-REQ-002"),
}
"""By API: a member that its document demands, a good value of it, and the rows of its table that say so of its presence
and of its type."""


def no_id(api: str) -> Apply:
    pointer = roles(api)["submit"].id or ""

    def revise(asked: Asked, told: Told) -> None:
        if told.status < 300:
            told.body = put(told.body, pointer, MISSING)

    return answers(api, "submit", revise)


def born_ended(api: str) -> Apply | None:
    lifecycle = specs.load(api).lifecycle
    assert lifecycle is not None
    pointer = lifecycle.roles["submit"].status
    if pointer is None:
        return None
    over = next(name for name, state in lifecycle.states.items() if state.phase == "succeeded")

    def revise(asked: Asked, told: Told) -> None:
        if told.status < 300:
            told.body = put(told.body, pointer, over)

    return answers(api, "submit", revise)


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


WRAPPERS = {"ionworks": "params", "openyuanrong": "runtime_env", "runai": "job"}
"""By API: an object that its document demands. compute.x.io's holds one of the same name, ByteNite demands none."""


def may_be_unwrapped(api: str, name: str) -> Apply:
    """Members that stand beside the object that should hold them are taken all the same."""

    def edit(asked: Asked) -> None:
        body = asked.body
        if isinstance(body, dict) and body and name not in body:
            asked.body = body | {name: dict(body)}

    return requests(api, "submit", edit)


def _made() -> Iterator[Fault]:
    for api, name in WRAPPERS.items():
        what = f"{name} may be missing if its members are there"
        yield Fault(f"{api}:unwrapped-{name}", api, "JOB-REQ-001", what, may_be_unwrapped(api, name))
    for api, (pointer, value, present, typed) in DEMANDED.items():
        name = pointer.rpartition("/")[2]
        yield Fault(
            f"{api}:demanded-{name}-may-be-missing",
            api,
            "JOB-REQ-001",
            f"{name} may be missing",
            may_be_missing(api, pointer, value),
            (present,),
        )
        yield Fault(
            f"{api}:demanded-{name}-may-be-a-list",
            api,
            "JOB-REQ-002",
            f"{name} may be an empty list",
            lists_will_do(api, pointer, value),
            (typed,),
        )


def first_read_fails(api: str, words: Words) -> Apply:
    """Of the only job of a world, made by an ordinary submission."""

    def revise(asked: Asked, told: Told) -> None:
        if asked.role == "submit" and told.status < 300:
            asked.memory["made"] = asked.memory.get("made", 0) + 1
            asked.memory["plain"] = len(asked.body) == words["size"]
        elif told.status == 200 and asked.memory.get("made") == 1 and asked.memory.pop("plain", False):
            told.status, told.body = 404, words["no"]

    return answers(api, ("submit", "read"), revise)


def order_matters(api: str, words: Words) -> Apply:
    def revise(asked: Asked, told: Told) -> None:
        if isinstance(asked.body, dict) and next(iter(asked.body), "") == words["last"]:
            told.status, told.body = 400, words["no"]

    return answers(api, "submit", revise)


FAULTS = [
    *of_every_api(
        {
            "no-id": ("JOB-CRT-002", "the answer to a submission has no id", no_id, ("JOB-RSP-002",)),
            "born-ended": ("JOB-CRT-003", "the answer to a submission says that the job has succeeded", born_ended, ()),
        }
    ),
    *everyday(
        {
            "first-read-fails": ("JOB-CRT-005", "a new job is not known at first", first_read_fails, ()),
            "order-matters": ("JOB-REQ-004", "a submission in another order is refused", order_matters, ()),
            "escapes": ("JOB-REQ-005", "escapes are not read", unescaped, ()),
        }
    ),
    *_made(),
]
