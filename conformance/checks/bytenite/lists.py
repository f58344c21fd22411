"""ByteNite's lists of jobs: complete, filtered, ordered, paged."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from conformance.checks import check
from conformance.checks.bytenite.steps import DESCRIBED, NEWER, ids, on, seen, templates
from conformance.checks.families.lists import by_id, holds, listed_as_read
from conformance.session.expect import accepted, expect, need_success, needed, refused, same
from conformance.session.session import Session
from conformance.traffic.json_pointer import MISSING, Json, get, shown

COUNT = 5
PAGES = ((2, 0), (2, 2), (2, 4), (3, 2), (COUNT, 0), (10, 0), (2, 3), (1, 4), (4, 0), (2, 1), (4, 1))
"""Limits and offsets of pages of a list of five."""


def page(session: Session, **query: Any) -> Json:
    """The answer to a list; an underscore of a name stands for its dot."""
    dotted = {name.replace("_", "."): value for name, value in query.items()}
    return accepted(session.list_jobs(query=dotted), f"the list with {shown(query)}").response.json


def _drafts(session: Session, count: int = COUNT) -> list[str]:
    return [session.submit(draft=True).id for _ in range(count)]


def _paging(answer: Json, name: str) -> Json:
    value = get(answer, f"/pagination/{name}")
    return int(value) if isinstance(value, str) and value.isdigit() else value


def _filtered(session: Session, **wanted: Json) -> Json:
    answer = session.call("Customer_FilterJobs", body=wanted)
    return accepted(answer, f"the list of jobs with {shown(wanted)}").response.json


def _filters(session: Session, made: Iterable[str], right: Iterable[str], **wanted: Json) -> None:
    """Of the jobs that were made, a filtered list holds the right ones."""
    mine = set(made)
    holds((id_ for id_ in ids(_filtered(session, **wanted)) if id_ in mine), right, f"a filter by {shown(wanted)}")


@check("BYT-LST-002", "a page reports its offset", "offset", lambda limit, offset: offset)
@check("BYT-LST-003", "a page knows what is behind it", "hasNext", lambda limit, offset: offset + limit < COUNT)
@check("BYT-LST-004", "a page knows what is before it", "hasPrevious", lambda limit, offset: offset > 0)
def a_page_reports_where_it_is(session: Session, member: str, right: Callable[[int, int], Json]) -> None:
    """First, middle and last pages, also such that end exactly."""
    _drafts(session)
    for limit, offset in PAGES:
        value = _paging(page(session, pagination_limit=limit, pagination_offset=offset), member)
        same(right(limit, offset), value, f"{member} of a page of {limit} at {offset} of {COUNT} jobs")


@check("BYT-LST-005")
def short_names_page_alike(session: Session) -> None:
    """Page by page."""
    _drafts(session)
    for limit, offset in PAGES:
        long = ids(page(session, pagination_limit=limit, pagination_offset=offset))
        same(long, ids(page(session, limit=limit, offset=offset)), "the jobs of a page that short names ask for")


@check("BYT-LST-006")
def a_list_is_ordered_as_asked(session: Session) -> None:
    """By creation and by name, up and down, whole and page by page."""
    made = {}
    for name in ("cf-b", "cf-d", "cf-a", "cf-c"):
        made[name] = session.submit(patch={"name": name}, draft=True).id
        session.advance(2)
    oldest, by_name = list(made.values()), [made[name] for name in sorted(made)]
    for order, wanted in (
        ("createdAt asc", oldest),
        ("createdAt desc", oldest[::-1]),
        ("name asc", by_name),
        ("name desc", by_name[::-1]),
        ("name", by_name),
    ):
        holds(ids(page(session, orderBy=order)), wanted, f"the list by {order}", in_order=True)
        pages = (page(session, orderBy=order, pagination_limit=2, pagination_offset=offset) for offset in (0, 2))
        holds((id_ for one in pages for id_ in ids(one)), wanted, f"the pages by {order}", in_order=True)


@check("BYT-LST-009")
def pages_below_zero_are_refused(session: Session) -> None:
    """Limit and offset, with a twin each."""
    session.submit(draft=True)
    for name in ("pagination.limit", "pagination.offset"):
        accepted(session.list_jobs(query={name: 1}), f"a list with {name} of 1")
        refused(session.list_jobs(query={name: -1}), f"a list with {name} of -1", (400,))


@check("BYT-LST-010")
def a_filter_by_states_holds_what_it_says(session: Session) -> None:
    """Each state alone, two together, one that no job is in, and none for all."""
    draft, running, ended = session.submit(draft=True), session.submit("long"), session.submit()
    jobs = [draft, running, ended, *(session.submit(shape) for shape in session.shapes("fails")[:1])]
    for job in jobs[2:]:
        session.until(job)
    session.until(running, "running")
    states = {job.id: session.state(job) for job in jobs}
    alone = [[state] for state in states.values()]
    for wanted in (*alone, [states[draft.id], states[ended.id]], ["JOB_STATE_MERGED"], []):
        right = (id_ for id_, state in states.items() if state in wanted or not wanted)
        _filters(session, states, right, states=wanted)


@check("BYT-LST-011")
def a_filter_by_template_or_name_holds_what_it_says(session: Session) -> None:
    """Two templates, three names."""
    usual, other, _ = templates(session)
    made = {}
    for template, name in ((usual, "cf-red"), (other, "cf-red green"), (usual, "cf-blue")):
        job = session.submit(patch={"templateId": template, "name": name}, draft=True)
        made[job.id] = (template, name)
    for template in (usual, other):
        _filters(session, made, (id_ for id_ in made if made[id_][0] == template), templateIds=[template])
    holds(ids(_filtered(session, templateIds=["cf-no-such-template"])), [], "a filter by a template that no job has")
    for part in ("cf-red", "green", "cf-blue"):
        _filters(session, made, (id_ for id_ in made if part in made[id_][1]), name=part)
    for id_ in made:
        session.read(id_)
        accepted(session.delete(id_), "deleting a draft")
    _filters(session, made, [], name="cf-")


@check("BYT-LST-012")
def a_filtered_list_is_paged(session: Session) -> None:
    """Three of five fit; page by page they are there once."""
    names = [f"cf-{'out' if number % 2 else 'in'}" for number in range(COUNT)]
    made = [session.submit(patch={"name": name}, draft=True).id for name in names]
    found: list[str] = []
    for offset in (0, 2):
        answer = _filtered(session, name="cf-in", pagination={"limit": 2, "offset": offset})
        found += ids(answer)
        paging = [_paging(answer, name) for name in ("total", "offset", "hasNext")]
        same([3, offset, offset == 0], paging, f"total, offset and hasNext at {offset}")
    holds(found, made[::2], "the pages of a filtered list")


@check("BYT-LST-013")
def a_deleted_job_does_not_count(session: Session) -> None:
    """Four drafts; one is deleted, one aborted."""
    jobs = [session.submit(draft=True) for _ in range(4)]
    for left, call in ((4, None), (3, session.delete), (2, session.cancel)):
        if call is not None:
            accepted(call(jobs[left]), "taking a draft away")
        holds(ids(page(session)), jobs[:left], "the list")
        same(left, _paging(page(session, pagination_limit=1), "total"), f"the total when {left} drafts are left")


@check("BYT-LST-015")
def a_list_is_up_to_date(session: Session) -> None:
    """Each state as it is, and each change of a draft, without any reading in between."""
    draft = session.submit(draft=True)
    for operation, body in NEWER.items():
        need_success(on(session, operation, draft, body), f"{operation} of a draft")
    jobs = [draft, *(session.submit(shape) for shape in session.shapes("quick", "long", "fails"))]
    for _ in range(3):
        session.advance(4)
        listed_as_read(session, jobs, session.items)


@check("BYT-LST-016")
def a_list_stays_in_its_order(session: Session) -> None:
    """Whatever becomes of its jobs: a draft between others, one that is run last, a failed one."""
    made = []
    for shape, draft in (("quick", False), ("quick", True), ("long", False), ("fails", False)):
        made.append(session.submit(shape if session.shapes(shape) else "quick", draft=draft))
        session.advance(12)
    for late in (made[1], None):
        for answer, what in ((page(session), "the list"), (_filtered(session), "the list without a filter")):
            holds(ids(answer), made[::-1], f"{what}, the newest first", in_order=True)
        if late is not None:
            session.start(late)
            session.advance(12)


@check("BYT-LST-017")
def a_list_is_ordered_by_any_member(session: Session) -> None:
    """State, template, submission, start and end, up and down; what was created last was run first."""
    drafts = []
    usual, other, third = templates(session)
    for shape, template in (("quick", usual), ("long", other), ("fails", usual), ("quick", third)):
        if session.shapes(shape):
            drafts.append(session.submit(shape, {"templateId": template}, draft=True))
            session.advance(3)
    for job in reversed(drafts):
        session.start(job)
        session.advance(8)
    session.advance(30)
    for member in ("state", "templateId", "submittedAt", "startedAt", "endedAt", "name", "createdAt"):
        for direction in ("asc", "desc", ""):
            order = f"{member} {direction}".strip()
            found = [get(job, f"/{member}") for job in get(page(session, orderBy=order), "/data")]
            values = [one for one in found if isinstance(one, str) and one]
            same(sorted(values, reverse=direction == "desc"), values, f"what the list by {order} has there")


@check("BYT-LST-018")
def filters_hold_together(session: Session) -> None:
    """State, template and name at once; several of each; ordered and cut, with digits for numbers."""
    usual, other, third = templates(session)
    facts = [(usual, "a"), (other, "a"), (usual, "b"), (third, "b"), (usual, "b")]
    names = [f"cf-{state}-{number}" for number, (_, state) in enumerate(facts)]
    made = [
        session.submit(patch={"templateId": template, "name": name}, draft=state == "a").id
        for (template, state), name in zip(facts, names, strict=True)
    ]
    both: dict[str, Json] = {"templateIds": [third, usual], "name": "-b-"}
    new: dict[str, Json] = {"states": ["JOB_STATE_NEW"]}
    rows: list[tuple[dict[str, Json], list[str]]] = [
        (both, made[2:]),
        ({**both, **new}, []),
        ({**new, "templateIds": [usual]}, made[:1]),
        ({"name": "cf-"}, made),
    ]
    for wanted, right in rows:
        holds(ids(_filtered(session, **wanted)), right, f"a filter by {shown(wanted)}")
    cut = _filtered(session, name="cf-", orderBy="name asc", pagination={"limit": "3", "offset": "1"})
    same(sorted(names)[1:4], [get(job, "/name") for job in get(cut, "/data")], "three names from the second")


@check("BYT-LST-019")
def a_longer_page_is_longer(session: Session) -> None:
    """Sixty-three jobs: on a page of a hundred, in two pages of forty, and beyond all."""
    made = _drafts(session, 63)
    holds(ids(page(session, pagination_limit=100)), made, "a page of a hundred")
    found = ids(page(session, pagination_limit=40)) + ids(page(session, pagination_limit=40, pagination_offset=40))
    holds(found, made, "two pages of forty")
    beyond = page(session, pagination_limit=5, pagination_offset=70)
    paging = [ids(beyond), _paging(beyond, "total"), _paging(beyond, "hasNext")]
    same([[], 63, False], paging, "jobs, total and hasNext of a page beyond 63 jobs")


@check("BYT-LST-020")
def a_list_shows_whole_jobs(session: Session) -> None:
    """A draft of which much was said, and jobs that have ended well and badly."""
    ended = [session.submit(shape, until="end") for shape in session.shapes("quick", "fails")]
    jobs = [session.submit(patch=DESCRIBED, draft=True), *ended]
    listed = by_id(session, session.items())
    for job in jobs:
        item = listed.get(job.id)
        needed(isinstance(item, dict), "the job is not in the list")
        names = [name for name, value in seen(session, job).items() if value not in (None, "")]
        missing = [name for name in names if get(item, f"/{name}") in (MISSING, None, "")]
        expect(not missing, f"the list does not report {', '.join(missing)}")
