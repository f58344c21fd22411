"""ByteNite's lists of jobs: complete, filtered, ordered, paged."""

from __future__ import annotations

from typing import Any

from conformance.checks import check
from conformance.checks.bytenite.steps import DESCRIBED, NEWER, ids, on, seen, templates
from conformance.errors import Inconclusive
from conformance.session.expect import accepted, expect, needed, refused
from conformance.session.session import Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, Json, get, same_value, without_nulls

COUNT = 5
PAGES = ((2, 0), (2, 2), (2, 4), (3, 2), (COUNT, 0), (10, 0), (2, 3), (1, 4), (4, 0), (2, 1), (4, 1))
"""Limits and offsets of pages of a list of five."""


def page(session: Session, **query: Any) -> Json:
    """The answer to a list; an underscore of a name stands for its dot."""
    exchange = accepted(
        session.list_jobs(query={name.replace("_", "."): value for name, value in query.items()}),
        f"the list with {query}",
    )
    return exchange.response.json


def _drafts(session: Session, count: int = COUNT) -> list[str]:
    return [session.submit(draft=True).id for _ in range(count)]


def _paging(answer: Json, name: str) -> Json:
    told = get(answer, f"/pagination/{name}")
    return int(told) if isinstance(told, str) and told.isdigit() else told


def _filtered(session: Session, **wanted: Json) -> Exchange:
    return accepted(session.call("Customer_FilterJobs", body=wanted), f"the list of jobs with {wanted}")


@check("BYT-LST-002")
def a_page_tells_its_offset(session: Session) -> None:
    """Wherever it begins."""
    _drafts(session)
    for limit, offset in PAGES:
        told = _paging(page(session, pagination_limit=limit, pagination_offset=offset), "offset")
        expect(told == offset, f"a page at {offset} reports the offset {told!r}")


@check("BYT-LST-003")
def a_page_knows_what_is_behind_it(session: Session) -> None:
    """First, middle and last pages, also such that end exactly."""
    _drafts(session)
    for limit, offset in PAGES:
        told = _paging(page(session, pagination_limit=limit, pagination_offset=offset), "hasNext")
        expect(
            told is (offset + limit < COUNT),
            f"a page of {limit} at {offset} of {COUNT} jobs says {told!r} to more behind it",
        )


@check("BYT-LST-004")
def a_page_knows_what_is_before_it(session: Session) -> None:
    """First, middle and last pages."""
    _drafts(session)
    for limit, offset in PAGES:
        told = _paging(page(session, pagination_limit=limit, pagination_offset=offset), "hasPrevious")
        expect(told is (offset > 0), f"a page of {limit} at {offset} of {COUNT} jobs says {told!r} to more before it")


@check("BYT-LST-005")
def short_names_page_alike(session: Session) -> None:
    """Page by page."""
    _drafts(session)
    for limit, offset in PAGES:
        long = ids(page(session, pagination_limit=limit, pagination_offset=offset))
        short = ids(page(session, limit=limit, offset=offset))
        expect(long == short, f"a page of {limit} at {offset} holds {len(short)} other jobs under short names")


@check("BYT-LST-006")
def a_list_is_ordered_as_asked(session: Session) -> None:
    """By creation and by name, up and down, whole and page by page."""
    made = []
    for name in ("cf-b", "cf-d", "cf-a", "cf-c"):
        made.append((session.submit(patch={"name": name}, draft=True).id, name))
        session.advance(2)
    by_name = [id_ for id_, _ in sorted(made, key=lambda one: one[1])]
    oldest = [id_ for id_, _ in made]
    for order, wanted in (
        ("createdAt asc", oldest),
        ("createdAt desc", oldest[::-1]),
        ("name asc", by_name),
        ("name desc", by_name[::-1]),
        ("name", by_name),
    ):
        expect(ids(page(session, orderBy=order)) == wanted, f"the list is not in the order {order!r}")
        paged = ids(page(session, orderBy=order, pagination_limit=2)) + ids(
            page(session, orderBy=order, pagination_limit=2, pagination_offset=2)
        )
        expect(paged == wanted, f"the pages are not in the order {order!r}")


@check("BYT-LST-009")
def pages_below_nought_are_refused(session: Session) -> None:
    """Limit and offset, with a twin each."""
    session.submit(draft=True)
    for name in ("pagination.limit", "pagination.offset"):
        accepted(session.list_jobs(query={name: 1}), f"a list with {name} of 1")
        refused(session.list_jobs(query={name: -1}), f"a list with {name} of -1", (400,))


@check("BYT-LST-010")
def a_filter_by_states_holds_what_it_says(session: Session) -> None:
    """Each state alone, two together, one that no job is in, and none for all."""
    draft, running, ended = session.submit(draft=True), session.submit("long"), session.submit()
    jobs = [draft, running, ended, *([session.submit("fails")] if "fails" in session.settings.shapes else [])]
    for job in jobs[2:]:
        session.until(job)
    session.until(running, "running")
    states = {job.id: session.state(job) for job in jobs}
    for wanted in (
        *([state] for state in states.values()),
        [states[draft.id], states[ended.id]],
        ["JOB_STATE_MERGED"],
        [],
    ):
        found = set(ids(_filtered(session, states=wanted).response.json)) & states.keys()
        right = {id_ for id_, state in states.items() if state in wanted or not wanted}
        expect(
            found == right,
            f"a filter by {wanted} holds {len(found)} jobs, of which {len(found & right)} are right, of {len(right)}",
        )


@check("BYT-LST-011")
def a_filter_by_template_or_name_holds_what_it_says(session: Session) -> None:
    """Two templates, three names."""
    usual, other, _ = templates(session)
    facts = ((usual, "cf-red"), (other, "cf-red green"), (usual, "cf-blue"))
    made = {
        session.submit(patch={"templateId": template, "name": name}, draft=True).id: (template, name)
        for template, name in facts
    }
    for template in (usual, other):
        found = set(ids(_filtered(session, templateIds=[template]).response.json)) & made.keys()
        expect(
            found == {id_ for id_, fact in made.items() if fact[0] == template},
            f"a filter by the template {template} holds others, or not all",
        )
    found = set(ids(_filtered(session, templateIds=["cf-no-such-template"]).response.json))
    expect(not found, f"a filter by a template that no job has holds {len(found)} jobs")
    for part in ("cf-red", "green", "cf-blue"):
        found = set(ids(_filtered(session, name=part).response.json)) & made.keys()
        expect(
            found == {id_ for id_, fact in made.items() if part in fact[1]},
            f"a filter by the name {part!r} holds others, or not all",
        )
    for id_ in made:
        session.read(id_)
        accepted(session.delete(id_), "deleting a draft")
    found = set(ids(_filtered(session, name="cf-").response.json)) & made.keys()
    expect(not found, f"a filtered list holds {len(found)} jobs that were deleted")


@check("BYT-LST-012")
def a_filtered_list_is_paged(session: Session) -> None:
    """Three of five fit; page by page they are there once."""
    made = [
        session.submit(patch={"name": f"cf-{'in' if number % 2 == 0 else 'out'}"}, draft=True).id
        for number in range(COUNT)
    ]
    found: list[str] = []
    for offset in (0, 2):
        answer = _filtered(session, name="cf-in", pagination={"limit": 2, "offset": offset}).response.json
        found += ids(answer)
        told = [_paging(answer, name) for name in ("total", "offset", "hasNext")]
        expect(told == [3, offset, offset == 0], f"total, offset and hasNext at {offset} are {told}")
    expect(sorted(found) == sorted(made[::2]), "the pages of a filtered list hold other jobs than fit")


@check("BYT-LST-013")
def a_deleted_job_does_not_count(session: Session) -> None:
    """Four drafts; one is deleted, one aborted."""
    jobs = [session.submit(draft=True) for _ in range(4)]
    for left, call in ((4, None), (3, session.delete), (2, session.cancel)):
        if call is not None:
            accepted(call(jobs[left]), "taking a draft away")
        found = ids(page(session))
        expect(len(found) == left, f"the list holds {len(found)} jobs, left are {left}")
        answer = page(session, pagination_limit=1)
        expect(_paging(answer, "total") == left, f"the total is {_paging(answer, 'total')!r}, left are {left}")


@check("BYT-LST-015")
def a_list_is_up_to_date(session: Session) -> None:
    """Each state as it is, and each change of a draft, without any reading in between."""
    draft = session.submit(draft=True)
    for operation, body in NEWER.items():
        needed(on(session, operation, draft, body).response.is_success, f"{operation} of a draft is refused")
    jobs = [draft, *[job for shape in session.shapes("quick", "long", "fails") for job in [session.submit(shape)]]]
    for _ in range(3):
        session.advance(4)
        before = {job.id: seen(session, job) for job in jobs} if not session.target.has_virtual_time else {}
        listed = {get(one, "/id"): one for one in session.items()}
        for job in jobs:
            item, view = listed.get(job.id), seen(session, job)
            if before.get(job.id, view) != view:
                continue  # the job has gone on while the list was asked for
            if not isinstance(item, dict):
                raise Inconclusive("the job is not in the list")
            for name in item.keys() & view.keys():
                agrees = same_value(without_nulls(get(item, f"/{name}")), without_nulls(view.get(name, MISSING)))
                expect(agrees, f"{name} is {get(item, f'/{name}')!r} in the list and {view.get(name)!r} when read")


@check("BYT-LST-016")
def a_list_stays_in_its_order(session: Session) -> None:
    """Whatever becomes of its jobs: a draft between others, one that is run last, a failed one."""
    made = []
    for shape, draft in (("quick", False), ("quick", True), ("long", False), ("fails", False)):
        made.append(session.submit(shape if shape in session.settings.shapes else "quick", draft=draft))
        session.advance(12)
    for late in (made[1], None):
        right = [job.id for job in reversed(made)]
        expect(ids(page(session)) == right, "the newest job is not first")
        told = ids(accepted(session.call("Customer_FilterJobs", body={}), "the list without a filter").response.json)
        expect(told == right, "the newest job is not first where the filter is empty")
        if late is not None:
            session.start(late)
            session.advance(12)


@check("BYT-LST-017")
def a_list_is_ordered_by_any_member(session: Session) -> None:
    """State, template, submission, start and end, up and down; what was created last was run first."""
    drafts = []
    usual, other, third = templates(session)
    for shape, template in (("quick", usual), ("long", other), ("fails", usual), ("quick", third)):
        if shape in (*session.settings.shapes, "quick"):
            drafts.append(session.submit(shape, {"templateId": template}, draft=True))
            session.advance(3)
    for job in reversed(drafts):
        session.start(job)
        session.advance(8)
    session.advance(30)
    for member in ("state", "templateId", "submittedAt", "startedAt", "endedAt", "name", "createdAt"):
        for direction in ("asc", "desc", ""):
            answer = page(session, orderBy=f"{member} {direction}".strip())
            told = [get(job, f"/{member}") for job in get(answer, "/data")]
            values = [one for one in told if isinstance(one, str) and one]
            expect(
                values == sorted(values, reverse=direction == "desc"), f"the list by {member} {direction} has {values}"
            )


@check("BYT-LST-018")
def filters_hold_together(session: Session) -> None:
    """State, template and name at once; several of each; ordered and cut, with digits for numbers."""
    made = {}
    usual, other, third = templates(session)
    for number, (template, state) in enumerate([(usual, "a"), (other, "a"), (usual, "b"), (third, "b"), (usual, "b")]):
        made[session.submit(patch={"templateId": template, "name": f"cf-{state}-{number}"}, draft=state == "a").id] = (
            template,
            state,
            f"cf-{state}-{number}",
        )
    both = {"templateIds": [third, usual], "name": "-b-"}
    for wanted, right in (
        (both, {id_ for id_, one in made.items() if one[1] == "b"}),
        ({**both, "states": ["JOB_STATE_NEW"]}, set()),
        (
            {"states": ["JOB_STATE_NEW"], "templateIds": [usual]},
            {id_ for id_, one in made.items() if one[:2] == (usual, "a")},
        ),
        ({"name": "cf-"}, set(made)),
    ):
        found = ids(_filtered(session, **wanted).response.json)
        expect(
            set(found) == right and len(found) == len(right),
            f"a filter by {wanted} holds {len(found)} jobs, {len(right)} fit",
        )
    names = [
        get(job, "/name")
        for job in get(
            _filtered(session, name="cf-", orderBy="name asc", pagination={"limit": "3", "offset": "1"}).response.json,
            "/data",
        )
    ]
    expected = sorted(one[2] for one in made.values())[1:4]
    expect(names == expected, f"three names from the second are {names}, expected {expected}")


@check("BYT-LST-019")
def a_longer_page_is_longer(session: Session) -> None:
    """Sixty-three jobs: on a page of a hundred, in two pages of forty, and beyond all."""
    made = _drafts(session, 63)
    expect(len(ids(page(session, pagination_limit=100))) == len(made), "a page of a hundred does not hold 63 jobs")
    found = ids(page(session, pagination_limit=40)) + ids(page(session, pagination_limit=40, pagination_offset=40))
    expect(sorted(found) == sorted(made), "two pages of forty do not hold 63 jobs once each")
    beyond = page(session, pagination_limit=5, pagination_offset=70)
    expect(
        (ids(beyond), _paging(beyond, "total"), _paging(beyond, "hasNext")) == ([], 63, False),
        "a page beyond 63 jobs is not empty",
    )


@check("BYT-LST-020")
def a_list_tells_whole_jobs(session: Session) -> None:
    """A draft of which much was said, and jobs that have ended well and badly."""
    jobs = [
        session.submit(patch=DESCRIBED, draft=True),
        *[session.submit(shape) for shape in session.shapes("quick", "fails")],
    ]
    for job in jobs[1:]:
        session.until(job)
    listed = {get(one, "/id"): one for one in session.items()}
    for job in jobs:
        item, view = listed.get(job.id), seen(session, job)
        needed(isinstance(item, dict), "the job is not in the list")
        missing = [
            name
            for name, value in view.items()
            if value not in (None, "") and get(item, f"/{name}") in (MISSING, None, "")
        ]
        expect(not missing, f"the list does not report {', '.join(missing)}")
