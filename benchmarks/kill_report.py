"""The figures of the kill ratio, summed up and printed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from benchmarks.exclusive import WORDS, Alone
from benchmarks.kill_run import Told

HEADS = ("seeded", "killed", "rightly", "exact", "failed", "compared", "baseline")


def summed_up(told: Sequence[Told]) -> dict[str, Any]:
    """The figures of all runs that were made."""
    from tests.conformance.faults import all_faults

    faults = {fault.id: fault for api in {one.job.api for one in told} for fault in all_faults(api)}
    areas: dict[str, Counter[str]] = defaultdict(Counter)
    pairs: Counter[str] = Counter()
    missed, wrong = [], []
    for one in told:
        named = [faults[id_] for id_ in one.job.faults]
        rights = [bool({fault.requirement, *fault.also} & set(one.broken)) for fault in named]
        if len(named) == 2:
            pairs.update(seeded=1, rightly=all(rights))
        elif named:
            _count(areas[named[0].area], one, named[0], is_right=rights[0])
            if not one.broken:
                missed.append(named[0].id)
            elif not rights[0]:
                wrong.append(f"{named[0].id}: {', '.join(one.broken)} instead of {named[0].requirement}")
    clean = [one for one in told if not one.job.faults]
    total: Counter[str] = sum(areas.values(), Counter())
    compared = [one for one in told if one.baseline is not None]
    return {
        "areas": {area: dict(count) for area, count in sorted(areas.items())},
        "kill_ratio": _share(total["rightly"], total["seeded"]),
        "baseline_kill_ratio": _share(total["baseline"], total["compared"]),
        "baseline": baseline_of({one.job.api for one in compared}),
        "pairs": dict(pairs),
        "missed": missed,
        "by_another": wrong,
        "clean_runs": len(clean),
        "false_alarms": [f"{one.job.name}: {', '.join(one.broken)}" for one in clean if one.broken],
        "errors": [f"{one.job.name}: {text}" for one in told for text in one.errors],
        "requests_per_run": _mean([one.requests for one in told]),
        "seconds_per_run": _mean([one.seconds for one in told]),
        "baseline_seconds_per_run": _mean([one.baseline_seconds for one in compared]),
    }


def _count(area: Counter[str], one: Told, fault: Any, *, is_right: bool) -> None:
    area.update(
        seeded=1, killed=bool(one.broken), rightly=is_right, exact=fault.requirement in one.broken, failed=one.exit == 1
    )
    area.update(compared=one.baseline is not None, baseline=bool(one.baseline))


def baseline_of(apis: set[str]) -> dict[str, Any]:
    """How the baseline was asked."""
    from benchmarks.baseline import EXAMPLES, PACE

    told = "failures of the clean mock are subtracted by operation and check; it stops at its first new one"
    return {
        "examples": EXAMPLES,
        "pace": PACE,
        "apis": sorted(apis),
        "how": f"schemathesis, all phases and checks, {EXAMPLES} examples, seed 1; {told}",
    }


def show(summary: dict[str, Any]) -> None:
    """Print the figures."""
    print(f"{'area':6}" + "".join(f"{head:>10}" for head in HEADS))
    total: Counter[str] = Counter()
    for area, count in summary["areas"].items():
        total.update(count)
        print(f"{area:6}" + "".join(f"{count.get(head, 0):>10}" for head in HEADS))
    print(f"{'all':6}" + "".join(f"{total[head]:>10}" for head in HEADS))
    print(
        f"kill ratio: {_percent(summary['kill_ratio'])} by the right requirement; baseline: "
        f"{_percent(summary['baseline_kill_ratio'])}"
    )
    if summary["baseline"]["apis"]:
        print(f"baseline: {summary['baseline']['how']}")
    skipped = ("areas", "kill_ratio", "baseline_kill_ratio", "baseline")
    for key, value in summary.items():
        if key not in skipped:
            print(f"{key}: {value if not isinstance(value, list) else len(value)}")
            for line in value if isinstance(value, list) else ():
                print(f"  {line}")


def shown_alone(told: Sequence[Alone]) -> dict[str, Any]:
    """Print for how many MUSTs there is a fault that they alone catch, and what else broke otherwise; the figures."""
    counts = {api: Counter(one.word for one in told if one.api == api) for api in sorted({one.api for one in told})}
    print(f"{'API':14}" + "".join(f"{word:>16}" for word in WORDS))
    for api, count in counts.items():
        print(f"{api:14}" + "".join(f"{count[word]:>16}" for word in WORDS))
    for one in sorted(told, key=lambda one: (one.api, -one.level, one.requirement)):
        if one.level:
            print(f"  {one.requirement} {one.word} ({one.fault or 'no fault'}): {', '.join(one.others)}")
    cases, of = _mean([one.cases for one in told]), _mean([one.of for one in told])
    print(f"seconds per MUST: {_mean([one.seconds for one in told])}, cases run per fault: {cases} of {of}")
    return {"exclusive": {api: dict(count) for api, count in counts.items()}}


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _percent(share: float | None) -> str:
    return "not measured" if share is None else f"{share:.1%}"


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 2) if values else 0.0
