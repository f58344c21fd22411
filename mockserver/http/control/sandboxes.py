"""Sandboxes: create, read, delete, reset, snapshot, restore, fork."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

from mockserver.adapters.exchange import Call, Refusal, Reply
from mockserver.http.answering.later_answers import present
from mockserver.http.contract.explanation import unknown
from mockserver.http.control.context import Context, described, moment, read_tempo
from mockserver.http.sandboxes.restoring import forking, restoring
from mockserver.http.sandboxes.sandbox import SandboxSettings
from mockserver.http.slices import in_slices
from mockserver.simulation.errors import ScenarioError, SnapshotError
from mockserver.simulation.scenario import scenario as scenarios
from mockserver.simulation.scenario.scenario import Scenario
from mockserver.simulation.snapshot import freezing


def mock_health(context: Context, call: Call) -> Reply:
    """What is served, and the time of the sandbox."""
    sandbox = context.sandbox(call)
    return Reply(200, {"status": "ok", "apis": list(context.apis), "pace": sandbox.pace.tempo.name, **moment(sandbox)})


def mock_reset(context: Context, call: Call) -> Reply:
    """Reset the sandbox."""
    sandbox = context.sandbox(call)
    context.sandboxes.reset(sandbox)
    return Reply(200, moment(sandbox))


def mock_list_sandboxes(context: Context, call: Call) -> Reply:
    """All sandboxes."""
    return Reply(200, {"sandboxes": [described(context, sandbox) for sandbox in context.sandboxes]})


def mock_create_sandbox(context: Context, call: Call) -> Reply:
    """Create a sandbox; defaults are those of the given scenario, then those of the server."""
    body, usual = call.body, context.sandboxes.settings
    scenario = _scenario(body["scenario"]) if "scenario" in body else usual.scenario
    pace = body.get("pace") or (scenario.pace if "scenario" in body else None)
    settings = SandboxSettings(
        scenario,
        body.get("seed", usual.seed),
        read_tempo(pace) if pace else usual.tempo,
        body["auth"] == "strict" if "auth" in body else usual.strict,
    )
    return Reply(201, described(context, context.sandboxes.create(_name(context, call), settings)))


def mock_get_sandbox(context: Context, call: Call) -> Reply:
    """One sandbox."""
    sandbox = context.sandboxes.find(call.path["name"])
    sandbox.move()
    return Reply(200, described(context, sandbox))


def mock_delete_sandbox(context: Context, call: Call) -> Reply:
    """Delete a sandbox."""
    context.sandboxes.remove(call.path["name"])
    return Reply(204, empty=True)


async def mock_take_snapshot(context: Context, call: Call) -> Reply:
    """The whole simulated state."""
    sandbox = context.sandbox(call)
    async with context.sandboxes.copying:
        sandbox.calls.collect(sandbox.world)
        shown = moment(sandbox)
        try:
            data = await in_slices(freezing(sandbox.world))
        except SnapshotError as error:
            raise Refusal("conflict", str(error), cause=error) from error
    return Reply(200, {**shown, "snapshot": b64encode(data).decode()})


async def mock_restore(context: Context, call: Call) -> Reply:
    """Restore the sandbox from a snapshot. Until its last moment the sandbox goes on as it is."""
    try:
        data = b64decode(call.body["snapshot"], validate=True)
    except ValueError as error:
        raise Refusal("unprocessable", f"the snapshot is not base64: {error}") from error
    sandbox = context.sandbox(call)
    async with context.sandboxes.copying:
        world = await in_slices(restoring(data, context.sandboxes.lifecycles))
        context.sandboxes.restore(present(sandbox), world)
    return Reply(200, moment(sandbox))


async def mock_fork(context: Context, call: Call) -> Reply:
    """Create a second sandbox that continues from this one's state."""
    sandbox = context.sandbox(call)
    name = _name(context, call)
    context.sandboxes.check_free(name)
    async with context.sandboxes.copying:
        sandbox.calls.collect(sandbox.world)
        world = await in_slices(forking(sandbox.world, context.sandboxes.lifecycles))
        return Reply(201, described(context, context.sandboxes.fork(present(sandbox), name, world)))


def _name(context: Context, call: Call) -> str:
    """The requested name, or an unused one."""
    name = call.body.get("name")
    return str(name) if name else context.sandboxes.free_name()


def _scenario(description: Any) -> Scenario:
    """A shipped scenario by name, or one described in full; files of the server's machine are not read. Raises
    ScenarioError.
    """
    if isinstance(description, str):
        if description not in scenarios.names():
            raise ScenarioError(f"scenario: {unknown(description, scenarios.names())}, or a description")
        return scenarios.load(description)
    return scenarios.described(description)
