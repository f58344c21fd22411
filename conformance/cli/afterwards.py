"""Commands for afterwards: sending a recorded failure again, cleaning up what a run left."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from conformance.cli.options import EXISTING, JudgeCommand, opened, target_options
from conformance.report.console import SafeConsole
from conformance.report.json import runs_of
from conformance.run.verdict import Exit


@click.command("replay", cls=JudgeCommand)
@click.argument("requirement")
@target_options
@click.option(
    "--report", required=True, type=EXISTING, help="The canonical report (run --json) that holds the failure."
)
def replay_command(requirement: str, api: str, url: str | None, report: Path, **told: Any) -> None:
    """Judge the recorded failure of REQUIREMENT again (ID/2 means its second).

    Its story is told again with new jobs. Exit 1 if the requirement is still broken, 4 if that cannot be said.
    """
    from conformance.search.replay import replay

    console = SafeConsole()
    with opened(api, url, **told) as target:
        found = replay(target, {"runs": runs_of(report)}, requirement)
        redaction = target.redaction
    for line, then, now in found.lines:
        console.print(f"  {escape(redaction.text(line))}  then {then}, now {now}", soft_wrap=True)
    reason = escape(redaction.text(found.reason))
    sentence, code = {
        "broken": (f"is still broken: {reason}", Exit.BROKEN),
        "kept": ("is kept now", Exit.CONFORMANT),
        "unjudged": (f"cannot be judged again: {reason}", Exit.BELOW_FLOOR),
    }[found.verdict]
    console.print(f"{requirement.partition('/')[0]} {sentence}", soft_wrap=True)
    sys.exit(code)


@click.command("sweep", cls=JudgeCommand)
@target_options
@click.option("--journal", required=True, type=EXISTING, help="MadeJobs of the run that left jobs behind.")
def sweep_command(api: str, url: str | None, journal: Path, **told: Any) -> None:
    """Stop and forget every job that a journal says was made and not cleaned up."""
    from conformance.run.cleanup import sweep
    from conformance.session.made_jobs import left_over, unanswered

    console = SafeConsole()
    found = left_over(journal)
    with opened(api, url, **told) as target:
        stuck = sweep(target, journal)
    console.print(
        f"{len(found) - len(stuck)} of {len(found)} jobs are "
        f"gone{': ' + ', '.join(stuck) + ' are not, or cannot be seen' if stuck else ''}",
        soft_wrap=True,
    )
    if lost := unanswered(journal):
        console.print(
            f"{lost} submissions have an unknown end: no answer to them was recorded, and each may have made a job",
            soft_wrap=True,
        )
    sys.exit(Exit.SAFETY_STOP if stuck else Exit.CONFORMANT)


COMMANDS = (replay_command, sweep_command)
