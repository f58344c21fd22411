"""Commands for afterwards: sending a recorded failure again, cleaning up what a run left."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from conformance.cli.options import EXISTING, JudgeCommand, opened, target_options
from conformance.report.json import runs_of
from conformance.run.verdict import Exit


@click.command("replay", cls=JudgeCommand)
@click.argument("requirement")
@target_options
@click.option(
    "--report", required=True, type=EXISTING, help="The canonical report (run --json) that holds the failure."
)
def replay_command(requirement: str, api: str, url: str | None, report: Path, **told: Any) -> None:
    """Send the recorded failure of REQUIREMENT again (ID/2 means its second).

    Exit 1 if it is answered as it was then.
    """
    from conformance.search.replay import replay

    console = Console(highlight=False)
    with opened(api, url, **told) as target:
        lines = replay(target, {"runs": runs_of(report)}, requirement)
    for line, then, now in lines:
        console.print(f"{'same' if then == now else 'other'}  {escape(line)}  then {then}, now {now}")
    sys.exit(Exit.BROKEN if all(then == now for _, then, now in lines) else Exit.CONFORMANT)


@click.command("sweep", cls=JudgeCommand)
@target_options
@click.option("--journal", required=True, type=EXISTING, help="Journal of the run that left jobs behind.")
def sweep_command(api: str, url: str | None, journal: Path, **told: Any) -> None:
    """Stop and forget every job that a journal says was made and not cleaned up."""
    from conformance.run.cleanup import sweep
    from conformance.session.made_jobs import left_over

    console = Console(highlight=False)
    found = left_over(journal)
    with opened(api, url, **told) as target:
        stuck = sweep(target, journal)
    console.print(
        f"{len(found) - len(stuck)} of {len(found)} jobs are "
        f"gone{': ' + ', '.join(stuck) + ' are not' if stuck else ''}"
    )
    sys.exit(Exit.SAFETY_STOP if stuck else Exit.CONFORMANT)


COMMANDS = (replay_command, sweep_command)
