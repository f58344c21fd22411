"""The contract oracle: whether answers keep the document's shape, told apart by how well the document knows it."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import jsonschema_rs
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.validation.response.exceptions import InvalidHeader, MissingRequiredHeader

import specs
from conformance.oracles.oracle import Violation
from conformance.oracles.schema_errors import MEMBERS, MOST_ERRORS, VALUES, first_error, is_seen
from conformance.traffic.exchange import Exchange, Response
from conformance.traffic.json_pointer import MISSING, Json, get, shown
from specs import Operation, Spec
from specs.document import DOCUMENTED, resolve, schemas_at
from specs.excerpt import excerpt, is_small

STATUS, SHAPE, ASSUMED_SHAPE, MEDIA, HEADERS = "JOB-RSP-001", "JOB-RSP-002", "JOB-RSP-003", "JOB-RSP-004", "JOB-RSP-005"
ERROR_SHAPE, ASSUMED_ERROR_SHAPE, SERVER_ERROR = "JOB-ERR-001", "JOB-ERR-002", "JOB-ERR-010"
UNDOCUMENTED_SUCCESS = frozenset({"200", "201", "202"})
"""Any of these will do where no page of the vendor's names the status."""
CONDITIONS = ("if-none-match", "if-modified-since")
"""A client that sends one of these asks for a 304, whatever the document lists."""
REFUSED_BY_CAPACITY = "x-refused-by-capacity"
"""Where a document says with which status an operation refuses what is valid and finds no room."""
HEARSAY = frozenset({"assumed", "vendor-client", "vendor-code", "third-party"})
"""Provenances of refusals that no page of the vendor describes."""
_REMEMBERED = 4096
Finding = tuple[str, str]


class _Asked:
    """A request as openapi-core wants to see it."""

    def __init__(self, host: str, path: str, method: str) -> None:
        self.host_url, self.path, self.method = host, path, method.lower()
        self.parameters, self.content_type, self.body = RequestParameters(), "", None


class _Told:
    """An answer as openapi-core wants to see it."""

    def __init__(self, response: Response, status: int, *, body: bytes) -> None:
        self.data, self.status_code, self.content_type = body, status, response.media_type
        self.headers = {name.lower(): value for name, value in response.headers}


class _Judge:
    """One document, made ready once; remembers what it said of equal answers."""

    def __init__(self, api: str) -> None:
        self.spec = specs.load(api)
        self._openapi = OpenAPI.from_dict(self.spec.document, config=Config(spec_validator_cls=None))
        self._quick: dict[str, Any] = {}
        self._said: OrderedDict[Any, list[Finding]] = OrderedDict()
        self._lock = threading.Lock()
        self._host = self.spec.document["servers"][0]["url"]

    def is_plainly_valid(self, key: str, schema: Json, body: Json) -> bool:
        """A quick look at a body; whatever does not pass it is looked at properly."""
        return bool(self._validator(key, schema).is_valid(body))

    def first_finding(self, key: str, schema: Json, body: Json) -> list[Finding]:
        """The first way in which a body breaks its schema, where an excerpt of it shows none."""
        return [
            (_pointer(error.instance_path), error.message)
            for error in first_error(self._validator(key, schema), body)
            if error.kind.name != "format"  # formats are looked at properly or not at all
        ]

    def _validator(self, key: str, schema: Json) -> Any:
        validator = self._quick.get(key)
        if validator is None:
            root = {**schema, "components": self.spec.document.get("components", {})}
            validator = self._quick[key] = jsonschema_rs.Draft202012Validator(root, validate_formats=True)
        return validator

    def findings(self, operation: Operation, values: Any, response: Response, status: int) -> list[Finding]:
        """Every way in which a JSON answer under `status` breaks the document: a pointer and a sentence."""
        body = hashlib.blake2b(response.body).digest()  # not the body itself, thousands of which would be kept
        key = (operation.id, status, body, tuple(sorted(response.headers)))
        with self._lock:  # sessions of several threads ask
            said = self._said.get(key)
            if said is None:
                said = self._said[key] = list(islice(self._find(operation, values, response, status), MOST_ERRORS))
                if len(self._said) > _REMEMBERED:
                    self._said.popitem(last=False)
        return said

    def _find(self, operation: Operation, values: Any, response: Response, status: int) -> Iterator[Finding]:
        path = operation.path
        for name, value in values.items():
            path = path.replace(f"{{{name}}}", str(value).replace("/", "_") or "_")
        host = self._host[: len(self._host) - len(self.spec.base_path)] if self.spec.base_path else self._host
        asked = _Asked(host.rstrip("/"), self.spec.base_path + path, operation.method)
        short, cut = excerpt(response.json, MEMBERS, VALUES)
        told = _Told(response, status, body=json.dumps(short).encode() if cut else response.body)
        for error in self._openapi.response_validator.iter_errors(asked, told):
            if isinstance(error, InvalidHeader | MissingRequiredHeader):
                yield "header", str(error)
                continue
            causes = getattr(error.__cause__, "schema_errors", None)
            if causes is None:
                yield "", f"{error}"
            for cause in causes or ():
                if is_seen(tuple(cause.absolute_path), cause.validator, cut):
                    yield _pointer(cause.absolute_path), _worded(cause)


def _pointer(place: Iterable[str | int]) -> str:
    return "".join(f"/{key}" for key in place)


def _worded(cause: Any) -> str:
    return f"{cause.validator}: {shown(cause.instance)} breaks {shown(cause.validator_value)}"


@cache
def judge(api: str) -> _Judge:
    """The judge of one API's document, one per process."""
    return _Judge(api)


@cache
def _has_assumptions(api: str, operation: str) -> bool:
    """Whether the shape of an operation's granted answer is assumed somewhere."""
    document = specs.load(api).document
    frontier: list[Any] = [specs.document.answer_schema(document, specs.load(api).operations[operation])]
    seen: set[int] = set()
    while frontier:
        node = resolve(document, frontier.pop())
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, dict) and node.get("x-provenance") not in DOCUMENTED:
            return True
        inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        frontier += [child for child in inner if isinstance(child, dict | list)]
    return False


def is_sent_to_the_twin(exchange: Exchange) -> bool:
    """Whether an answer only sends the same request on to the path with, or without, a slash at its end.

    That grants and refuses nothing.
    """
    path = exchange.request.target.partition("?")[0]
    target = urlsplit(exchange.response.header("location") or "").path
    return exchange.response.status in (307, 308) and path != target and path.rstrip("/") == target.rstrip("/")


def is_json(media_type: str) -> bool:
    """Whether bodies of a media type are JSON."""
    return media_type == "application/json" or media_type.endswith("+json")


class Contract:
    """Watches every answer of a known operation."""

    def __init__(self, spec: Spec, tolerated: Mapping[str, Json] | None = None) -> None:
        self._spec, self._judge = spec, judge(spec.name)
        self._tolerated = {
            name: jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
            for name, schema in (tolerated or {}).items()
        }
        self.forget()

    def forget(self) -> None:
        """Forget everything: another world begins."""
        self.examined: Counter[str] = Counter()
        self._looked: set[str] = set()

    def observe(self, exchange: Exchange) -> Iterable[Violation]:
        """Status, media type, headers and shape."""
        status = exchange.response.status
        self.examined[SERVER_ERROR] += 1
        operation = self._spec.operations.get(exchange.operation or "")
        if (
            status >= 500
            and status != 503
            and (operation is None or str(status) != operation.node.get(REFUSED_BY_CAPACITY))
        ):
            yield Violation(SERVER_ERROR, f"answered {status}", (exchange,))
        if operation is None or exchange.request.method == "HEAD":
            return
        if status == 304 and any(exchange.request.header(name) for name in CONDITIONS):
            return
        if exchange.response.is_overloaded and not is_json(exchange.response.media_type):
            return
        told = self._declared(operation, status)
        if told is None and is_sent_to_the_twin(exchange):
            return
        if exchange.response.is_success or 300 <= status < 400:
            self.examined[STATUS] += 1
            if told is None:
                listed = ", ".join(key for key in operation.node["responses"] if str(key).startswith("2"))
                yield Violation(
                    STATUS if self._is_known(operation) else ASSUMED_SHAPE,
                    f"answered {status}, documented is {listed}",
                    (exchange,),
                )
                return
        for requirement, message in self._shape(exchange, operation, told or str(status)):
            yield Violation(requirement, message, (exchange,))

    def _is_known(self, operation: Operation) -> bool:
        """Whether the vendor says with which status a granted request is answered."""
        granted = [
            resolve(self._spec.document, raw)
            for key, raw in operation.node["responses"].items()
            if str(key).startswith("2")
        ]
        return any(one.get("x-provenance") != "assumed" for one in granted)

    def _declared(self, operation: Operation, status: int) -> str | None:
        """The document's status that stands for the one that came."""
        responses = operation.node["responses"]
        if str(status) in responses:
            return str(status)
        if f"{status // 100}XX" in responses:
            return f"{status // 100}XX"
        if str(status) in UNDOCUMENTED_SUCCESS:
            for key, raw in responses.items():
                if (
                    str(key) in UNDOCUMENTED_SUCCESS
                    and resolve(self._spec.document, raw).get("x-provenance") not in DOCUMENTED
                ):
                    return str(key)
        return None

    def _shape(self, exchange: Exchange, operation: Operation, key: str) -> Iterator[Finding]:
        responses = operation.node["responses"]
        response = resolve(self._spec.document, responses.get(key, responses.get("default", {})))
        content = response.get("content", {})
        if not content or "text/event-stream" in content:
            return
        good = exchange.response.is_success
        shape, assumed = (SHAPE, ASSUMED_SHAPE) if good else (ERROR_SHAPE, ASSUMED_ERROR_SHAPE)
        sure = assumed if not good and response.get("x-provenance") in HEARSAY else shape
        sure = assumed if operation.node.get("x-provenance") == "assumed" else sure
        self.examined[sure] += 1
        self.examined[MEDIA] += 1
        if exchange.response.media_type not in content:
            where = MEDIA if good else sure
            yield (
                where,
                f"the media type is {exchange.response.media_type or 'missing'}, documented is {', '.join(content)}",
            )
            return
        if exchange.response.json is MISSING and not exchange.response.cut:
            yield MEDIA if good else sure, "the body is not JSON"
            return
        schema = content[exchange.response.media_type].get("schema", {})
        self.examined[assumed] += good and _has_assumptions(self._spec.name, operation.id)
        status = int(key) if key.isdigit() else exchange.response.status
        place = f"{operation.id} {key}"
        body = exchange.response.json
        if exchange.response.cut and body is MISSING:
            return
        is_valid = self._judge.is_plainly_valid(place, schema, body)
        if place in self._looked and is_valid:
            return
        self._looked.add(place)
        found = self._judge.findings(operation, exchange.values, exchange.response, status)
        if not is_small(body, VALUES):  # then an excerpt was searched
            headers = [one for one in found if one[0] == "header"]
            found = headers if is_valid else found or self._judge.first_finding(place, schema, body)
        for pointer, message in found:
            if pointer == "header":
                self.examined[HEADERS] += 1
                yield HEADERS, message
            elif not self._is_absence(schema, pointer, exchange.response.json) and not self._is_tolerated(
                pointer, exchange.response.json
            ):
                told = assumed if self._is_assumed(schema, pointer) else sure
                yield told, f"{pointer or 'the body'}: {message}"

    def _is_tolerated(self, pointer: str, body: Json) -> bool:
        """Whether the vendor's pages contradict each other about a member, and it is as one of them says."""
        validator = self._tolerated.get(pointer.rpartition("/")[2])
        return validator is not None and bool(validator.is_valid(get(body, pointer)))

    def _is_assumed(self, schema: Json, pointer: str) -> bool:
        parts = pointer.split("/")
        prefixes = ["/".join(parts[: length + 1]) for length in range(len(parts))]
        nodes = [node for prefix in prefixes for node in schemas_at(self._spec.document, schema, prefix)]
        return any(node.get("x-provenance") not in DOCUMENTED for node in nodes)

    def _is_absence(self, schema: Json, pointer: str, body: Json) -> bool:
        """Whether the finding is only that an optional member is null, which says the same as leaving it out."""
        if not pointer or get(body, pointer) is not None:
            return False
        parent, _, name = pointer.rpartition("/")
        return not any(name in node.get("required", ()) for node in schemas_at(self._spec.document, schema, parent))
