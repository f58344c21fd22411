"""Groups of commands whose help shows the first sentence of each command whole."""

from __future__ import annotations

import click


class Commands(click.Group):
    """A group; click itself cuts a sentence that does not fit on one line."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands, each with its first sentence."""
        commands = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, command.get_short_help_str(limit=1000)) for name, command in commands.items() if command]
            )
