"""How many seeded faults the judge finds, by the right requirement, and how often it cries wolf.

    python -m benchmarks.kill_ratio [--api NAME] [--fault GLOB] [--json FILE] [--no-baseline] [--thorough] [--seeds N] [--workers N]

A fault is killed when some requirement is broken (FAIL or WARN) that holds on the clean mock, rightly killed when it is one that the fault names.
The named requirement is judged first; only what it does not notice is put before the whole suite (`--thorough`: everything is).
The baseline is what plain schemathesis reports on the same broken mock.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import multiprocessing
import sys
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import specs

BASELINE_EXAMPLES = 8
PAIRS = 10


@dataclass(frozen=True)
class Job:
    """One run to make: with faults by id, or on an allowed variation, or clean under a seed."""

    api: str
    faults: tuple[str, ...] = ()
    variation: str = ""
    seed: int = 1
    baseline: bool = False
    thorough: bool = False


@dataclass
class Told:
    """What one run gave."""

    job: Job
    broken: list[str]
    errors: list[str]
    exit: int
    requests: int
    seconds: float
    baseline: int | None = None


def work(job: Job) -> Told:
    """Make one run."""
    warnings.simplefilter("ignore")
    from conformance.record import Options
    from conformance.runner import run
    from conformance.target import Target
    from conformance.verdict import Verdict
    from mockserver.http.app import create_app
    from tests.conformance.faults import all_faults
    from tests.conformance.variations import VARIATIONS

    bad = (Verdict.FAIL, Verdict.WARN)
    known = {fault.id: fault for fault in all_faults(job.api)}
    began = time.monotonic()
    with ExitStack() as stack:
        app: Any = create_app([job.api])
        for id_ in job.faults:
            app = stack.enter_context(known[id_].apply(app))
        if job.variation:
            app = stack.enter_context(VARIATIONS[job.variation].apply(app, job.api))
        target = Target.in_process(app, job.api)
        named = [(known[id_].requirement, *known[id_].also) for id_ in job.faults]
        report = run(target, Options(only=tuple({id_ for ids in named for id_ in ids}))) if named and not job.thorough else None
        if report is None or not all({one.requirement for one in report.of(*bad)} & set(ids) for ids in named):
            report = run(target, Options(seed=job.seed, shuffle=True))
        target.close()
        seconds = time.monotonic() - began
        found = _baseline(job.api, app) if job.baseline else None
    broken = [one.requirement for one in report.of(*bad)]
    errors = [f"{one.requirement}: {one.reason}" for one in report.of(Verdict.ERROR)]
    if report.exit in (3, 6):
        errors.append(report.sentence)
    return Told(job, broken, errors, int(report.exit), report.requests, seconds, found)


class _Closing:
    """Lets a wrapped application be served like the mock itself."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._app(scope, receive, send)

    def close(self) -> None:
        """Nothing to close."""


def _baseline(api: str, app: Any) -> int:
    """How many failures plain schemathesis reports."""
    from conformance.fuzz import Finding, fuzz
    from mockserver.http.server import serving

    headers = {"Authorization": "anything"} if api == "bytenite" else {}
    with serving(_Closing(app)) as url:  # type: ignore[arg-type]
        found = [one for one in fuzz(api, url, most_examples=BASELINE_EXAMPLES, headers=headers) if isinstance(one, Finding)]
    return len([one for one in found if one.check != "ignored_auth"])


def jobs(options: argparse.Namespace) -> Iterator[Job]:
    """Everything there is to run."""
    from tests.conformance.faults import all_faults
    from tests.conformance.variations import VARIATIONS

    apis = [options.api] if options.api else list(specs.names())
    for api in apis:
        chosen = [fault.id for fault in all_faults(api) if fnmatch.fnmatchcase(fault.id, options.fault or "*")]
        yield from (Job(api, (id_,), baseline=not options.no_baseline, thorough=options.thorough) for id_ in chosen)
        if not options.fault:
            step = max(1, len(chosen) // (2 * PAIRS // len(specs.names()) + 1))
            pairs = [(chosen[at], chosen[-1 - at]) for at in range(0, len(chosen) // 2, step)][: PAIRS // len(specs.names())]
            yield from (Job(api, pair) for pair in pairs)
            yield from (Job(api, seed=seed) for seed in range(1, options.seeds + 1))
            yield from (Job(api, variation=name) for name, variation in VARIATIONS.items() if api in variation.apis)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--api", choices=specs.names())
    parser.add_argument("--fault", help="only faults whose id fits this glob; no clean runs then")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--no-baseline", action="store_true")
    parser.add_argument("--thorough", action="store_true", help="run the whole suite on every fault, also where the named requirement has noticed it")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    todo = list(jobs(options))
    if not todo:
        sys.exit(f"no fault fits {options.fault!r}")
    told: list[Told] = []
    with multiprocessing.get_context("spawn").Pool(options.workers, maxtasksperchild=20) as pool:
        for number, one in enumerate(pool.imap_unordered(work, todo), 1):
            told.append(one)
            if sys.stderr.isatty():
                print(f"\r{number}/{len(todo)} {'+'.join(one.job.faults) or one.job.variation or one.job.seed}\033[K", end="", file=sys.stderr)
    summary = summed_up(told)
    show(summary)
    if options.json:
        options.json.write_text(json.dumps(summary | {"runs": [asdict(one) for one in told]}, indent=1), encoding="utf-8")
    sys.exit(0 if not summary["missed"] and not summary["false_alarms"] and not summary["errors"] else 1)


def summed_up(told: list[Told]) -> dict[str, Any]:
    """The figures."""
    from tests.conformance.faults import all_faults

    faults = {fault.id: fault for api in {one.job.api for one in told} for fault in all_faults(api)}
    areas: dict[str, Counter[str]] = defaultdict(Counter)
    missed, wrong, alarms, errors = [], [], [], []
    pairs: Counter[str] = Counter()
    for one in told:
        named = [faults[id_] for id_ in one.job.faults]
        errors += [f"{'+'.join(one.job.faults) or one.job.variation or one.job.seed}: {text}" for text in one.errors]
        if len(named) == 1:
            fault = named[0]
            right = {fault.requirement, *fault.also} & set(one.broken)
            areas[fault.area].update(seeded=1, killed=bool(one.broken), rightly=bool(right), exact=fault.requirement in one.broken)
            areas[fault.area].update(baseline=bool(one.baseline), failed=one.exit == 1)
            if not one.broken:
                missed.append(fault.id)
            elif not right:
                wrong.append(f"{fault.id}: {', '.join(one.broken)} instead of {fault.requirement}")
        elif named:
            both = all({fault.requirement, *fault.also} & set(one.broken) for fault in named)
            pairs.update(seeded=1, rightly=both)
        elif one.broken:
            alarms.append(f"{one.job.api} {one.job.variation or f'seed {one.job.seed}'}: {', '.join(one.broken)}")
    clean = [one for one in told if not one.job.faults]
    return {
        "areas": {area: dict(count) for area, count in sorted(areas.items())},
        "pairs": dict(pairs),
        "missed": missed,
        "by_another": wrong,
        "clean_runs": len(clean),
        "false_alarms": alarms,
        "errors": errors,
        "requests_per_run": round(sum(one.requests for one in told) / len(told)),
        "seconds_per_run": round(sum(one.seconds for one in told) / len(told), 2),
    }


def show(summary: dict[str, Any]) -> None:
    """Print the figures."""
    heads = ("seeded", "killed", "rightly", "exact", "failed", "baseline")
    print(f"{'area':6}" + "".join(f"{head:>10}" for head in heads))
    total: Counter[str] = Counter()
    for area, count in summary["areas"].items():
        total.update(count)
        print(f"{area:6}" + "".join(f"{count.get(head, 0):>10}" for head in heads))
    print(f"{'all':6}" + "".join(f"{total[head]:>10}" for head in heads))
    for key in ("pairs", "missed", "by_another", "clean_runs", "false_alarms", "errors", "requests_per_run", "seconds_per_run"):
        value = summary[key]
        print(f"{key}: {value if not isinstance(value, list) else len(value)}")
        for line in value if isinstance(value, list) else ():
            print(f"  {line}")


if __name__ == "__main__":
    main()
