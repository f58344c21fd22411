"""The command line of the judge: judging, planning, the catalogue."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from rich.console import Console
from rich.markup import escape

import specs
from conformance import catalogue as catalogues
from conformance.catalogue import PROFILES
from conformance.cli import advice, afterwards, compare, traffic
from conformance.cli.options import API, EXISTING, FILE, Judge, opened, target_options, url_value
from conformance.cli.progress import shown
from conformance.report.console import SafeConsole
from conformance.run.failing import FAIL_ON, known_broken
from conformance.run.interruption import interruptible
from conformance.run.modes import MODES, budget_for, default_mode, jobs_for, options_for
from conformance.run.plan import time_plan
from conformance.run.results import Options, Report
from conformance.run.runner import Searching
from conformance.run.verdict import Exit, exit_code
from conformance.target.target import Target

VIEWS = ("json", "junit", "markdown", "html", "badge")


@click.group(cls=Judge, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Judge an implementation of a batch-compute job API by its document."""


@main.command("run")
@target_options
@click.option(
    "--mode", type=click.Choice(MODES), help="Default: ci for hosts of this machine, live-safe for any other."
)
@click.option(
    "--confirm",
    metavar="HOST",
    help="With --mode live-safe: repeat the target's host to confirm; otherwise only the plan is printed.",
)
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    type=click.Choice(PROFILES),
    help="Judge only this profile. May be repeated.",
)
@click.option("--only", multiple=True, help="Judge only requirements whose id matches this glob. May be repeated.")
@click.option(
    "--seed", default=1, show_default=True, help="Seed for the order, for names and for all generated values."
)
@click.option("--shuffle", is_flag=True, help="Run the checks in a random order that depends on the seed.")
@click.option("--quick", is_flag=True, help="With --mode ci: run no random clients.")
@click.option(
    "--floor",
    default=0.95,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="Smallest share of MUSTs that must be judged.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    help=(
        "How many checks go on at the same time. Default: 16, with --mode live-safe 4, and 1 where the judge controls "
        "the target's clock or the target is in this process."
    ),
)
@click.option("--max-requests", type=click.IntRange(1), help="Stop after this many requests.")
@click.option("--max-jobs", type=click.IntRange(1), help="Stop after this many jobs.")
@click.option(
    "--max-minutes",
    type=click.FloatRange(0.01),
    help="Spend at most this many minutes, on MUSTs first; what is left out is inconclusive.",
)
@click.option("--rate", type=click.FloatRange(0.01), help="At most this many requests per second.")
@click.option(
    "--waivers",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File of known failures to accept until a date.",
)
@click.option(
    "--fail-on",
    type=click.Choice(FAIL_ON),
    help="What makes the run fail: a broken MUST (the default), a broken SHOULD too, or only what --baseline does not "
    "show broken (the default with --baseline).",
)
@click.option(
    "--baseline",
    type=EXISTING,
    help="A report of an earlier run (its --json): what it shows broken is known and fails the run no more.",
)
@click.option(
    "--journal",
    type=FILE,
    help="Record each job here before it is created, so that `sweep` can delete it if the run dies.",
)
@click.option("--json", type=FILE, help="Write the canonical report to this file.")
@click.option("--junit", type=FILE, help="Write JUnit XML to this file.")
@click.option("--markdown", type=FILE, help="Write a Markdown summary to this file.")
@click.option("--html", type=FILE, help="Write an HTML page to this file.")
@click.option("--badge", type=FILE, help="Write the JSON of a badge to this file.")
@click.option("--har", type=FILE, help="Write all traffic to this file, with secrets hidden.")
@click.option(
    "--bundle",
    type=click.Path(file_okay=False, path_type=Path),
    help="With --mode certify: write all of these files to this folder.",
)
@click.option("--all", "everything", is_flag=True, help="Also print requirements that passed.")
def run_command(api: str, url: str | None, **told: Any) -> None:
    """Judge the implementation of API at URL, or in this process, requirement by requirement."""
    console = SafeConsole()
    mode = told["mode"] or (default_mode(url) if url is not None else "ci")
    budget = budget_for(
        mode, requests=told["max_requests"], jobs=told["max_jobs"], minutes=told["max_minutes"], rate=told["rate"]
    )
    keep = told["har"] is not None or told["bundle"] is not None
    options = Options(
        seed=told["seed"],
        shuffle=told["shuffle"],
        only=told["only"],
        profiles=told["profiles"] or None,
        floor=told["floor"],
        keep_traffic=keep,
        **_failing_on(api, told["fail_on"], told["baseline"]),
    )
    with opened(api, url, budget=budget, **told) as target:
        waits = not (target.has_virtual_time or target.is_in_process)
        options = replace(options, jobs=jobs_for(mode, told["jobs"], waits=waits))
        host = urlsplit(target.url).hostname
        if mode == "live-safe" and told["confirm"] != host:
            _plan(target, console)
            console.print(
                f"[yellow]nothing was sent: {escape(str(host))} is not this machine. To go ahead, add --confirm "
                f"{escape(str(host))}[/]"
            )
            sys.exit(Exit.SAFETY_STOP)
        reports = _judged(target, options_for(mode, options, quick=told["quick"]), told)
    unwritten = _report(reports, target, console, told)
    sys.exit(exit_code([*([int(Exit.USAGE)] if unwritten else []), *(int(one.exit) for one in reports)]))


def _failing_on(api: str, fail_on: str | None, baseline: Path | None) -> dict[str, Any]:
    """The options of a run that say what fails it. Raises UsageError, click.UsageError."""
    if baseline is None:
        if fail_on == "new":
            raise click.UsageError("--fail-on new needs --baseline: a report that an earlier run --json wrote")
        return {"fail_on": fail_on or "must"}
    from conformance.report.json import runs_of

    if fail_on not in (None, "new"):
        raise click.UsageError(f"--baseline goes with --fail-on new, not with --fail-on {fail_on}")
    return {"fail_on": "new", "known": known_broken(runs_of(baseline), api, baseline)}


def _judged(target: Target, runs: list[Options], told: dict[str, Any]) -> list[Report]:
    """The reports of some runs; a signal ends the one under way, and none begins after it."""
    reports: list[Report] = []
    with interruptible() as signals:
        for options in runs:
            reports.append(_judge(target, options, told))
            if signals.caught is not None:
                reports[-1].end_early(signals.caught)
                break
    return reports


def _judge(target: Target, options: Options, told: dict[str, Any]) -> Report:
    from conformance.run import waivers
    from conformance.run.cleanup import sweep
    from conformance.run.runner import Run
    from conformance.session.made_jobs import MadeJobs, left_over

    file = told["journal"]
    if file is not None and file.exists() and left_over(file) and (stuck := sweep(target, file)):
        report = Report(target.spec.name, target.name, options)
        report.exit, report.sentence = (
            Exit.SAFETY_STOP,
            f"jobs of an earlier run would not go: {', '.join(stuck[:5])}; nothing new is made",
        )
        return report
    journal = (
        MadeJobs(file, api=target.spec.name, url=target.url, submit=_submission(target), hide=target.redaction.text)
        if file is not None
        else None
    )
    waived = waivers.read(told["waivers"]) if told["waivers"] is not None else []
    run = Run(target, options, journal=journal, waived=waived, search=_searching(options))
    with shown(run.progress, target.spec.name):
        report = run()
    if journal is not None:
        journal.close()
    return report


def _searching(options: Options) -> Searching | None:
    """Random clients, imported only where they are asked for: their libraries take a second."""
    if not (options.games or options.fuzz_examples):
        return None
    from conformance.search.search import search

    return search


def _submission(target: Target) -> tuple[str, str]:
    roles = target.spec.lifecycle.roles if target.spec.lifecycle else {}
    operation = target.spec.operations[roles["submit"].operation]
    return operation.method, target.directory.path(operation.id, {}).rstrip("/")


def _report(reports: list[Report], target: Target, console: Console, told: dict[str, Any]) -> list[Path]:
    """Write all reports, then print; the files that could not be written."""
    from conformance.report import badge, html, junit, markdown, terminal
    from conformance.report import json as canonical
    from conformance.traffic import har

    whole = target.redaction.value(canonical.canonical(reports))
    traffic = [exchange for report in reports for exchange in report.traffic]
    writers = {
        "json": canonical.text,
        "junit": junit.text,
        "markdown": markdown.text,
        "html": html.text,
        "badge": badge.text,
    }
    files: dict[str, Path | None] = {view: told[view] for view in (*VIEWS, "har")}
    if told["bundle"] is not None:
        told["bundle"].mkdir(parents=True, exist_ok=True)
        endings = {
            "json": "report.json",
            "junit": "junit.xml",
            "markdown": "summary.md",
            "html": "report.html",
            "badge": "badge.json",
            "har": "traffic.har",
        }
        files = {view: files[view] or told["bundle"] / name for view, name in endings.items()}
    unwritten: list[Path] = []
    for view, file in files.items():
        if file is not None:
            written = har.text(traffic, target.redaction) if view == "har" else writers[view](whole)
            try:
                file.write_bytes(written.encode("utf-8", "backslashreplace"))
            except OSError as error:
                unwritten.append(file)
                console.print(f"[red]{escape(str(file))} cannot be written: {error.strerror}[/]", soft_wrap=True)
    terminal.show(whole, console, everything=told["everything"])
    return unwritten


def _plan(target: Target, console: Console, only: Sequence[str] = ()) -> None:
    from conformance.run.plan import plan

    catalogue = catalogues.load(target.spec.name)
    every = catalogue.requirements.values()
    chosen = [one for one in every if not only or any(fnmatchcase(one.id, glob) for glob in only)]
    if not chosen:
        raise click.UsageError(f"no requirement matches {' or '.join(only)}; expected ids such as JOB-CRT-001 or JOB-*")
    made = plan(target, catalogue, chosen)
    for step in made.steps:
        console.print(
            f"  {step.requirement or 'life':12} {f'~{step.requests}':>5} requests {step.jobs:>3} jobs "
            f"{step.seconds:>6.0f} s  {escape(step.name)}",
            soft_wrap=True,  # a line per check, also in a pipe
        )
    console.print(str(made))


@main.command("plan")
@click.argument("api", type=API)
@click.option(
    "--url", default="http://localhost", callback=url_value, help="The implementation; nothing is sent to it."
)
@click.option("--time", "time_only", is_flag=True, help="Instead, print how long a run takes and what takes longest.")
@click.option("--jobs", type=click.IntRange(1, 64), help="With --time: how many checks go on at the same time.")
@click.option(
    "--time-scale",
    "scale",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0.001, 1e6),
    help="With --time: how many times faster than real time the target's clock runs.",
)
@click.option("--control", callback=url_value, help="With --time: the judge controls the clock, as `run` would.")
@click.option("--target-file", "file", type=EXISTING, help="Target file: how to create jobs, credentials, tenants.")
@click.option("--only", multiple=True, help="Plan only requirements whose id matches this glob. May be repeated.")
def plan_command(api: str, url: str, *, scale: float, control: str | None, file: Path | None, **told: Any) -> None:
    """Print what a run would send, without sending anything."""
    with Target.at(api, url, file=file, scale=scale, control=control) as target:
        if not told["time_only"]:
            _plan(target, SafeConsole(), told["only"])
            return
        lanes = jobs_for(default_mode(url), told["jobs"], waits=not target.has_virtual_time)
        click.echo(str(time_plan(target, catalogues.load(api), Options(jobs=lanes))))


@main.command("catalogue")
@click.argument("api", type=API, required=False)
@click.option(
    "--format",
    "form",
    default="table",
    show_default=True,
    type=click.Choice(["table", "json", "markdown"]),
    help="Output format.",
)
@click.option("--draft", is_flag=True, help="Instead, print draft entries derived from the document.")
@click.option("--coverage", is_flag=True, help="Instead, print which requirement covers which parameter.")
def catalogue_command(api: str | None, form: str, draft: bool, coverage: bool) -> None:
    """Print the requirements of API, or of all."""
    from conformance.catalogue.coverage import page
    from conformance.catalogue.draft import draft as drafted
    from conformance.report.catalogue import printed

    if coverage:
        click.echo(page([api] if api else specs.names()), nl=False)
        return
    if draft:
        if api is None:
            raise click.UsageError("--draft needs an API")
        click.echo(drafted(api), nl=False)
        return
    click.echo(printed([api] if api else list(specs.names()), form), nl=False)


for command in (*advice.COMMANDS, *traffic.COMMANDS, *afterwards.COMMANDS, *compare.COMMANDS):
    main.add_command(command)
