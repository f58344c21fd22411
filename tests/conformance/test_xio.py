"""compute.x.io's part of the judge: its faults are told apart, and every MUST has one."""

from __future__ import annotations

import pytest

from conformance import catalogue as catalogues
from conformance.run.runner import Options, run
from conformance.run.verdict import Verdict
from conformance.target.target import Target
from mockserver.http.app import create_app
from tests.conformance.faults import Fault, all_faults

OWN = [fault for fault in all_faults("xio") if fault.requirement.startswith("XIO")]


def test_every_checked_must_has_a_fault() -> None:
    requirements = catalogues.load("xio").requirements.values()
    musts = {one.id for one in requirements if one.id.startswith("XIO") and one.level == "MUST" and not one.not_tested}

    assert musts - {fault.requirement for fault in OWN} == set()


@pytest.mark.parametrize("fault", OWN[::8], ids=lambda fault: fault.id)
def test_the_right_requirement_notices(fault: Fault) -> None:
    with fault.apply(create_app(["xio"])) as broken:
        target = Target.in_process(broken, "xio")
        report = run(target, Options(only=(fault.requirement,), repetitions=1))
        target.close()

    assert fault.requirement in {one.requirement for one in report.of(Verdict.FAIL, Verdict.WARN)}, report.sentence
