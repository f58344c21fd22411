"""What openYuanrong's answers say of a job."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress

from conformance.checks import check
from conformance.checks.openyuanrong.steps import read_back, submit_named
from conformance.oracles.job_views import items_of
from conformance.session.expect import expect, same
from conformance.session.session import Session
from conformance.traffic.json_pointer import MISSING, Json, get, shown

CODES = (1, 2, 126, 127, 128, 130, 137, 143, 255)
"""Exit codes of commands that failed, those of shells and of killed processes among them."""
ESCAPED = {"A": "b", "Q": 'say "x" & <y>', "U": "ü", "L": "one\ntwo\tthree", "B": "C:\\new\\"}
WHOLE = {"EMPTY": "", "LONG": "x" * 1500, "Mixed": " as it is "} | {f"V{number}": str(number) for number in range(30)}
"""Environment variables with all that JSON has to escape; long ones and many."""


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
        found = get(session.view(job), "/driver_exit_code")
        expect(found not in (0, None, MISSING), f"the exit code of a command that failed is {shown(found)}")
        if code:
            same(code, found, f"the exit code of a command that exits with {code}")


@check("OYR-RSP-015", "variables are read as json", ESCAPED)
@check("OYR-RSP-015", "variables are whole", WHOLE)
def variables_are_read(session: Session, variables: Json) -> None:
    """As JSON text that says the same."""
    value = read_back(session, {"runtime_env": {"env_vars": variables}}, "/runtime_env/envVars")
    found = None
    with suppress(TypeError, ValueError):
        found = json.loads(value)
    same(variables, found, "the variables of a job")


@check("OYR-RSP-016", "packages are read by name", ("numpy==1.24", "scipy==1.11.0"))
@check("OYR-RSP-016", "all packages are read", ("numpy==1.24", "scipy==1.11.0", "pandas", "torch[cuda]>=2", "tqdm"))
def packages_are_read(session: Session, packages: Sequence[str]) -> None:
    """Each by its name."""
    value = read_back(session, {"runtime_env": {"pip": [*packages]}}, "/runtime_env/pip")
    are_named = isinstance(value, str) and all(one in value for one in packages)
    expect(are_named, f"the packages {shown(packages)} are read as {shown(value)}")
