"""The id says the file: where a requirement is judged, and where it is broken."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys

import pytest

import specs
from conformance import catalogue as catalogues
from conformance.checks import all_checks


@pytest.mark.parametrize("api", specs.names())
def test_every_check_is_in_the_file_of_its_requirement(api: str) -> None:
    requirements = catalogues.load(api).requirements

    strays = [
        f"{one.module} judges {id_} of {requirements[id_].check_file}"
        for id_, filed in all_checks(api).items()
        for one in filed
        if f"{one.module.replace('.', '/')}.py" != requirements[id_].check_file
    ]

    assert strays == []


@pytest.mark.parametrize("owner", ["common", *specs.names()])
def test_every_fault_is_in_the_file_of_its_requirement(owner: str) -> None:
    package = importlib.import_module(f"tests.conformance.faults.{owner}")

    strays = []
    for module in pkgutil.iter_modules(package.__path__):
        for fault in getattr(importlib.import_module(f"{package.__name__}.{module.name}"), "FAULTS", ()):
            subject = catalogues.load(fault.api).requirements[fault.requirement].subject
            if subject != module.name:
                strays.append(f"{owner}/{module.name}.py breaks {fault.requirement} of {subject}.py: {fault.id}")

    assert strays == []


def test_judging_one_api_reads_no_other_apis_checks() -> None:
    program = """
import sys
from conformance.run.results import Options
from conformance.run.runner import run
from conformance.target.target import Target
from mockserver.http.app import create_app

with Target.in_process(create_app(["ionworks"]), "ionworks") as target:
    assert run(target, Options(only=("ION-LST-001",))).exit == 0
print(*sorted({name.split(".")[2] for name in sys.modules if name.startswith("conformance.checks.")}))
"""

    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert set(run.stdout.split()) == {"common", "families", "ionworks", "probes", "ordinary_lives"}
