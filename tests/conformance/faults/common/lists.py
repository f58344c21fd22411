"""Faults of every API: lists, filters and pages."""

from __future__ import annotations

from conformance.traffic.json_pointer import get, put
from tests.conformance.faults import Apply, Asked, Told, answers
from tests.conformance.faults.common.shapers import Words, are_few, everyday, of_every_api, roles


def list_forgets_one(api: str) -> Apply:
    pointer = roles(api)["list"].items or ""

    def revise(asked: Asked, told: Told) -> None:
        items = get(told.body, pointer)
        if told.status < 300 and are_few(items, asked):
            told.body = put(told.body, pointer, items[:-1])

    return answers(api, "list", revise)


def list_repeats_one(api: str) -> Apply:
    pointer = roles(api)["list"].items or ""

    def revise(asked: Asked, told: Told) -> None:
        items = get(told.body, pointer)
        if told.status < 300 and are_few(items, asked):
            told.body = put(told.body, pointer, [*items, items[0]])

    return answers(api, "list", revise)


def listed_otherwise(api: str, words: Words) -> Apply:
    def revise(asked: Asked, told: Told) -> None:
        if told.status == 200 and len(words["jobs"](told.body)) == 2:
            for job in words["jobs"](told.body):
                if job[words["status"]] == words["good"]:
                    job[words["text"]] = "a job"

    return answers(api, "list", revise)


FAULTS = [
    *of_every_api(
        {
            "list-repeats-one": ("JOB-LST-001", "the first of three jobs is listed twice", list_repeats_one, ()),
            "list-forgets-one": ("JOB-LST-002", "the last of three jobs is not listed", list_forgets_one, ()),
        }
    ),
    *everyday(
        {
            "list-tells-otherwise": ("JOB-LST-003", "the list has other texts than the jobs", listed_otherwise, ()),
        }
    ),
]
