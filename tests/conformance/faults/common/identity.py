"""Faults of every API: ids, and what makes a job that job."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.traffic.json_pointer import get, put
from tests.conformance.faults import Apply, Asked, Fault, Told, answers, patched
from tests.conformance.faults.common.shapers import Words, asked_id, everyday, of_every_api, roles, the_eighth_is_lost

JOB = "mockserver.simulation.world:World.job"

NINTH = 9


def same_id_twice(api: str) -> Apply:
    pointer = roles(api)["submit"].id or ""

    def revise(asked: Asked, told: Told) -> None:
        if told.status < 300:
            ids = asked.memory.setdefault("ids", [])
            ids.append(get(told.body, pointer))
            if len(ids) == NINTH:
                told.body = put(told.body, pointer, ids[-2])

    return answers(api, "submit", revise)


def reads_another(api: str, words: Words) -> Apply:
    """The seventh job that is read is told as the first."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status == 200:
            known = asked.memory.setdefault("known", [])
            if asked_id(asked) not in known:
                known.append(asked_id(asked))
            if known.index(asked_id(asked)) == 6:
                words["job"](told.body)[words["id"]] = known[0]

    return answers(api, "read", revise)


def reading_counts(api: str, words: Words) -> Apply:
    """The third look at a job that ran well."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status == 200 and words["job"](told.body)[words["status"]] == words["good"]:
            looks = asked.memory[asked_id(asked)] = asked.memory.get(asked_id(asked), 0) + 1
            if looks == 3:
                words["job"](told.body)[words["text"]] = "another text"

    return answers(api, "read", revise)


def _nearly(original: Any) -> Any:
    """A job is found by the beginning of its id."""

    def job(world: Any, api: str, key: str, *, owner: str | None = None) -> Any:
        whole = next((one for one in world.jobs(api) if key and one.startswith(key)), key)
        return original(world, api, whole, owner=owner)

    return job


def _beginnings() -> Iterator[Fault]:
    for api in (
        "bytenite",
        "ionworks",
        "xio",
    ):  # of the others one has no path that names a job, the other leaves this open
        describe = "the beginning of an id is enough"
        yield Fault(f"{api}:beginning-of-an-id", api, "JOB-IDM-005", describe, patched(JOB, _nearly))


FAULTS = [
    *of_every_api(
        {
            "same-id-twice": (
                "JOB-IDM-001",
                "the ninth submission is answered with the id of the eighth",
                same_id_twice,
                (),
            ),
        }
    ),
    *everyday(
        {
            "eighth-is-lost": ("JOB-IDM-002", "the eighth job is lost", the_eighth_is_lost, ()),
            "reads-another": ("JOB-IDM-003", "reading a job tells of the first that was read", reads_another, ()),
            "reading-counts": ("JOB-IDM-004", "reading a job changes it", reading_counts, ()),
        }
    ),
    *_beginnings(),
]
