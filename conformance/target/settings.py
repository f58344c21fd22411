"""Reads what is known of an implementation: how it makes jobs that run long or fail, which tenants and credentials it
has, what it can do.

Shipped settings of each API are in `shipped/<api>.yaml`; a user's target file is merged over them.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import specs
from conformance import catalogue as catalogues
from conformance.errors import SettingsError
from conformance.target import target_file
from conformance.traffic.json_pointer import Json, merged
from conformance.traffic.redaction import is_credential

FOLDER = Path(__file__).parent / "shipped"
_PLAIN = frozenset({"grant_type", "scope", "audience"})
"""Members of a request for a token that are no secrets."""


@dataclass(frozen=True)
class Settings:
    """`body` makes a job that ends soon and well; each of `shapes` is a merge patch that makes another kind of job.

    `knobs` are pointers in a submission to what checks turn, by what it does, such as the number of pieces that a job
    is divided into. `own` are pointers to what only this target has, such as a customer's templates: examples of the
    document take it from the body. Those of `may_refuse` need not be accepted: a server that keeps its client waiting
    for room has no job to show while there is none, and may do so for `kept_waiting` seconds of its clock. `calls`
    holds bodies, by role, of calls that name the job in their body. `tenants` and `credentials` are headers by name.
    `capabilities` says what the implementation can or cannot do, where that does not follow from the document. `paging`
    says how its list is paged where the catalogue has to assume that. Within `eventual` seconds after a write, reads
    may show what was before. `secrets` are the values of all these that are written nowhere.
    """

    body: Json
    shapes: Mapping[str, Json]
    may_refuse: frozenset[str] = frozenset()
    kept_waiting: float = 0.0
    knobs: Mapping[str, str] = field(default_factory=dict)
    own: tuple[str, ...] = ()
    submit_headers: Mapping[str, str] = field(default_factory=dict)
    submit_query: Mapping[str, Any] = field(default_factory=dict)
    calls: Mapping[str, Json] = field(default_factory=dict)
    tenants: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    credentials: Mapping[str, Json] = field(default_factory=dict)
    capabilities: Mapping[str, bool] = field(default_factory=dict)
    base_path: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    prefix: Mapping[str, Any] = field(default_factory=dict)
    paging: Mapping[str, Any] = field(default_factory=dict)
    eventual: float = 0.0
    secrets: frozenset[str] = frozenset()


@cache
def _shipped(api: str) -> Json:
    file = FOLDER / f"{api}.yaml"
    return target_file.read(file) if file.exists() else {}


@cache
def _known(api: str) -> dict[str, frozenset[str]]:
    """The names that a target file of an API may use, by what they name."""
    spec, catalogue = specs.load(api), catalogues.load(api)
    roles = frozenset(spec.lifecycle.roles) if spec.lifecycle else frozenset()
    needs = {word for one in catalogue.requirements.values() for word in one.needs}
    submits = [_shipped(name).get("submit", {}) for name in specs.names()]
    shapes = {word.removeprefix("makes-") for word in needs if word.startswith("makes-")}
    shapes |= {shape for submit in submits for shape in submit.get("shapes", ())}
    return {
        "capability": frozenset(needs | set(roles) | set(spec.operations) | {f"makes-{shape}" for shape in shapes}),
        "shape": frozenset(shapes),
        "knob": frozenset(knob for submit in submits for knob in submit.get("knobs", ())),
        "role": roles,
        "operation": frozenset(spec.operations),
    }


def load(api: str, file: Path | None = None, *, example: Json = None) -> Settings:
    """The settings of an API, with a target file over them; `example` is the body where none is given.

    Raises SettingsError.
    """
    raw = _shipped(api)
    if file is not None:
        own = target_file.read(file)
        target_file.check_names(file, own, _known(api))
        raw = merged(raw, own)
        if "good" in (own.get("credentials") or {}):  # whoever says who is let in has others refused
            raw = merged({"capabilities": {"strict": True}}, raw)
    submit = raw.get("submit", {})
    return Settings(
        body=submit.get("body", example),
        shapes=submit.get("shapes", {}),
        may_refuse=frozenset(submit.get("may_refuse", ())),
        kept_waiting=submit.get("kept_waiting", 0.0),
        knobs=submit.get("knobs", {}),
        own=tuple(submit.get("own", ())),
        submit_headers={key: secret(str(value)) for key, value in submit_headers(raw).items()},
        submit_query=submit.get("query", {}),
        calls=raw.get("calls", {}),
        tenants={
            name: {key: secret(str(value)) for key, value in headers.items()}
            for name, headers in raw.get("tenants", {}).items()
        },
        credentials=raw.get("credentials", {}),
        capabilities=raw.get("capabilities", {}),
        base_path=raw.get("base_path"),
        headers={key: secret(str(value)) for key, value in raw.get("headers", {}).items()},
        prefix=raw.get("prefix", {}),
        paging=raw.get("paging", {}),
        eventual=raw.get("eventual", 0.0),
        secrets=frozenset(_secrets(raw)),
    )


def _secrets(raw: Json) -> Iterator[str]:
    """What is looked up somewhere else, and what is a credential by its name.

    Credentials of a `command` are looked up when they are needed; whoever does so has them hidden.
    """
    for fields in (raw.get("headers", {}), submit_headers(raw), *raw.get("tenants", {}).values()):
        for name, text in fields.items():
            if is_reference(str(text)) or is_credential(name):
                yield secret(str(text))
    for caller in raw.get("credentials", {}).values():
        token, signature = caller.get("token") or {}, caller.get("signature") or {}
        named = {**caller.get("headers", {}), **token.get("body", {}), "secret": signature.get("secret", "")}
        for name, text in (*named.items(), ("public", signature.get("public", ""))):
            if str(text).startswith("command:"):
                continue
            if is_reference(str(text)) or name not in (*_PLAIN, "public"):
                yield secret(str(text))


def submit_headers(raw: Json) -> Mapping[str, Any]:
    """The headers of submissions in a target file."""
    found: Mapping[str, Any] = raw.get("submit", {}).get("headers", {})
    return found


def is_reference(text: str) -> bool:
    """Whether a value says only where it is to be looked up."""
    kind, colon, _ = text.partition(":")
    return bool(colon) and kind in ("env", "file", "command")


def secret(text: str) -> str:
    """A value as it is meant: `env:NAME`, `file:PATH` and `command:WORDS` are looked up, anything else is itself.

    Raises SettingsError.
    """
    kind, _, rest = text.partition(":")
    if not is_reference(text):
        return text
    if kind == "env":
        if rest not in os.environ:
            raise SettingsError(f"the environment variable {rest} is not set")
        return os.environ[rest]
    try:
        if kind == "file":
            return Path(rest).read_text(encoding="utf-8").strip()
        told = subprocess.run(shlex.split(rest), capture_output=True, text=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError) as error:
        raise SettingsError(f"{kind}:{rest} gives no secret: {error}") from error
    return told.stdout.strip()
