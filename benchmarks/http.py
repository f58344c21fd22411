"""What serving costs beside a bare ASGI application with orjson: `python -m benchmarks.http --json FILE`.

The floor, our server and stock connexion run in processes of their own on loopback; rounds are interleaved, each is
compared with the floor of its own round, and the medians are quoted. The sandbox holds 10,000 jobs. An API that has no
pages lists a sandbox of exactly twenty jobs instead.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import specs
from benchmarks.load import Sample, cpu_seconds, measure, request, resident_mb, send

ROOT = Path(__file__).resolve().parent.parent
JOBS, ROUNDS, REQUESTS = 10_000, 15, 1_500
KINDS = ("post", "get", "list20")
LIMITS = {"post": 2.2, "get": 2.3, "list20": 3.0}


@dataclass(frozen=True)
class Workload:
    """How one API is asked: what is sent to submit, how a job is read, how twenty are listed (from the sandbox named
    `twenty`).
    """

    submit: str
    body: Mapping[str, Any]
    read: str
    list20: str
    id: str = ""  # key of the job's id in the submit answer; empty where one job cannot be read
    headers: tuple[tuple[str, str], ...] = ()
    twenty: tuple[str, ...] = field(default=())  # which kinds are asked of the small sandbox


_CURRENT = {
    f"stage_{number}": {"current_A": 1.25 * number, "until_V": 4.2, "hold_s": 600, "note": "constant current"}
    for number in range(5)
}
_DOCKER = {
    "type": "docker",
    "parameters": {
        "image": "render/blender",
        "tag": "4.2",
        "host": "registry.example",
        "env": {"FRAME": "12"},
        "ports": [],
    },
}
WORKLOADS = {
    "ionworks": Workload(
        "/jobs",
        {"job_type": "simulate", "params": {"model": "SPM", **_CURRENT}, "priority": 5},
        "/jobs/{id}",
        "/jobs?limit=20",
        "job_id",
    ),
    "xio": Workload(
        "/v1/jobs",
        {
            "title": "frame-12",
            "task": "BATCH",
            "max_timeout_run_ms": 900_000,
            "cpu_count": 4,
            "gpu_count": 0,
            "parameters": _DOCKER,
        },
        "/v1/jobs/{id}",
        "/v1/jobs?limit=20",
        "uuid",
    ),
    "bytenite": Workload(
        "/v1/customer/jobs",
        {
            "templateId": "image-variations",
            "name": "sketches",
            "dataSource": {"dataSourceDescriptor": "bypass"},
            "params": {"app": {}},
        },
        "/v1/customer/jobs/{id}",
        "/v1/customer/jobs?pagination.limit=20",
        "job/id",
        headers=(("Authorization", "any-token"),),
    ),
    "openyuanrong": Workload(
        "/api/jobs",
        {
            "entrypoint": "python script.py",
            "metadata": {"task": "one"},
            "runtime_env": {"working_dir": "file:///a.zip"},
            "entrypoint_num_cpus": 1,
        },
        "/api/jobs/{id}",
        "/api/jobs",
        "submission_id",
        twenty=("list20",),
    ),
    "runai": Workload(
        "/api/job",
        {"job": {"project": "team-a", "image": "gcr.io/run-ai-demo/quickstart", "gpu": 1}},
        "/api/job?project=team-a",
        "/api/job?project=team-a",
        twenty=("get", "list20"),
    ),
}


@contextmanager
def server(*arguments: str, patience: float = 60) -> Iterator[tuple[int, int]]:
    """A server process; yields port and pid once it accepts connections, for which it has `patience` seconds."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kind, *rest = arguments
    # as an installed package is
    compiled = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "benchmarks.servers", kind, str(port), *rest], cwd=ROOT, env=compiled
    )
    try:
        _wait(port, process, patience)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(10)


def _wait(port: int, process: subprocess.Popen[bytes], patience: float) -> None:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as connection:
                # a socket can reach itself where nobody listens yet
                if connection.getsockname() != connection.getpeername():
                    return
        except OSError:
            time.sleep(0.005)
    raise RuntimeError(f"server {process.args!r} does not come up")


def startup() -> tuple[float, float]:
    """CPU milliseconds from process start to the first good answer, and resident MB when idle."""
    with server("ours") as (port, pid):
        send(port, [request("GET", "/jobs")], connections=1)
        used = cpu_seconds(pid) * 1000
        time.sleep(0.5)
        return used, resident_mb(pid)


def fill(port: int, workload: Workload) -> list[str]:
    """Put 10,000 jobs into the default sandbox and twenty into the small one; the ids in the default one."""
    body = json.dumps(workload.body).encode()
    send(port, [request("POST", workload.submit, (*workload.headers, ("X-Mock-Sandbox", "twenty")), body)] * 20)
    bodies = send(port, [request("POST", workload.submit, workload.headers, body)] * JOBS)
    return [str(_dig(json.loads(answer), workload.id)) for answer in bodies[:: JOBS // 100]] if workload.id else ["-"]


def _dig(value: Any, path: str) -> Any:
    for key in path.split("/"):
        value = value[key]
    return value


def requests_of(workload: Workload, ids: list[str]) -> dict[str, list[bytes]]:
    """The requests of each kind for our server."""
    small = {kind: (("X-Mock-Sandbox", "twenty"),) if kind in workload.twenty else () for kind in KINDS}
    return {
        "post": [request("POST", workload.submit, workload.headers, json.dumps(workload.body).encode())],
        "get": [request("GET", workload.read.format(id=one), (*workload.headers, *small["get"])) for one in ids],
        "list20": [request("GET", workload.list20, (*workload.headers, *small["list20"]))],
    }


def floor_requests(workload: Workload) -> dict[str, list[bytes]]:
    """The same requests in the floor's own paths."""
    post = request("POST", "/", workload.headers, json.dumps(workload.body).encode())
    return {
        "post": [post],
        "get": [request("GET", "/?get", workload.headers)],
        "list20": [request("GET", "/?list", workload.headers)],
    }


def compare(
    name: str, ours: tuple[int, int], *, rounds: int, with_stock: bool
) -> dict[str, dict[str, dict[str, float]]]:
    """Ratios of one API, and of stock connexion if asked, to a floor that gives the same answers."""
    workload = WORKLOADS[name]
    asked = requests_of(workload, fill(ours[0], workload))
    answers = {kind: json.loads(send(ours[0], asked[kind][:1], connections=1)[0]) for kind in KINDS}
    with ExitStack() as stack:
        recorded = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "answers.json"
        recorded.write_text(json.dumps(answers))
        rivals = {
            "floor": (*stack.enter_context(server("floor", str(recorded))), floor_requests(workload)),
            "ours": (*ours, asked),
        }
        if with_stock:
            rivals["stock"] = (*stack.enter_context(server("stock", str(recorded))), asked)
        samples: dict[tuple[str, str], list[Sample]] = {}
        for number in range(rounds + 1):
            for kind in KINDS:
                for rival, (port, pid, requests) in rivals.items():
                    count = REQUESTS if rival != "stock" else REQUESTS // 15
                    sample = measure(port, pid, requests[kind], count)
                    if number:  # the first round only warms up
                        samples.setdefault((rival, kind), []).append(sample)
    return {
        rival: {kind: _ratio(samples[rival, kind], samples["floor", kind]) for kind in KINDS}
        for rival in rivals
        if rival != "floor"
    }


def _ratio(samples: list[Sample], floor: list[Sample]) -> dict[str, float]:
    rounds = list(zip(samples, floor, strict=True))
    return {
        "cpu": round(median(one.cpu_us / base.cpu_us for one, base in rounds), 3),
        "throughput": round(median(one.throughput / base.throughput for one, base in rounds), 3),
        "cpu_us": round(median(one.cpu_us for one in samples), 1),
        "floor_us": round(median(one.cpu_us for one in floor), 1),
    }


def run(names: list[str], rounds: int) -> dict[str, Any]:
    """The whole comparison."""
    starts = sorted(startup() for _ in range(5))
    per_api: dict[str, Any] = {}
    stock: dict[str, Any] = {}
    for name in names:
        with server("ours") as ours:
            found = compare(name, ours, rounds=rounds, with_stock=name == "ionworks")
        per_api[name], stock = found["ours"], found.get("stock", stock)
    return {
        "ratios": per_api.get("ionworks", {}),
        "per_api": per_api,
        "stock_connexion": stock,
        "startup_cpu_ms": round(starts[2][0], 1),
        "rss_mb": round(median(rss for _, rss in starts), 1),
        "environment": {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "cpus": os.cpu_count(),
            "jobs": JOBS,
            "rounds": rounds,
        },
    }


def show(result: Mapping[str, Any]) -> None:
    """Print the result as a table."""
    print(f"{'':14}{'kind':8}{'CPU x floor':>12}{'throughput':>12}{'CPU us':>9}{'floor us':>9}")
    rows = {**result["per_api"], "stock connexion": result["stock_connexion"]}
    for name, kinds in rows.items():
        for kind, row in kinds.items():
            mark = "" if name == "stock connexion" or row["cpu"] <= LIMITS[kind] else "  over"
            print(
                f"{name:16}{kind:8}{row['cpu']:>10.2f}{row['throughput']:>12.2f}{row['cpu_us']:>9.1f}{row['floor_us']:>9.1f}{mark}"
            )
    print(f"start to first good answer: {result['startup_cpu_ms']} ms CPU; resident: {result['rss_mb']} MB")


def main() -> None:
    """Measure, print, and write JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there")
    parser.add_argument("--api", action="append", choices=specs.names(), help="only this API (repeatable)")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--quick", action="store_true", help="two rounds; the figures then say nothing")
    chosen = parser.parse_args()
    result = run(chosen.api or list(specs.names()), 2 if chosen.quick else chosen.rounds)
    show(result)
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
