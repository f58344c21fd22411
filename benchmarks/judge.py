"""How long the judge takes, and that its verdicts do not depend on how much goes on at the same time.

`python -m benchmarks.judge --json FILE` runs `conformance run --quick` against small servers that are written by hand,
over sockets: in real time, with a clock that runs 200 times faster, with a clock that the judge moves, with 40 servers
on which something fundamental is broken, and side by side against one after the other. `--part` and `--api` choose.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import specs
from benchmarks.judge_targets import VIRTUAL, opened

JOBS = 16
FAST = 200.0
MOST = {"real": 180.0, "fast": 45.0}
"""Seconds that a run may take."""
MOST_BROKEN = 1.5
"""By how much a run on a broken server may be longer than one on a clean one."""
SEEDS = 10


@dataclass(frozen=True)
class Row:
    """One run: what it took, and its verdicts other than PASS."""

    part: str
    api: str
    seconds: float
    cpu_seconds: float
    requests: int
    exit: int
    limit: float | None = None
    kind: str = ""
    seed: int = 1
    jobs: int = JOBS
    alarms: list[str] = field(default_factory=list)
    verdicts: dict[str, str] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        """Whether it was quick enough and, on a clean server, found nothing."""
        return (self.limit is None or self.seconds <= self.limit) and not self.alarms


def judged(part: str, api: str, scale: float, *, jobs: int = JOBS, seed: int = 1, kind: str = "") -> Row:
    """One run of the judge, quick, and what it took."""
    from conformance.run.results import Options
    from conformance.run.runner import run
    from conformance.run.verdict import Verdict

    with opened(api, scale, kind=kind) as target:
        began, cpu = time.monotonic(), time.process_time()
        report = run(target, Options(seed=seed, shuffle=seed > 1, jobs=1 if scale == VIRTUAL else jobs))
        seconds, cpu = time.monotonic() - began, time.process_time() - cpu
    failed = (Verdict.FAIL, Verdict.ERROR)
    return Row(
        part,
        api,
        round(seconds, 1),
        round(cpu, 1),
        report.requests,
        int(report.exit),
        limit=None if kind else MOST.get(part),
        kind=kind,
        seed=seed,
        jobs=jobs,
        alarms=[] if kind else [f"{one.requirement}: {one.reason}" for one in report.of(*failed)],
        verdicts={id_: one.verdict.word for id_, one in report.results.items() if one.verdict is not None},
    )


def real(apis: list[str]) -> Iterator[Row]:
    """Time that passes as ours does."""
    for api in apis:
        yield judged("real", api, 1.0)


def fast(apis: list[str]) -> Iterator[Row]:
    """A clock that runs 200 times faster."""
    for api in apis:
        yield judged("fast", api, FAST)


def virtual(apis: list[str]) -> Iterator[Row]:
    """A clock that the judge moves."""
    for api in apis:
        yield judged("virtual", api, VIRTUAL)


def broken(apis: list[str]) -> Iterator[Row]:
    """Servers on which one fundamental is broken, each beside a clean one of its API."""
    from tests.conformance.broken_fundamentals import KINDS

    for api in apis:
        clean = judged("broken", api, FAST)
        yield clean
        for kind in KINDS:
            row = judged("broken", api, FAST, kind=kind)
            yield Row(**asdict(row) | {"limit": round(MOST_BROKEN * clean.seconds, 1)})


def equal(apis: list[str], seeds: int = SEEDS) -> Iterator[Row]:
    """Side by side against one after the other."""
    for api in apis:
        for seed in range(1, seeds + 1):
            many = judged("equal", api, FAST, seed=seed)
            one = judged("equal", api, FAST, seed=seed, jobs=1)
            both = many.verdicts.keys() | one.verdicts.keys()
            apart = [
                f"{id_}: {many.verdicts.get(id_)} side by side, {one.verdicts.get(id_)} one after the other"
                for id_ in sorted(both)
                if many.verdicts.get(id_) != one.verdicts.get(id_)
            ]
            yield one
            yield Row(**asdict(many) | {"alarms": [*many.alarms, *apart]})


PARTS: dict[str, Callable[[list[str]], Iterator[Row]]] = {
    "real": real,
    "fast": fast,
    "virtual": virtual,
    "broken": broken,
    "equal": equal,
}


def main() -> None:
    """Measure, print a line per run, and end with 1 where a limit is broken."""
    options = arguments()
    apis = [options.api] if options.api else list(specs.names())
    rows: list[Row] = []
    for part in options.part or PARTS:
        runs = equal(apis, options.seeds) if part == "equal" else PARTS[part](apis)
        for row in runs:
            rows.append(row)
            print(line(row), flush=True)
            if options.json:
                options.json.write_text(json.dumps([asdict(one) for one in rows], indent=1), encoding="utf-8")
    sys.exit(0 if all(row.is_good for row in rows) else 1)


def line(row: Row) -> str:
    """A run in one line."""
    limit = f" of at most {row.limit:g}" if row.limit is not None else ""
    what = " ".join(filter(None, [row.part, row.api, row.kind, f"seed {row.seed}" if row.part == "equal" else ""]))
    alarms = "".join(f"\n  {one}" for one in row.alarms)
    mark = "good" if row.is_good else "BAD"
    return (
        f"{mark:4} {what}: {row.seconds:g} s{limit}, {row.cpu_seconds:g} s of CPU with the server's, "
        f"{row.requests} requests, {row.jobs} at a time, exit {row.exit}{alarms}"
    )


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=PARTS, action="append", help="only this part; may be repeated")
    parser.add_argument("--api", choices=specs.names())
    parser.add_argument("--seeds", type=int, default=SEEDS, help="for `equal`: so many orders")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
