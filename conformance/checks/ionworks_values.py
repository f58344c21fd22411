"""Checks of the values that Ionworks is handed: numbers of all sizes, nulls, long names, compressed bodies; and how it words what is wrong with them."""

from __future__ import annotations

import gzip
import json

from conformance.checks import check
from conformance.checks.ionworks_curves import METADATA
from conformance.session.expect import accepted, expect, needed, refused
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import MISSING, Json, get, put, same_value

LARGE = 300_000
"""Characters: beyond what servers take without being told to, far below what they refuse."""
KINDS: tuple[tuple[str, Json, str], ...] = (
    ("/job_type", "none-of-these", "enum"),
    ("/params", MISSING, "missing"),
    ("/priority", 11, "less_than_equal"),
    ("/priority", -1, "greater_than_equal"),
    ("/params", [], "dict_type"),
)
"""What is wrong with a submission, and pydantic's word for that."""


def _kept(session: Session, said: dict[str, Json]) -> None:
    """What is read as the metadata of a job is exactly what was handed in."""
    exchange = session.post({**session.body(), "metadata": said})  # not as a patch, in which null means nothing
    needed(exchange.response.is_success, "the control submission was refused")
    job = session.job_of(exchange)
    told = session.call(METADATA, {"job_id": job.id})
    needed(told.response.is_success, f"metadata was answered {told.response.status}")
    for name, value in said.items():
        found = get(told.response.json, f"/{name}")
        expect(same_value(value, found), f"{name} is {found!r} in the metadata, handed in was {value!r}", job.created, told)


@check("ION-RSP-019")
def numbers_come_back_as_they_went_in(session: Session) -> None:
    """Beyond the whole numbers of a double, with many decimals, in texts, and told from truth values."""
    _kept(session, {"beyond": 9007199254740993, "most": 9223372036854775807, "more": 2**70 + 1, "small": 1.2345678901234567e-300, "third": 0.3333333333333333})
    _kept(session, {"digits": "007", "whole": 7, "is": True, "is_not": False, "nought": 0, "below": -42, "decimal": 19.995})


@check("ION-RSP-020")
def texts_and_lists_come_back_as_they_went_in(session: Session) -> None:
    """Of all alphabets, with white space around, empty, and nested."""
    _kept(
        session,
        {
            "word": "Größe ☃ 電池 \U0001f50b",
            "padded": "  two lines\n\tand a tab ",
            "none": "",
            "nothing": None,
            "list": [3, 1, 2, [], {}, ""],
            "deep": {"a": {"b": {"c": [0]}}},
        },
    )
    many = {f"key-{number}": number for number in range(64)}
    _kept(session, many)


@check("ION-REQ-016")
def metadata_hold_any_values(session: Session) -> None:
    """Many members, nested ones, nulls, large numbers, a long text."""
    many: dict[str, Json] = {f"m{number}": number for number in range(64)}
    for metadata in (many, {"deep": {"list": [{"a": [None, True]}]}}, {"nothing": None}, {"a.b": 1, "$c": 2, "": 3}, {"big": 2**63}, {"text": "x" * LARGE}):
        accepted(session.post(session.body(patch={"metadata": None}) | {"metadata": metadata}), f"metadata with {', '.join(list(metadata)[:3])}")


@check("ION-REQ-027")
def params_hold_any_values(session: Session) -> None:
    """Nulls, many members, numbers of all sizes, deep nesting, a long text."""
    many: dict[str, Json] = {f"p{number}": number for number in range(64)}
    deep: Json = 0
    for _ in range(24):
        deep = {"in": deep}
    names: dict[str, Json] = {"a.b": 1, "$c": 2, "\u00e4 \U0001f50b": "\U0001f50b"}
    for params in ({"n": None}, many, names, {"big": 2**70, "small": 1e-300, "negative": -1.5}, {"deep": deep}, {"text": "x" * LARGE}):
        accepted(session.post(session.body(patch={"params": None}) | {"params": params}), f"a submission whose params hold {', '.join(list(params)[:3])}")


@check("ION-REQ-028")
def a_compressed_submission_is_read(session: Session) -> None:
    """As large as those that the public client compresses."""
    submit = session.spec.operations[session.role("submit").operation]
    path = session.directory.path(submit.id, {})
    for size in (1, LARGE * 2):
        body = session.body(patch={"priority": 7, "params": {"text": "x" * size}})
        raw = gzip.compress(json.dumps(body).encode(), mtime=0)
        exchange = accepted(session.send(submit.method, path, raw=raw, headers={"Content-Encoding": "gzip"}), "a submission compressed with gzip")
        told = get(exchange.response.json, "/priority")
        expect(told == 7, f"a compressed submission asked for the priority 7 and was given {told!r}", exchange)


@check("ION-CRT-007")
def projects_keep_their_names(session: Session) -> None:
    """Long, of capitals, with white space around; the next job does not inherit them, nor does a child."""
    for project in ("Project-" + "x" * 120, "ALL-Capitals", " padded ", "de\u0301compose\u0301"):
        exchange = session.post(session.body(), query={"project_id": project})
        needed(exchange.response.is_success, f"a submission for the project {project!r} was refused")
        job: JobRef = session.job_of(exchange)
        told = get(session.view(job), "/project_id")
        expect(told == project, f"project_id is {told!r}, submitted was {project!r}", exchange, session.exchanges[-1])
        for patch in ({}, {"parent_job_id": job.id}):
            other = session.submit(patch=patch)
            told = get(session.view(other), "/project_id")
            expect(told in (None, MISSING), f"a job for no project belongs to {told!r}", other.created, session.exchanges[-1])


LIKE = {"enum": ("literal_error",), "dict_type": ("mapping_type",)}
"""Other types that pydantic 2 has for the same mistake."""


@check("ION-ERR-010")
def violations_have_pydantics_types(session: Session) -> None:
    """One of each kind that the document can tell apart."""
    for pointer, value, kind in KINDS:
        twin = session.post(session.body())
        needed(twin.response.is_success, f"the control twin was answered {twin.response.status}")
        exchange = refused(session.post(put(session.body(), pointer, value)), f"a submission with a broken {pointer}", (422,))
        told = get(exchange.response.json, "/detail/0/type")
        expect(told in (kind, *LIKE.get(kind, ())), f"the type of the violation is {told!r}, expected {kind!r}", exchange)


@check("ION-ERR-011")
def a_violation_in_a_query_leads_there(session: Session) -> None:
    """To a parameter of the list, by name."""
    for name, value in (("limit", "none"), ("limit", "0"), ("status", "none-of-these"), ("job_type", "none-of-these")):
        needed(session.list_jobs().response.is_success, "the list is refused")
        exchange = refused(session.list_jobs(query={name: value}), f"the list with {name}={value}", (422,))
        detail = get(exchange.response.json, "/detail")
        places = [get(one, "/loc") for one in detail] if isinstance(detail, list) else []
        expect(places and all(isinstance(one, list) and one[:2] == ["query", name] for one in places), f"the places are {places}", exchange)
