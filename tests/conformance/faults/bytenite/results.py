"""Faults of ByteNite: results."""

from __future__ import annotations

from collections.abc import Callable

from conformance.traffic.json_pointer import get
from tests.conformance.faults import Apply, Asked, Json, Told, answers
from tests.conformance.faults.bytenite.shapers import API, answered, fault

RESULTS = "Customer_GetJobResults"


def _results_early(asked: Asked, told: Told) -> None:
    told.body["results"] = [{"name": "result.zip", "link": "https://storage.bytenite.com/result.zip"}]


def _results(change: Callable[[list[Json]], object]) -> Apply:
    return answered(RESULTS, lambda asked, told: change(told.body["results"]) and None if told.status == 200 else None)


def _bypassed(asked: Asked, told: Told) -> None:
    if (
        asked.role == "submit"
        and get(asked.body, "/dataDestination/dataSourceDescriptor") == "bypass"
        and told.status == 200
    ):
        asked.memory[told.body["job"]["id"]] = True
    elif asked.operation == RESULTS and asked.values.get("jobId") in asked.memory:
        told.body = {
            "results": [
                {"name": "result.zip", "link": f"https://storage.bytenite.com/{asked.values['jobId']}/result.zip"}
            ]
        }


def _early(asked: Asked, told: Told) -> None:
    asks = asked.memory.setdefault(asked.values["jobId"], [])
    asks.append(1)
    if told.status == 200 and not told.body["results"] and len(asks) > 14:
        told.body["results"] = [{"name": "result.zip", "link": "https://storage.bytenite.com/result.zip"}]


FAULTS = [
    fault(
        "no-results",
        "BYT-RSP-015",
        "no job has results",
        answered("Customer_GetJobResults", lambda asked, told: told.body.__setitem__("results", [])),
    ),
    fault("early-results", "BYT-RSP-016", "every job has results", answered("Customer_GetJobResults", _results_early)),
    fault(
        "results-in-passing",
        "BYT-RSP-016",
        "results are there just before the job is complete",
        answers(API, RESULTS, _early),
    ),
    fault(
        "one-link",
        "BYT-RSP-035",
        "all results have one link",
        _results(lambda found: [one.update(link="https://storage.bytenite.com/result.zip") for one in found]),
    ),
    fault(
        "results-twice", "BYT-RSP-035", "results are listed twice", _results(lambda found: found.extend(list(found)))
    ),
    fault(
        "bypassed-results",
        "BYT-RSP-036",
        "a bypassed destination has results",
        answers(API, ("submit", RESULTS), _bypassed),
        "BYT-RSP-016",
    ),
]
