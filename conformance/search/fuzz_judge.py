"""What we add to schemathesis.

A view of a document without false foreign keys, our oracles on its traffic, refusals tried again for the right reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from conformance import catalogue as catalogues
from conformance.errors import Inconclusive, NotApplicable, TransportError
from conformance.oracles.all_oracles import AllOracles
from conformance.oracles.document import UNDOCUMENTED_SUCCESS
from conformance.oracles.job_views import made_by
from conformance.search.blamed_requirement import faults_of
from conformance.session.session import Session
from conformance.target.target import Target
from conformance.traffic.exchange import Exchange, Request, Response
from conformance.traffic.json_pointer import get
from conformance.traffic.operations import Operations
from specs import Spec
from specs.document import resolve

_KEY = re.compile(r"(_id|Id|ID|_uuid|Uuid)s?$")
_OTHER_REASONS = frozenset({401, 403, 404, 409})
_MOST_TWINS = 40
_MOST_OF_A_STORY = 12
_LATEST = 5
_OURS = frozenset({"x-schemathesis-testcaseid", "user-agent"})
"""Headers of schemathesis' own, of which the first differs from run to run."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One failure: where, which check or requirement, what it says, a command that repeats it, and the exchanges that
    show it, the last one last."""

    operation: str
    check: str
    message: str
    curl: str
    exchanges: tuple[Exchange, ...] = ()


def without_false_keys(document: dict[str, Any], spec: Spec) -> dict[str, Any]:
    """The document, changed in place: members of requests that only look like keys of other jobs become patterns, such
    parameters are left out.

    schemathesis takes them for foreign keys and then never calls the operation. Whatever is valid stays valid.
    """
    for operation in spec.operations.values():
        node = document["paths"].get(operation.path, {}).get(operation.method.lower())
        if node is None:
            continue
        if "parameters" in node:
            node["parameters"] = [one for one in node["parameters"] if not _is_false(resolve(document, one))]
        body = resolve(document, node.get("requestBody", {}))
        for medium in body.get("content", {}).values():
            _open(document, medium.get("schema"), set())
        _grant_otherwise(document, node["responses"])
    return document


def _grant_otherwise(document: dict[str, Any], answers: dict[str, Any]) -> None:
    """Where the status of success is assumed, any of its kin will do."""
    for status in [one for one in answers if one in UNDOCUMENTED_SUCCESS]:
        if resolve(document, answers[status]).get("x-provenance") == "assumed":
            for other in sorted(UNDOCUMENTED_SUCCESS):
                answers.setdefault(other, answers[status])


def _is_false(parameter: dict[str, Any]) -> bool:
    return (
        parameter["in"] in ("query", "header")
        and not parameter.get("required")
        and bool(_KEY.search(parameter["name"]))
    )


def _open(document: dict[str, Any], schema: Any, seen: set[int]) -> None:
    schema = resolve(document, schema)
    if isinstance(schema, list):
        for item in schema:
            _open(document, item, seen)
    if not isinstance(schema, dict) or id(schema) in seen:
        return
    seen.add(id(schema))
    properties = schema.get("properties")
    if isinstance(properties, dict):
        for name in [name for name in properties if _KEY.search(name) and isinstance(properties[name], dict)]:
            schema.setdefault("patternProperties", {})[f"^{re.escape(name)}$"] = properties.pop(name)
    for child in (
        *(properties or {}).values(),
        *(schema.get(word) for word in ("items", "allOf", "anyOf", "oneOf", "additionalProperties")),
    ):
        _open(document, child, seen)


class FuzzJudge:
    """Looks at what schemathesis sent and got; `made` is called with every job."""

    def __init__(self, spec: Spec, target: Target, made: Callable[[str], object] = str) -> None:
        self._made = made
        self._spec, self._catalogue, self._target = spec, catalogues.load(spec.name), target
        self._directory = Operations(spec)
        self._oracles = AllOracles(spec, self._catalogue)
        self._makers: dict[str, Exchange] = {}
        self._about: dict[str, list[Exchange]] = {}
        self._wrong: dict[tuple[str, int], list[Exchange]] = {}

    def close(self) -> None:
        """Let go of connections."""
        self._target.close()

    def findings(self, recorder: Any) -> Iterator[Finding]:
        """What our oracles say; refusals that may have another reason are kept for `twins`."""
        for case_id, interaction in recorder.interactions.items():
            exchange = self.exchange(interaction)
            if exchange is None:
                continue
            yield from self._judged(exchange)
            self._remember(exchange)
            case = recorder.cases[case_id].value if case_id in recorder.cases else None
            if case is not None and _negates_body(case):
                self._keep(exchange)

    def _judged(self, exchange: Exchange) -> Iterator[Finding]:
        for violation in self._oracles.observe(exchange):
            message = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{20,}", "<id>", violation.message)
            yield Finding(
                exchange.operation or exchange.line,
                violation.requirement,
                message,
                exchange.curl,
                self._story(violation.exchanges, exchange),
            )

    def look(self, headers: Mapping[str, str]) -> Iterator[Finding]:
        """What the whole list and the latest jobs look like in the end.

        Schemathesis seldom asks for either without a filter or another wish.
        """
        roles = self._spec.lifecycle.roles if self._spec.lifecycle else {}
        asked = [
            (roles[name].operation, id_)
            for name, ids in (("list", [""]), ("read", list(self._makers)[-_LATEST:]))
            if name in roles
            for id_ in ids
        ]
        for operation, id_ in asked:
            known = self._spec.operations[operation]
            names = [one["name"] for one in known.parameters if one["in"] == "path"]
            path = self._directory.path(operation, dict.fromkeys(names, id_))
            request = Request(known.method, self._target.url, path, (("Accept", "application/json"), *headers.items()))
            try:
                told = self._target.transport.send(request)
            except TransportError:
                continue
            yield from self._judged(Exchange(request, told, operation=operation, values=dict.fromkeys(names, id_)))

    def exchange(self, interaction: Any) -> Exchange | None:
        """What was asked and answered as our oracles read it; None where no answer came."""
        if interaction is None or interaction.response is None:
            return None
        asked, told = interaction.request, interaction.response
        parts = urlsplit(asked.uri)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        headers = tuple(
            (name, value) for name, values in asked.headers.items() for value in values if name.lower() not in _OURS
        )
        answered = tuple((name, value) for name, values in told.headers.items() for value in values)
        request = Request(asked.method, self._target.url, target, headers, asked.body)
        found = self._directory.find(asked.method, target)
        values = found[1] if found else {}
        response = Response(told.status_code, answered, told.content, cut=told.content_size > len(told.content))
        exchange = Exchange(
            request,
            response,
            interaction.timestamp,
            interaction.timestamp,
            None,
            found[0].id if found else None,
            values,
        )
        self._target.learn(exchange)
        return exchange

    def _remember(self, exchange: Exchange) -> None:
        roles = self._spec.lifecycle.roles if self._spec.lifecycle else {}
        if "submit" in roles and exchange.operation == roles["submit"].operation and exchange.response.is_success:
            made = get(exchange.response.json, roles["submit"].id or "")
            if isinstance(made, str):
                self._makers[made] = exchange
        if id_ := made_by(self._spec, exchange):
            self._made(id_)
        for value in exchange.values.values():
            if value in self._makers:
                self._about.setdefault(value, []).append(exchange)

    def _story(self, shown: tuple[Exchange, ...], last: Exchange) -> tuple[Exchange, ...]:
        """What led to an exchange.

        The submissions of the jobs it is about, what was asked of them, what the oracle shows, and itself.
        """
        text = last.request.target + (last.request.body or b"").decode("utf-8", "replace")
        told: list[Exchange] = []
        for id_ in [id_ for id_ in self._makers if id_ in text]:
            told += [self._makers[id_], *self._about.get(id_, ())[-_MOST_OF_A_STORY:]]
        unique = {id(one): one for one in (*told, *shown) if one is not last}
        return (*unique.values(), last)

    # -- refusals for another reason

    def _keep(self, exchange: Exchange) -> None:
        """Keep the first wrong bodies of an operation that were refused with a status which may have another reason."""
        operation = self._spec.operations.get(exchange.operation or "")
        if operation is None or not exchange.values:
            return
        status = exchange.response.status
        by_state = str(operation.node.get("x-refused-by-state", ""))
        if (status in _OTHER_REASONS or str(status) == by_state) and any(
            faults_of(self._spec, exchange, documented=True)
        ):
            self._wrong.setdefault((operation.id, status), []).append(exchange)

    def twins(self) -> Iterator[Finding]:
        """Send wrong bodies that were refused for jobs which were not there, or not in the right state, to jobs that
        are: they must be refused there too."""
        fair = max(1, _MOST_TWINS // max(1, len(self._wrong)))
        for number, exchange in enumerate(one for kept in self._wrong.values() for one in kept[:fair]):
            operation = self._spec.operations[exchange.operation or ""]
            try:
                with Session(self._target, self._oracles.fresh(), name=f"fz{number + 1}") as session:
                    job = session.submit(draft=True)
                    path = session.directory.path(operation.id, dict.fromkeys(exchange.values, job.id))
                    again = session.send(operation.method, path, raw=exchange.request.body)
            except (Inconclusive, NotApplicable, TransportError):
                continue
            if again.response.is_success:
                message = (
                    f"a body that the document excludes is accepted; {exchange.response.status} for another reason "
                    "had hidden it"
                )
                yield Finding(operation.id, "wrong_reason", message, again.curl, (job.created, again))


def _negates_body(case: Any) -> bool:
    components = getattr(getattr(case, "meta", None), "components", None) or {}
    return any(
        "body" in str(getattr(place, "value", place)).lower() and "negative" in str(info.mode).lower()
        for place, info in components.items()
    )
