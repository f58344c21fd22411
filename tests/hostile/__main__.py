"""`python -m tests.hostile --requests N --seed S [--strict]`: attack a server, and print what came of it."""

from __future__ import annotations

import argparse
import sys

from tests.hostile.attack import MODES, Outcome, attack
from tests.hostile.process import serving


def main() -> None:
    """Print a table by kind, then what was broken; exit 1 if anything was."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--strict", action="store_true", help="attack a server that verifies credentials")
    given = parser.parse_args()
    mode = "strict" if given.strict else "lenient"
    with serving(*MODES[mode]) as server:
        outcome = attack(server, given.requests, given.seed)
        is_alive, cpu = server.answers(), server.cpu()
    broken = [*outcome.broken(), *([] if is_alive else ["the server does not answer any more"])]
    memory = f"{outcome.early:.0f} MiB after the first tenth, {outcome.late:.0f} at the end"
    _print(f"{mode}, {given.requests} requests, seed {given.seed}: {memory}, {cpu:.1f} s of the server's CPU\n")
    _show(outcome)
    _print("".join(f"BROKEN {one}\n" for one in broken) or "nothing is broken\n")
    sys.exit(1 if broken else 0)


def _print(text: str) -> None:
    sys.stdout.write(text)


def _show(outcome: Outcome) -> None:
    _print(f"{'kind':32} {'requests':>8} {'CPU, s':>7} {'MiB':>6}  answers\n")
    for name, toll in sorted(outcome.tolls.items()):
        counts = " ".join(f"{status}:{count}" for status, count in sorted(toll.statuses.items()))
        _print(f"{name:32} {toll.statuses.total():8} {toll.cpu:7.2f} {toll.memory:6.1f}  {counts}\n")


if __name__ == "__main__":
    main()
