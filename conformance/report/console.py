"""The judge's console: nothing that a target or a file says acts on a terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from specs.printable import printable_lines


class SafeConsole(Console):
    """Prints texts with control, direction and invisible characters escaped; markup and colours are ours."""

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, **options)

    def print(self, *objects: Any, **options: Any) -> None:
        """Print texts escaped, and anything else as it is."""
        super().print(*(printable_lines(one) if isinstance(one, str) else one for one in objects), **options)
