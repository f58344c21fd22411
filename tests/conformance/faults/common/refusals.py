"""Faults of every API: refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import specs
from conformance.traffic.json_pointer import get, put
from tests.conformance.faults import EVERY, Apply, Asked, Json, Told, answers, both
from tests.conformance.faults.common.shapers import Make, Words, everyday, of_every_api, roles, stop_of_nobody
from tests.conformance.faults.common.submission import DEMANDED
from tests.conformance.faults.raw import passed_on, raw


def unknown_jobs_are_invented(api: str) -> Apply | None:
    if "read" not in roles(api):
        return None

    def revise(asked: Asked, told: Told) -> None:
        seen = asked.memory.setdefault("seen", {})
        if told.status < 300:
            seen[asked.path] = told.body
        elif told.status == 404 and seen and asked.path not in seen:
            told.status, told.body = 200, [*seen.values()][-1]

    return answers(api, "read", revise)


def refusals_are_server_errors(api: str) -> Apply | None:
    if api == "openyuanrong":  # documents 500 for some refusals
        return None

    def revise(asked: Asked, told: Told) -> None:
        if (
            told.status in (400, 422)
            and isinstance(asked.body, list)
            and asked.body
            and isinstance(asked.body[0], list)
        ):
            told.status = 500

    return answers(api, "submit", revise)


def errors_are_plain_text(api: str) -> Apply:
    def revise(asked: Asked, told: Told) -> None:
        if told.status >= 400:
            told.body = ["no"] if api == "openyuanrong" else "no"

    return answers(api, EVERY, revise)


def refusals_repeat_the_credential(api: str) -> Apply:
    """In the first text of the refusal, or in its place."""

    def repeated(value: Json, secret: str) -> Json:
        if isinstance(value, dict):
            texts = [
                name for name, item in value.items() if isinstance(item, str) and name not in ("code", "error_code")
            ]
            if texts:
                return value | {texts[0]: f"{value[texts[0]]} ({secret})"}
            return {name: repeated(item, secret) for name, item in value.items()}
        return f"{value} ({secret})" if isinstance(value, str) else value

    def revise(asked: Asked, told: Told) -> None:
        names = ("x-signature", "authorization", "x-api-key", "x-auth")
        sent = next((asked.headers[name] for name in names if name in asked.headers), "")
        if told.status >= 400 and sent:
            told.body = repeated(told.body, sent)

    return answers(api, EVERY, revise)


def refused_are_listed(api: str, words: Words) -> Apply:
    def revise(asked: Asked, told: Told) -> None:
        if (
            asked.role == "submit"
            and told.status == 400
            and isinstance(asked.body, dict)
            and len(asked.body) < words["size"]
        ):
            asked.memory["ghosts"] = asked.memory.get("ghosts", 0) + 1
        elif asked.role == "list" and told.status == 200:
            jobs, ghosts = words["jobs"](told.body), range(asked.memory.get("ghosts", 0))
            jobs += [
                {**jobs[0], words["id"]: f"{words['ghost']}00000000-0000-4000-8000-{number:012}"}
                for number in ghosts
                if jobs
            ]

    return answers(api, ("submit", "list"), revise)


def refused_are_made(api: str, words: Words) -> Apply:
    """A demanded member that is null is refused when the job is made already."""
    pointer, value, *_ = DEMANDED[api]

    def edit(asked: Asked) -> None:
        if isinstance(asked.body, dict) and get(asked.body, pointer) is None:
            asked.body, asked.memory["doomed"] = put(asked.body, pointer, value), True

    def revise(asked: Asked, told: Told) -> None:
        if asked.memory.pop("doomed", False) and told.status < 300:
            told.status, told.body = 400, words["no"]

    return both(api, "submit", edit, revise)


def swapped(holds: Callable[[bytes], bool]) -> Make:
    """Another body for submissions of which something holds."""

    def make(api: str, words: Words) -> Apply:
        spec = specs.load(api)
        assert spec.lifecycle is not None
        path = spec.base_path + spec.operations[spec.lifecycle.roles["submit"].operation].path

        async def meddle(app: Any, scope: dict[str, Any], body: bytes, receive: Any, send: Any) -> None:
            is_meant = scope["method"] == "POST" and scope["path"] == path and holds(body)
            await passed_on(app, scope, json.dumps(words["valid"]).encode() if is_meant else body, receive, send)

        return raw(meddle)

    return make


def _parsed(body: bytes) -> Json:
    try:
        return json.loads(body)
    except ValueError:
        return None


def broken(body: bytes) -> bool:
    """Whether a body is there and no JSON."""
    return bool(body) and _parsed(body) is None and body.strip() != b"null"


def no_object(body: bytes) -> bool:
    """Whether a body is JSON and no object."""
    return bool(body) and not broken(body) and not isinstance(_parsed(body), dict)


FAULTS = [
    *of_every_api(
        {
            "errors-are-plain-text": ("JOB-ERR-001", "refusals have no shape", errors_are_plain_text, ("JOB-ERR-002",)),
            "refusals-repeat-the-credential": (
                "JOB-ERR-014",
                "refusals repeat the credential that was sent",
                refusals_repeat_the_credential,
                (),
            ),
            "unknown-jobs-are-invented": (
                "JOB-ERR-003",
                "a job that never was is answered as another",
                unknown_jobs_are_invented,
                ("JOB-IDM-003",),
            ),
            "refusals-are-server-errors": (
                "JOB-ERR-010",
                "lists within lists are answered 500",
                refusals_are_server_errors,
                (),
            ),
        }
    ),
    *everyday(
        {
            "broken-json": ("JOB-ERR-004", "what is no JSON is taken for another submission", swapped(broken), ()),
            "no-object": ("JOB-ERR-005", "what is no object is taken for another submission", swapped(no_object), ()),
            "no-body": (
                "JOB-ERR-006",
                "a missing body is taken for another submission",
                swapped(lambda body: not body),
                (),
            ),
            "refused-are-listed": ("JOB-ERR-011", "refused submissions are listed", refused_are_listed, ()),
            "refused-are-made": ("JOB-ERR-011", "a job is made before its submission is refused", refused_are_made, ()),
            "stop-of-nobody": ("JOB-ERR-012", "stopping a job that never was is granted", stop_of_nobody, ()),
        }
    ),
]
