"""The type of the option --seed, the same for all commands."""

from __future__ import annotations

import click

SEED = click.IntRange(-(2**63), 2**63 - 1)
"""What a scenario file takes as a seed, too."""
