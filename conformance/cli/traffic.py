"""Commands that judge traffic: schemathesis' own, recorded, or live."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from rich.console import Console
from rich.markup import escape

import specs
from conformance import catalogue as catalogues
from conformance.cli.options import (
    API,
    FILE,
    JudgeCommand,
    header_values,
    inside,
    looked_up,
    tls_of,
    tls_options,
    url_value,
)
from conformance.oracles.all_oracles import AllOracles
from conformance.oracles.oracle import Violation
from conformance.report.console import SafeConsole
from conformance.run.interruption import interruptible
from conformance.run.verdict import MOST_ALIKE, Exit
from conformance.search.fuzz import Finding, Progress, fuzz
from conformance.target.budget import Budget
from conformance.target.target import Target
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING
from conformance.traffic.operations import Operations
from conformance.traffic.redaction import Redaction


@click.command("fuzz", cls=JudgeCommand)
@click.argument("api", type=API)
@click.option(
    "--url", callback=url_value, help="Scheme, host and port of the implementation; the API's base path is added."
)
@click.option(
    "--app",
    metavar="MODULE:NAME",
    help=(
        "Instead of --url: an ASGI application, or a function that makes one, called in this process without a socket."
    ),
)
@click.option("--seed", default=1, show_default=True, help="Seed for all generated values.")
@click.option(
    "--max-examples",
    default=25,
    show_default=True,
    type=click.IntRange(1, 10_000),
    help="Cases per operation and phase.",
)
@click.option(
    "--header",
    "headers",
    multiple=True,
    callback=header_values,
    help="Sent with every request: 'Name: value'. May be repeated.",
)
@click.option(
    "--timeout",
    default=10.0,
    show_default=True,
    type=click.FloatRange(0.1, 600),
    help="Longest wait for an answer, in seconds.",
)
@click.option(
    "--max-minutes",
    "minutes",
    default=30.0,
    show_default=True,
    type=click.FloatRange(0.01),
    help="End after so many minutes; exit 6 if nothing was found by then.",
)
@tls_options
@click.option("--plain", is_flag=True, help="Run schemathesis alone, without our oracles and our view of the document.")
@click.option(
    "--json",
    "file",
    type=click.File("w", encoding="utf-8"),
    help="Write the results to this file; with -, print only the results.",
)
def fuzz_command(api: str, url: str | None, app: str | None, **told: Any) -> None:
    """Send schemathesis' valid, invalid and stateful cases; exit 1 if any answer breaks the document of API.

    The jobs that this makes are stopped and forgotten in the end; with --plain they stay.
    """
    from conformance.report import fuzz as fuzz_report
    from conformance.run.cleanup import swept
    from conformance.search.search import world

    if (url is None) == (app is None):
        raise click.UsageError("say where the implementation is: either --url or --app")
    file, (headers, secrets) = told["file"], looked_up(told["headers"])
    budget = Budget(most_seconds=told["minutes"] * 60)
    options: dict[str, Any] = {"headers": headers, "secrets": secrets, "budget": budget}
    if url is not None:
        options |= {"timeout": told["timeout"], "tls": tls_of(told)}
    console = SafeConsole(stderr=file is not None and file.name == "<stdout>")
    with Target.at(api, url, **options) if url is not None else inside(api, str(app), **options) as target:
        headers = world(target) if target.is_in_process else headers
        made: list[str] = []
        options = {"seed": told["seed"], "most_examples": told["max_examples"], "judged": not told["plain"]}
        events = fuzz(api, target.url, headers=headers, target=target, made=made.append, **options)
        with interruptible() as signals:
            whole = fuzz_report.shown((_without_secrets(event, target.redaction) for event in events), console, api)
        is_over = budget.seconds_left() <= 0
        if is_over:
            console.print(f"the {told['minutes']:g} minutes of --max-minutes are over", soft_wrap=True)
        if not target.is_in_process and (stuck := swept(target, made, headers)):
            console.print(
                f"{len(stuck)} of {len(made)} jobs that were made would not go: {', '.join(stuck[:5])}", soft_wrap=True
            )
    if file is not None:
        name = target.redaction.text(target.name)
        file.write(fuzz_report.text(whole, api=api, target=name, seed=told["seed"]))
    ended = Exit.SAFETY_STOP if is_over else Exit.CONFORMANT
    sys.exit(signals.caught or (Exit.BROKEN if whole.findings else ended))


def _without_secrets(event: Finding | Progress, redaction: Redaction) -> Finding | Progress:
    if isinstance(event, Progress):
        return event
    wider = redaction.about(event.exchanges)
    shown = tuple(map(redaction.exchange, event.exchanges))
    curl = shown[-1].curl if shown else wider.text(event.curl)
    return replace(event, message=wider.text(event.message), curl=curl, exchanges=shown)


@click.command("check", cls=JudgeCommand)
@click.argument("api", type=API)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--base-path", help="Base path of the API, if it differs from the document's.")
def check_command(api: str, file: Path, base_path: str | None) -> None:
    """Judge recorded traffic: FILE is a HAR file of one client's exchanges with one server."""
    from conformance.traffic.har import Unjudged, read

    spec, catalogue = specs.load(api), catalogues.load(api)
    oracles, unjudged = AllOracles(spec, catalogue), Unjudged()
    tally = Tally(SafeConsole(), api, Redaction(), unjudged.counts)
    for exchange in read(file, Operations(spec, base_path), unjudged):
        tally.take(exchange, oracles.observe(exchange))
    sys.exit(tally.summed_up())


@click.command("watch", cls=JudgeCommand)
@click.argument("api", type=API)
@click.option("--upstream", required=True, callback=url_value, help="Scheme, host and port of the server.")
@click.option("--port", default=4090, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--har", type=FILE, help="Write the traffic to this file at the end.")
@click.option("--base-path", help="Base path of the API, if it differs from the document's.")
@tls_options
@click.option("--secret", "secrets", multiple=True, help="env:NAME of a value to hide. May be repeated.")
def watch_command(api: str, upstream: str, har: Path | None, secrets: tuple[str, ...], **told: Any) -> None:
    """Forward traffic to UPSTREAM byte by byte, under its Host header, and judge it.

    Ends with Ctrl-C or SIGTERM; exit 1 if a MUST was broken, 2 if nothing was judged.
    """
    from conformance.proxy.watch import Watch
    from conformance.target.settings import secret
    from conformance.traffic.har import writing

    path = urlsplit(upstream).path.rstrip("/")
    if path:
        raise click.UsageError(
            f"--upstream has the path {path}, but requests are passed on with the path that the client sends; give "
            f"--upstream without it, let the client ask http://{told['host']}:{told['port']}{path}, and say --base-path"
            " if the API's base path is another than the document's"
        )
    console, redaction = SafeConsole(), Redaction(map(secret, secrets))
    with contextlib.ExitStack() as stack:
        write: Callable[[Exchange], object] = _forgotten
        if har is not None:
            write = stack.enter_context(writing(stack.enter_context(har.open("w", encoding="utf-8")), redaction))

        def tell(exchange: Exchange, violations: list[Violation]) -> None:
            write(exchange)
            tally.take(exchange, violations)

        watch = Watch(specs.load(api), upstream, tell, base_path=told["base_path"], secure=tls_of(told))
        tally = Tally(console, api, redaction, watch.unjudged)
        shown = redaction.text(upstream)
        _until_stopped(
            watch.serve(
                told["host"],
                told["port"],
                ready=lambda taken: console.print(
                    f"listening on http://{told['host']}:{taken}, passing on to {shown}", soft_wrap=True
                ),
            )
        )
    exit_ = tally.summed_up()
    if watch.mistake is not None:
        raise watch.mistake
    sys.exit(exit_)


def _forgotten(exchange: Exchange) -> None:
    """Keep nothing where no file is asked for."""


def _until_stopped(serving: Coroutine[Any, Any, None]) -> None:
    """Run until Ctrl-C or SIGTERM, also where a script's background job ignores SIGINT."""

    async def until_stopped() -> None:
        task = asyncio.current_task()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel if task is not None else sys.exit)
        await serving

    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(until_stopped())


class Tally:
    """Prints what traffic breaks, equal findings a few times, and counts what was judged and what was not."""

    def __init__(self, console: Console, api: str, redaction: Redaction, unjudged: Counter[str]) -> None:
        self._console, self._api, self._redaction, self._unjudged = console, api, redaction, unjudged
        self._requirements = catalogues.load(api).requirements
        self._seen, self._alike = 0, Counter[str]()
        self._broken: Counter[str] = Counter()

    def take(self, exchange: Exchange, violations: Iterable[Violation]) -> None:
        """One more exchange with what it breaks."""
        if exchange.operation is None:
            self._unjudged["of no operation"] += 1
        elif exchange.response.cut and exchange.response.json is MISSING:
            self._unjudged["whose body was not recorded whole"] += 1
        else:
            self._seen += 1
        for violation in violations:
            self._broken[violation.requirement] += self._requirements[violation.requirement].level == "MUST"
            self._alike[violation.signature] += 1
            if self._alike[violation.signature] <= MOST_ALIKE:
                self._tell(self._redaction.exchange(exchange), violation)

    def _tell(self, exchange: Exchange, violation: Violation) -> None:
        requirement = self._requirements[violation.requirement]
        colour = "red" if requirement.level == "MUST" else "yellow"
        message = self._redaction.about(violation.exchanges).text(violation.message)
        self._console.print(
            f"[{colour}]{requirement.level}[/] {requirement.id} {escape(message)}\n  [dim]{escape(exchange.line)}[/]",
            soft_wrap=True,
        )

    def summed_up(self) -> Exit:
        """Print the sum; what the command ends with."""
        for signature, count in self._alike.items():
            if count > MOST_ALIKE:
                requirement, operation, status = signature.split("|")
                more = f"{requirement} {escape(operation)} {status}: {count - MOST_ALIKE} more like these"
                self._console.print(more, soft_wrap=True)
        left_out = ", ".join(f"{count} {reason}" for reason, count in self._unjudged.items() if count)
        shown = self._redaction.text(escape(left_out))
        broken = sum(count > 0 for count in self._broken.values())
        if not self._seen and not broken:
            reason = shown or "there was none"
            self._console.print(f"no exchange of {self._api} was judged: {reason}", soft_wrap=True)
            return Exit.USAGE
        times = f", {self._broken.total()} times in all" if self._broken.total() > broken else ""
        self._console.print(
            f"{self._seen} exchanges of {self._api} were judged, {broken} MUSTs are broken{times}", soft_wrap=True
        )
        if shown:
            self._console.print(f"not judged: {shown}", soft_wrap=True)
        return Exit.BROKEN if broken else Exit.CONFORMANT


COMMANDS = (fuzz_command, check_command, watch_command)
