"""The background task that moves clocks while events are due or callbacks pending, and only then."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from mockserver.http.limits import BACKGROUND_LATENESS, BACKGROUND_SECONDS, STREAM_POLL_SECONDS
from mockserver.http.sandboxes.sandbox import Sandbox


class BackgroundMover:
    """Moves each sandbox that needs it at its next event, and delivers what is due; one per server."""

    def __init__(self) -> None:
        self._rounds: dict[Sandbox, tuple[asyncio.Event, asyncio.Task[None]]] = {}

    def attend(self, sandbox: Sandbox) -> None:
        """Move a sandbox's clock from now on, until nothing is due there."""
        if sandbox in self._rounds:
            self._rounds[sandbox][0].set()
            return
        woken = asyncio.Event()
        sandbox.is_attended = True
        self._rounds[sandbox] = (
            woken,
            asyncio.get_running_loop().create_task(self._look_after(sandbox, woken), name="background_mover"),
        )

    def close(self) -> None:
        """Stop; what is pending stays pending."""
        for _, task in self._rounds.values():
            task.cancel()

    async def _look_after(self, sandbox: Sandbox, woken: asyncio.Event) -> None:
        try:
            while sandbox.needs_moving:
                woken.clear()
                world, calls = sandbox.move(), sandbox.calls
                calls.collect(world)
                await calls.deliver(world)
                if sandbox.lags:
                    await asyncio.sleep(0)  # requests first, then the next slice
                    continue
                with suppress(TimeoutError):
                    # not wait_for, which can lose a cancellation to an event set at the same moment
                    async with asyncio.timeout(_pause(sandbox)):
                        await woken.wait()
        finally:
            del self._rounds[sandbox]
            sandbox.is_attended = False


def _pause(sandbox: Sandbox) -> float:
    """Real seconds until the next look at a sandbox, unless a request comes before."""
    if not sandbox.needs_moving:
        return 0.0
    world, pace = sandbox.world, sandbox.pace
    retry = sandbox.calls.next_due(world)
    pauses = [pace.until_next(world), None if retry is None else pace.until(retry)]
    pause = min((pause for pause in pauses if pause is not None), default=BACKGROUND_SECONDS)
    if pace.tempo.is_auto:
        return STREAM_POLL_SECONDS / 2
    return min(max(pause, 0.001), BACKGROUND_SECONDS if pace.tempo.rate is None else BACKGROUND_LATENESS)
