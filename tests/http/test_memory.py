"""What is free in the heap goes back to the system."""

from __future__ import annotations

import subprocess
import sys

import pytest

PIECES = """
from mockserver.http import memory

memory.settle()
trimmer = memory.Trimmer()
least = memory._resident()
held = [(bytearray(100_000), bytearray(1_000)) for _ in range(600)]
kept = [small for _, small in held]
full = memory._resident() - least
del held
{then}
print(full / 2**20, (memory._resident() - least) / 2**20)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's heap is meant")
def test_memory_in_pieces_goes_back_to_the_system() -> None:
    full, untrimmed = _measured("pass")
    assert full > 50
    assert untrimmed > 30, "without a trim the pieces between what lives on would stay"

    full, trimmed = _measured("trimmer.trim_if_grown()")
    assert full > 50
    assert trimmed < 10


def _measured(then: str) -> tuple[float, float]:
    command = [sys.executable, "-c", PIECES.format(then=then)]
    full, left = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return float(full), float(left)
