"""What openYuanrong takes in a submission, and what a submission makes."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.checks import check
from conformance.checks.common import submission
from conformance.checks.families.values import all_kept, all_refused, taken
from conformance.checks.openyuanrong.steps import node
from conformance.session.cluster import staged
from conformance.session.expect import accepted, expect
from conformance.session.session import Session
from conformance.traffic.json_pointer import MISSING, Json, get, shown

RICH: Json = {"metadata": {"team": "vision"}, "runtime_env": {"env_vars": {"A": "b"}, "pip": ["numpy"]}}
ALL: Json = {
    "entrypoint_num_cpus": 1,
    "entrypoint_memory": 1 << 30,
    "entrypoint_num_gpus": 0,
    "entrypoint_resources": {},
    **RICH,
}
NOTHING: tuple[Json, ...] = (MISSING, None, "", {}, "{}", "[]")
"""How metadata, packages or variables of a job without any may be read."""
COMMANDS = ("sleep 1 # " + "x" * 3000, "  sleep  1 ;\n\tsleep 1  ")
METADATA = ({f"key-{number}": str(number) for number in range(40)}, {"long": "x" * 2000, "y" * 200: "long key"})


@check("OYR-DEF-001", "no metadata is read as none", None, "/metadata")
@check("OYR-DEF-001", "metadata are not inherited", RICH, "/metadata")
@check("OYR-DEF-002", "no environment is read as empty", None, "/runtime_env/pip", "/runtime_env/envVars")
@check("OYR-DEF-002", "an environment is not inherited", RICH, "/runtime_env/pip", "/runtime_env/envVars")
def what_nobody_said_is_nothing(session: Session, before: Json, *pointers: str) -> None:
    """Left out, or empty lists; read and listed, after a job that had some."""
    if before is not None:
        session.submit(patch=before)
    nothing: Json = {"runtime_env": {"env_vars": {}, "pip": []}}
    for patch in (None, nothing):
        job = session.submit(patch=patch)
        listed = next((item for item in session.items() if get(item, "/submission_id") == job.id), MISSING)
        for pointer in pointers:
            for view in (session.view(job), listed):
                value = get(view, pointer)
                expect(value in NOTHING, f"{pointer} of a job without any is {shown(value)}")


@check("OYR-DEF-003")
def command_and_directory_are_enough(session: Session) -> None:
    """And nothing else."""
    body = session.body()
    for command in (body["entrypoint"], "true"):
        least = {"entrypoint": command, "runtime_env": {"working_dir": body["runtime_env"]["working_dir"]}}
        accepted(session.post(least), "a submission of a command and a working directory")


@check("OYR-REQ-004", "commands are whole", "/entrypoint", COMMANDS)
@check("OYR-REQ-016", "metadata are whole", "/metadata", METADATA)
def values_are_whole(session: Session, pointer: str, values: Sequence[Json]) -> None:
    """Many of them, long ones, with white space of every kind."""
    all_kept(session, ({pointer: value} for value in values))


@check("OYR-REQ-019", "too many cores beside other members", "entrypoint_num_cpus", 16.5)
@check("OYR-REQ-020", "too few cores beside other members", "entrypoint_num_cpus", 0.2)
@check("OYR-REQ-024", "too little memory beside other members", "entrypoint_memory", 134217727)
@check("OYR-REQ-025", "too much memory beside other members", "entrypoint_memory", (1 << 50) + 1)
def a_wrong_amount_beside_other_members(session: Session, member: str, wrong: Json) -> None:
    """All of which are right."""
    all_refused(session, lambda: session.body(patch=ALL), [(member, wrong)], statuses=(400, 422, 500))


@check("OYR-REQ-043")
def half_a_resource_may_be_asked_for(session: Session) -> None:
    """On a node that has four."""
    staged(session, node("only", custom={"NPU": 4}))
    for amount in (0.5, 1.25):
        marked = {"entrypoint_resources": {"NPU": amount}, "metadata": {"judge": session.unique("m")}}
        taken(session, marked, f"a submission that asks for {amount} of a resource", shape="long")


@check("OYR-REQ-042")
def the_media_type_is_read_as_one(session: Session) -> None:
    """With a parameter, and in capitals."""
    submission.the_media_type_is_read_as_one(session)
