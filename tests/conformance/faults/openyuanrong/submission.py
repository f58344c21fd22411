"""Faults of openYuanrong: what a submission may say and what it makes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from conformance.traffic.json_pointer import MISSING, get
from tests.conformance.faults import Apply, Asked, Json, Told, answers, every_job, requests
from tests.conformance.faults.openyuanrong.shapers import (
    API,
    TYPES,
    asks,
    environment,
    fault,
    forgives,
    kinds,
    labels,
    refuses,
    refuses_at,
    restated,
    shown,
    shows,
    told,
)


def no_words(value: Json) -> bool:
    """Whether a value is there and no map of texts."""
    return value is not MISSING and not (
        isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
    )


def between(low: float, high: float) -> Callable[[Json], bool]:
    """Whether a number is above the first bound and below the second."""
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and low < value < high


def holds(asked: Asked, pointer: str, value: Json) -> bool:
    """Whether the map at a pointer of the submission has that value."""
    found = get(asked.body, pointer)
    return isinstance(found, dict) and any(one == value and not isinstance(one, bool) for one in found.values())


def _without_words(asked: Asked) -> None:
    if (
        isinstance(asked.body, dict)
        and isinstance(get(asked.body, "/runtime_env/env_vars"), dict)
        and no_words(get(asked.body, "/runtime_env/env_vars"))
    ):
        asked.body["runtime_env"]["env_vars"] = {}


def _placed_anyway(asked: Asked) -> None:
    asked.headers.pop("x-pool-label", None)


def _nobodys(asked: Asked) -> None:
    if isinstance(asked.body, dict):
        asked.body.pop("entrypoint_resources", None)


def _over(job: dict[str, Any], asked: Asked) -> None:
    if not asked.memory.setdefault(job["submission_id"], False):
        asked.memory[job["submission_id"]], job["status"] = True, "SUCCEEDED"


def _no_exit(asked: Asked, told: Told) -> None:
    if (
        isinstance(asked.body, dict)
        and str(asked.body.get("entrypoint")).startswith("exit")
        and "submission_id" not in asked.body
    ):
        told.status, told.body = 400, "no"


def metadata(change: Callable[[str, str], tuple[str, str] | None]) -> Any:
    """Labels of the submitter are told changed, or not at all."""

    def revise(job: dict[str, Any], asked: Asked) -> None:
        if job["metadata"]:
            job["metadata"] = dict(pair for key, value in job["metadata"].items() if (pair := change(key, value)))

    return answers(API, ("read", "list"), every_job(API, revise))


def _metadata(change: Callable[[dict[str, str]], dict[str, str]]) -> Any:
    return shown(lambda job: job.update(metadata=change(job["metadata"])) if job["metadata"] else None)


def no_keys(pointer: str, wrong: Callable[[str], bool]) -> Apply:
    """Maps with some keys are refused."""
    return refuses(lambda asked: isinstance(found := get(asked.body, pointer), dict) and any(map(wrong, found)))


def inherited(pointer: str, name: str, member: str = "") -> Apply:
    """Jobs that say nothing there tell what the last one said."""

    def revise(asked: Asked, answered: Told) -> None:
        said = get(asked.body, pointer) if asked.role == "submit" else MISSING
        if said and said is not MISSING and answered.status == 200:
            asked.memory["said"] = json.dumps(said) if member else said
        for job in answered.body if isinstance(answered.body, list) else [answered.body]:
            if isinstance(job, dict) and name in job and asked.role != "submit":
                holder, key = (job[name], member) if member else (job, name)
                holder[key] = holder[key] or asked.memory.get("said", holder[key])

    return answers(API, ("submit", "read", "list"), revise)


def _first_resource(body: dict[str, Any]) -> None:
    found = body.get("entrypoint_resources")
    if isinstance(found, dict) and all(
        isinstance(one, int | float) and not isinstance(one, bool) for one in found.values()
    ):
        body["entrypoint_resources"] = dict(list(found.items())[:1])


def _range_alone(body: dict[str, Any]) -> None:
    found = body.get("entrypoint_num_cpus")
    if isinstance(found, float) and found > 16 and "entrypoint_memory" in body:
        body["entrypoint_num_cpus"] = 16


def _command(change: Callable[[str], str]) -> Apply:
    return told(lambda job: job.update(entrypoint=change(job["entrypoint"])))


FAULTS = [
    fault("exit-refused", "JOB-CRT-001", "a command that only ends is refused", answers(API, "submit", _no_exit)),
    fault(
        "new-is-over",
        "JOB-CRT-003",
        "a new job is shown as having run well",
        answers(API, "read", every_job(API, _over)),
    ),
    fault(
        "metadata-made-up",
        "OYR-DEF-001",
        "a job without metadata is shown with some",
        shows("metadata", lambda job: job["metadata"] or {"owner": "default"}),
    ),
    fault(
        "metadata-inherited",
        "OYR-DEF-001",
        "a job without metadata tells those of another",
        inherited("/metadata", "metadata"),
    ),
    fault(
        "variables-inherited",
        "OYR-DEF-002",
        "a job without variables tells those of another",
        inherited("/runtime_env/env_vars", "runtime_env", "envVars"),
    ),
    fault(
        "one-word-refused",
        "OYR-DEF-003",
        "a command of one word is refused",
        refuses(lambda asked: isinstance(asked.body, dict) and asked.body.get("entrypoint") == "true"),
    ),
    fault(
        "no-command",
        "OYR-REQ-001",
        "a submission without a command runs nothing",
        forgives("/entrypoint", lambda told: told is MISSING, "true"),
        "JOB-REQ-001",
    ),
    fault(
        "command-list",
        "OYR-REQ-002",
        "a command that is no text is taken",
        forgives("/entrypoint", kinds(str), "true"),
        TYPES,
    ),
    fault(
        "empty-command",
        "OYR-REQ-003",
        "an empty command is taken",
        forgives("/entrypoint", lambda told: told == "", "true"),
    ),
    fault(
        "command-cut",
        "OYR-REQ-004",
        "a command is shown up to its first &",
        shows("entrypoint", lambda job: job["entrypoint"].split(" &&")[0]),
    ),
    fault(
        "short-command",
        "OYR-REQ-004",
        "commands are cut to 1024 characters",
        shown(lambda job: job.update(entrypoint=job["entrypoint"][:1024])),
    ),
    fault(
        "tidy-command",
        "OYR-REQ-004",
        "white space in commands is made one",
        shown(lambda job: job.update(entrypoint=" ".join(job["entrypoint"].split()))),
    ),
    fault(
        "no-backslash", "OYR-REQ-004", "backslashes of commands are lost", _command(lambda text: text.replace("\\", ""))
    ),
    fault("percent-decoded", "OYR-REQ-004", "percent signs of commands are decoded", _command(unquote)),
    fault(
        "home-expanded",
        "OYR-REQ-004",
        "variables in commands are expanded",
        _command(lambda text: text.replace("$HOME", "/root")),
    ),
    fault(
        "no-environment",
        "OYR-REQ-005",
        "a submission without an environment gets one",
        forgives("/runtime_env", lambda told: told is MISSING, {"working_dir": "/"}),
        "JOB-REQ-001",
    ),
    fault(
        "environment-text",
        "OYR-REQ-006",
        "an environment that is no object is taken",
        forgives("/runtime_env", lambda told: told is not MISSING and not isinstance(told, dict), {"working_dir": "/"}),
        TYPES,
    ),
    fault(
        "no-directory",
        "OYR-REQ-007",
        "an environment without a directory gets one",
        forgives("/runtime_env/working_dir", lambda told: told is MISSING, "/"),
        "JOB-REQ-001",
        "OYR-REQ-005",
        "OYR-REQ-006",
    ),
    fault(
        "directory-number",
        "OYR-REQ-008",
        "a directory that is no text is taken",
        forgives("/runtime_env/working_dir", kinds(str), "/"),
        TYPES,
    ),
    fault(
        "empty-directory",
        "OYR-REQ-009",
        "an empty directory is taken",
        forgives("/runtime_env/working_dir", lambda told: told == "", "/"),
    ),
    fault(
        "no-zip",
        "OYR-REQ-010",
        "a zip file as a URL is refused",
        refuses(lambda asked: str(get(asked.body, "/runtime_env/working_dir")).endswith(".zip")),
        "JOB-CRT-004",
    ),
    fault(
        "tidy-directory",
        "OYR-REQ-010",
        "a directory loses its last slash",
        shown(lambda job: job["runtime_env"].update(working_dir=job["runtime_env"]["working_dir"].rstrip("/"))),
    ),
    fault(
        "space-refused",
        "OYR-REQ-010",
        "a directory with a space in it is refused",
        refuses(lambda asked: " " in str(get(asked.body, "/runtime_env/working_dir"))),
    ),
    fault(
        "ascii-directory",
        "OYR-REQ-010",
        "a directory is told in ASCII",
        environment(lambda env: env.update(working_dir=env["working_dir"].encode("ascii", "replace").decode())),
    ),
    fault(
        "decoded-url",
        "OYR-REQ-010",
        "a file URL is decoded",
        environment(
            lambda env: (
                env.update(working_dir=unquote(env["working_dir"])) if env["working_dir"].startswith("file:") else None
            )
        ),
    ),
    fault(
        "empty-variable",
        "OYR-REQ-011",
        "a variable without a value is refused",
        refuses(lambda asked: holds(asked, "/runtime_env/env_vars", "")),
    ),
    fault(
        "small-variables-refused",
        "OYR-REQ-011",
        "variables in small letters are refused",
        no_keys("/runtime_env/env_vars", str.islower),
    ),
    fault(
        "variable-number",
        "OYR-REQ-012",
        "a variable that is no text is passed over",
        requests(API, "submit", _without_words),
    ),
    fault(
        "pip-refused",
        "OYR-REQ-013",
        "packages are refused",
        refuses(lambda asked: bool(get(asked.body, "/runtime_env/pip"))),
    ),
    fault(
        "pip-any",
        "OYR-REQ-014",
        "packages in another form are passed over",
        forgives("/runtime_env/pip", lambda told: told is not MISSING and not isinstance(told, list)),
    ),
    fault(
        "conda-refused",
        "OYR-REQ-015",
        "an environment with further members is refused",
        refuses(lambda asked: get(asked.body, "/runtime_env/conda") is not MISSING),
    ),
    fault(
        "metadata-upper",
        "OYR-REQ-016",
        "metadata are shown in capitals",
        shows("metadata", lambda job: job["metadata"] and {key: one.upper() for key, one in job["metadata"].items()}),
    ),
    fault(
        "lower-metadata",
        "OYR-REQ-016",
        "keys of metadata are told in lower case",
        metadata(lambda key, value: (key.lower(), value)),
        "OYR-LST-004",
    ),
    fault(
        "trimmed-metadata",
        "OYR-REQ-016",
        "values of metadata are trimmed",
        metadata(lambda key, value: (key, value.strip())),
        "OYR-LST-004",
    ),
    fault(
        "ascii-metadata",
        "OYR-REQ-016",
        "metadata lose what is not ASCII",
        metadata(lambda key, value: (key, value.encode("ascii", "replace").decode())),
    ),
    fault(
        "empty-metadata-lost",
        "OYR-REQ-016",
        "empty values of metadata are left out",
        metadata(lambda key, value: (key, value) if value else None),
    ),
    fault(
        "ten-metadata",
        "OYR-REQ-016",
        "only ten metadata are kept",
        _metadata(lambda told: dict(list(told.items())[:10])),
    ),
    fault(
        "short-metadata",
        "OYR-REQ-016",
        "metadata are cut to 256 characters",
        _metadata(lambda told: {key: value[:256] for key, value in told.items()}),
    ),
    fault(
        "dotted-metadata-refused",
        "OYR-REQ-016",
        "metadata with a dot or a slash are refused",
        no_keys("/metadata", lambda key: "." in key or "/" in key),
    ),
    fault(
        "own-metadata-lost",
        "OYR-REQ-016",
        "metadata that begin with an underscore are lost",
        told(
            lambda job: (
                job.update(metadata={key: value for key, value in job["metadata"].items() if key[0] != "_"})
                if job["metadata"]
                else None
            )
        ),
    ),
    fault(
        "numbers-in-metadata",
        "OYR-REQ-016",
        "007 is told as 7",
        told(
            lambda job: (
                job.update(
                    metadata={
                        key: str(int(value)) if value.isdecimal() and value.isascii() else value
                        for key, value in job["metadata"].items()
                    }
                )
                if job["metadata"]
                else None
            )
        ),
    ),
    fault(
        "metadata-number",
        "OYR-REQ-017",
        "metadata that are no texts are passed over",
        forgives("/metadata", no_words),
        TYPES,
    ),
    fault("least-cores-refused", "OYR-REQ-018", "0.3 cores are refused", refuses_at("/entrypoint_num_cpus", 0.3)),
    fault("most-cores-refused", "OYR-REQ-018", "16 cores are refused", refuses_at("/entrypoint_num_cpus", 16)),
    fault(
        "whole-cores-refused",
        "OYR-REQ-018",
        "whole cores with a fraction of nought are refused",
        refuses(
            lambda asked: isinstance(found := get(asked.body, "/entrypoint_num_cpus"), float) and found.is_integer()
        ),
    ),
    fault(
        "more-cores",
        "OYR-REQ-019",
        "17 cores are taken",
        forgives("/entrypoint_num_cpus", between(16, 18), 16),
        "OYR-ERR-002",
        "OYR-ERR-003",
    ),
    fault(
        "a-little-more",
        "OYR-REQ-019",
        "cores a little above sixteen are taken",
        asks(
            lambda body: (
                body.update(entrypoint_num_cpus=16)
                if isinstance(found := body.get("entrypoint_num_cpus"), float) and 16 < found < 16.0009
                else None
            )
        ),
    ),
    fault(
        "range-alone",
        "OYR-REQ-019",
        "too many cores are taken where memory is asked for too",
        asks(_range_alone),
        "OYR-REQ-020",
        "OYR-REQ-024",
        "OYR-REQ-025",
    ),
    fault(
        "fewer-cores",
        "OYR-REQ-020",
        "less than 0.3 cores are rounded up",
        forgives("/entrypoint_num_cpus", between(0.25, 0.3), 0.3),
    ),
    fault(
        "cores-text",
        "OYR-REQ-021",
        "cores as text are taken",
        forgives("/entrypoint_num_cpus", kinds(int, float), 1),
        TYPES,
    ),
    fault(
        "negative-cores",
        "OYR-REQ-022",
        "cores below nought are refused with 500",
        restated(400, 500, lambda asked: between(-1e9, 0)(get(asked.body, "/entrypoint_num_cpus"))),
        "OYR-ERR-003",
    ),
    fault(
        "least-memory-refused",
        "OYR-REQ-023",
        "134217728 bytes are refused",
        refuses_at("/entrypoint_memory", 134217728),
    ),
    fault(
        "less-memory",
        "OYR-REQ-024",
        "a byte less than the least memory is taken",
        forgives("/entrypoint_memory", between(134217726, 134217728), 134217728),
    ),
    fault(
        "more-memory",
        "OYR-REQ-025",
        "any amount of memory is taken",
        forgives("/entrypoint_memory", between(2**50, 2**60), 134217728),
    ),
    fault(
        "memory-text",
        "OYR-REQ-026",
        "memory as text is taken",
        forgives("/entrypoint_memory", kinds(int, float), 134217728),
        TYPES,
    ),
    fault(
        "negative-memory",
        "OYR-REQ-027",
        "memory below nought is taken for none",
        forgives("/entrypoint_memory", between(-1e12, 0)),
    ),
    fault("half-gpu-refused", "OYR-REQ-029", "a part of a GPU is refused", refuses_at("/entrypoint_num_gpus", 0.5)),
    fault(
        "gpus-text", "OYR-REQ-030", "GPUs as text are taken", forgives("/entrypoint_num_gpus", kinds(int, float)), TYPES
    ),
    fault(
        "negative-gpus",
        "OYR-REQ-031",
        "GPUs below nought are taken for none",
        forgives("/entrypoint_num_gpus", between(-1e9, 0)),
    ),
    fault(
        "gpus-placed",
        "OYR-REQ-032",
        "many GPUs find no room",
        refuses(lambda asked: get(asked.body, "/entrypoint_num_gpus") == 100000, 500),
    ),
    fault(
        "nought-refused",
        "OYR-REQ-033",
        "an amount of nought is refused",
        refuses(lambda asked: holds(asked, "/entrypoint_resources", 0)),
        "JOB-CRT-004",
        "OYR-REQ-035",
    ),
    fault(
        "resources-text",
        "OYR-REQ-034",
        "resources that are no numbers are passed over",
        forgives(
            "/entrypoint_resources",
            lambda told: (
                told is not MISSING and not (isinstance(told, dict) and not any(map(kinds(int, float), told.values())))
            ),
        ),
        TYPES,
    ),
    fault(
        "resources-ignored",
        "OYR-REQ-035",
        "resources are not looked at",
        requests(API, "submit", _nobodys),
        "OYR-REQ-034",
        TYPES,
    ),
    fault(
        "first-resource-only",
        "OYR-REQ-035",
        "only the first of several further resources counts",
        asks(_first_resource),
    ),
    fault(
        "tenant-refused",
        "OYR-REQ-036",
        "a tenant is refused",
        refuses(lambda asked: "x-tenant-id" in asked.headers),
        "OYR-ISO-001",
    ),
    fault("labels-ignored", "OYR-REQ-037", "labels are not looked at", requests(API, "submit", _placed_anyway)),
    fault(
        "wishes-ignored",
        "OYR-REQ-038",
        "labels that are wishes are demanded",
        refuses(lambda asked: "unUseAnti" in asked.headers.get("x-pool-label", ""), 500),
    ),
    fault(
        "labels-as-they-are",
        "OYR-REQ-038",
        "white space belongs to labels",
        labels(lambda text: text.replace(" ", "_")),
        "OYR-PRI-001",
        "OYR-PRI-002",
    ),
    fault(
        "fraction-refused",
        "OYR-REQ-043",
        "a fraction of a further resource is refused",
        refuses(
            lambda asked: (
                isinstance(found := get(asked.body, "/entrypoint_resources"), dict)
                and any(isinstance(one, float) and not one.is_integer() for one in found.values())
            )
        ),
    ),
]
