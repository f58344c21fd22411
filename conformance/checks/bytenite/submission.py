"""What ByteNite takes in a submission, and what a submission makes."""

from __future__ import annotations

from contextlib import suppress

from conformance.checks import check
from conformance.checks.bytenite.steps import EMPTY, NEW, expect_job_shown, on, seen, templates
from conformance.errors import Inconclusive, NotApplicable
from conformance.oracles.members import instant
from conformance.session.expect import accepted, expect, same
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import MISSING, Json, get, same_value, without_nulls

ODD: dict[str, Json] = {
    "note": None,
    "text": "",
    "no": False,
    "yes": True,
    "nought": 0,
    "below": -7,
    "ratio": 0.1,
    "large": 4503599627370497,
    "list": [],
    "of": {},
    "digits": "07",
    "Inner": {"KeyCase": -3, "a.b/c d~": [3, 1, 3, -2.5], "ümlaut ☃": "  "},
}
"""Values that are easily mistaken for others, or for none."""


def _has(session: Session, job: JobRef, part: str) -> None:
    told = get(seen(session, job), f"/params/{part}")
    expect(same_value(without_nulls(ODD), without_nulls(told)), f"the {part}'s part is {told!r}, given was {ODD!r}")


def _holds(told: Json, said: Json) -> bool:
    return (
        isinstance(told, dict)
        and isinstance(said, dict)
        and all(same_value(value, told.get(key)) for key, value in said.items())
    )


@check("BYT-CRT-004")
def a_submission_cannot_choose_what_the_server_tells(session: Session) -> None:
    """It is taken without these members, or refused."""
    early = "2001-01-01T00:00:00Z"
    chosen: dict[str, Json] = {
        "id": "cf-chosen",
        "state": "JOB_STATE_COMPLETE",
        "createdAt": early,
        "submittedAt": early,
        "endedAt": early,
    }
    exchange = session.post(session.body(patch=chosen))
    if not exchange.response.is_success:
        return
    job = session.job_of(exchange)
    view = seen(session, job)
    expect(job.id != "cf-chosen", "a submission has chosen the id of its job", exchange)
    expect(view["state"] == NEW, f"a submission has chosen the state {view['state']}", exchange)
    for name in ("createdAt", "submittedAt", "endedAt"):
        expect(
            instant(get(view, f"/{name}")) != instant(early), f"a submission has chosen the {name} of its job", exchange
        )


@check("BYT-CRT-005")
def members_of_jobs_only_are_passed_over(session: Session) -> None:
    """One after the other."""
    for patch in (
        {"priority": "EXECUTION_PRIORITY_FAST"},
        {"startAt": "2031-01-01T00:00:00Z"},
        {"regions": {"whitelist": ["eu"]}},
    ):
        accepted(session.post(session.body(patch=patch)), f"a submission with {patch}")


@check("BYT-CRT-007")
def a_creation_shows_the_whole_job(session: Session) -> None:
    """As reading it does."""
    said: Json = {
        "description": "cf",
        "config": {"taskTimeout": 900},
        "dataDestination": {"dataSourceDescriptor": "bucket"},
    }
    expect_job_shown(session, session.submit(patch=said, draft=True).created, "the answer to a creation")


@check("BYT-DEF-002")
def a_job_is_no_test_by_itself(session: Session) -> None:
    """Nothing said of it, or only limits."""
    for patch in ({}, {"config": {"jobTimeout": 600}}):
        told = get(seen(session, session.submit(patch=patch, draft=True)), "/config/isTestJob")
        expect(told in EMPTY, f"a job that nobody called a test reports {told!r}")


@check("BYT-DEF-003")
def a_page_holds_twenty(session: Session) -> None:
    """Of twenty-one; a limit of zero is none, and a filtered list is no exception."""
    for _ in range(21):
        session.submit(draft=True)
    pages = (
        session.list_jobs(),
        session.list_jobs(query={"pagination.limit": 0}),
        session.call("Customer_FilterJobs", body={}),
    )
    for exchange in pages:
        data = get(accepted(exchange, "a list without a limit").response.json, "/data")
        expect(isinstance(data, list) and len(data) == 20, f"a page without a limit holds {len(data or [])} of 21 jobs")


@check("BYT-DEF-004")
def what_is_left_out_stays_unset(session: Session) -> None:
    """A submission of a template and nothing else."""
    exchange = accepted(session.post({"templateId": session.body()["templateId"]}), "a submission of a template alone")
    view = seen(session, session.job_of(exchange))
    for pointer in (
        "/name",
        "/description",
        "/config/taskTimeout",
        "/config/jobTimeout",
        "/dataSource/dataSourceDescriptor",
        "/dataDestination/dataSourceDescriptor",
        "/errorMessage",
    ):
        told = get(view, pointer)
        expect(told in (*EMPTY, "0"), f"{pointer} was left out and is {told!r}", exchange)


@check("BYT-REQ-003")
def a_job_bears_its_template(session: Session) -> None:
    """The usual one, and others if the target has any."""
    known = [session.body()["templateId"]]
    with suppress(Inconclusive, NotApplicable):
        known = templates(session)
    for template in known:
        job = session.job_of(
            accepted(
                session.post(session.body(patch={"templateId": template})), f"a submission of the template {template!r}"
            )
        )
        same(template, seen(session, job).get("templateId"), "the template")


@check("BYT-REQ-042")
def names_are_kept_as_they_are(session: Session) -> None:
    """Long, with white space around, of all alphabets; descriptions too."""
    for text in ("cf " + "x" * 297, "  cf padded ", "cf Größe ☃ 電池 \U0001f50b", "cf/one:two.three#4?5&6=7%20"):
        for name in ("name", "description"):
            job = session.job_of(
                accepted(
                    session.post(session.body(patch={name: text})),
                    f"a submission whose {name} has {len(text)} characters",
                )
            )
            same(text, seen(session, job).get(name), f"the {name}")
    accepted(session.post(session.body(patch={"name": "", "description": ""})), "a submission with an empty name")
    long = "Line\n" * 400
    job = session.job_of(
        accepted(session.post(session.body(patch={"description": long})), "a submission with a long description")
    )
    same(long, seen(session, job).get("description"), "the description")


@check("BYT-REQ-043")
def parameters_are_kept_as_they_are(session: Session) -> None:
    """Of each part, at creation and after a change; null and left out are the same."""
    for part in ("app", "assembler", "partitioner"):
        job = session.job_of(
            accepted(
                session.post(session.body(patch=None) | {"params": {part: ODD}}),
                f"a submission with odd values in {part}",
            )
        )
        _has(session, job, part)
        draft = session.submit(draft=True)
        accepted(on(session, "Customer_SetJobParams", draft, {part: ODD}), f"a change of {part} to odd values")
        _has(session, draft, part)


@check("BYT-REQ-044")
def sources_are_kept_as_they_are(session: Session) -> None:
    """Parameters of sources and destinations of each kind.

    Neither end is made of the other, and a name alone makes none.
    """
    params = {
        "@type": "type.googleapis.com/bytenite.data_source.S3DataSource",
        "bucketName": "mine",
        "cloudRegion": "eu-central-1",
        "secret_id": "cf",
        "n": 3,
    }
    for kind in ("s3", "aws", "gcp", "storj", "url"):
        for end, other in (("dataSource", "dataDestination"), ("dataDestination", "dataSource")):
            if kind == "url" and end == "dataDestination":
                continue
            url = "https://example.com/In.zip?Key=A%20b&at=1"
            own = {"@type": "type.googleapis.com/bytenite.data_source.HttpDataSource", "url": url, "username": "cf"}
            said = {
                "dataSourceDescriptor": kind,
                "params": {**(own if kind == "url" else params), "name": f"{kind}.zip"},
            }
            job = session.job_of(
                accepted(session.post(session.body(patch={end: said})), f"a submission with {kind} as its {end}")
            )
            view = seen(session, job)
            told = get(view, f"/{end}")
            agrees = (
                isinstance(told, dict)
                and get(told, "/dataSourceDescriptor") == kind
                and _holds(get(told, "/params"), said["params"])
            )
            expect(agrees, f"{end} is {told!r}, given was {said!r}")
            stray = get(view, f"/{other}/params/bucketName")
            expect(
                stray is MISSING,
                f"a submission that gives only its {end} has {get(view, f'/{other}')!r} as its {other}",
            )


@check("BYT-REQ-045")
def a_job_bears_what_was_said_to_its_end(session: Session) -> None:
    """In every state of one that ends well, and of one that fails."""
    said: Json = {
        "description": "cf",
        "config": {"jobTimeout": 9000},
        "dataSource": {"dataSourceDescriptor": "bypass"},
        "dataDestination": {"dataSourceDescriptor": "bucket"},
    }
    for shape in session.shapes("quick", "fails"):
        job = session.submit(shape, said, draft=True)
        before = {
            name: value for name, value in seen(session, job).items() if name in (*said, "name", "params", "templateId")
        }
        session.start(job)
        for state in session.watch(job):
            view = get(session.exchanges[-1].response.json, "/job")
            lost = [
                name
                for name, value in before.items()
                if not same_value(without_nulls(value), without_nulls(get(view, f"/{name}")))
            ]
            expect(not lost, f"a job that is {state} no longer reports {', '.join(lost)} as it did before it was run")
