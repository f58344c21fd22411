"""What plain schemathesis reports of a broken mock: the yardstick beside which our own kill ratio stands.

It is given what is fair and cheap: all its phases and checks, `EXAMPLES` examples per operation, a fixed seed, the mock
in this process, whose clock moves with every look at a job. What it reports of the clean mock too is subtracted, by
operation and check. It stops at its first new failure, and where a fault changes nothing of its conversation with the
clean mock it need not be run at all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from typing import Any

from benchmarks.recording import Recorder, touched

EXAMPLES = 8
PACE = "step"
HEADERS = {"bytenite": {"Authorization": "anything"}}


@dataclass(frozen=True)
class Clean:
    """What it reports of the clean mock, as (operation, check), how many requests it sends, and its conversation."""

    found: frozenset[tuple[str, str]]
    traffic: dict[str, list[Any]]

    @property
    def requests(self) -> int:
        """How many requests it sends."""
        return sum(map(len, self.traffic.values()))


@cache
def clean(api: str) -> Clean:
    """Let it loose on the clean mock, once per process."""
    from mockserver.http.app import create_app

    _remember_values()
    mock = create_app([api], pace=PACE)
    recorder = Recorder(mock, api)
    found = frozenset((one.operation, one.check) for one in _findings(api, recorder, mock))
    return Clean(found, dict(recorder.kept))


def first_failure(api: str, fault: Any) -> str:
    """What it says first of a fault, or nothing."""
    from mockserver.http.app import create_app

    known = clean(api)
    if not touched(fault.apply, known.traffic):
        return ""
    mock = create_app([api], pace=PACE)
    with fault.apply(mock) as app, closing(_findings(api, app, mock)) as findings:
        return next(
            (f"{one.operation}: {one.check}" for one in findings if (one.operation, one.check) not in known.found), ""
        )


def _findings(api: str, app: Any, mock: Any) -> Any:
    """What it reports of an application around the mock.

    The target is left to the end of the process: callbacks under way at places that schemathesis made up can keep its
    loop from ending.
    """
    from conformance.search.fuzz import Finding, fuzz
    from conformance.target.target import Target

    target = Target.in_process(app, api)
    with (
        closing(mock),
        closing(fuzz(api, "", most_examples=EXAMPLES, headers=HEADERS.get(api, {}), target=target)) as told,
    ):
        yield from (one for one in told if isinstance(one, Finding))


@cache
def _remember_values() -> None:
    """Let schemathesis keep, from run to run, the values against a format that it finds: it spends seconds on each, and
    they are always the same.
    """
    from schemathesis.specs.openapi.coverage import _schema

    _schema._negative_format = _remembering(_schema._negative_format)


def _remembering(search: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    found: dict[str, list[Any] | Exception] = {}

    def remembered(ctx: Any, schema: Any, form: str) -> Iterator[Any]:
        key = json.dumps(
            [schema, form, ctx.location, str(ctx.current_path), str(ctx.validator_cls)], default=str, sort_keys=True
        )
        if key not in found:
            try:
                found[key] = list(search(ctx, schema, form))
            except Exception as error:
                found[key] = error
        known = found[key]
        if isinstance(known, Exception):
            raise known
        yield from known

    return remembered
