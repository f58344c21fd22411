"""Faults of Run:AI: what a submission may say and what it makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from conformance import catalogue as catalogues
from tests.conformance.faults import Apply, Asked, Fault, Told, answers, every_job, requests
from tests.conformance.faults.common.shapers import unescaped
from tests.conformance.faults.runai.shapers import (
    API,
    ERROR,
    LONG,
    LONG_NAME,
    QUICK,
    WAITS,
    Job,
    cheaper,
    fault,
    later,
    lists,
    of,
    on,
    over,
    refuses,
    said,
    seen,
    submits,
    told_of,
    wrong,
)


def _is(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: type(value) in kinds


TEXT = _is(str)
WHOLE = _is(int)
NUMBER = _is(int, float)
SWITCH = _is(bool)


def _values(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(type(one) in kinds for one in value.values())


def _all(kind: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(kind, value))


ROWS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(
        (
            "name",
            "command",
            "imagePullPolicy",
            "workingDir",
            "memory",
            "memoryLimit",
            "serviceType",
            "ttlAfterFinish",
            "nodeType",
            "jobNamePrefix",
        ),
        TEXT,
    ),
    **dict.fromkeys(
        (
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
        ),
        SWITCH,
    ),
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


def _numbers_are_text(job: Job) -> bool:
    return any(type(value) in (int, float) and key == "BATCH_SIZE" for key, value in job.get("environment", {}).items())


def _lenient(member: str, wrong: Callable[[Any], bool]) -> Apply:
    """Let a wrong value through."""
    return submits(lambda job: job.pop(member) if member in job and wrong(job[member]) else None)


def _of(members: Any, test: Callable[[Job], bool]) -> bool:
    return isinstance(members, list) and any(isinstance(one, dict) and test(one) for one in members)


FURTHER: list[tuple[str, str, str, str, Apply]] = [
    (
        "environment-numbers",
        "environment",
        "Numbers",
        "numbers in the environment are refused",
        refuses(_numbers_are_text),
    ),
    (
        "pull-policy-never",
        "imagePullPolicy",
        "may be",
        "the policy Never is refused",
        refuses(lambda job: job.get("imagePullPolicy") == "Never"),
    ),
    (
        "pull-policy-other",
        "imagePullPolicy",
        "No other",
        "the policy Sometimes is taken",
        _lenient("imagePullPolicy", lambda value: value == "Sometimes"),
    ),
    (
        "service-ingress",
        "serviceType",
        "may be",
        "the service type ingress is refused",
        refuses(lambda job: job.get("serviceType") == "ingress"),
    ),
    (
        "service-case",
        "serviceType",
        "No other",
        "the service type NodePort is taken",
        _lenient("serviceType", lambda value: value == "NodePort"),
    ),
    (
        "service-alone",
        "serviceType",
        "needs ports",
        "a service needs no ports",
        submits(lambda job: job.pop("serviceType", None) if "ports" not in job else None),
    ),
    (
        "name-with-dots",
        "name",
        "DNS label",
        "names may hold dots",
        submits(
            lambda job: (
                job.__setitem__("name", job["name"].replace(".", "-")) if isinstance(job.get("name"), str) else None
            )
        ),
    ),
    (
        "name-begins-with-digit",
        "name",
        "DNS label",
        "names may begin with a digit",
        submits(
            lambda job: job.__setitem__("name", "x" + job["name"]) if str(job.get("name", "x"))[:1].isdigit() else None
        ),
    ),
    (
        "project-empty",
        "project",
        "empty",
        "a project may be empty",
        submits(lambda job: job.__setitem__("project", "x") if job.get("project") == "" else None),
    ),
    (
        "image-empty",
        "image",
        "empty",
        "an image may be empty",
        submits(lambda job: job.__setitem__("image", "x") if job.get("image") == "" else None),
    ),
    (
        "gpu-and-a-half",
        "gpu",
        "whole number",
        "1.5 GPUs are taken",
        _lenient("gpu", lambda value: isinstance(value, float) and value > 1),
    ),
    (
        "gpu-negative",
        "gpu",
        "never negative",
        "less than no GPU is taken",
        _lenient("gpu", lambda value: NUMBER(value) and value < 0),
    ),
    (
        "cpu-negative",
        "cpu",
        "never negative",
        "less than no core is taken",
        _lenient("cpu", lambda value: NUMBER(value) and value < 0),
    ),
    (
        "cpu-limit-negative",
        "cpuLimit",
        "never negative",
        "a limit below nought is taken",
        _lenient("cpuLimit", lambda value: NUMBER(value) and value < 0),
    ),
    (
        "backoff-negative",
        "backoffLimit",
        "never negative",
        "-1 retries are taken",
        _lenient("backoffLimit", lambda value: value == -1),
    ),
    (
        "no-completions",
        "completions",
        "at least 1",
        "0 completions are taken",
        _lenient("completions", lambda value: value == 0),
    ),
    (
        "no-parallelism",
        "parallelism",
        "at least 1",
        "0 runs at a time are taken",
        _lenient("parallelism", lambda value: value == 0),
    ),
    (
        "memory-with-space",
        "memory",
        "Kubernetes",
        "memory may be written with a space",
        _lenient("memory", lambda value: value == "1 G"),
    ),
    (
        "memory-tebibytes-refused",
        "memory",
        "Kubernetes",
        "memory in Ti is refused",
        refuses(lambda job: str(job.get("memory")).endswith("Ti")),
    ),
    (
        "memory-limit-negative",
        "memoryLimit",
        "Kubernetes",
        "a negative limit of memory is taken",
        _lenient("memoryLimit", lambda value: str(value).startswith("-")),
    ),
    (
        "pvc-needs-class",
        "pvc",
        "needs no",
        "a claim without class is refused",
        refuses(lambda job: _of(job.get("pvc"), lambda one: "storageClass" not in one)),
    ),
    (
        "pvc-without-path",
        "pvc",
        "has a",
        "a claim needs no path",
        _lenient("pvc", lambda value: _of(value, lambda one: "size" in one and "path" not in one)),
    ),
    (
        "pvc-switch-as-text",
        "pvc",
        "types",
        "readOnly of a claim may be a text",
        _lenient("pvc", lambda value: _of(value, lambda one: isinstance(one.get("readOnly"), str))),
    ),
    (
        "pvc-3gb",
        "pvc",
        "3GB",
        "the size of the example is refused",
        refuses(lambda job: _of(job.get("pvc"), lambda one: one.get("size") == "3GB")),
    ),
    (
        "port-generated",
        "ports",
        "leaves `external` out",
        "a generated port is refused",
        refuses(lambda job: _of(job.get("ports"), lambda one: "external" not in one)),
    ),
    (
        "port-as-text",
        "ports",
        "whole numbers",
        "a port may be a text",
        _lenient("ports", lambda value: _of(value, lambda one: isinstance(one.get("container"), str))),
    ),
    (
        "port-without-container",
        "ports",
        "names its `container`",
        "a port needs no container side",
        _lenient("ports", lambda value: _of(value, lambda one: "container" not in one)),
    ),
    (
        "port-65536",
        "ports",
        "65535",
        "port 65536 is taken",
        _lenient("ports", lambda value: _of(value, lambda one: 65536 in (one.get("container"), one.get("external")))),
    ),
    (
        "port-65535",
        "ports",
        "65535",
        "port 65535 is refused",
        refuses(lambda job: _of(job.get("ports"), lambda one: one.get("container") == 65535)),
    ),
    (
        "ttl-hours-refused",
        "ttlAfterFinish",
        "seconds, minutes or hours",
        "hours are refused",
        refuses(lambda job: str(job.get("ttlAfterFinish"))[-1:] == "h" and str(job["ttlAfterFinish"])[:-1].isdigit()),
    ),
    (
        "ttl-bare",
        "ttlAfterFinish",
        "no duration",
        "a time to live needs no unit",
        _lenient("ttlAfterFinish", lambda value: value == "5"),
    ),
    (
        "prefix-capitals",
        "jobNamePrefix",
        "lower case",
        "a prefix may have capitals",
        submits(
            lambda job: (
                job.__setitem__("jobNamePrefix", job["jobNamePrefix"].lower())
                if TEXT(job.get("jobNamePrefix"))
                else None
            )
        ),
    ),
    (
        "tty-alone",
        "tty",
        "needs standard",
        "a terminal needs no input",
        submits(lambda job: job.pop("tty", None) if "stdin" not in job else None),
    ),
    (
        "tty-denied",
        "stdin",
        "denied",
        "a terminal needs no input that is denied",
        submits(lambda job: job.pop("tty", None) if job.get("stdin") is False else None),
    ),
    (
        "parallel-alone",
        "parallelism",
        "needs `completions`",
        "several runs at a time need no completions",
        submits(
            lambda job: (
                job.pop("parallelism", None)
                if "completions" not in job and WHOLE(job.get("parallelism")) and job["parallelism"] > 1
                else None
            )
        ),
    ),
    (
        "parallel-workbench",
        "interactive",
        "several times",
        "a workbench runs several times at once",
        submits(lambda job: job.pop("parallelism", None) if job.get("interactive") is True else None),
    ),
    (
        "parallel-elastic",
        "elastic",
        "several times",
        "what is elastic runs several times at once",
        submits(lambda job: job.pop("parallelism", None) if job.get("elastic") is True else None),
    ),
    (
        "elastic-half",
        "elastic",
        "whole GPUs",
        "what is elastic asks for half a GPU",
        submits(lambda job: job.pop("gpu", None) if job.get("elastic") is True and job.get("gpu") == 0.5 else None),
    ),
]


def put(key: str, value: Any) -> Callable[[Job], None]:
    return lambda job: job.__setitem__(key, value)


def _of_the_first(job: Job, asked: Asked) -> None:
    job["user"] = asked.memory.setdefault("user", job["user"])


def _always_train(job: Job) -> None:
    if job["status"] == "Running":
        job["type"] = "Train"


def _filled(asked: Asked) -> None:
    if isinstance(asked.body, dict) and not isinstance(asked.body.get("job"), dict):
        asked.body = {"job": {"project": "team-a", "image": "alpine"}}


def _given(key: str, value: str) -> Any:
    return lambda asked: (
        of(asked).setdefault(key, value)
        if isinstance(asked.body, dict) and isinstance(asked.body.get("job"), dict) and of(asked)
        else None
    )


def _text(key: str, value: str) -> Any:
    return submits(lambda job: job.__setitem__(key, value) if not isinstance(job.get(key, ""), str) else None)


def typed(kind: str, fits: Callable[[dict[str, Any]], bool]) -> Any:
    """Jobs whose submission fits are listed with another type."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status != 200:
            return
        if asked.role == "submit" and fits(asked.body["job"]):
            asked.memory[asked.body["job"]["project"], told.body["name"]] = kind
        elif asked.role == "list":
            for job in told.body["data"]:
                job["type"] = asked.memory.get((job["project"], job["name"]), job["type"])

    return answers(API, ("submit", "list"), revise)


def _first_of_several(asked: Asked) -> None:
    if "ra-user" in asked.headers:
        asked.headers["ra-user"] = asked.headers["ra-user"].partition(",")[0]


def _lower_projects(asked: Asked, told: Told) -> None:
    for job in told.body["data"] if told.status == 200 else ():
        job["project"] = job["project"].lower()


def _unless(key: str, value: Any) -> Any:
    return lambda job: job.__setitem__(key, value) if key not in job and not job.get("interactive") else None


def _over_at_first(job: Job, looks: int) -> None:
    if job["status"] in ("Pending", "ContainerCreating"):
        job["status"] = "Succeeded"


def _tail(job: Job) -> None:
    if isinstance(job.get("name"), str) and len(job["name"]) > LONG_NAME and job["name"].endswith("-0"):
        job["name"] += "0"


def _row(member: str) -> str:
    """The requirement that says of which type a member is."""
    return next(
        one.id
        for one in catalogues.load("runai").requirements.values()
        if one.probe and one.probe["pointer"] == f"/job/{member}"
    )


def _lax(member: str, fits: Callable[[Any], bool]) -> Apply:
    return submits(
        lambda job: job.pop(member) if member in job and job[member] is not None and not fits(job[member]) else None
    )


def _rows() -> Iterator[Fault]:
    for member, fits in ROWS.items():
        yield Fault(
            f"runai:any-{member}",
            "runai",
            _row(member),
            f"{member} may be of any type",
            _lax(member, fits),
            ("JOB-REQ-002",),
        )
    for member, is_it in GOOD.items():
        when = lambda job, member=member, is_it=is_it: member in job and is_it(job[member])  # noqa: E731
        yield Fault(
            f"runai:narrow-{member}",
            "runai",
            _row(member),
            f"a good value of {member} is refused",
            refuses(when),
            ("JOB-CRT-004",),
        )


def _requirement(member: str, words: str) -> str:
    """The requirement about a member whose statement holds these words."""
    found = [
        one
        for one in catalogues.load("runai").requirements.values()
        if one.probe and one.probe["pointer"] == f"/job/{member}" and words in one.statement
    ]
    assert len(found) == 1, (member, words)
    return found[0].id


FAULTS = [
    fault(
        "unknown-node-types-are-refused",
        "JOB-CRT-001",
        "unknown node types are refused",
        refuses(lambda job: str(job.get("nodeType")).count("-") == 2),
    ),
    fault("new-jobs-are-over", "JOB-CRT-003", "new jobs are over", seen(_over_at_first)),
    fault(
        "long-jobs-are-over",
        "JOB-CRT-003",
        "a new long job is told as Succeeded",
        told_of(LONG, over),
        "RAI-STM-004",
        "JOB-STM-004",
        "JOB-STM-010",
    ),
    fault(
        "unknown-members",
        "JOB-REQ-003",
        "unknown members beside the job are refused",
        answers(
            "runai",
            "submit",
            lambda asked, told: (
                wrong(400)(asked, told) if isinstance(asked.body, dict) and len(asked.body) > 1 else None
            ),
        ),
    ),
    fault(
        "members-in-order",
        "JOB-REQ-004",
        "the image may not come before the project",
        refuses(lambda job: "name" in job and list(job).index("image") < list(job).index("project")),
    ),
    fault("escapes-are-kept", "JOB-REQ-005", "escapes are kept", unescaped("runai", {})),
    fault(
        "renamed",
        "RAI-CRT-001",
        "a job's name gets a tail",
        submits(lambda job: job.__setitem__("name", job["name"] + "-x") if isinstance(job.get("name"), str) else None),
    ),
    fault("noughts-renamed", "RAI-CRT-001", "a given name that ends in -0 gets another 0", submits(_tail)),
    fault("project-fixed", "RAI-CRT-002", "every job is listed under one project", lists(put("project", "team-a"))),
    fault(
        "projects-in-small-letters",
        "RAI-CRT-002",
        "projects are told in small letters",
        answers(API, "list", _lower_projects),
    ),
    fault(
        "image-without-tag",
        "RAI-CRT-003",
        "the list leaves tags of images out",
        lists(lambda job: job.__setitem__("images", job["images"].rpartition(":")[0] or job["images"])),
    ),
    fault("user-empty", "RAI-CRT-004", "the user is always empty", lists(put("user", ""))),
    fault(
        "user-lower",
        "RAI-CRT-004",
        "the user is told in lower case",
        lists(lambda job: job.__setitem__("user", job["user"].lower())),
    ),
    fault(
        "user-of-the-first",
        "RAI-CRT-004",
        "all jobs are listed with the first one's user",
        answers("runai", "list", every_job("runai", _of_the_first)),
    ),
    fault(
        "user-until-the-end",
        "RAI-CRT-004",
        "an ended job has no user",
        lists(lambda job: job.update(user="") if job["status"] in ("Succeeded", "Failed") else None),
    ),
    fault(
        "user-before-the-comma",
        "RAI-CRT-004",
        "a user's name ends at a comma",
        requests(API, "submit", _first_of_several),
    ),
    fault("types-swapped", "RAI-CRT-005", "workbenches are listed as Train", said("type", {"Interactive": "Train"})),
    fault(
        "type-while-running",
        "RAI-CRT-005",
        "running workbenches are listed as Train",
        lists(_always_train),
        "RAI-RSP-010",
    ),
    fault(
        "preemptible-is-train",
        "RAI-CRT-005",
        "preemptible workbenches are listed as Train",
        typed("Train", lambda job: job.get("interactive") is True and job.get("preemptible") is True),
    ),
    fault(
        "preemptible-is-interactive",
        "RAI-CRT-005",
        "preemptible training jobs are listed as Interactive",
        typed("Interactive", lambda job: job.get("preemptible") is True),
    ),
    fault(
        "huge-refused",
        "RAI-CRT-016",
        "a job that no machine can hold is refused",
        refuses(lambda job: job.get("gpu", 0) > 16),
    ),
    fault(
        "waiting-for-an-hour",
        "RAI-CRT-016",
        "who waits is told as Failed after an hour",
        later(WAITS, 1, status="Failed"),
    ),
    fault(
        "arguments-dropped",
        "RAI-CRT-019",
        "arguments do not reach the command",
        submits(
            lambda job: (
                job.pop("arguments", None)
                if isinstance(job.get("arguments"), list) and job["arguments"] == ["40"]
                else None
            )
        ),
    ),
    fault(
        "interactive-usual",
        "RAI-DEF-001",
        "a job is a workbench unless it says otherwise",
        submits(lambda job: job.setdefault("interactive", True)),
    ),
    fault(
        "plain-jobs-are-workbenches",
        "RAI-DEF-001",
        "a job that does not say what it is is told to be a workbench",
        told_of(QUICK, lambda job, looks: job.update(type="Interactive")),
    ),
    fault(
        "gpu-usual",
        "RAI-DEF-002",
        "a job gets one GPU unless it says otherwise",
        submits(lambda job: job.setdefault("gpu", 1)),
    ),
    fault(
        "long-jobs-have-a-gpu",
        "RAI-DEF-002",
        "a long job that asks for no GPU has one",
        told_of(LONG, on("Running", currentAllocatedGPUs=1)),
    ),
    fault("retries-usual-five", "RAI-DEF-004", "five retries are usual", submits(_unless("backoffLimit", 5))),
    fault(
        "no-core-is-usual",
        "RAI-DEF-005",
        "cpu 0 counts as not said",
        submits(lambda job: job.pop("cpu") if type(job.get("cpu")) is int and job["cpu"] == 0 else None),
    ),
    fault(
        "two-cores",
        "RAI-DEF-005",
        "a GPU comes with two cores",
        cheaper(cpu=lambda cpu, wanted: cpu if "cpu" in wanted else 2 * cpu),
    ),
    fault(
        "no-cores",
        "RAI-DEF-005",
        "a GPU comes with no core",
        cheaper(cpu=lambda cpu, wanted: cpu if "cpu" in wanted else 0.0),
    ),
    fault(
        "more-memory",
        "RAI-DEF-006",
        "a GPU comes with 200 MiB",
        cheaper(memory=lambda memory, wanted: memory if "memory" in wanted else 2 * memory),
    ),
    fault(
        "no-memory",
        "RAI-DEF-006",
        "a GPU comes with no memory",
        cheaper(memory=lambda memory, wanted: memory if "memory" in wanted else 0),
    ),
    fault(
        "user-anonymous",
        "RAI-DEF-007",
        "the user is anonymous without RA-USER",
        lists(lambda job: job.__setitem__("user", job["user"] or "anonymous")),
    ),
    fault(
        "ttl-usual",
        "RAI-DEF-008",
        "jobs leave after a day unless they say otherwise",
        submits(lambda job: job.setdefault("ttlAfterFinish", "24h") if isinstance(job.get("project"), str) else None),
    ),
    fault(
        "two-completions",
        "RAI-DEF-013",
        "a job has two completions unless it says otherwise",
        submits(_unless("completions", 2)),
    ),
    fault(
        "job-may-be-missing",
        "RAI-REQ-001",
        "parameters may be missing",
        requests("runai", "submit", _filled),
        "JOB-REQ-001",
    ),
    fault(
        "empty-objects-are-filled",
        "RAI-REQ-001",
        "an empty object makes a job",
        requests(
            "runai",
            "submit",
            lambda asked: (
                setattr(asked, "body", {"job": {"project": "team-a", "image": "alpine"}}) if asked.body == {} else None
            ),
        ),
        "JOB-REQ-001",
    ),
    *_rows(),
    *(
        Fault(f"runai:{name}", "runai", _requirement(member, words), describe, apply)
        for name, member, words, describe, apply in FURTHER
    ),
    fault(
        "project-may-be-missing",
        "RAI-REQ-003",
        "a job needs no project",
        requests("runai", "submit", _given("project", "team-a")),
        "JOB-REQ-001",
    ),
    fault("any-project-type", "RAI-REQ-003", "a project may be of any type", _text("project", "team-a"), "JOB-REQ-002"),
    fault(
        "image-may-be-missing",
        "RAI-REQ-005",
        "a job needs no image",
        requests("runai", "submit", _given("image", "alpine")),
        "JOB-REQ-001",
    ),
    fault("any-image-type", "RAI-REQ-005", "an image may be of any type", _text("image", "alpine"), "JOB-REQ-002"),
    fault(
        "thirds-refused",
        "RAI-REQ-014",
        "a part of a GPU with many digits is refused",
        refuses(lambda job: isinstance(job.get("gpu"), float) and len(repr(job["gpu"])) > 6),
    ),
    fault(
        "unknown-members-of-claims",
        "RAI-REQ-077",
        "a claim with an unknown member is refused",
        refuses(
            lambda job: any(
                isinstance(one, dict) and one.keys() - {"size", "path", "storageClass", "readOnly"}
                for one in job.get("pvc", ())
            )
        ),
    ),
    fault(
        "user-with-space",
        "RAI-REQ-078",
        "RA-USER may not hold a space",
        answers(
            "runai",
            "submit",
            lambda asked, told: (
                (setattr(told, "status", 400), setattr(told, "body", ERROR))
                if " " in asked.headers.get("ra-user", "")
                else None
            ),
        ),
    ),
    fault(
        "user-demanded",
        "RAI-REQ-079",
        "RA-USER is demanded",
        answers(
            "runai",
            "submit",
            lambda asked, told: (
                (setattr(told, "status", 401), setattr(told, "body", {**ERROR, "status": 401}))
                if "ra-user" not in asked.headers
                else None
            ),
        ),
        "RAI-DEF-007",
    ),
    fault(
        "media-parameter",
        "RAI-REQ-080",
        "a media type with a parameter is refused",
        answers(
            "runai",
            "submit",
            lambda asked, told: (
                (setattr(told, "status", 415), setattr(told, "body", {**ERROR, "status": 415}))
                if ";" in asked.headers.get("content-type", "")
                else None
            ),
        ),
    ),
]
