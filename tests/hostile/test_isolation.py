"""Sixty-four sandboxes used at the same time never see each other's jobs, clocks, journals, rules or faults."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.hostile.process import serving

SANDBOXES, ROUNDS = 64, 4


def _seen(client: httpx.Client, number: int) -> dict[str, object]:
    """Use one sandbox as nobody else does, and look at all of it."""
    rule = {"match": {"path": f"/nowhere-{number}"}, "answer": {"status": 429}}
    client.post("/_mock/rules", json=rule).raise_for_status()
    fault = {"kind": "status", "status": 429, "count": 1000 + number, "ttl": 600, "scope": {"api": "runai"}}
    client.post("/_mock/faults", json=fault).raise_for_status()
    own, times = set(), []
    for _ in range(ROUNDS):
        sent = {"job_type": "dummy", "params": {}, "metadata": {"whose": number}}
        own.add(client.post("/jobs", json=sent).json()["job_id"])
        times.append(client.post("/_mock/clock/advance", json={"seconds": number + 1}).json()["now"])
    struck = client.get("/v1/jobs").status_code, client.post("/api/job", json={}).status_code
    exchanges = client.get("/_mock/exchanges?limit=1000").json()["exchanges"]
    return {
        "jobs": {one["job"] for one in client.get("/_mock/jobs").json()["jobs"]} ^ own,
        "times": times,
        "bodies": [one["request"]["body"] for one in exchanges if one["api"] == "ionworks"],
        "exchanges": len(exchanges),
        "rules": [one["match"] for one in client.get("/_mock/rules").json()["rules"]],
        "faults": [one["count"] for one in client.get("/_mock/faults").json()["faults"]],
        "struck": struck,
    }


def _own(number: int) -> dict[str, object]:
    """What is to be seen there, and nothing else."""
    return {
        "jobs": set(),
        "times": [(number + 1.0) * round_number for round_number in range(1, ROUNDS + 1)],
        "bodies": [{"job_type": "dummy", "params": {}, "metadata": {"whose": number}}] * ROUNDS,
        "exchanges": ROUNDS + 2,
        "rules": [{"path": f"/nowhere-{number}"}],
        "faults": [1000 + number],
        "struck": (200, 429),
    }


def test_sandboxes_in_parallel_never_see_each_other() -> None:
    with serving("--pace", "manual") as server, ThreadPoolExecutor(SANDBOXES) as pool:

        def use(number: int) -> dict[str, object]:
            base = f"http://127.0.0.1:{server.port}/sandbox/parallel-{number}"
            with httpx.Client(base_url=base, timeout=60) as client:
                return _seen(client, number)

        found = list(pool.map(use, range(SANDBOXES)))

    assert found == [_own(number) for number in range(SANDBOXES)]
