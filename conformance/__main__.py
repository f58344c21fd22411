"""The `conformance` script, and `python -m conformance`: the judge needs libraries that the mock does without."""

from __future__ import annotations

import sys
from typing import Any

import click

from conformance import __version__

EXTRA = ("brotli", "h11", "hypothesis", "openapi_core", "schemathesis", "zstandard")
INSTALL = (
    "in a checkout `make judge` or `pip install -e '.[conformance]'`, "
    f"with a wheel `pip install 'understudy_jobs-{__version__}-py3-none-any.whl[conformance]'`"
)
COMMANDS = {
    "catalogue": "Print the requirements of API, or of all.",
    "check": "Judge recorded traffic: FILE is a HAR file of one client's exchanges with one server.",
    "explain": (
        "Explain REQUIREMENT: what it says, who says so, what is sent, what passes, what fails, what it needs."
    ),
    "fuzz": "Send schemathesis' valid, invalid and stateful cases; exit 1 if any answer breaks the document of API.",
    "plan": "Print what a run would send, without sending anything.",
    "replay": "Judge the recorded failure of REQUIREMENT again (ID/2 means its second).",
    "report": "Put canonical reports (run --json) side by side; exit with the first code of theirs that is not 0.",
    "run": "Judge the implementation of API at URL, or in this process, requirement by requirement.",
    "sweep": "Stop and forget every job that a journal says was made and not cleaned up.",
    "target": "Write a target file to begin with, try one, or print the JSON Schema of such files.",
    "watch": "Forward traffic to UPSTREAM byte by byte, under its Host header, and judge it.",
}
"""The commands with their first sentences, so that help needs no libraries.

A test holds that they are the commands' own.
"""


class _Commands(click.Group):
    """The commands of `conformance.cli`, loaded when one of them is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, loaded or not."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command itself; where the extra is not installed, say so and end with 2."""
        if ctx.resilient_parsing or cmd_name not in COMMANDS:
            return None
        try:
            from conformance.cli.main import main as group
        except ModuleNotFoundError as missing:
            if missing.name not in EXTRA:
                raise
            sys.stderr.write(
                f"conformance: {missing.name} is not installed; the judge needs this package's extra "
                f"`conformance`: {INSTALL}\n"
            )
            sys.exit(2)
        return group.get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="conformance")
def main(**_: Any) -> None:
    """Judge an implementation of a batch-compute job API by its document."""


if __name__ == "__main__":
    main()
