"""The asynchronous twin of the client."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from mockserver.client import AsyncMockServer, AsyncSandbox, ControlRefused, MockServer, NotReached, Sandbox
from tests.http.test_control_sandboxes import KEY, SMALL


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 60))


@asynccontextmanager
async def receiver(heard: list[bytes]) -> AsyncIterator[str]:
    """A server in this event loop, whose URL takes callbacks."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.partition(b":")[2]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
        )
        heard.append(await reader.readexactly(length))
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"


async def submit(box: AsyncSandbox, **more: Any) -> str:
    async with httpx.AsyncClient() as client:
        answer = await client.post(
            f"{box.url('ionworks')}/jobs", json={"job_type": "datafit", "params": {}, **more}, headers=KEY
        )
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


def test_a_receiver_in_the_same_event_loop_is_called_at_the_first_attempt() -> None:
    async def work() -> None:
        heard: list[bytes] = []
        async with (
            receiver(heard) as url,
            AsyncMockServer(pace="manual", apis=["ionworks"]) as server,
            server.sandbox(scenario=SMALL) as box,
        ):
            job = await submit(box, callback_url=url)

            await box.clock.until(job, "completed")

            assert [(one.attempt, one.outcome) async for one in box.callbacks] == [(1, "delivered")]
            assert len(heard) == 1

    run(work())


def test_the_words_are_those_of_the_plain_client(lenient_url: str) -> None:
    async def work() -> None:
        server = AsyncMockServer.at(lenient_url)
        box = await server.sandbox(scenario=SMALL)
        assert (box.root, box.headers) == (f"{server.url}/sandbox/{box.name}", {"X-Mock-Sandbox": box.name})
        job = await submit(box)
        assert await box.clock.now == 0
        assert (await box.clock.advance(minutes=1)).now == 60
        assert (await box.jobs[job]).state == (await box.jobs.get(job)).state == "completed"
        assert [one.job async for one in box.jobs] == [job]
        assert (await box.jobs.count(), await box.exchanges.count()) == (1, 1)
        other = await box.fork()
        assert isinstance(other, AsyncSandbox)
        await box.restore(await box.snapshot())
        await other.delete()
        with pytest.raises(ControlRefused, match="no node is called"):
            await box.nodes.fail("x")
        with pytest.raises(NotReached):
            await box.clock.until(job, "failed")
        with pytest.raises(AttributeError, match="Clock has no 'later'"):
            box.clock.later()
        async with server.existing(box.name) as same:
            assert await same.clock.now == 60
        with pytest.raises(ControlRefused):
            await box.delete()
        await server.stop()

    run(work())


def test_every_word_of_the_plain_client_can_be_said() -> None:
    plain = Sandbox(MockServer.at("http://127.0.0.1:1")._linked(), "x")
    box = AsyncSandbox(plain)

    for part in ("clock", "jobs", "nodes", "rules", "faults", "exchanges", "callbacks"):
        for name, member in inspect.getmembers(type(getattr(plain, part))):
            if not name.startswith("_") and not isinstance(member, property):
                assert callable(getattr(getattr(box, part), name)), f"{part}.{name}"
    assert {name for name in dir(plain) if not name.startswith("_")} <= set(dir(box)) | set(vars(box))


def test_a_call_that_is_cancelled_is_not_waited_for_and_spoils_nothing() -> None:
    async def work() -> None:
        begun, release = asyncio.Event(), asyncio.Event()

        async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            begun.set()
            await release.wait()
            writer.close()

        slow = await asyncio.start_server(hold, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{slow.sockets[0].getsockname()[1]}/hook"
        async with (
            slow,
            AsyncMockServer(pace="manual", apis=["ionworks"]) as server,
            server.sandbox(scenario=SMALL) as box,
        ):
            await submit(box, callback_url=url)
            moving = asyncio.ensure_future(box.clock.advance(10))
            await begun.wait()
            moving.cancel()
            with pytest.raises(asyncio.CancelledError):
                await moving

            assert await box.clock.now == 10
            release.set()

    run(work())
