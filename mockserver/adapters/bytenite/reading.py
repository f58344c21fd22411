"""Reads what a customer sends into our units: templates, data sources, parameters and limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from mockserver.adapters.bytenite.files import input_path
from mockserver.adapters.exchange import Json, Refusal
from mockserver.simulation.request import NO_LIMITS, Limits, ResourceRequest, Team

GIB = 1 << 30
MOST_CHUNKS = 1000
TEMPLATE_ID_LENGTH = 1000
"""Longest `templateId`, in characters: a limit of ours."""
NOWHERE = ".invalid"
"""No host has a name that ends so (RFC 2606)."""

SMALL = ResourceRequest(cpu=4.0, memory=8 * GIB)
WITH_GPU = ResourceRequest(cpu=2.0, memory=16 * GIB, gpu=1.0)

HTTP_SOURCE = "type.googleapis.com/bytenite.data_source.HttpDataSource"
FILE_SOURCE = "type.googleapis.com/bytenite.data_source.LocalFileDataSource"


@dataclass(frozen=True, slots=True)
class Template:
    """A job template: what the vendor tells of it, and what one job of it needs."""

    facts: dict[str, str]
    resources: ResourceRequest = SMALL


def _template(
    name: str, description: str, *, partitioner: str, assembler: str, resources: ResourceRequest = SMALL
) -> Template:
    facts = {"id": name, "owner": "bytenite", "description": description, "app": name.removesuffix("-template")}
    return Template({**facts, "partitioner": partitioner, "assembler": assembler}, resources)


TEMPLATES: dict[str, Template] = {
    template.facts["id"]: template
    for template in (
        _template("hello-world", "Greets once per replica.", partitioner="replicator", assembler="passthrough"),
        _template(
            "image-variations",
            "Draws one prompt many times.",
            partitioner="replicator",
            assembler="zipper",
            resources=WITH_GPU,
        ),
        _template(
            "img-gen-diffusers-flux-gpu-template",
            "Draws with a diffusion model.",
            partitioner="replicator",
            assembler="zipper",
            resources=WITH_GPU,
        ),
        _template("web-scraper", "Reads a list of pages.", partitioner="list-splitter", assembler="concatenator"),
    )
}


def template(name: str) -> Template:
    """The template of that name; one that nobody made known is taken to be the customer's own.

    An answer repeats it six times, so it may not be long. Source: specs/bytenite/sources.md#derived

    Raises Refusal.
    """
    if len(name) > TEMPLATE_ID_LENGTH:
        wrong = f"templateId has {len(name)} characters, expected at most {TEMPLATE_ID_LENGTH}"
        raise Refusal("invalid", wrong)
    return TEMPLATES.get(name) or Template({"id": name, "owner": "customer", "app": name})


def source(body: Mapping[str, Json], camel: str, snake: str, *, job_id: str) -> Json:
    """The data source under either name as the job shows it, or None when neither says anything."""
    given = body.get(camel)
    if given is None:
        given = body.get(snake)
    if given is None:
        return None
    descriptor, params = given.get("dataSourceDescriptor"), given.get("params")
    shown: dict[str, Json] = {} if descriptor is None else {"dataSourceDescriptor": descriptor}
    if params is not None:
        params = {name: value for name, value in params.items() if not (name == "@type" and value is None)}
    if descriptor == "url":
        params = {"@type": HTTP_SOURCE, "name": "", "username": "", **(params or {}), "password": ""}
    elif descriptor == "file":
        params = {"@type": FILE_SOURCE, **(params or {})}
        if camel == "dataSource":
            params["tempUrl"] = input_path(job_id)
    if params is not None:
        shown["params"] = params
    return shown


def params(body: Mapping[str, Json]) -> dict[str, Json]:
    """The parts of a job's parameters that say something."""
    return {part: body[part] for part in ("preset", "partitioner", "assembler", "app") if body.get(part) is not None}


def chunks(shown_params: Mapping[str, Json], shown_config: Mapping[str, Json]) -> int:
    """How many chunks the partitioner will make; a test job has one. Source: specs/bytenite/sources.md#derived"""
    if shown_config.get("isTestJob"):
        return 1
    wanted = shown_params.get("partitioner", {}).get("num_replicas")
    if isinstance(wanted, bool) or not isinstance(wanted, int):
        return 1
    return min(max(wanted, 1), MOST_CHUNKS)


def command(shown_params: Mapping[str, Json]) -> str:
    """The command of the app, when its parameters hold one. Source: specs/bytenite/sources.md#derived"""
    said = shown_params.get("app", {}).get("command")
    return said if isinstance(said, str) else ""


def config(*bodies: Mapping[str, Json] | None) -> dict[str, Json]:
    """Limits as the job shows them, later bodies winning; int64 may have come as text."""
    shown: dict[str, Json] = {}
    for body in bodies:
        for name in ("taskTimeout", "jobTimeout"):
            value = body.get(name) if body else None
            if value is not None:
                shown[name] = int(value)
        if body and body.get("isTestJob") is not None:
            shown["isTestJob"] = body["isTestJob"]
    return shown


def limits(shown_config: Mapping[str, Json]) -> Limits:
    """The limit of the whole job in house units; zero means no limit."""
    total = shown_config.get("jobTimeout")
    return Limits(total=total) if total else NO_LIMITS


def team(shown_config: Mapping[str, Json], count: int) -> Team:
    """The tasks of a job of `count` chunks, all at once if there is room; the first that fails ends the job."""
    return _team(count, shown_config.get("taskTimeout") or None)


@lru_cache(maxsize=256)
def _team(count: int, limit: float | None) -> Team:
    return Team(count, count, run=limit)


def unreachable(given: Json) -> str:
    """Why an input cannot be fetched, or nothing: no host has a name that ends in `.invalid`.

    Source: specs/bytenite/sources.md#derived
    """
    if not isinstance(given, dict) or given.get("dataSourceDescriptor") != "url":
        return ""
    address = (given.get("params") or {}).get("url")
    try:
        host = (urlsplit(address).hostname or "") if isinstance(address, str) else ""
    except ValueError:
        host = ""
    return f"the data source cannot be read: {host} does not answer" if host.rstrip(".").endswith(NOWHERE) else ""
