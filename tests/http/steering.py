"""What the tests of rules, faults and steering share: how each API is asked to run a job, and where it says what became
of it.
"""

from __future__ import annotations

from typing import Any

import httpx

from tests.conftest import Bench


def ionworks(bench: Bench, *, ok: bool = True, **more: Any) -> httpx.Response:
    return _sent(bench.post("/jobs", json={"job_type": "simulate", "params": {}, **more}), ok)


def ionworks_job(bench: Bench, job: str) -> dict[str, Any]:
    told: dict[str, Any] = bench.get(f"/jobs/{job}").json()
    return told


def xio(bench: Bench, *, env: dict[str, Any] | None = None, ok: bool = True, **more: Any) -> httpx.Response:
    parameters = {
        "type": "docker",
        "parameters": {"image": "busybox", "tag": "1", "host": "registry.example", "env": env or {}, "ports": []},
    }
    body = {
        "title": "t",
        "task": "BATCH",
        "max_timeout_run_ms": 3_600_000,
        "cpu_count": 1,
        "gpu_count": 0,
        "parameters": parameters,
        **more,
    }
    return _sent(bench.post("/v1/jobs", json=body), ok)


def xio_job(bench: Bench, job: str) -> dict[str, Any]:
    told: dict[str, Any] = bench.get(f"/v1/jobs/{job}").json()
    return told


def rule(bench: Bench, **description: Any) -> str:
    return str(_sent(bench.post("/_mock/rules", json=description)).json()["id"])


def fault(bench: Bench, **description: Any) -> str:
    return str(_sent(bench.post("/_mock/faults", json=description)).json()["id"])


def _sent(answer: httpx.Response, ok: bool = True) -> httpx.Response:
    assert not ok or answer.is_success, answer.text
    return answer
