"""Fuzzing over a socket ends in time, whatever the server does."""

from __future__ import annotations

import time

import pytest
from click.testing import CliRunner

from conformance.cli.main import main
from conformance.run.verdict import Exit
from tests.conformance.bad_servers import bad_server


@pytest.mark.parametrize(("kind", "plain"), [("hang", True), ("hang", False), ("drip-body", True)])
def test_fuzzing_a_server_that_hangs_ends_with_its_time(kind: str, plain: bool) -> None:
    with bad_server(kind) as url:
        words = ["fuzz", "ionworks", "--url", url, "--timeout", "1", "--max-minutes", "0.05", "--max-examples", "1000"]
        began = time.monotonic()
        told = CliRunner().invoke(main, [*words, *(["--plain"] if plain else [])])

    assert time.monotonic() - began < 45  # and not for a thousand examples of every operation, a second each
    assert told.exit_code in (Exit.SAFETY_STOP, Exit.BROKEN), told.output
    assert "the 0.05 minutes of --max-minutes are over" in told.output
