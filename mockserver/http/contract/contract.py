"""One operation's contract, compiled once: what its requests and answers must satisfy."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from jsonschema_rs import Draft202012Validator

from mockserver.adapters.exchange import NOTHING, Adapter, Call, Refusal, Violation, function_of
from mockserver.http.contract.answer import Answers
from mockserver.http.contract.body import parse
from mockserver.http.contract.credentials import Credentials
from mockserver.http.contract.explanation import explain
from mockserver.http.contract.media import MediaTypes, is_json
from mockserver.http.contract.parameters import Parameters
from mockserver.http.contract.schema import Schemas, violations
from mockserver.http.origin import is_remote, origin
from mockserver.http.pace import wall_us
from mockserver.simulation.job_limits import SMALL_BYTES, footprint
from mockserver.simulation.world import World
from specs import CONTROL, Operation, Spec

Fields = Mapping[bytes, bytes]


_ASKING = frozenset({"mock_take_snapshot", "mock_fork"})
"""Operations of the control API that need an existing sandbox although they are no GET."""

_OPEN = frozenset({"mock_watch", "mock_health", "mock_metrics"})
"""GETs of the control API that need no existing sandbox: a client may watch one before it is used."""


class HeaderFields(Mapping[str, str]):
    """All header fields as sent, by lower-case name; decoded when asked for."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Fields) -> None:
        self._fields = fields

    def __getitem__(self, name: str) -> str:
        return self._fields[name.encode("latin-1")].decode("latin-1")

    def get(self, name: str, default: Any = None) -> Any:
        """The field of that name, without the cost of an exception for a missing one, which is the usual case."""
        value = self._fields.get(name.encode("latin-1"))
        return default if value is None else value.decode("latin-1")

    def __iter__(self) -> Any:
        return (name.decode("latin-1") for name in self._fields)

    def __len__(self) -> int:
        return len(self._fields)


class Contract:
    """Everything about one operation that does not change between requests."""

    def __init__(self, spec: Spec, schemas: Schemas, operation: Operation, *, adapter: Adapter, strict: bool) -> None:
        self.api, self.operation, self.adapter, self.strict = spec.name, operation, adapter, strict
        self.place = f"{spec.name} {operation.id}"  # in the log
        self.schemas = schemas
        self.is_control = spec.name == CONTROL
        is_asking = operation.id in _ASKING or (operation.method == "GET" and operation.id not in _OPEN)
        self.only_reads = self.is_control and is_asking
        self.has_sandbox = not (self.is_control and operation.path.startswith("/sandboxes"))  # those name it themselves
        self.is_read = operation.id == _reading(spec)
        self.function = function_of(adapter, operation.id)
        self.credentials = Credentials(spec, operation, strict=strict)
        self.parameters = Parameters(schemas, operation, is_own=self.is_control)
        self.answers = Answers(schemas, (*operation.pointer, "responses"))
        self.is_guarded = not self.credentials.is_open
        self._verified = strict and self.is_guarded
        self._compile_body(schemas, operation)
        self.takes_body = self._media is not None
        self.reads_body = self.takes_body or operation.method not in ("GET", "HEAD")

    def _compile_body(self, schemas: Schemas, operation: Operation) -> None:
        self._media: MediaTypes | None = None
        self._required = False
        self._bodies: dict[str, Draft202012Validator | None] = {}  # of the media types that are JSON
        if "requestBody" not in operation.node:
            return
        place, node = schemas.follow((*operation.pointer, "requestBody"))
        content = node.get("content", {})
        self._media, self._required = MediaTypes(content), bool(node.get("required"))
        for name, medium in content.items():
            if is_json(name.lower()):
                self._bodies[name.lower()] = (
                    schemas.validator((*place, "content", name, "schema")) if "schema" in medium else None
                )

    def admit(
        self, scope: Mapping[str, Any], fields: Fields, raw: bytes, *, world: World, sandbox: str, manual: bool
    ) -> Call:
        """The call of a request in a sandbox, if it conforms to the document. Raises Refusal.

        `manual` says that the sandbox's clock moves only when told to.
        """
        found: list[Violation] = []
        query_string, values, raw_path = scope["query_string"], scope["path_params"]["values"], scope.get("raw_path")
        parameters = self.parameters
        call = Call(
            operation=self.operation.id,
            world=world,
            method=scope["method"],
            target=raw_path.decode("latin-1") if raw_path else scope["path"],
            query_string=query_string,
            path=parameters.path(values, found) if values else NOTHING,
            query=parameters.query(query_string, found) if query_string or parameters.wants_query else NOTHING,
            headers=parameters.headers(fields, found) if parameters.wants_headers else NOTHING,
            every_header=HeaderFields(fields),
            raw=raw,
            strict=self.strict,
            manual=manual,
            origin=partial(origin, scope, sandbox),
            is_remote=partial(is_remote, scope),
            wall_us=wall_us() if self.strict else 0,
        )
        if self._verified:
            self.adapter.verify(call)
        if found:
            raise Refusal("invalid", found[0].message, violations=tuple(found))
        if self._media is not None:
            call.body = self._body(self._media, fields, raw)
        limits = world.job_limits
        if len(raw) > SMALL_BYTES or limits.arriving:
            limits.expect(0 if self.is_control else footprint(raw))
        return call

    def _explained(self, media_type: str, value: Any) -> tuple[Violation, ...]:
        """Why the control API refuses a body, in sentences; vendors have words of their own."""
        if not self.is_control:
            return ()
        place = (*self.operation.pointer, "requestBody", "content", media_type, "schema")
        return explain(self.schemas, place, value, "body")

    def _body(self, media: MediaTypes, fields: Fields, raw: bytes) -> Any:
        if not raw and not self._required:
            return None
        sent = fields.get(b"content-type")
        if not raw:
            absent = Violation("body", (), "required", "a body", None, "a body is required")
            raise Refusal("invalid", absent.message, violations=(absent,))
        if sent is None:
            raise media.refuse("Content-Type is missing")
        media_type = media.match(sent)
        if media_type not in self._bodies:
            return None
        value = parse(raw)
        validator = self._bodies[media_type]
        if validator is not None and not validator.is_valid(value):
            found = self._explained(media_type, value) or violations(validator, value, "body", (), self.schemas.forms)
            raise Refusal("invalid", found[0].message, violations=found, body=value)
        return value


def _reading(spec: Spec) -> str | None:
    """The operation that reads a job of this API, or lists jobs if none reads a single one."""
    roles = {} if spec.lifecycle is None else spec.lifecycle.roles
    role = roles.get("read") or roles.get("list")
    return None if role is None else role.operation


def target(scope: Mapping[str, Any]) -> str:
    """The path as sent, without query and sandbox prefix."""
    raw: bytes | None = scope.get("raw_path")
    return raw.decode("latin-1") if raw else scope["path"]
