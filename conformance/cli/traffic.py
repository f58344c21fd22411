"""Commands that judge traffic: schemathesis' own, recorded, or live."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

import specs
from conformance import catalogue as catalogues
from conformance.cli.options import API, FILE, JudgeCommand, header_values, inside, looked_up, url_value
from conformance.oracles.all_oracles import Panel
from conformance.oracles.oracle import Violation
from conformance.report.console import SafeConsole
from conformance.run.interruption import interruptible
from conformance.run.verdict import MOST_ALIKE, Exit
from conformance.search.fuzz import Finding, Progress, fuzz
from conformance.target.target import Target
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING
from conformance.traffic.operations import Directory
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
    options: dict[str, Any] = {"headers": headers, "secrets": secrets}
    console = SafeConsole(stderr=file is not None and file.name == "<stdout>")
    with Target.at(api, url, **options) if url is not None else inside(api, str(app), **options) as target:
        headers = world(target) if target.is_in_process else headers
        made: list[str] = []
        options = {"seed": told["seed"], "most_examples": told["max_examples"], "judged": not told["plain"]}
        events = fuzz(api, target.url, headers=headers, target=target, made=made.append, **options)
        with interruptible() as signals:
            whole = fuzz_report.shown((_without_secrets(event, target.redaction) for event in events), console, api)
        if not target.is_in_process and (stuck := swept(target, made, headers)):
            console.print(
                f"{len(stuck)} of {len(made)} jobs that were made would not go: {', '.join(stuck[:5])}", soft_wrap=True
            )
    if file is not None:
        name = target.redaction.text(target.name)
        file.write(fuzz_report.text(whole, api=api, target=name, seed=told["seed"]))
    sys.exit(signals.caught or (Exit.BROKEN if whole.findings else Exit.CONFORMANT))


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

    console = SafeConsole()
    spec, catalogue = specs.load(api), catalogues.load(api)
    panel, seen, broken, alike = Panel(spec, catalogue), 0, 0, Counter[str]()
    unjudged = Unjudged()
    for exchange in read(file, Directory(spec, base_path), unjudged):
        is_whole = not exchange.response.cut or exchange.response.json is not MISSING
        seen += is_whole
        unjudged.counts["whose body was not recorded whole"] += not is_whole
        for violation in panel.observe(exchange):
            broken += catalogue.requirements[violation.requirement].level == "MUST"
            alike[violation.signature] += 1
            if alike[violation.signature] <= MOST_ALIKE:
                _tell(console, api, exchange, violation)
    for signature, count in alike.items():
        if count > MOST_ALIKE:
            requirement, operation, status = signature.split("|")
            console.print(f"{requirement} {escape(operation)} {status}: {count - MOST_ALIKE} more like these")
    if not seen and not broken:
        reason = f"{unjudged}" or "the file holds none"
        console.print(f"no exchange of {api} was judged: {reason}", soft_wrap=True)
        sys.exit(Exit.USAGE)
    console.print(f"{seen} exchanges of {api} were judged, {broken} MUSTs are broken", soft_wrap=True)
    if str(unjudged):
        console.print(f"not judged: {unjudged}", soft_wrap=True)
    sys.exit(Exit.BROKEN if broken else Exit.CONFORMANT)


@click.command("watch", cls=JudgeCommand)
@click.argument("api", type=API)
@click.option("--upstream", required=True, callback=url_value, help="Scheme, host and port of the server.")
@click.option("--port", default=4090, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--har", type=FILE, help="Write the traffic to this file at the end.")
@click.option("--secret", "secrets", multiple=True, help="env:NAME of a value to hide. May be repeated.")
def watch_command(api: str, upstream: str, port: int, host: str, har: Path | None, secrets: tuple[str, ...]) -> None:
    """Forward traffic to UPSTREAM byte by byte, under its Host header, and judge it.

    Ends with Ctrl-C or SIGTERM; exit 1 if a MUST was broken, 2 if nothing was judged.
    """
    from conformance.proxy.watch import Watch
    from conformance.target.settings import secret
    from conformance.traffic.har import text

    console = SafeConsole()
    kept: list[Exchange] = []
    broken: list[Violation] = []
    redaction = Redaction(map(secret, secrets))

    def tell(exchange: Exchange, violations: list[Violation]) -> None:
        kept.append(exchange)
        for violation in violations:
            if catalogues.load(api).requirements[violation.requirement].level == "MUST":
                broken.append(violation)
            _tell(console, api, redaction.exchange(exchange), violation)

    watch = Watch(specs.load(api), upstream, tell)
    shown = redaction.text(upstream)

    async def until_stopped() -> None:
        task = asyncio.current_task()
        for number in (
            signal.SIGINT,
            signal.SIGTERM,
        ):  # a script's background job ignores SIGINT unless it is asked for
            asyncio.get_running_loop().add_signal_handler(number, task.cancel if task is not None else sys.exit)
        await watch.serve(
            host,
            port,
            ready=lambda taken: console.print(
                f"listening on http://{host}:{taken}, passing on to {shown}", soft_wrap=True
            ),
        )

    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(until_stopped())
    if har is not None:
        har.write_text(text(kept, redaction), encoding="utf-8")
    judged = sum(one.operation is not None for one in kept)
    console.print(f"{judged} exchanges of {api} were judged, {len(broken)} MUSTs are broken", soft_wrap=True)
    watch.unjudged["of no operation"] = len(kept) - judged
    left_out = ", ".join(f"{count} {reason}" for reason, count in watch.unjudged.items() if count)
    if left_out:
        console.print(f"not judged: {redaction.text(escape(left_out))}", soft_wrap=True)
    sys.exit(Exit.USAGE if not judged else Exit.BROKEN if broken else Exit.CONFORMANT)


def _tell(console: Console, api: str, exchange: Exchange, violation: Violation) -> None:
    requirement = catalogues.load(api).requirements[violation.requirement]
    colour = "red" if requirement.level == "MUST" else "yellow"
    console.print(
        f"[{colour}]{requirement.level}[/] {requirement.id} {escape(violation.message)}\n  "
        f"[dim]{escape(exchange.line)}[/]",
        soft_wrap=True,
    )


COMMANDS = (fuzz_command, check_command, watch_command)
