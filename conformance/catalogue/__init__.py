"""Reads the catalogue: what every job API owes, and what is each vendor's own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

import specs
from conformance.errors import CatalogueError
from conformance.traffic.json_pointer import Json
from specs import Role, strict_yaml

FOLDER = Path(__file__).parent
COMMON = "common"
PREFIXES = {"JOB": COMMON, "OYR": "openyuanrong", "RAI": "runai", "XIO": "xio", "ION": "ionworks", "BYT": "bytenite"}
PROFILES = ("create-only", "core", "lifecycle", "scheduling", "multi-tenant", "webhook")
"""From narrow to wide; each of the first four is contained in those after it, the last two stand beside them."""
NESTED = 4
RULES = ("view", "ordered", "span", "constant", "echo", "answer", "step")
"""Members of a requirement that the passive oracles judge."""
SUBJECTS = {
    "CRT": "submission",
    "REQ": "submission",
    "DEF": "submission",
    "RSP": "answers",
    "STM": "states",
    "TMO": "limits",
    "RTY": "retries",
    "PRI": "queue",
    "AUT": "credentials",
    "ERR": "refusals",
    "LST": "lists",
    "TIM": "instants",
    "WHK": "callbacks",
    "ISO": "tenants",
    "IDM": "identity",
}
"""Files of checks and faults by the middle of an id, where a catalogue's `areas` do not say otherwise."""


@dataclass(frozen=True)
class Requirement:
    """One testable sentence, where it comes from, and how it is judged.

    `probe` describes requests to generate; the members named in `RULES` are judged by passive oracles and gathered in
    `rules`; anything else needs a check. `owner` is the API whose requirement it is, or `common`; `subject` names its
    files. `alone` says for what it needs the target to itself.
    """

    id: str
    level: str
    basis: str
    source: str
    statement: str
    kind: str
    profiles: tuple[str, ...]
    needs: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    effects: Mapping[str, Any] = field(default_factory=dict)
    conflicts: str = ""
    not_tested: Mapping[str, str] | None = None
    since: str = "0.1.0"
    probe: Json = None
    view: Json = None
    ordered: Json = None
    span: Json = None
    constant: Json = None
    echo: Json = None
    answer: Json = None
    step: Json = None
    owner: str = ""
    subject: str = ""
    rules: Mapping[str, Json] = field(default_factory=dict)

    @property
    def area(self) -> str:
        """The three letters in the middle of the id."""
        return self.id.split("-")[1]

    @property
    def check_file(self) -> str:
        """Where its checks are, if it has any."""
        return f"conformance/checks/{self.owner}/{self.subject}.py"

    @property
    def fault_file(self) -> str:
        """Where the faults are that break it.

        Faults of one API that break a common requirement are in that API's folder.
        """
        return f"tests/conformance/faults/{self.owner}/{self.subject}.py"


@dataclass(frozen=True)
class Catalogue:
    """All requirements of one API by id, and where its answers show jobs.

    `views` names further operations that show jobs; `identity` what reports jobs apart inside a view; `match` pairs
    pointers of a submission with pointers of the view that shows its job; `fades` is the member of a submission with
    which its job leaves by itself, `leaving` are the states in which a deleted job may be shown for a while; `paging`
    says how its list is paged, `callbacks` where a submission asks to be called, `tolerated` what is let pass in a
    member although the document says otherwise, `obscure` the states that no document explains, `unset` what a member
    that was never set is reported as, `uncovered` why no requirement speaks of a parameter.
    """

    api: str
    requirements: Mapping[str, Requirement]
    identity: str | None = None
    views: Mapping[str, Role] = field(default_factory=dict)
    match: Mapping[str, str] = field(default_factory=dict)
    fades: str | None = None
    leaving: tuple[str, ...] = ()
    paging: Json = None
    errors: Json = None
    callbacks: Json = None
    tolerated: Mapping[str, Json] = field(default_factory=dict)
    obscure: tuple[str, ...] = ()
    unset: tuple[Json, ...] = ()
    uncovered: Mapping[str, str] = field(default_factory=dict)


@cache
def load(api: str) -> Catalogue:
    """The catalogue of one API: common requirements, adjusted, then its own. Raises CatalogueError, KeyError."""
    if api not in specs.names():
        raise KeyError(f"unknown API {api!r}; known: {', '.join(specs.names())}")
    common, own = _read(COMMON), _read(api)
    adjust = own.get("adjust", {})
    found: dict[str, Requirement] = {}
    for origin, raw in ((COMMON, common), (api, own)):
        areas, alone = raw.get("areas", {}), raw.get("alone", {})
        for entry in raw["requirements"]:
            requirement = _requirement(origin, entry | (adjust.get(entry["id"], {}) if origin == COMMON else {}), areas)
            needed = tuple(why for why, globs in alone.items() if _is_named(requirement.id, globs))
            requirement = replace(requirement, alone=needed)
            if requirement.id in found:
                raise CatalogueError(f"{origin}.yaml: {requirement.id} is there twice")
            if PREFIXES.get(requirement.id.split("-")[0]) != origin:
                raise CatalogueError(f"{origin}.yaml: {requirement.id} does not begin with the prefix of its file")
            found[requirement.id] = requirement
    unknown = adjust.keys() - found.keys()
    if unknown:
        raise CatalogueError(f"{api}.yaml: `adjust` names {', '.join(sorted(unknown))}, which is no common requirement")
    views = {name: Role(name, **facts) for name, facts in own.get("views", {}).items()}
    names = (
        "identity",
        "match",
        "fades",
        "leaving",
        "paging",
        "errors",
        "callbacks",
        "uncovered",
        "tolerated",
        "obscure",
        "unset",
    )
    told = {name: own[name] for name in names if name in own}
    return Catalogue(api, found, views=views, **told)


def schema() -> Json:
    """The JSON Schema of catalogue files."""
    return json.loads((FOLDER / "schema.json").read_text(encoding="utf-8"))


def _read(name: str) -> dict[str, Any]:
    file = FOLDER / f"{name}.yaml"
    if not file.exists():
        return {"requirements": []}
    try:
        raw = strict_yaml.read(file.read_bytes())
    except strict_yaml.YamlError as error:
        raise CatalogueError(f"{file.name}, {error}") from error
    for broken in _validator().iter_errors(raw):
        place = list(broken.instance_path)
        entry = raw["requirements"][place[1]].get("id", "") if len(place) > 1 and place[0] == "requirements" else ""
        raise CatalogueError(f"{file.name}: {entry} {'/'.join(map(str, place))}: {broken.message}")
    return dict(raw)


@cache
def _validator() -> Any:
    return jsonschema_rs.Draft202012Validator(schema())


def _wider(profiles: list[str]) -> tuple[str, ...]:
    """The named profiles and those that contain them."""
    nested = PROFILES[:NESTED]
    implied = [wide for name in profiles if name in nested for wide in nested[nested.index(name) :]]
    return tuple(dict.fromkeys([*profiles, *implied]))


def subject_of(id_: str, areas: Mapping[str, Sequence[str]]) -> str:
    """The subject under which a requirement is filed.

    One of its vendor's own areas, or what the middle of its id means.
    """
    own = (subject for subject, globs in areas.items() if _is_named(id_, globs))
    return next(own, SUBJECTS[id_.split("-")[1]])


def _is_named(id_: str, globs: Sequence[str]) -> bool:
    return any(fnmatchcase(id_, glob) for glob in globs)


def _requirement(origin: str, entry: Mapping[str, Any], areas: Mapping[str, Sequence[str]]) -> Requirement:
    known = {one.name for one in fields(Requirement)}
    facts: dict[str, Any] = {
        key: tuple(value) if key == "needs" else value for key, value in entry.items() if key in known
    }
    facts["profiles"] = _wider(entry["profiles"])
    facts["rules"] = {name: entry[name] for name in RULES if entry.get(name) is not None}
    requirement = Requirement(**facts, owner=origin, subject=subject_of(entry["id"], areas))
    weakest = {"assumption": ("SHOULD", "MAY"), "example": ("SHOULD", "MAY")}.get(requirement.basis)
    if weakest and requirement.level not in weakest:
        raise CatalogueError(f"{origin}.yaml: {requirement.id}: what rests on an {requirement.basis} is at most SHOULD")
    return requirement
