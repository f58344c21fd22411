"""The servers that are compared: a floor that only parses and answers, stock connexion, and ours. Each runs in a
process of its own.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
import uvicorn

Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]


class Floor:
    """The least a server can do: read the body, parse it, answer a value as JSON. What it answers was recorded from
    ours.
    """

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = answers

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer by method and path; a path that was not recorded by its method alone."""
        if scope["type"] != "http":
            return
        if scope["method"] == "POST":
            message = await receive()
            body = message["body"]
            while message.get("more_body"):
                message = await receive()
                body += message["body"]
            orjson.loads(body)
            value, status = self.answers["post"], 201
        else:
            value, status = self.answers["list20" if scope["query_string"].startswith(b"list") else "get"], 200
        answer = orjson.dumps(value)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})


def ours(port: int) -> None:
    """All five APIs, as `mockserver serve` serves them."""
    from mockserver.http.app import create_app
    from mockserver.http.server import bind, run

    listener = bind("127.0.0.1", port)
    run([(create_app(pace="manual"), [listener])])


def stock(answers: Mapping[str, Any]) -> Any:
    """connexion as it comes, validating requests and answers of the Ionworks document, answering what was recorded."""
    from connexion import AsyncApp
    from connexion.resolver import Resolver

    import specs
    from specs import lowering

    spec = specs.load("ionworks")
    assert spec.lifecycle is not None
    roles = {role.operation: name for name, role in spec.lifecycle.roles.items()}

    def function(operation: str) -> Callable[..., Awaitable[Any]]:
        async def answer(**_: Any) -> Any:
            role = roles.get(operation, "read")
            return {"submit": (answers["post"], 202), "list": (answers["list20"], 200)}.get(role, (answers["get"], 200))

        return answer

    app = AsyncApp(__name__)
    app.add_api(lowering.lower(spec.document), resolver=Resolver(function), validate_responses=True)
    return app


def main() -> None:
    """Serve `floor`, `stock`, `ours` or `loaded` on a port; the first two read recorded answers from a file."""
    kind, port, *rest = sys.argv[1:]
    if kind == "loaded":
        from benchmarks.latency import serve_loaded

        told, pace, nodes, live = rest
        serve_loaded(int(port), Path(told), pace, int(nodes), int(live))
        return
    if kind == "ours":
        ours(int(port))
        return
    answers = json.loads(Path(rest[0]).read_text())
    app = Floor(answers) if kind == "floor" else stock(answers)
    uvicorn.run(
        app,
        port=int(port),
        http="httptools",
        loop="uvloop",
        lifespan="off",
        access_log=False,
        log_level="error",
        server_header=False,
    )


if __name__ == "__main__":
    main()
