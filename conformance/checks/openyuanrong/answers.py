"""What openYuanrong's answers say of a job."""

from __future__ import annotations

import json

from conformance.checks import check
from conformance.checks.openyuanrong.steps import read_back, submit_named
from conformance.oracles.job_views import items_of
from conformance.session.expect import expect, needed, same
from conformance.session.session import Session
from conformance.traffic.json_pointer import MISSING, get

CODES = (1, 2, 126, 127, 128, 130, 137, 143, 255)
"""Exit codes of commands that failed, those of shells and of killed processes among them."""


@check("OYR-RSP-004")
def the_drivers_id_is_the_jobs(session: Session) -> None:
    """While it runs and afterwards, read and listed."""
    job = session.submit()
    for _ in session.watch(job):
        same(job.id, get(session.exchanges[-1].response.json, "/driver_info/id"), "the driver's id")
    for item in items_of(session.role("list"), session.list_jobs().response.json):
        same(get(item, "/submission_id"), get(item, "/driver_info/id"), "the driver's id in the list")


@check("OYR-RSP-004")
def the_driver_of_a_named_job_has_its_id(session: Session) -> None:
    """With its prefix and without."""
    for id_ in (session.unique("app-cf"), session.unique("cf")):
        job = submit_named(session, id_)
        same(job.id, get(session.view(job), "/driver_info/id"), "the driver's id")


@check("OYR-RSP-010")
def a_failed_command_has_an_exit_code(session: Session) -> None:
    """Not 0; and the one that the command gave, where the command can be given."""
    by_command = str(get(session.body("fails"), "/entrypoint")).startswith("exit ")
    for code in (0, *CODES) if by_command else (0,):
        job = session.submit("fails", {"entrypoint": f"exit {code}"} if code else None)
        state = session.until(job)
        expect(session.phase_of(state) == "failed", f"a job whose command exits with {code or 'an error'} is {state}")
        told = get(session.view(job), "/driver_exit_code")
        expect(told not in (0, None, MISSING), f"the exit code of a command that failed is {told!r}")
        if code:
            same(code, told, f"the exit code of a command that exits with {code}")


@check("OYR-RSP-015")
def variables_are_read_as_json(session: Session) -> None:
    """With all that JSON has to escape."""
    given = {"A": "b", "Q": 'say "x" & <y>', "U": "ü", "L": "one\ntwo\tthree", "B": "C:\\new\\"}
    job = session.submit(patch={"runtime_env": {"env_vars": given}})
    told = get(session.view(job), "/runtime_env/envVars")
    try:
        found = json.loads(told)
    except (TypeError, ValueError):
        found = MISSING
    expect(found == given, f"the environment variables {given} are read as {told!r}")


@check("OYR-RSP-015")
def variables_are_whole(session: Session) -> None:
    """Empty ones, long ones, many."""
    variables = {"EMPTY": "", "LONG": "x" * 1500, "Mixed": " as it is "} | {
        f"V{number}": str(number) for number in range(30)
    }
    told = read_back(session, {"runtime_env": {"env_vars": variables}}, "/runtime_env/envVars")
    needed(isinstance(told, str) and told, "the job reports no variables")
    try:
        found = json.loads(told)
    except ValueError:
        found = None
    same(variables, found, "the variables of a job")


@check("OYR-RSP-016")
def packages_are_read_by_name(session: Session) -> None:
    """Two of them."""
    packages = ["numpy==1.24", "scipy==1.11.0"]
    told = get(session.view(session.submit(patch={"runtime_env": {"pip": packages}})), "/runtime_env/pip")
    expect(
        isinstance(told, str) and all(one in told for one in packages), f"the packages {packages} are read as {told!r}"
    )


@check("OYR-RSP-016")
def all_packages_are_read(session: Session) -> None:
    """Five of them."""
    packages = ["numpy==1.24", "scipy==1.11.0", "pandas", "torch[cuda]>=2", "tqdm"]
    told = read_back(session, {"runtime_env": {"pip": packages}}, "/runtime_env/pip")
    expect(
        isinstance(told, str) and all(one in told for one in packages), f"the packages {packages} are read as {told!r}"
    )
