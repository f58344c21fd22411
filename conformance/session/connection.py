"""Carries one check's requests to a target: sends, records, feeds the oracles, and moves time."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from conformance import catalogue as catalogues
from conformance.errors import Inconclusive, NotApplicable, OutOfPatience, SafetyStop, TransportError
from conformance.oracles.all_oracles import AllOracles
from conformance.oracles.oracle import Violation
from conformance.session.back_off import ATTEMPTS, pause
from conformance.session.expect import needed
from conformance.session.made_jobs import MadeJobs
from conformance.target.credentials import Credentials
from conformance.target.cures import lack
from conformance.target.target import Target
from conformance.traffic.exchange import Exchange, Request, Response
from conformance.traffic.json_pointer import MISSING, Json, shown

JSON = "application/json"
MOMENT, MOMENTS = 0.01, 2
"""Real seconds after which a request that met an overloaded server is tried again where the target's time is virtual,
and how often, before that time is moved."""
MOST_RECEIVED = 64 << 20
"""Most bytes of answers in one conversation, all of which are kept until it is over."""
PAGING_WORDS = {"paged": "limit", "counted": "total", "filtered": "filter", "list-order": "order"}
"""Capabilities that follow from what a catalogue says of the list's pages."""

OnExchange = Callable[[Exchange], None]


class Connection:
    """Carries requests to a target and takes in the answers, in a world of its own where the target offers that.

    `violations` are what the oracles found on the way. Identities made here begin with the run's prefix. Where the
    world is the connection's own, time passes only when told to (`pace` is manual), or with every request (auto).
    """

    def __init__(
        self,
        target: Target,
        oracles: AllOracles,
        *,
        name: str,
        strict: bool = False,
        journal: MadeJobs | None = None,
        pace: str = "manual",
        on_exchange: OnExchange,
    ) -> None:
        self.target, self.oracles, self.name, self.strict, self.pace = target, oracles, name, strict, pace
        self.spec, self.directory, self.settings = target.spec, target.directory, target.settings
        self.journal, self._on_exchange = journal, on_exchange
        self.exchanges: list[Exchange] = []
        self.violations: list[Violation] = []
        self.requests = self._received = 0
        self._at_zero = time.time() - time.monotonic()
        self._now: float | None = 0.0 if target.has_virtual_time and pace == "manual" else None
        self._count = 0
        self._waited = 0.0
        self._shown_from, self._settled = -math.inf, 0.0
        self._callers: dict[str, Credentials] = {}
        self.is_sandboxed = False
        roles = target.spec.lifecycle.roles if target.spec.lifecycle else {}
        self._submission = target.directory.path(roles["submit"].operation, {}) if roles else ""

    def open(self) -> None:
        """Begin a world of its own, where the target offers that."""
        if self.target.has_virtual_time:
            order = {"name": self.name, "pace": self.pace} | ({"auth": "strict"} if self.strict else {})
            answer = self.target.ask_control("POST", "/sandboxes", order)
            if answer.status == 409:  # left by a run that was killed
                self.target.ask_control("DELETE", f"/sandboxes/{self.name}")
                answer = self.target.ask_control("POST", "/sandboxes", order)
            if answer.status not in (200, 201):
                raise Inconclusive(f"the control API gave no sandbox: {answer.status} {shown(answer.body[:200])}")
            self.is_sandboxed = True

    def close(self) -> None:
        """Throw the world away, if there is one."""
        if self.is_sandboxed:
            with suppress(TransportError, SafetyStop), self.target.budget.cleaning_up():
                self.target.ask_control("DELETE", f"/sandboxes/{self.name}")

    # -- sending

    def call(
        self,
        operation: str,
        values: Mapping[str, Any] | None = None,
        *,
        body: Json = MISSING,
        query: Mapping[str, Any] | Sequence[tuple[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
        tenant: str = "",
        credential: str = "good",
        patient: bool = True,
    ) -> Exchange:
        """Send a request that the document knows: an operation's id, what its path names, a JSON body, query and
        headers.

        Where the caller is not `patient`, an overloaded server's answer is as good as any other. Raises NotApplicable
        where the target file says that there is no such operation.
        """
        if not self.offers(operation):
            raise NotApplicable(f"the target has no {operation}")
        target = self.directory.path(operation, values or {})
        method = self.spec.operations[operation].method
        options: dict[str, Any] = {"query": query, "headers": headers, "tenant": tenant, "credential": credential}
        return self.send(method, target, body=body, patient=patient, **options)

    def offers(self, operation: str) -> bool:
        """Whether the target file leaves an operation of the document as something that the target has."""
        return self.settings.capabilities.get(operation, True)

    def send(self, method: str, path: str, *, patient: bool = True, **options: Any) -> Exchange:
        """Send any request; `path` includes the base path. `raw` bytes, with `media`, may stand in for `body`.

        A token that is refused is replaced once. Raises TransportError, and Inconclusive where the server is
        overloaded.
        """
        credential = options.get("credential", "good")
        told = {"tenant": options.get("tenant", ""), "credential": credential, "patient": patient}
        exchange = self.record(self.request(method, path, **options), **told)
        caller = self._caller(credential)
        if exchange.response.status == 401 and caller.let_go(exchange.request):
            exchange = self.record(self.request(method, path, **options), **told)
            caller.is_refused = exchange.response.status == 401
        return exchange

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Json = MISSING,
        raw: bytes | None = None,
        media: str | None = JSON,
        query: Mapping[str, Any] | Sequence[tuple[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
        tenant: str = "",
        credential: str = "good",
    ) -> Request:
        """Make a request without sending it."""
        if body is not MISSING:
            raw = json.dumps(body, ensure_ascii=False).encode()
        pairs = list(query.items() if isinstance(query, Mapping) else query)
        target = f"{path}?{urlencode(pairs, doseq=True)}" if pairs else path
        fields: dict[str, str] = {"Accept": JSON, **self.settings.headers, **self.target.headers}
        if raw is not None and media is not None:
            fields["Content-Type"] = media
        fields |= self._caller(credential).headers(method, target, raw or b"", buy=self._buy, now=self.elapsed)
        if tenant:
            fields |= self.settings.tenants[tenant]
        if self.is_sandboxed:
            fields["X-Mock-Sandbox"] = self.name
        fields |= headers or {}
        told = tuple(
            (name, value.strip(" \t")) for name, value in fields.items()
        )  # white space around it is no part of a value
        return Request(method, self.target.url, target, told, raw)

    def record(self, request: Request, *, tenant: str = "", credential: str = "good", patient: bool = True) -> Exchange:
        """Send a finished request, again while the server is overloaded, and take in the exchange.

        A 503 that names no time and comes every time is this request's answer, such as "no room". Raises
        TransportError, and Inconclusive where the server stays overloaded.
        """
        for attempt in range(ATTEMPTS):
            self._note(request)
            began = self._real_time()
            response = self.target.transport.send(request)
            ended = self._real_time()
            bare = Exchange(request, response, began, ended, self._now, tenant=tenant, credential=credential)
            exchange = self._take(bare)
            if not response.is_overloaded or not patient:
                return exchange
            if attempt < ATTEMPTS - 1:
                self._back_off(response, attempt)
        if response.status == 503 and response.header("retry-after") is None:
            return exchange
        raise Inconclusive(f"{exchange.line}, {ATTEMPTS} times in a row: the server takes no more requests")

    def listen(self, operation: str, meanwhile: Callable[[], None], *, credential: str = "good") -> Response:
        """Read an endless answer while something else goes on; what had come by its end. Raises TransportError."""
        request = self.request(
            self.spec.operations[operation].method, self.directory.path(operation, {}), credential=credential
        )
        self._note(request)
        return self.target.transport.listen(request, meanwhile)

    def _real_time(self) -> float:
        """Seconds since 1970, which never go back."""
        return self._at_zero + time.monotonic()

    def _back_off(self, response: Response, attempt: int) -> None:
        """Wait as long as an overloaded server asks for, within reason.

        Virtual time is moved only if moments of real time were not enough: what a check waits for should not pass
        without its knowing.
        """
        seconds = pause(response, attempt)
        if self.target.has_virtual_time and attempt < MOMENTS:
            self.target.budget.sleep(min(seconds, MOMENT))
        elif self.target.has_virtual_time and seconds >= 1:
            self.advance(seconds)
        else:
            self.target.budget.sleep(seconds)

    def together(self, requests: Sequence[Request]) -> list[Exchange]:
        """Send several requests at the same time. Raises TransportError."""
        for request in requests:
            self._note(request)
        began, most = self._real_time(), self.target.budget.together
        answers = [
            one
            for at in range(0, len(requests), most)
            for one in self.target.transport.together(requests[at : at + most])
        ]
        ended = self._real_time()
        told = [
            self._take(Exchange(one, answer, began, ended, self._now))
            for one, answer in zip(requests, answers, strict=True)
        ]
        return [self.record(one.request) if one.response.is_overloaded else one for one in told]

    def _take(self, bare: Exchange) -> Exchange:
        found = self.directory.find(bare.request.method, bare.request.target)
        operation, values = (found[0].id, found[1]) if found else (None, {})
        exchange = replace(bare, operation=operation, values=values)
        self.target.learn(exchange)
        self.requests += 1
        self._received += len(exchange.response.body)
        if self._received > MOST_RECEIVED:
            raise Inconclusive(f"the target sent more than {MOST_RECEIVED >> 20} MiB in one check")
        self.exchanges.append(exchange)
        if self.settings.eventual:
            self._wrote(exchange)
        self.violations += self.oracles.observe(exchange)
        self._on_exchange(exchange)
        if self.journal is not None:
            self.journal.answered(exchange.request, exchange.response.status)
        return exchange

    def _let_settle(self, request: Request) -> None:
        """Wait until a target that shows late what was written shows it; a submission needs no such thing.

        What a check waits for next is the shorter for it.
        """
        left = self._shown_from - self.elapsed
        if left > 0 and not self._is_submission(request):
            self._pass(left)
            self._settled += left

    def _wrote(self, exchange: Exchange) -> None:
        """Remember when that will be, if this exchange has changed anything."""
        roles = self.spec.lifecycle.roles if self.spec.lifecycle else {}
        is_read = exchange.operation in {role.operation for name, role in roles.items() if name in ("read", "list")}
        if exchange.request.method not in ("GET", "HEAD") and not is_read and exchange.response.is_success:
            self._shown_from, self._settled = self.elapsed + self.settings.eventual, 0.0

    def _is_submission(self, request: Request) -> bool:
        return request.method == "POST" and request.target.partition("?")[0] == self._submission

    def _note(self, request: Request) -> None:
        if self.settings.eventual:
            self._let_settle(request)
        self.target.budget.before(is_submission=self._is_submission(request))
        if self.journal is not None:
            self.journal.before(request)

    def _buy(self, operation: str, body: Json) -> Exchange:
        return self.call(operation, body=body, credential="none")

    def _caller(self, credential: str) -> Credentials:
        if credential not in self._callers:
            self._callers[credential] = Credentials(
                self.settings.credentials.get(credential, {}), self.target.redaction.add
            )
        return self._callers[credential]

    # -- time

    @property
    def now(self) -> float | None:
        """Seconds of the target's clock since this session began; None where it cannot be known."""
        return self._now

    @property
    def elapsed(self) -> float:
        """Seconds by which the target's clock has gone on, as far as that is known, since some moment."""
        return self._now if self._now is not None else time.monotonic() * max(1.0, self.target.scale)

    def advance(self, seconds: float) -> None:
        """Let time pass at the target. Inconclusive where that would take longer than the user has patience for."""
        gone = min(seconds, self._settled)
        self._settled -= gone
        if seconds > gone:
            self._pass(seconds - gone)

    def _pass(self, seconds: float) -> None:
        if not self.target.has_virtual_time:
            self.bear(seconds)
            self._waited += seconds
            self.target.wait(seconds)
            return
        answer = self.target.ask_control("POST", "/clock/advance", {"seconds": seconds}, sandbox=self.name)
        if not answer.is_success:
            raise Inconclusive(f"the clock could not be moved: {answer.status} {shown(answer.body[:200])}")
        if self._now is not None:
            self._now += seconds

    def bear(self, seconds: float) -> None:
        """Inconclusive, at once, where so much more time of the target's is more than the user has patience for in one
        check."""
        if self.target.has_virtual_time:
            return
        if seconds / self.target.scale > self._patience():
            raise OutOfPatience(f"{seconds:g} seconds of the target's clock are more than may be waited for")
        total = self._waited + seconds
        enough = total / self.target.scale <= self.target.patience
        needed(enough, f"{total:g} seconds of the target's clock are more than may be waited for")

    def _patience(self) -> float:
        """The longest wait of one check, in real seconds."""
        return min(self.target.patience, self.target.budget.seconds_left())

    def ticks(self, within: float, step: float = 1.0) -> Iterator[float]:
        """Let time pass bit by bit for at most `within` seconds; yields how much has passed, first 0.

        Inconclusive where the user's patience ends before: what was not looked at is not known.
        """
        passed = 0.0
        yield passed
        while passed < within:
            piece = min(step, within - passed)
            self.advance(piece)
            passed += piece
            yield passed

    # -- names and capabilities

    def unique(self, stem: str = "job") -> str:
        """A name nobody has used.

        The run's prefix, the check's number, the hour where other runs may have been here, a count.
        """
        self._count += 1
        return f"{stem}-{self.name}-{self.target.stamp}{self._count}".lower().replace("_", "-").replace(".", "-")

    def need(self, *capabilities: str) -> None:
        """Leave the check where the target lacks something. Raises NotApplicable."""
        missing = missing_capabilities(self.target, capabilities)
        if missing:
            raise NotApplicable(lack(missing))


def missing_capabilities(target: Target, wanted: Collection[str]) -> list[str]:
    """Which of the wanted capabilities a target lacks.

    Roles, shapes of jobs, `virtual-time`, `strict`, `tenants` and what its file denies.
    """
    lifecycle = target.spec.lifecycle
    have = set(lifecycle.roles) if lifecycle else set()
    have |= {f"makes-{shape}" for shape in target.settings.shapes} | {"makes-quick", "submit"}
    if target.has_virtual_time:
        have |= {"virtual-time", "sandboxes"} | ({"strict"} if "good" in target.settings.credentials else set())
    paging = {**(catalogues.load(target.spec.name).paging or {}), **target.settings.paging}
    have |= {word for word, key in PAGING_WORDS.items() if paging.get(key) is not None}
    have |= {"callbacks"} if catalogues.load(target.spec.name).callbacks else set()
    if len(target.settings.tenants) > 1:
        have.add("tenants")
    have |= {name for name, is_there in target.settings.capabilities.items() if is_there}
    have -= {name for name, is_there in target.settings.capabilities.items() if not is_there}
    return [name for name in wanted if name not in have]
