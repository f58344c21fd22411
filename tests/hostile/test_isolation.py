"""Sixty-four sandboxes used at the same time never see each other's jobs, clocks, journals or rules."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx

SANDBOXES, ROUNDS = 64, 4


def _use(url: str, number: int) -> list[str]:
    """Use one sandbox as nobody else does; what was seen there that is not its own."""
    name, strange = f"parallel-{number}", []
    with httpx.Client(base_url=f"{url}/sandbox/{name}", timeout=60) as client:
        client.post(
            "/_mock/rules", json={"match": {"path": f"/nowhere-{number}"}, "answer": {"status": 429}}
        ).raise_for_status()
        own = set()
        for round_number in range(1, ROUNDS + 1):
            metadata = {"whose": name}
            made = client.post("/jobs", json={"job_type": "dummy", "params": {}, "metadata": metadata})
            own.add(made.json()["job_id"] if "job_id" in made.json() else made.json()["id"])
            now = client.post("/_mock/clock/advance", json={"seconds": number + 1}).json()["now"]
            if now != (number + 1) * round_number:
                strange.append(f"{name}: clock {now} in round {round_number}")
        jobs = {job["job"] for job in client.get("/_mock/jobs").json()["jobs"]}
        journal = client.get("/_mock/exchanges?limit=1000").json()["exchanges"]
        rules = client.get("/_mock/rules").json()["rules"]
    if jobs != own:
        strange.append(f"{name}: jobs {sorted(jobs ^ own)}")
    if len(journal) != ROUNDS or any(one["request"]["body"]["metadata"] != {"whose": name} for one in journal):
        strange.append(f"{name}: {len(journal)} exchanges")
    if [rule["match"] for rule in rules] != [{"path": f"/nowhere-{number}"}]:
        strange.append(f"{name}: rules {rules}")
    return strange


def test_sandboxes_in_parallel_never_see_each_other(lenient_url: str) -> None:
    with ThreadPoolExecutor(SANDBOXES) as pool:
        found = list(pool.map(lambda number: _use(lenient_url, number), range(SANDBOXES)))

    assert [one for strange in found for one in strange] == []
