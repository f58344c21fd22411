"""`python -m tests.hostile --requests N --seed S`: attack a lenient and a strict server, and print what came of it."""

from __future__ import annotations

import argparse
import sys

from tests.hostile.attack import Outcome, attack, attacked

MODES = {"lenient": ("--pace", "x100"), "strict": ("--pace", "x100", "--auth", "strict")}


def main() -> None:
    """Print a table per mode."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    for mode, options in MODES.items():
        with attacked(*options) as server:
            outcome = attack(server, told.requests // len(MODES), told.seed)
            _say(f"\n{mode}: {outcome.early:.0f} MiB when warm, {outcome.late:.0f} MiB at the end, {server.cpu():.1f} s of CPU")
        _show(outcome)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _show(outcome: Outcome) -> None:
    for name, toll in sorted(outcome.tolls.items()):
        counts = " ".join(f"{status}:{count}" for status, count in sorted(toll.statuses.items()))
        _say(f"{name:30} {toll.cpu:6.2f} s {toll.memory:7.1f} MiB  {counts}")
    for one in outcome.wrong():
        _say(f"NOT DOCUMENTED {one}")


if __name__ == "__main__":
    main()
