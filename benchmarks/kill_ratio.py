"""How many seeded faults the judge finds, by the right requirement, and how often it cries wolf.

    python -m benchmarks.kill_ratio [--api NAME] [--fault GLOB] [--json FILE] [--no-baseline | --baseline-every N]
    [--thorough] [--seeds N] [--workers N] python -m benchmarks.kill_ratio --exclusive [--api NAME] [--fault GLOB]
    [--sample N] [--json FILE]

A fault is killed when some requirement is broken (FAIL, WARN or, of a MAY, INFO) that holds on the clean mock, rightly
killed when it is one that the fault names. The named requirement is judged first; only what it does not notice is put
before the whole suite (`--thorough`: everything is). The baseline is what plain schemathesis reports on the same broken
mock, see `benchmarks/baseline.py`.

`--exclusive` puts one fault per MUST before the whole suite and tells for how many the MUST alone breaks: no other MUST
and nothing else of its area but the companions that the fault (`also`) or `tests/conformance/companions.py` names.

An interruption ends the measurement early; what was measured is printed and written all the same.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import specs
from benchmarks.kill_report import show, shown_alone, summed_up
from benchmarks.kill_run import Job, alone, prepare, work
from benchmarks.progress import Progress

PAIRS = 10
INTERRUPTED = 130


def jobs(options: argparse.Namespace) -> Iterator[Job]:
    """Every run there is to make."""
    from tests.conformance.faults import all_faults
    from tests.conformance.tolerated_targets import VARIATIONS

    for api in apis(options):
        chosen = [fault.id for fault in all_faults(api) if fnmatch.fnmatchcase(fault.id, options.fault or "*")]
        compared = set() if options.no_baseline else set(chosen[:: options.baseline_every])
        yield from (Job(api, (id_,), baseline=id_ in compared, thorough=options.thorough) for id_ in chosen)
        if not options.fault:
            step = max(1, len(chosen) // (2 * PAIRS // len(specs.names()) + 1))
            pairs = [(chosen[at], chosen[-1 - at]) for at in range(0, len(chosen) // 2, step)][
                : PAIRS // len(specs.names())
            ]
            yield from (Job(api, pair) for pair in pairs)
            yield from (Job(api, seed=seed) for seed in range(1, options.seeds + 1))
            yield from (Job(api, variation=name) for name, variation in VARIATIONS.items() if api in variation.apis)


def apis(options: argparse.Namespace) -> list[str]:
    """The APIs that were asked for."""
    return [options.api] if options.api else list(specs.names())


def musts(options: argparse.Namespace) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Every MUST to put on its own, with its faults."""
    from benchmarks.exclusive import musts as musts_of

    for api in apis(options):
        yield from (
            (api, id_, tuple(ids)) for id_, ids in musts_of(api, fault=options.fault or "*", sample=options.sample)
        )


def gathered(
    do: Callable[[Any], Any], todo: Sequence[Any], name: Callable[[Any], str], *, workers: int
) -> tuple[list[Any], bool]:
    """What came of all that is to be done, or of as much as was done before an interruption; whether there was one."""
    told: list[Any] = []
    progress = Progress(len(todo))
    with multiprocessing.get_context("spawn").Pool(workers, initializer=prepare, maxtasksperchild=100) as pool:
        try:
            for one in pool.imap_unordered(do, todo):
                told.append(one)
                progress.step(name(one))
        except KeyboardInterrupt:
            pool.terminate()
            print(f"\ninterrupted after {len(told)} of {len(todo)}", file=sys.stderr)
            return told, True
    return told, False


def main() -> None:
    """Run and print."""
    options = arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if options.exclusive:
        todo: list[Any] = list(musts(options))
        told, was_interrupted = gathered(
            alone, todo, lambda one: f"{one.requirement} {one.word}", workers=options.workers
        )
        summary = shown_alone(told)
        is_good = all(one.level < 2 for one in told)
    else:
        todo = list(jobs(options))
        told, was_interrupted = gathered(work, todo, lambda one: one.job.name, workers=options.workers)
        summary = summed_up(told)
        show(summary)
        is_good = (
            not summary["missed"]
            and not summary["by_another"]
            and not summary["false_alarms"]
            and not summary["errors"]
        )
    if options.json:
        whole = summary | {"planned": len(todo), "interrupted": was_interrupted, "runs": [asdict(one) for one in told]}
        options.json.write_text(json.dumps(whole, indent=1), encoding="utf-8")
    if not todo:
        sys.exit(f"nothing fits {options.fault!r}")
    sys.exit(INTERRUPTED if was_interrupted else 0 if is_good else 1)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--api", choices=specs.names())
    parser.add_argument("--fault", help="only faults whose id fits this glob; no clean runs then")
    parser.add_argument("--json", type=Path)
    parser.add_argument(
        "--no-baseline", action="store_true", help="leave schemathesis out, which takes most of the time"
    )
    parser.add_argument(
        "--baseline-every",
        type=int,
        default=1,
        metavar="N",
        help="ask schemathesis about every N-th fault of an API only",
    )
    parser.add_argument(
        "--thorough",
        action="store_true",
        help="run the whole suite on every fault, also where the named requirement has noticed it",
    )
    parser.add_argument(
        "--exclusive", action="store_true", help="tell for each MUST whether a fault of its own breaks it alone"
    )
    parser.add_argument(
        "--sample", type=int, default=0, help="with --exclusive: only so many MUSTs per API, spread evenly"
    )
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
