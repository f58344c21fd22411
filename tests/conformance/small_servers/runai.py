"""A second server of Run:AI's researcher API, written by hand from the vendor's pages: bare ASGI, no document, nothing
of ours.

What a job does stands in its `environment`: `RUN` seconds, `FAIL_FIRST` so many attempts fail, or all of them with
`FAIL`.
"""

from __future__ import annotations

import json
import math
import re
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from tests.conformance.small_servers.serving import body_of, headers_of

Json = dict[str, Any]
BEGIN = 1_900_000_000.0
OVER = ("Succeeded", "Failed", "Preempted", "TimedOut")
BUSY = ("ContainerCreating", "Running")
PREPARATION = 0.4
PAUSE = 5.0
GRACE = 2.0
MACHINES = {f"machine-{letter}": {"gpu": 8.0, "cpu": 96.0, "memory": 2.0**40} for letter in "abcd"}
QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?)([KMGTPE]i?|k)?B?")
FACTORS = {"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18} | {
    f"{unit}i": 1024.0**power for power, unit in enumerate("KMGTPE", 1)
}
PERIODS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
STRINGS = (
    "name",
    "project",
    "image",
    "command",
    "imagePullPolicy",
    "workingDir",
    "memory",
    "memoryLimit",
    "serviceType",
    "ttlAfterFinish",
    "nodeType",
    "jobNamePrefix",
)
FLAGS = (
    "interactive",
    "stdin",
    "tty",
    "createHomeDir",
    "largeShm",
    "hostIpc",
    "hostNetwork",
    "elastic",
    "preemptible",
    "preventPrivilegeEscalation",
)
COUNTS = {"backoffLimit": 0, "completions": 1, "parallelism": 1, "cpuLimit": 0}


class Refused(Exception):
    """A status, a text, and what else the answer carries in its head."""

    def __init__(self, status: int, text: str, **headers: str) -> None:
        super().__init__(text)
        self.status, self.text, self.headers = status, text, headers


def check(holds: Any, text: str) -> None:
    if not holds:
        raise Refused(422, text)


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_text_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def bytes_of(text: str) -> float:
    found = QUANTITY.fullmatch(text)
    check(found, f"quantité impossible: {text}")
    assert found
    return float(found[1]) * FACTORS.get(found[2] or "", 1.0)


def seconds_of(text: str) -> float:
    check(re.fullmatch(r"([0-9]+(\.[0-9]+)?[smhd])+", text), f"durée impossible: {text}")
    return sum(float(number) * PERIODS[unit] for number, _, unit in re.findall(r"([0-9]+(\.[0-9]+)?)([smhd])", text))


def checked(job: Json) -> Json:
    """The job without members that are null. Raises Refused."""
    job = {key: value for key, value in job.items() if value is not None}
    for key in STRINGS:
        check(isinstance(job.get(key, ""), str), f"{key}: texte attendu")
    for key in FLAGS:
        check(isinstance(job.get(key, False), bool), f"{key}: booléen attendu")
    for key, least in COUNTS.items():
        value = job.get(key, least)
        check(is_number(value) and value == int(value) and value >= least, f"{key}: entier attendu")
    for key in ("gpu", "cpu"):
        check(is_number(job.get(key, 0)) and 0 <= job.get(key, 0) < 1e9, f"{key}: nombre attendu")
    check(job.get("project"), "project manque")
    check(job.get("image"), "image manque")
    check(re.fullmatch(r"[a-z]([-a-z0-9]{0,47}[a-z0-9])?", job.get("name", "a")), "name: pas une étiquette")
    check(re.fullmatch(r"[a-z]([-a-z0-9]{0,40})", job.get("jobNamePrefix", "a")), "jobNamePrefix: pas une étiquette")
    check(job.get("imagePullPolicy", "Always") in ("Always", "IfNotPresent", "Never"), "imagePullPolicy")
    check(job.get("serviceType", "ingress") in ("portforward", "loadbalancer", "nodeport", "ingress"), "serviceType")
    check(is_text_list(job.get("arguments", [])), "arguments: liste de textes attendue")
    for key in ("memory", "memoryLimit"):
        bytes_of(job.get(key, "1"))
    seconds_of(job.get("ttlAfterFinish", "1s"))
    check(not job.get("elastic") or job.get("gpu", 0) == int(job.get("gpu", 0)), "elastic: que des GPU entiers")
    check(job.get("gpu", 0) < 1 or job["gpu"] == int(job["gpu"]), "gpu: entier ou fraction")
    checked_tables(job)
    return job


def checked_tables(job: Json) -> None:
    environment, volume = job.get("environment", {}), job.get("volume", {})
    check(
        isinstance(environment, dict) and all(isinstance(value, str | int | float) for value in environment.values()),
        "environment",
    )
    check(isinstance(volume, dict) and all(isinstance(value, str) for value in volume.values()), "volume")
    claims, ports = job.get("pvc", []), job.get("ports", [])
    check(isinstance(claims, list) and isinstance(ports, list), "pvc et ports sont des listes")
    for claim in claims:
        check(
            isinstance(claim, dict) and isinstance(claim.get("path"), str) and isinstance(claim.get("size"), str),
            "pvc: size et path",
        )
        check(isinstance(claim.get("readOnly", False), bool) and isinstance(claim.get("storageClass", ""), str), "pvc")
        bytes_of(claim["size"])
    for port in ports:
        check(isinstance(port, dict) and isinstance(port.get("autoGenerate", False), bool), "ports")
        numbers = [port.get("container"), *([] if port.get("autoGenerate") else [port.get("external")])]
        check(
            all(isinstance(number, int) and not isinstance(number, bool) and 0 < number < 65536 for number in numbers),
            "ports: 1 à 65535",
        )


class World:
    """Jobs, machines and what time it is."""

    def __init__(self, moment: Callable[[], float] | None = None, *, strict: bool = False) -> None:
        self.now, self.moment, self.strict = 0.0, moment, strict
        self.jobs: list[Json] = []
        self.calls = 0

    def catch_up(self) -> None:
        """Bring everything to the present moment."""
        self.advance(max(0.0, self.moment() - self.now) if self.moment else 0.0)

    def advance(self, seconds: float) -> None:
        end = self.now + seconds
        self.place()
        while (due := min((job["due"] for job in self.jobs if job["due"] <= end), default=None)) is not None:
            self.now = max(self.now, due)
            for job in [one for one in self.jobs if one["due"] <= self.now]:
                self.turn(job)
            self.place()
        self.now = end

    def turn(self, job: Json) -> None:
        """What is due for a job happens."""
        wanted, state = job["wanted"], job["status"]
        environment = wanted.get("environment", {})
        if state == "ContainerCreating":
            job["status"] = "Running"
            job["due"] = (
                math.inf
                if wanted.get("interactive") and not job["fails"]
                else self.now + float(environment.get("RUN", 4))
            )
        elif state == "Running" and job["failures"] < job["fails"]:
            job["failures"] += 1
            job["held"] = []
            again = job["failures"] <= (0 if wanted.get("interactive") else wanted.get("backoffLimit", 6))
            job["status"], job["due"] = ("Error", self.now + PAUSE) if again else self.over(job, "Failed")
        elif state == "Running":
            job["missing"] -= len(job["held"])
            job["held"] = []
            job["status"], job["due"] = ("Pending", math.inf) if job["missing"] > 0 else self.over(job, "Succeeded")
        elif state == "Error":
            job["status"], job["due"] = "Pending", math.inf
        else:
            self.jobs.remove(job)

    def over(self, job: Json, state: str) -> tuple[str, float]:
        ttl = job["wanted"].get("ttlAfterFinish")
        return state, math.inf if ttl is None else self.now + seconds_of(ttl)

    def place(self) -> None:
        """Start what fits, interactive jobs first, then in the order of arrival."""
        waiting = [job for job in self.jobs if job["status"] == "Pending" and "nodeType" not in job["wanted"]]
        for job in sorted(waiting, key=lambda job: not job["wanted"].get("interactive")):
            pods = min(int(job["wanted"].get("parallelism", 1)), job["missing"])
            held: list[str] = []
            for _ in range(pods):
                held += [machine for machine in MACHINES if self.fits(job, machine, held)][:1]
            if len(held) == pods:
                job.update(held=held, status="ContainerCreating", due=self.now + PREPARATION)

    def fits(self, job: Json, machine: str, held: list[str]) -> bool:
        mine = job["asks"]
        for kind, size in MACHINES[machine].items():
            used = sum(one["asks"][kind] * one["held"].count(machine) for one in self.jobs) + mine[kind] * held.count(
                machine
            )
            if used + mine[kind] > size:
                return False
        return True

    def submit(self, wanted: Json, user: str | None) -> Json:
        taken = {job["name"] for job in self.jobs if job["wanted"]["project"] == wanted["project"]}
        name = wanted.get("name")
        if name in taken:
            raise Refused(409, f"{name} existe déjà")
        if name is None:
            prefix = wanted.get("jobNamePrefix", "job")
            name = next(f"{prefix}-{number}" for number in range(len(taken) + 1) if f"{prefix}-{number}" not in taken)
        gpu, environment = float(wanted.get("gpu", 0)), wanted.get("environment", {})
        asks = {
            "gpu": gpu,
            "cpu": float(wanted.get("cpu", gpu)),
            "memory": bytes_of(wanted["memory"]) if "memory" in wanted else gpu * 100 * 2**20,
        }
        self.jobs.append(
            {
                "name": name,
                "wanted": wanted,
                "user": user,
                "id": str(uuid.uuid4()).upper(),
                "created": int((BEGIN + self.now) * 1000),
                "status": "Pending",
                "asks": asks,
                "held": [],
                "due": math.inf,
                "failures": 0,
                "missing": int(wanted.get("completions", 1)),
                "fails": math.inf if environment.get("FAIL") else int(environment.get("FAIL_FIRST", 0)),
            }
        )
        self.place()
        return {"name": name}

    def delete(self, wanted: list[Json]) -> Json:
        told = []
        for one in wanted:
            same = [
                job for job in self.jobs if job["name"] == one["name"] and job["wanted"]["project"] == one["project"]
            ]
            found = [job for job in same if job["status"] != "Terminating"]
            for job in found:
                job.update(status="Terminating", due=self.now + GRACE)
            told.append(
                {"ok": True, "error": None}
                if found
                else {"ok": False, "error": {"details": "", "message": "inconnu", "status": 404}}
            )
            told[-1]["name"] = one["name"]
        self.place()
        return {"data": told}


def shown(job: Json) -> Json:
    """A line of the list."""
    wanted = job["wanted"]
    return {
        "status": job["status"],
        "name": job["name"],
        "project": wanted["project"],
        "type": "Interactive" if wanted.get("interactive") else "Train",
        "images": wanted["image"],
        "user": job["user"],
        "createdAt": job["created"],
        "nodes": list(job["held"]),
        "currentAllocatedGPUs": job["asks"]["gpu"] * len(job["held"]),
        "id": job["id"],
        "isJupyter": False,
        "connectionUrl": None,
    }


class Server:
    """The ASGI application; its clock runs so many times faster than real time."""

    def __init__(self, scale: float = 1.0) -> None:
        begin = time.monotonic()
        self.worlds = {"": World(lambda: (time.monotonic() - begin) * scale)}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        headers, raw = headers_of(scope), await body_of(receive)
        extra: dict[str, str] = {}
        try:
            status, body = self.answer(scope["method"], scope["path"], scope["query_string"].decode(), headers, raw)
        except Refused as refused:
            status, body, extra = (
                refused.status,
                {"details": "", "message": refused.text, "status": refused.status},
                refused.headers,
            )
        text = b"" if body is None or scope["method"] == "HEAD" else json.dumps(body, ensure_ascii=False).encode()
        fields = {
            "Content-Type": "application/json; charset=UTF-8",
            "Content-Length": str(len(text)),
            "Server": "petit",
        } | extra
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(name.encode(), value.encode()) for name, value in fields.items()],
            }
        )
        await send({"type": "http.response.body", "body": text})

    def answer(self, method: str, path: str, query: str, headers: dict[str, str], raw: bytes) -> tuple[int, Any]:
        if path.startswith("/_mock/"):
            return self.control(method, path, headers, raw)
        world = self.worlds.setdefault(headers.get("x-mock-sandbox", ""), World())
        world.catch_up()
        if path != "/api/job":
            raise Refused(404, f"rien sous {path}")
        if method not in ("GET", "POST", "DELETE"):
            raise Refused(405, f"{method} n'est pas possible", Allow="GET, POST, DELETE")
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if world.strict and (scheme.lower(), token) != ("bearer", "mock-token"):
            raise Refused(401, "qui êtes-vous ?", **{"WWW-Authenticate": "Bearer"})
        if method == "GET":
            only = parse_qs(query).get("project")
            return 200, {
                "data": [shown(job) for job in reversed(world.jobs) if not only or job["wanted"]["project"] == only[0]]
            }
        body = parsed(headers, raw)
        if method == "POST":
            check(isinstance(body, dict) and isinstance(body.get("job"), dict), "job manque")
            return 201, world.submit(checked(body["job"]), headers.get("ra-user"))
        check(isinstance(body, list), "une liste est attendue")
        for one in body:
            check(
                isinstance(one, dict) and isinstance(one.get("name"), str) and isinstance(one.get("project"), str),
                "name et project manquent",
            )
        return 200, world.delete(body)

    def control(self, method: str, path: str, headers: dict[str, str], raw: bytes) -> tuple[int, Any]:
        """Worlds with a clock of their own, which only moves when told to."""
        if method == "DELETE":
            self.worlds.pop(path.rpartition("/")[2], None)
            return 204, None
        order = json.loads(raw)
        if path == "/_mock/sandboxes":
            if "scenario" in order:
                raise Refused(422, "les machines sont ce qu'elles sont")
            self.worlds[order["name"]] = World(strict=order.get("auth") == "strict")
            return 201, {}
        self.worlds[headers["x-mock-sandbox"]].advance(order["seconds"])
        return 200, {}


def parsed(headers: dict[str, str], raw: bytes) -> Any:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused(415, f"JSON attendu, pas {kind}")
    try:
        body = json.loads(raw.decode(), parse_constant=lambda word: check(False, word))
        json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as broken:
        raise Refused(400, "ceci n'est pas du JSON") from broken
    return body
