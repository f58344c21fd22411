"""What a check does with jobs, whatever the vendor calls it: the roles of the lifecycle, played."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from conformance import catalogue as catalogues
from conformance.errors import Inconclusive, NotApplicable, NotJudged, SafetyStop, TransportError
from conformance.oracles.all_oracles import AllOracles
from conformance.oracles.job_views import fill, items_of, made_by, view_in
from conformance.session.connection import Connection
from conformance.session.expect import needed
from conformance.session.made_jobs import MadeJobs
from conformance.target.target import Target
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, Json, get, mapped, merged, shown
from specs.lifecycle import TERMINAL, Role

HORIZON = 600.0
"""Seconds of the target's clock within which a job that ends soon must have ended."""
LASTING = 20.0
"""Seconds that a job runs whose shape leaves that to the check, where the check does not say."""
STOPPING = 30.0
"""Seconds of the target's clock that a stop may take, where no document says that it is done at once."""
SILENT = (401, 403, 407, 408)
"""Statuses of a refused read that do not say whether there is such a job: they are no state of it."""
LONG_WAIT = 5.0
"""Real seconds from which on a wait is a rest, where no job is under way."""
LEAVING = 60.0
"""Seconds of the target's clock for which a deleted job may be shown as one that leaves, where the vendor knows such a
state."""


Ground = Literal["read", "state", "list", "move", "end"]
"""What most checks stand on: a job can be read, its state is a known word, the list is a list, jobs leave their first
state, jobs end."""


@dataclass(frozen=True)
class JobRef:
    """A job that a check made: its public id, the body and the exchange that made it."""

    id: str
    body: Json
    created: Exchange
    tenant: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


class Session:
    """A conversation in the words of the lifecycle's roles; what the checks are given.

    What needs no role (any call, time, names) is the connection's, and is at hand here under the same names. `broken`
    says of what checks stand on that it is not there at this target, and why: whoever needs it is told at once. `rest`
    is entered while the session waits for long and none of its jobs is under way.
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
    ) -> None:
        self.connection = connection = Connection(
            target, oracles, name=name, strict=strict, journal=journal, pace=pace, on_exchange=self._remember
        )
        self.target, self.oracles, self.name = target, oracles, name
        self.spec, self.directory, self.settings = target.spec, target.directory, target.settings
        self.exchanges, self.violations = connection.exchanges, connection.violations
        self.call, self.send, self.request, self.record = (
            connection.call,
            connection.send,
            connection.request,
            connection.record,
        )
        self.together, self.listen, self.offers = connection.together, connection.listen, connection.offers
        self.bear = connection.bear
        self.unique, self.need = connection.unique, connection.need
        self.broken: Mapping[Ground, str] = {}
        self.rest: Callable[[], AbstractContextManager[None]] = nullcontext
        self.left_behind: list[str] = []
        self._journal = journal
        self._made: list[tuple[str, str]] = []
        self._makings: dict[str, Exchange] = {}

    def __enter__(self) -> Self:
        self.connection.open()
        return self

    def __exit__(self, *_: object) -> None:
        if self.connection.is_sandboxed:
            self.connection.close()
        else:
            self.clean_up()

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return self.connection.requests

    @property
    def now(self) -> float | None:
        """Seconds of the target's clock since this session began; None where it cannot be known."""
        return self.connection.now

    def role(self, name: str) -> Role:
        """The operation that plays a role. NotApplicable where the API has none."""
        lifecycle = self.spec.lifecycle
        if lifecycle is None or name not in lifecycle.roles:
            raise NotApplicable(f"{self.spec.title} has no operation to {name} a job")
        return lifecycle.roles[name]

    def body(self, shape: str = "quick", patch: Json = None, *, seconds: float = LASTING) -> Json:
        """A valid submission of a fresh identity: the base body, the patch that gives the shape, and the caller's merge
        patch.

        A shape may leave to the caller for how many `seconds` the job runs.
        """
        settings = self.settings
        if shape != "quick" and shape not in settings.shapes:
            raise NotApplicable(f"the target file does not say how to make a job of the shape {shown(shape)}")
        body = merged(settings.body, settings.shapes.get(shape, {}))
        body = merged(body, patch) if patch is not None else body
        return mapped(body, lambda text: self._filled(text, seconds) if "{" in text else text)

    def _filled(self, text: str, seconds: float) -> str:
        text = text.replace("{seconds}", f"{seconds:g}")
        return text.replace("{unique}", self.unique()) if "{unique}" in text else text

    def shapes(self, *wanted: str) -> list[str]:
        """Those of the wanted shapes that the target can make."""
        return [shape for shape in wanted if shape == "quick" or shape in self.settings.shapes]

    def post(self, body: Json, *, headers: Mapping[str, str] | None = None, **options: Any) -> Exchange:
        """Send a submission as it is."""
        fields = {**self.settings.submit_headers, **(headers or {})}
        query = options.pop("query", self.settings.submit_query)
        return self.call(self.role("submit").operation, body=body, headers=fields, query=query, **options)

    def submit(
        self,
        shape: str = "quick",
        patch: Json = None,
        *,
        draft: bool = False,
        seconds: float = LASTING,
        until: str = "",
        **options: Any,
    ) -> JobRef:
        """Make a job and, where the API has drafts, start it unless `draft`.

        `until` is the phase to wait for, or `end` for any end. Inconclusive when the job is refused: other checks say
        that. NotApplicable where its shape may be refused.
        """
        body = self.body(shape, patch, seconds=seconds)
        exchange = self.post(body, **options)
        self.granted(exchange, shape)
        needed(
            exchange.response.is_success,
            f"the control submission was answered {exchange.response.status}: {shown(exchange.response.body[:200])}",
        )
        job = self.job_of(exchange, tenant=options.get("tenant", ""))
        if not draft and self.spec.lifecycle is not None and "start" in self.spec.lifecycle.roles:
            started = self.start(job)
            needed(started.response.is_success, f"the control start was answered {started.response.status}")
        if until:
            self.until(job, *([] if until == "end" else [until]))
        return job

    def granted(self, exchange: Exchange, shape: str) -> None:
        """NotApplicable where a submission was refused whose shape may be."""
        if shape in self.settings.may_refuse and not exchange.response.is_success:
            raise NotApplicable(
                f"jobs of the shape {shown(shape)} are not taken here: {exchange.response.status} "
                f"{shown(exchange.response.body[:200])}"
            )

    def job_of(self, exchange: Exchange, *, tenant: str = "") -> JobRef:
        """The job that a granted submission made. Inconclusive when the answer has no id."""
        found = get(exchange.response.json, self.role("submit").id or "")
        needed(isinstance(found, str) and found, "the submission's answer holds no id")
        return JobRef(found, exchange.request.json, exchange, tenant)

    def _remember(self, exchange: Exchange) -> None:
        """Remember a job that an exchange made, to clean it up."""
        id_ = made_by(self.spec, exchange)
        if id_:
            self._made.append((id_, exchange.tenant))
            self._makings[id_] = exchange
            if self._journal is not None:
                self._journal.made(id_, exchange.tenant, exchange.credential)

    def on(self, name: str, job: JobRef | str, **options: Any) -> Exchange:
        """Send the call of a role (read, cancel, delete, start) about a job."""
        role = self.role(name)
        ref = job if isinstance(job, JobRef) else None
        id_ = job.id if isinstance(job, JobRef) else job
        options.setdefault("tenant", ref.tenant if ref else "")
        template = self.settings.calls.get(name)
        if template is not None and "body" not in options and "body" in template:
            options["body"] = fill(template["body"], id_, ref.body if ref else self.settings.body)
        parameters = [one["name"] for one in self.spec.operations[role.operation].parameters if one["in"] == "path"]
        values = {role.parameter or parameters[0]: id_} if parameters else {}
        return self.call(role.operation, values, **options)

    def cancel(self, job: JobRef | str, **options: Any) -> Exchange:
        """Ask to stop a job: the role cancel, or delete where deletion is the only way."""
        return self.on("cancel" if "cancel" in self.roles else "delete", job, **options)

    def delete(self, job: JobRef | str, **options: Any) -> Exchange:
        """Ask to forget a job."""
        return self.on("delete", job, **options)

    def stopped(self, job: JobRef) -> str:
        """The job's state once a stop has taken effect, for which it has some time; at the end of that whatever it is
        in.
        """
        state = ""
        for _ in self.ticks(STOPPING):
            state = self.state(job)
            if not state or self.phase_of(state) in TERMINAL:
                break
        return state

    def left(self, job: JobRef) -> None:
        """Let a deleted job go: while it is shown as one that leaves it has some time for that."""
        leaving = catalogues.load(self.spec.name).leaving
        for _ in self.ticks(LEAVING, 5.0) if leaving else ():
            if self.state(job) not in leaving:
                return

    def start(self, job: JobRef | str, **options: Any) -> Exchange:
        """Ask to run a draft."""
        return self.on("start", job, **options)

    @property
    def roles(self) -> Mapping[str, Role]:
        """The roles that the API has."""
        return self.spec.lifecycle.roles if self.spec.lifecycle else {}

    def read(self, job: JobRef | str, **options: Any) -> Exchange:
        """Ask for a job: the role read, or the list where there is no read."""
        return self.on("read", job, **options) if "read" in self.roles else self.list_jobs(**options)

    def list_jobs(self, **options: Any) -> Exchange:
        """Ask for the list of jobs."""
        self.stands_on("list")
        return self.call(self.role("list").operation, **options)

    def stands_on(self, *grounds: Ground) -> None:
        """Leave the check at once where what it stands on is broken. Raises NotJudged."""
        for ground in grounds:
            if ground in self.broken:
                raise NotJudged(self.broken[ground])

    def advance(self, seconds: float) -> None:
        """Let time pass at the target. Inconclusive where that would take longer than the user has patience for."""
        with self.rest() if self._is_at_rest(seconds) else nullcontext():
            self.connection.advance(seconds)

    def _is_at_rest(self, seconds: float) -> bool:
        """Whether so long a wait concerns jobs only that have ended or were not started."""
        is_long = not self.target.has_virtual_time and seconds / self.target.scale >= LONG_WAIT
        return is_long and all(
            self.phase_of(self.oracles.state_of(id_)) in (*TERMINAL, "draft") for id_, _ in self._made
        )

    def ticks(self, within: float, step: float = 1.0) -> Iterator[float]:
        """Let time pass bit by bit for at most `within` seconds; yields how much has passed, first 0."""
        self.stands_on("move")
        yield from self.connection.ticks(within, step)

    def items(self, **options: Any) -> list[Json]:
        """The items of the list, one page. Inconclusive when it is refused."""
        exchange = self.list_jobs(**options)
        needed(exchange.response.is_success, f"the list was answered {exchange.response.status}")
        return items_of(self.role("list"), exchange.response.json)

    def view(self, job: JobRef) -> Json:
        """The job as it is shown now, or MISSING where it is not known (any more).

        Inconclusive where the answer says nothing about the job.
        """
        self.stands_on("read")
        exchange = self.read(job, tenant=job.tenant)
        status = exchange.response.status
        needed(status not in SILENT and status < 500, f"reading job {job.id} was answered {status}")
        return view_in(self.spec, exchange, job.id, job.body) if exchange.response.is_success else MISSING

    def state(self, job: JobRef) -> str:
        """The job's state in the vendor's word; empty where it is not known (any more)."""
        return self.state_in(self.view(job))

    def state_in(self, view: Json) -> str:
        """The state that a view shows; empty where it shows none."""
        self.stands_on("state")
        role = self.roles.get("read") or self.role("list")
        found = get(view, "/" + (role.status or "").rpartition("/")[2]) if view is not MISSING else MISSING
        return found if isinstance(found, str) else ""

    def phase(self, job: JobRef) -> str:
        """The job's phase; empty for a state that the lifecycle does not know."""
        return self.phase_of(self.state(job))

    def phase_of(self, state: str) -> str:
        """The phase of a state, where `working` (its tasks run) is running too.

        Empty for one that the lifecycle does not know.
        """
        lifecycle = self.spec.lifecycle
        known = lifecycle.states.get(state) if lifecycle else None
        found: str = known.phase if known else ""
        return "running" if found == "working" else found

    def after_stop(self, state: str) -> frozenset[str]:
        """The states in which a job of this state may be once it was stopped."""
        return self.spec.lifecycle.after_stop(state) if self.spec.lifecycle else frozenset()

    def watch(self, job: JobRef, *, within: float = HORIZON, step: float = 1.0) -> Iterator[str]:
        """The job's states as time passes, one by one, until it has ended."""
        self.stands_on("end")
        yield from self._watch(job, within, step)

    def _watch(self, job: JobRef, within: float, step: float) -> Iterator[str]:
        for _ in self.ticks(within, step):
            state = self.state(job)
            yield state
            if self.phase_of(state) in TERMINAL:
                return

    def until(self, job: JobRef, *phases: str, within: float = HORIZON, step: float = 1.0) -> str:
        """Wait until the job is in one of these phases (any end by default); its state then.

        Inconclusive if it never is.
        """
        wanted: Collection[str] = phases or TERMINAL
        if TERMINAL.issuperset(wanted):
            self.stands_on("end")
        state = ""
        for state in self._watch(job, within, step):
            if self.phase_of(state) in wanted:
                return state
        raise Inconclusive(
            f"job {job.id} was {state or 'unknown'} and not {' or '.join(sorted(wanted))} within {within:g} seconds"
        )

    def clean_up(self) -> None:
        """Stop and forget the jobs made here, where the target is not thrown away anyway."""
        made, self._made = self._made, []
        with self.target.budget.cleaning_up():
            self._take_away(made)

    def _take_away(self, made: list[tuple[str, str]]) -> None:
        """Stop and forget these jobs; whatever ends this early, those that it did not come to are unfinished."""
        waiting = list(made)
        try:
            while waiting:
                self._remove(*waiting[0])
                waiting.pop(0)
        finally:
            self._made += waiting

    def _remove(self, id_: str, tenant: str) -> None:
        told: list[Exchange] = []
        made = self._makings.get(id_)  # a call may name more of the job than its id, such as its project
        body = made.request.json if made is not None else None
        job = JobRef(id_, body, made, tenant) if made is not None and isinstance(body, dict) else id_
        for name in ("cancel", "delete"):
            if name in self.roles:
                with suppress(TransportError, Inconclusive, NotApplicable, SafetyStop):
                    told.append(self.on(name, job, tenant=tenant))
        if not any(one.response.status < 500 for one in told):
            self.left_behind.append(id_)
        elif told[-1].response.json is False:  # a server's word for not yet: stopping takes a while
            self._made.append((id_, tenant))
        elif self._journal is not None:
            self._journal.gone(id_)

    def retry(self, jobs: list[tuple[str, str]]) -> None:
        """Clean up after other sessions."""
        self._made = list(jobs)
        self.clean_up()

    def unfinished(self) -> list[tuple[str, str]]:
        """The jobs that would not go yet when they were cleaned up, each with its tenant."""
        return [] if self.connection.is_sandboxed else self._made
