"""Judges requirements that are rows of a parameter table.

Requests made from a catalogue entry's `probe`, each with its control twin.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from conformance.catalogue import Catalogue, Requirement
from conformance.errors import Inconclusive
from conformance.oracles.document import REFUSED_BY_CAPACITY
from conformance.oracles.echo import agree
from conformance.session.expect import INVALID, Failure, accepted, expect, need_success, needed, refused
from conformance.session.session import JobRef, Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, Json, get, put, shown
from specs.document import DOCUMENTED, resolve, schemas_at


def probe(session: Session, catalogue: Catalogue, requirement: Requirement) -> None:
    """Send everything that the requirement's `probe` describes."""
    raw = requirement.probe
    raw = _in_the_words_of(session, catalogue.paging or {}, raw)
    runner = _ProbeRunner(session, raw, raw.get("refused_with") or (catalogue.errors or {}).get("invalid") or INVALID)
    if raw.get("required"):
        runner.refuses(MISSING)
    if raw.get("optional"):
        runner.accepts(MISSING)
    for value in raw.get("accepts", ()):
        runner.accepts(value)
    for value in raw.get("refuses", ()):
        runner.refuses(value)
    if "default" in raw:
        runner.defaults(raw["default"])


def _in_the_words_of(session: Session, assumed: Mapping[str, Any], raw: dict[str, Any]) -> dict[str, Any]:
    """A probe of a parameter of the list, where the target's file gives it another name or another highest value."""
    paging = session.settings.paging
    words = [one for one in ("limit", "offset", "page") if raw["pointer"] == assumed.get(one)]
    if not words or not paging or raw.get("in") != "query":
        return raw
    most = paging.get("most") if words[0] == "limit" else None
    fitting = [value for value in raw.get("accepts", ()) if most is None or not isinstance(value, int) or value <= most]
    return {**raw, "pointer": paging.get(words[0], raw["pointer"]), "accepts": fitting}


class _ProbeRunner:
    """One probe under way."""

    def __init__(self, session: Session, raw: dict[str, Any], refused_with: Collection[int]) -> None:
        self.session, self.raw, self.refused_with = session, raw, refused_with
        self.submit = session.role("submit").operation
        self.operation = raw.get("operation", self.submit)
        self.pointer, self.place = raw["pointer"], raw.get("in", "body")

    def accepts(self, value: Json) -> None:
        exchange = self._send(value)
        if self._lacks_room(exchange):
            self.session.clean_up()  # the jobs made by this probe so far may be what takes it
            exchange = self._send(value)
        accepted(exchange, f"{shown(value)} at {self.pointer}")
        if "echo" in self.raw and value is not MISSING:
            self._shows(exchange, value)

    def _lacks_room(self, exchange: Exchange) -> bool:
        """Whether a submission was answered as one is that finds no room."""
        known = self.session.spec.operations[self.operation].node.get(REFUSED_BY_CAPACITY)
        return self.operation == self.submit and known is not None and str(exchange.response.status) == known

    def refuses(self, value: Json) -> None:
        control = self._control()
        try:
            refused(self._send(value), f"{shown(value)} at {self.pointer}", self.refused_with)
        except Failure as failure:
            raise Failure(failure.message, [control, *failure.exchanges]) from failure

    def defaults(self, value: Json) -> None:
        needed("echo" in self.raw, "the catalogue does not say where the default is seen")
        self._shows(accepted(self._send(MISSING), f"leaving {self.pointer} out"), value)

    def _control(self) -> Exchange:
        """The valid twin: the same request with its usual value."""
        return need_success(self._send(None, is_control=True), "the control twin")

    def _shows(self, exchange: Exchange, value: Json) -> None:
        session = self.session
        if self.operation == self.submit:
            job = session.job_of(exchange)
        else:
            job = JobRef(next(iter(exchange.values.values())), exchange.request.json, exchange)
        view, pointer = session.view(job), self.raw["echo"]
        needed(view is not MISSING, "the job cannot be read")
        agrees = agree(value, get(view, pointer), self.raw.get("as", "same"))
        message = f"{pointer} is {shown(get(view, pointer))}, expected {shown(value)}"
        expect(agrees, message, exchange, session.exchanges[-1])

    def _send(self, value: Json, *, is_control: bool = False) -> Exchange:
        session, options = self.session, dict[str, Any]()
        values = self._values()
        body: Json = MISSING
        if self.operation == self.submit:
            body = session.body(patch=self.raw.get("base"))
        elif self.raw.get("base") is not None:
            body = self.raw["base"]
        if not is_control:
            if self.place == "body":
                body = put({} if body is MISSING else body, self.pointer, value)
            elif self.place == "query" and value is not MISSING:
                options["query"] = [(self.pointer, one) for one in (value if isinstance(value, list) else [value])]
            elif self.place == "header" and value is not MISSING:
                options["headers"] = {self.pointer: str(value)}
            elif self.place == "path":
                values = {**values, self.pointer: str(value)}
        if self.operation == self.submit:
            return session.post(body, **options)
        return session.call(self.operation, values, body=body, **options)

    def _values(self) -> dict[str, str]:
        """A fresh job for an operation whose path names one, in the condition that the probe wants."""
        session = self.session
        names = [one["name"] for one in session.spec.operations[self.operation].parameters if one["in"] == "path"]
        if not names:
            return {}
        condition = self.raw.get("job", "any")
        shape, until = {"running": ("long", "running"), "ended": ("quick", "end")}.get(condition, ("quick", ""))
        return {names[0]: session.submit(shape, draft=condition == "draft", until=until).id}


def request_schema(session: Session) -> Json:
    """The schema of a submission's body."""
    operation = session.spec.operations[session.role("submit").operation]
    body = resolve(session.spec.document, operation.node.get("requestBody", {}))
    schema = body.get("content", {}).get("application/json", {}).get("schema")
    if schema is None:
        raise Inconclusive("the document describes no body of a submission")
    return schema


def required_pointers(session: Session) -> list[str]:
    """Pointers of all members that the document demands, down to two levels of objects that are demanded themselves."""
    schema, found = request_schema(session), []
    for parent in ("", *[f"/{name}" for name in _required(session, schema, "")]):
        found += [f"{parent}/{name}" for name in _required(session, schema, parent)]
    return [pointer for pointer in found if get(session.body(), pointer) is not MISSING]


def _required(session: Session, schema: Json, parent: str) -> list[str]:
    nodes = schemas_at(session.spec.document, schema, parent)
    documented = [node for node in nodes if node.get("x-provenance") in DOCUMENTED]
    return list(dict.fromkeys(name for node in documented for name in node.get("required", ())))
