"""What openYuanrong takes in a submission, and what a submission makes."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.common import submission
from conformance.checks.openyuanrong.steps import node, read_back
from conformance.session.cluster import staged
from conformance.session.expect import accepted, expect, needed, refused, same
from conformance.session.session import Session
from conformance.traffic.json_pointer import MISSING, Json, get

RICH: Json = {"metadata": {"team": "vision"}, "runtime_env": {"env_vars": {"A": "b"}, "pip": ["numpy"]}}


def _beside(session: Session, member: str, wrong: Json) -> None:
    all_: Json = {
        "entrypoint_num_cpus": 1,
        "entrypoint_memory": 1 << 30,
        "entrypoint_num_gpus": 0,
        "entrypoint_resources": {},
        **RICH,
    }
    needed(session.post(session.body(patch=all_)).response.is_success, "a submission with every member is refused")
    refused(
        session.post(session.body(patch={**all_, member: wrong})),
        f"{wrong!r} at /{member} beside every other member",
        (400, 422, 500),
    )


@check("OYR-DEF-001")
def no_metadata_is_read_as_none(session: Session) -> None:
    """Null, empty or left out."""
    told = get(session.view(session.submit()), "/metadata")
    expect(told in (MISSING, None, {}), f"the metadata of a job without any is {told!r}")


@check("OYR-DEF-001")
def metadata_are_not_inherited(session: Session) -> None:
    """From the job before, read and listed."""
    session.submit(patch=RICH)
    job = session.submit()
    listed = next((item for item in session.items() if get(item, "/submission_id") == job.id), MISSING)
    for view in (session.view(job), listed):
        told = get(view, "/metadata")
        expect(told in (MISSING, None, {}), f"the metadata of a job without any, after one with some, is {told!r}")


@check("OYR-DEF-002")
def no_environment_is_read_as_empty(session: Session) -> None:
    """Packages and variables."""
    view = session.view(session.submit())
    for name in ("pip", "envVars"):
        told = get(view, f"/runtime_env/{name}")
        expect(told in (MISSING, None, "", "{}", "[]"), f"{name} of a job without any is {told!r}")


@check("OYR-DEF-002")
def an_environment_is_not_inherited(session: Session) -> None:
    """From the job before, nor made of empty lists."""
    session.submit(patch=RICH)
    nothing: Json = {"runtime_env": {"env_vars": {}, "pip": []}}
    for patch in (None, nothing):
        view = session.view(session.submit(patch=patch))
        for name in ("pip", "envVars"):
            told = get(view, f"/runtime_env/{name}")
            expect(
                told in (MISSING, None, "", "{}", "[]"),
                f"{name} of a job without any, after one with some, is {told!r}",
            )


@check("OYR-DEF-003")
def command_and_directory_are_enough(session: Session) -> None:
    """And nothing else."""
    body = session.body()
    for command in (body["entrypoint"], "true"):
        least = {"entrypoint": command, "runtime_env": {"working_dir": body["runtime_env"]["working_dir"]}}
        accepted(session.post(least), "a submission of a command and a working directory")


@check("OYR-REQ-004")
def commands_are_whole(session: Session) -> None:
    """A long one, one with white space of every kind."""
    for command in ("sleep 1 # " + "x" * 3000, "  sleep  1 ;\n\tsleep 1  "):
        same(command, read_back(session, {"entrypoint": command}, "/entrypoint"), "the command of a job")


@check("OYR-REQ-016")
def metadata_are_whole(session: Session) -> None:
    """Many of them, and long ones."""
    for metadata in (
        {f"key-{number}": str(number) for number in range(40)},
        {"long": "x" * 2000, "y" * 200: "long key"},
    ):
        same(metadata, read_back(session, {"metadata": metadata}, "/metadata"), "the metadata of a job")


@check("OYR-REQ-019")
def too_many_cores_beside_other_members(session: Session) -> None:
    """All of which are right."""
    _beside(session, "entrypoint_num_cpus", 16.5)


@check("OYR-REQ-020")
def too_few_cores_beside_other_members(session: Session) -> None:
    """All of which are right."""
    _beside(session, "entrypoint_num_cpus", 0.2)


@check("OYR-REQ-024")
def too_little_memory_beside_other_members(session: Session) -> None:
    """All of which are right."""
    _beside(session, "entrypoint_memory", 134217727)


@check("OYR-REQ-025")
def too_much_memory_beside_other_members(session: Session) -> None:
    """All of which are right."""
    _beside(session, "entrypoint_memory", (1 << 50) + 1)


@check("OYR-REQ-043")
def half_a_resource_may_be_asked_for(session: Session) -> None:
    """On a node that has four."""
    staged(session, node("only", custom={"NPU": 4}))
    for amount in (0.5, 1.25):
        exchange = session.post(
            session.body("long", {"entrypoint_resources": {"NPU": amount}, "metadata": {"judge": session.unique("m")}})
        )
        accepted(exchange, f"a submission that asks for {amount} of a resource")


@check("OYR-REQ-042")
def the_media_type_is_read_as_one(session: Session) -> None:
    """With a parameter, and in capitals."""
    submission.the_media_type_is_read_as_one(session)
