"""No single large request takes more than half a second of CPU or 100 MiB, whichever member of it is large."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random

import pytest

from tests.hostile.attack import DOCUMENTED, MOST_CPU_SECONDS, MOST_MIB, begin_anew
from tests.hostile.kinds.large_members import JSON, MEMBERS, VALUES, body, orders, scenarios
from tests.hostile.making import message, submission
from tests.hostile.process import Server, serving


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A lenient server whose clocks stand."""
    with serving("--pace", "manual") as running:
        yield running


def costs(server: Server, sent: bytes) -> tuple[str, float, float]:
    """Status, seconds of CPU, and MiB beyond those before."""
    begin_anew(server)
    server.forget_peak()
    cpu, memory = server.cpu(), server.resident()
    answer = server.ask(sent)
    spent, peak = server.cpu() - cpu, server.peak() - memory
    assert server.process.poll() is None
    status = answer[9:12].decode()
    head = answer.split(b"\r\n\r\n")[0].lower()
    is_documented = any(reason in head for reason in DOCUMENTED)
    assert status.isdigit(), answer[:200]
    assert status < "500" or is_documented, answer[:300]
    return status, spent, peak


def is_dear(cost: tuple[str, float, float]) -> bool:
    return cost[1] > MOST_CPU_SECONDS or cost[2] > MOST_MIB


@pytest.mark.parametrize("api", MEMBERS)
def test_a_submission_with_one_large_member_is_cheap(api: str, server: Server) -> None:
    dear = []
    for place, member in enumerate(MEMBERS[api]):
        for number in range(place % 3, len(VALUES), 3):  # a third of the values for each
            cost = costs(server, submission(Random(0), body(api, **{member: VALUES[number]()}), api=api))
            if is_dear(cost):
                dear.append((member, number, cost))

    assert dear == []


@pytest.mark.parametrize("key", ["k", "K", "_", " "])
def test_a_long_name_of_a_member_with_a_wrong_value_is_cheap(key: str, server: Server) -> None:
    wrong = {"entrypoint": "x", "entrypoint_resources": {key * 7_000_000: "no"}}
    cost = costs(server, submission(Random(0), json.dumps(wrong).encode(), api="openyuanrong"))

    assert not is_dear(cost), cost


@pytest.mark.parametrize("name", scenarios())
def test_a_large_scenario_is_cheap(name: str, server: Server) -> None:
    sent = json.dumps({"name": "large", "scenario": scenarios()[name]}).encode()
    cost = costs(server, message("POST", "/_mock/sandboxes", sent, fields=(JSON,)))
    server.ask(message("DELETE", "/_mock/sandboxes/large"))

    assert not is_dear(cost), cost


@pytest.mark.parametrize("name", orders())
def test_a_large_order_to_the_control_api_is_cheap(name: str, server: Server) -> None:
    path, sent = orders()[name]
    cost = costs(server, message("POST", path, json.dumps(sent).encode(), fields=(JSON,)))

    assert not is_dear(cost), cost
