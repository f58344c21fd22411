"""Faults of Run:AI's parameter table: rows that are not looked at, good values that are refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from conformance import catalogue as catalogues
from tests.conformance.faults import Apply, Fault
from tests.conformance.faults.runai import Job, refuses, submits


def _is(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: type(value) in kinds


def _all(kind: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(kind, value))


def _values(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(type(one) in kinds for one in value.values())


TEXT, WHOLE, NUMBER, SWITCH = _is(str), _is(int), _is(int, float), _is(bool)
ROWS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("name", "command", "imagePullPolicy", "workingDir", "memory", "memoryLimit", "serviceType", "ttlAfterFinish", "nodeType", "jobNamePrefix"), TEXT),
    **dict.fromkeys(("interactive", "stdin", "tty", "createHomeDir", "largeShm", "hostIpc", "hostNetwork", "elastic", "preemptible", "preventPrivilegeEscalation"), SWITCH),
    **dict.fromkeys(("backoffLimit", "completions", "parallelism"), WHOLE),
    **dict.fromkeys(("gpu", "cpu", "cpuLimit"), NUMBER),
    "arguments": _all(TEXT),
    "environment": _values(str, int, float, bool),
    "pvc": _all(_is(dict)),
    "volume": _values(str),
    "ports": _all(_is(dict)),
}
GOOD: dict[str, Callable[[Any], bool]] = {
    "interactive": lambda value: value is True,
    "arguments": lambda value: len(value) > 1,
    "environment": lambda value: "EMPTY" in value,
    "gpu": lambda value: value == 0.99,
    "cpu": lambda value: value == 2.25,
    "memory": lambda value: value == "20M",
    "pvc": lambda value: len(value) > 1,
    "volume": lambda value: len(value) > 1,
    "backoffLimit": lambda value: value > 6,
    "completions": lambda value: value > 4,
    "tty": lambda value: value is True,
    "hostIpc": lambda value: value is True,
    "elastic": lambda value: value is True,
}


def _row(member: str) -> str:
    """The requirement that says of which type a member is."""
    return next(one.id for one in catalogues.load("runai").requirements.values() if one.probe and one.probe["pointer"] == f"/job/{member}")


def _lax(member: str, fits: Callable[[Any], bool]) -> Apply:
    return submits(lambda job: job.pop(member) if member in job and job[member] is not None and not fits(job[member]) else None)


def _rows() -> Iterator[Fault]:
    for member, fits in ROWS.items():
        yield Fault(f"runai:any-{member}", "runai", _row(member), f"{member} may be of any type", _lax(member, fits), ("JOB-REQ-002",))
    for member, is_it in GOOD.items():
        when = lambda job, member=member, is_it=is_it: member in job and is_it(job[member])  # noqa: E731
        yield Fault(f"runai:narrow-{member}", "runai", _row(member), f"a good value of {member} is refused", refuses(when), ("JOB-CRT-004",))


def _lenient(member: str, wrong: Callable[[Any], bool]) -> Apply:
    """Let a wrong value through."""
    return submits(lambda job: job.pop(member) if member in job and wrong(job[member]) else None)


def _of(members: Any, test: Callable[[Job], bool]) -> bool:
    return isinstance(members, list) and any(isinstance(one, dict) and test(one) for one in members)


def _requirement(member: str, words: str) -> str:
    """The requirement about a member whose statement holds these words."""
    found = [one for one in catalogues.load("runai").requirements.values() if one.probe and one.probe["pointer"] == f"/job/{member}" and words in one.statement]
    assert len(found) == 1, (member, words)
    return found[0].id


def _numbers_are_text(job: Job) -> bool:
    return any(type(value) in (int, float) and key == "BATCH_SIZE" for key, value in job.get("environment", {}).items())


FURTHER: list[tuple[str, str, str, str, Apply]] = [
    ("environment-numbers", "environment", "Numbers", "numbers in the environment are refused", refuses(_numbers_are_text)),
    ("pull-policy-never", "imagePullPolicy", "may be", "the policy Never is refused", refuses(lambda job: job.get("imagePullPolicy") == "Never")),
    ("pull-policy-other", "imagePullPolicy", "No other", "the policy Sometimes is taken", _lenient("imagePullPolicy", lambda value: value == "Sometimes")),
    ("service-ingress", "serviceType", "may be", "the service type ingress is refused", refuses(lambda job: job.get("serviceType") == "ingress")),
    ("service-case", "serviceType", "No other", "the service type NodePort is taken", _lenient("serviceType", lambda value: value == "NodePort")),
    ("service-alone", "serviceType", "needs ports", "a service needs no ports", submits(lambda job: job.pop("serviceType", None) if "ports" not in job else None)),
    ("name-with-dots", "name", "DNS label", "names may hold dots", submits(lambda job: job.__setitem__("name", job["name"].replace(".", "-")) if isinstance(job.get("name"), str) else None)),
    ("name-begins-with-digit", "name", "DNS label", "names may begin with a digit", submits(lambda job: job.__setitem__("name", "x" + job["name"]) if str(job.get("name", "x"))[:1].isdigit() else None)),
    ("project-empty", "project", "empty", "a project may be empty", submits(lambda job: job.__setitem__("project", "x") if job.get("project") == "" else None)),
    ("image-empty", "image", "empty", "an image may be empty", submits(lambda job: job.__setitem__("image", "x") if job.get("image") == "" else None)),
    ("gpu-and-a-half", "gpu", "whole number", "1.5 GPUs are taken", _lenient("gpu", lambda value: isinstance(value, float) and value > 1)),
    ("gpu-negative", "gpu", "never negative", "less than no GPU is taken", _lenient("gpu", lambda value: NUMBER(value) and value < 0)),
    ("cpu-negative", "cpu", "never negative", "less than no core is taken", _lenient("cpu", lambda value: NUMBER(value) and value < 0)),
    ("cpu-limit-negative", "cpuLimit", "never negative", "a limit below nought is taken", _lenient("cpuLimit", lambda value: NUMBER(value) and value < 0)),
    ("backoff-negative", "backoffLimit", "never negative", "-1 retries are taken", _lenient("backoffLimit", lambda value: value == -1)),
    ("no-completions", "completions", "at least 1", "0 completions are taken", _lenient("completions", lambda value: value == 0)),
    ("no-parallelism", "parallelism", "at least 1", "0 runs at a time are taken", _lenient("parallelism", lambda value: value == 0)),
    ("memory-with-space", "memory", "Kubernetes", "memory may be written with a space", _lenient("memory", lambda value: value == "1 G")),
    ("memory-tebibytes-refused", "memory", "Kubernetes", "memory in Ti is refused", refuses(lambda job: str(job.get("memory")).endswith("Ti"))),
    ("memory-limit-negative", "memoryLimit", "Kubernetes", "a negative limit of memory is taken", _lenient("memoryLimit", lambda value: str(value).startswith("-"))),
    ("pvc-needs-class", "pvc", "needs no", "a claim without class is refused", refuses(lambda job: _of(job.get("pvc"), lambda one: "storageClass" not in one))),
    ("pvc-without-path", "pvc", "has a", "a claim needs no path", _lenient("pvc", lambda value: _of(value, lambda one: "size" in one and "path" not in one))),
    ("pvc-switch-as-text", "pvc", "types", "readOnly of a claim may be a text", _lenient("pvc", lambda value: _of(value, lambda one: isinstance(one.get("readOnly"), str)))),
    ("pvc-3gb", "pvc", "3GB", "the size of the example is refused", refuses(lambda job: _of(job.get("pvc"), lambda one: one.get("size") == "3GB"))),
    ("port-generated", "ports", "leaves `external` out", "a generated port is refused", refuses(lambda job: _of(job.get("ports"), lambda one: "external" not in one))),
    ("port-as-text", "ports", "whole numbers", "a port may be a text", _lenient("ports", lambda value: _of(value, lambda one: isinstance(one.get("container"), str)))),
    ("port-without-container", "ports", "names its `container`", "a port needs no container side", _lenient("ports", lambda value: _of(value, lambda one: "container" not in one))),
    ("port-65536", "ports", "65535", "port 65536 is taken", _lenient("ports", lambda value: _of(value, lambda one: 65536 in (one.get("container"), one.get("external"))))),
    ("port-65535", "ports", "65535", "port 65535 is refused", refuses(lambda job: _of(job.get("ports"), lambda one: one.get("container") == 65535))),
    ("ttl-hours-refused", "ttlAfterFinish", "seconds, minutes or hours", "hours are refused", refuses(lambda job: str(job.get("ttlAfterFinish"))[-1:] == "h" and str(job["ttlAfterFinish"])[:-1].isdigit())),
    ("ttl-bare", "ttlAfterFinish", "no duration", "a time to live needs no unit", _lenient("ttlAfterFinish", lambda value: value == "5")),
    ("prefix-capitals", "jobNamePrefix", "lower case", "a prefix may have capitals", submits(lambda job: job.__setitem__("jobNamePrefix", job["jobNamePrefix"].lower()) if TEXT(job.get("jobNamePrefix")) else None)),
    ("tty-alone", "tty", "needs standard", "a terminal needs no input", submits(lambda job: job.pop("tty", None) if "stdin" not in job else None)),
    ("tty-denied", "stdin", "denied", "a terminal needs no input that is denied", submits(lambda job: job.pop("tty", None) if job.get("stdin") is False else None)),
    ("parallel-alone", "parallelism", "needs `completions`", "several runs at a time need no completions", submits(lambda job: job.pop("parallelism", None) if "completions" not in job and WHOLE(job.get("parallelism")) and job["parallelism"] > 1 else None)),
    ("parallel-workbench", "interactive", "several times", "a workbench runs several times at once", submits(lambda job: job.pop("parallelism", None) if job.get("interactive") is True else None)),
    ("parallel-elastic", "elastic", "several times", "what is elastic runs several times at once", submits(lambda job: job.pop("parallelism", None) if job.get("elastic") is True else None)),
    ("elastic-half", "elastic", "whole GPUs", "what is elastic asks for half a GPU", submits(lambda job: job.pop("gpu", None) if job.get("elastic") is True and job.get("gpu") == 0.5 else None)),
]
FAULTS = [*_rows(), *(Fault(f"runai:{name}", "runai", _requirement(member, words), describe, apply) for name, member, words, describe, apply in FURTHER)]
