"""What fails a run: a broken MUST, a broken SHOULD too, or only what an earlier report did not show broken."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from conformance.errors import UsageError
from conformance.run.results import Report
from conformance.run.verdict import Result, Verdict

FAIL_ON = ("must", "should", "new")


def known_broken(runs: Iterable[dict[str, Any]], api: str, file: Path) -> frozenset[str]:
    """The ids that a kept report of this API shows broken. Raises UsageError where it holds no run of the API."""
    own = [run for run in runs if run["api"] == api]
    if not own:
        raise UsageError(f"--baseline {file} holds no run of {api}; expected a report that run --json wrote of it")
    return frozenset(one["id"] for run in own for one in run["results"] if one["verdict"] in ("FAIL", "WARN"))


def failing(report: Report) -> list[Result]:
    """The results for which the run is not conformant, as its options say."""
    options = report.options
    words = (Verdict.FAIL, Verdict.WARN) if options.fail_on == "should" else (Verdict.FAIL,)
    known = options.known if options.fail_on == "new" else frozenset()
    return [one for one in report.of(*words) if one.requirement not in known] + report.of(Verdict.STALE_WAIVER)


def compared(report: Report) -> str:
    """What a comparison with an earlier report found besides; nothing where there is none."""
    options = report.options
    if options.fail_on != "new":
        return ""
    broken = {one.requirement for one in report.of(Verdict.FAIL, Verdict.WARN)}
    passed = {one.requirement for one in report.of(Verdict.PASS)}
    still, mended = options.known & broken, options.known & passed
    parts = [f"{_named(still)} known from before"] * bool(still) + [f"{_named(mended)} mended"] * bool(mended)
    return f"; {'; '.join(parts)}" if parts else ""


def _named(ids: Iterable[str]) -> str:
    ordered = sorted(ids)
    more = f" and {len(ordered) - 5} more" if len(ordered) > 5 else ""
    return f"{', '.join(ordered[:5])}{more} {'is' if len(ordered) == 1 else 'are'}"
