"""Checks of what counts anew for compute.x.io's jobs when they wait or run a second time."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.xio_runs import runs_of
from conformance.errors import NotApplicable
from conformance.oracles.members import instant
from conformance.session.cluster import UNKNOWN, staged
from conformance.session.expect import expect, needed, same
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json, get, put

SLACK_MS = 2000
NODE: Json = {"class": "only", "cpu": 4, "memory_gib": 16, "storage_gib": 100}
LIMIT_MS = 400_000


def _waiting_again(session: Session, patch: Json = None) -> JobRef:
    """A job whose first run has failed after a minute and that finds no node for its second."""
    staged(session, NODE)
    job = session.submit("tried", {"max_timeout_assign_ms": LIMIT_MS, **(patch or {})}, seconds=60)
    session.until(job, "running", step=0.5)
    answer = session.target.ask_control("GET", "/nodes", sandbox=session.name)
    if answer.status in UNKNOWN:
        raise NotApplicable(f"the control API takes no node away: {answer.status}")
    for node in get(answer.json, "/nodes") if answer.is_success else ():
        session.target.ask_control("POST", f"/nodes/{node['name']}/drain", sandbox=session.name)
    session.until(job, "queued", within=90)
    return job


@check("XIO-TMO-016")
def a_second_wait_has_a_limit_of_its_own(session: Session) -> None:
    """It neither lasts for ever nor ends with the first one's limit."""
    job = _waiting_again(session)
    session.advance(LIMIT_MS / 1000 - 3)
    expect(session.phase(job) == "queued", f"three seconds before the limit of its second wait the job is {session.state(job)}", session.exchanges[-1])
    session.advance(5)
    expect(session.phase(job) != "queued", "a job still waits a second time after its assign limit", session.exchanges[-1])


@check("XIO-TIM-021")
def the_end_of_a_second_wait_is_told(session: Session) -> None:
    """The limit after the failure of the first run."""
    job = _waiting_again(session)
    runs = runs_of(session, job)
    needed(runs and isinstance(runs[0].get("ended_at_ms"), int | float), "the first run does not tell its end")
    told = get(session.view(job), "/timeout_assign_at_ms")
    needed(isinstance(told, int | float), "a job that waits does not tell its assign limit's end")
    off = told - runs[0]["ended_at_ms"] - LIMIT_MS
    expect(abs(off) <= SLACK_MS, f"timeout_assign_at_ms of a second wait lies {off / 1000:+g} seconds from where its limit ends", session.exchanges[-1])


@check("XIO-TIM-012")
def to_wait_again_is_an_update(session: Session) -> None:
    """A minute after the start of the run that failed."""
    job = _waiting_again(session)
    view = session.view(job)
    started, updated = instant(get(view, "/started_at")), instant(get(view, "/updated_at"))
    needed(started is not None and updated is not None, "a job that waits again does not tell its start and its update")
    apart = (updated or 0.0) - (started or 0.0)
    expect(
        apart >= 60 - SLACK_MS / 1000,
        f"a job that waits again since its run of a minute failed was updated {apart:g} seconds after its start",
        session.exchanges[-1],
    )


@check("XIO-TIM-022")
def the_start_of_a_job_is_that_of_its_last_run(session: Session) -> None:
    """Of a job that was tried again."""
    job = session.submit("retried")
    session.until(job)
    runs = runs_of(session, job)
    needed(len(runs) == 2 and isinstance(runs[1].get("started_at_ms"), int | float), "the job has no second run that tells its start")
    needed(runs[1]["started_at_ms"] - runs[0]["started_at_ms"] > SLACK_MS, "both runs started at about the same time")
    told = instant(get(session.view(job), "/started_at"))
    expect(
        told is not None and abs(told * 1000 - runs[1]["started_at_ms"]) <= 1000,
        f"a job whose last run started at {runs[1]['started_at_ms']} tells {told}",
        *session.exchanges[-2:],
    )


@check("XIO-STM-025")
def a_job_gets_the_nodes_it_allows(session: Session) -> None:
    """Two where two are free."""
    staged(session, {**NODE, "count": 3})
    job = session.submit("long", {"max_node_count": 2})
    session.until(job, "running", within=20)
    hosts = {str(url.get("hostname")) for run in runs_of(session, job) for url in run.get("node_urls") or ()}
    needed(hosts, "the run tells no addresses")
    same(2, len(hosts), "the number of nodes of a job that allows two where three are free", session.exchanges[-1])


@check("XIO-IDM-005")
def a_uuid_may_come_in_capitals(session: Session) -> None:
    """When the job is read, and in a filter."""
    job = session.submit()
    needed(job.id != job.id.upper(), "the id has no letters")
    read = session.read(job.id.upper())
    expect(read.response.is_success, f"a job whose id comes in capitals is answered {read.response.status}", read)
    found = [get(item, "/uuid") for item in session.items(query={"filter[uuid]": job.id.upper()})]
    same([job.id], found, "the jobs of a filter by a uuid in capitals", session.exchanges[-1])


ODD = ("  two  spaces  ", "tab\tand\nline", "e\u0301 is not \u00e9", "\U0001f680 \U00010348", "x" * 300, "0", "null", "<b>&amp;</b>", "a" * 2000)
"""Texts that a careless server trims, cuts, joins or escapes."""


@check("XIO-RSP-023")
def texts_are_told_letter_by_letter(session: Session) -> None:
    """Title and description; a text may be refused, but not changed."""
    for text in ODD:
        exchange = session.post(session.body(patch={"title": text, "description": text}))
        if exchange.response.is_success:
            view = session.view(session.job_of(exchange))
            for pointer in ("/title", "/description"):
                same(text, get(view, pointer), f"{pointer} of a job", exchange, session.exchanges[-1])


@check("XIO-RSP-024")
def numbers_are_told_as_they_were_given(session: Session) -> None:
    """Fractions and large ones; a number may be refused, but not changed."""
    wishes: tuple[Json, ...] = (
        {"cpu_count": 2.5, "gpu_count": 0.25, "min_ram_gb": 0.5, "min_vram_gb": 1.75, "min_storage_gb": 10.1},
        {"max_timeout_run_ms": 2**31 + 60_000, "max_timeout_assign_ms": 2**32, "max_timeout_start_ms": 2**33},
        {"max_timeout_run_ms": 60_000.5, "max_timeout_assign_ms": 300_000.25},
        {"min_storage_gb": 123_456_789, "max_retry_count": 1_000, "max_node_count": 100},
    )
    for wish in wishes:
        exchange = session.post(session.body(patch=wish))
        if exchange.response.is_success:
            view = session.view(session.job_of(exchange))
            for name, value in wish.items():
                same(value, get(view, f"/{name}"), f"{name} of a job", exchange, session.exchanges[-1])


@check("XIO-RSP-010")
def the_container_is_told_word_by_word(session: Session) -> None:
    """Lists in their order, names and values as they were written, what is empty too."""
    volumes = [{"image": "b/second", "mount": "/b", "tag": "1"}, {"image": "a/first", "mount": "/a", "tag": "0"}]
    env = {"Mixed_Case": " as it is ", "EMPTY": "", "UMLAUT": "ü", "TWICE": "a,b,a"}
    wanted = {"image": "alpine", "ports": [9000, 22, 8080], "env": env, "volumes": volumes, "allowed_ips": ["10.0.0.2", "10.0.0.1"]}
    body = session.body(patch={"parameters": {"parameters": wanted}})
    wanted["env"] = get(body, "/parameters/parameters/env")
    exchange = session.post(body)
    needed(exchange.response.is_success, f"a container with lists of everything was answered {exchange.response.status}")
    told = get(session.view(session.job_of(exchange)), "/parameters/parameters")
    for name, value in wanted.items():
        mine = get(told, f"/{name}")
        same(value, mine, f"{name} of the container", exchange, session.exchanges[-1])
    bare = session.post(put(body, "/parameters/parameters", {"image": "alpine"}))
    needed(bare.response.is_success, f"a container with nothing but an image was answered {bare.response.status}")
    left = get(session.view(session.job_of(bare)), "/parameters/parameters")
    for name, mark in (("env", "UMLAUT"), ("volumes", "b/second"), ("allowed_ips", "10.0.0.2")):
        expect(mark not in str(get(left, f"/{name}")), f"{name} of the container of one job is seen in the next, which has none", *session.exchanges[-2:])


@check("XIO-PRI-001")
def of_equal_jobs_the_first_runs_first(session: Session) -> None:
    """Three of them wait for one place."""
    staged(session, NODE)
    wish = {"cpu_count": 3}
    first = session.submit("lasts", wish, seconds=20)
    session.until(first, "running")
    waiting = [session.submit("lasts", wish, seconds=20) for _ in range(3)]
    order: list[str] = []
    for _ in session.ticks(90, 2):
        order += [job.id for job in waiting if job.id not in order and session.phase(job) != "queued"]
    needed(order, "none of the jobs that wait gets a node")
    same([job.id for job in waiting][: len(order)], order, "the order in which equal jobs get their nodes", session.exchanges[-1])
