"""What ByteNite takes in a submission, and what a submission makes."""

from __future__ import annotations

from contextlib import suppress

from conformance.checks import check
from conformance.checks.bytenite.steps import DESCRIBED, EMPTY, NEW, expect_job_shown, on, seen, templates
from conformance.checks.families.values import all_kept, all_taken, taken
from conformance.errors import Inconclusive, NotApplicable
from conformance.oracles.echo import agree
from conformance.oracles.members import instant
from conformance.session.expect import accepted, expect, same
from conformance.session.session import Session
from conformance.traffic.json_pointer import MISSING, Json, get, shown, without_nulls

ODD: dict[str, Json] = {
    "note": None,
    "text": "",
    "no": False,
    "yes": True,
    "zero": 0,
    "below": -7,
    "ratio": 0.1,
    "large": 4503599627370497,
    "list": [],
    "of": {},
    "digits": "07",
    "Inner": {"KeyCase": -3, "a.b/c d~": [3, 1, 3, -2.5], "ümlaut ☃": "  "},
}
"""Values that are easily mistaken for others, or for none."""
S3: Json = {
    "@type": "type.googleapis.com/bytenite.data_source.S3DataSource",
    "bucketName": "mine",
    "cloudRegion": "eu-central-1",
    "secret_id": "cf",
    "n": 3,
}
UNSET = (
    *("/name", "/description", "/config/taskTimeout", "/config/jobTimeout", "/errorMessage"),
    *("/dataSource/dataSourceDescriptor", "/dataDestination/dataSourceDescriptor"),
)
"""Members of a job that stay unset where its submission names a template alone."""


@check("BYT-CRT-004")
def a_submission_cannot_set_what_the_server_reports(session: Session) -> None:
    """It is taken without these members, or refused."""
    early = "2001-01-01T00:00:00Z"
    instants = dict.fromkeys(("createdAt", "submittedAt", "endedAt"), early)
    exchange = session.post(session.body(patch={"id": "cf-chosen", "state": "JOB_STATE_COMPLETE", **instants}))
    if not exchange.response.is_success:
        return
    job = session.job_of(exchange)
    view = seen(session, job)
    expect(job.id != "cf-chosen", "a submission has chosen the id of its job", exchange)
    expect(view["state"] == NEW, f"a submission has chosen the state {view['state']}", exchange)
    for name in instants:
        expect(instant(view.get(name)) != instant(early), f"a submission has chosen the {name} of its job", exchange)


@check("BYT-CRT-005")
def members_of_jobs_only_are_ignored(session: Session) -> None:
    """One after the other."""
    regions = {"regions": {"whitelist": ["eu"]}}
    all_taken(session, ({"priority": "EXECUTION_PRIORITY_FAST"}, {"startAt": "2031-01-01T00:00:00Z"}, regions))


@check("BYT-CRT-007")
def a_creation_shows_the_whole_job(session: Session) -> None:
    """As reading it does."""
    expect_job_shown(session, session.submit(patch=DESCRIBED, draft=True).created, "the answer to a creation")


@check("BYT-DEF-002")
def a_job_is_no_test_by_itself(session: Session) -> None:
    """Nothing said of it, or only limits."""
    for patch in ({}, {"config": {"jobTimeout": 600}}):
        value = get(seen(session, session.submit(patch=patch, draft=True)), "/config/isTestJob")
        expect(value in EMPTY, f"a job that nobody called a test reports {shown(value)}")


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
    for pointer in UNSET:
        expect(get(view, pointer) in (*EMPTY, "0"), f"{pointer} was left out and is {shown(get(view, pointer))}")


@check("BYT-REQ-003")
def a_job_bears_its_template(session: Session) -> None:
    """The usual one, and others if the target has any."""
    known = [session.body()["templateId"]]
    with suppress(Inconclusive, NotApplicable):
        known = templates(session)
    all_kept(session, ({"/templateId": template} for template in known))


@check("BYT-REQ-042")
def names_are_kept_as_they_are(session: Session) -> None:
    """Long, with white space around, of all alphabets; descriptions too."""
    texts = ("cf " + "x" * 297, "  cf padded ", "cf Größe ☃ 電池 \U0001f50b", "cf/one:two.three#4?5&6=7%20")
    all_kept(session, ({name: text} for text in texts for name in ("/name", "/description")))
    all_kept(session, [{"/description": "Line\n" * 400}])
    taken(session, {"name": "", "description": ""})


@check("BYT-REQ-043")
def parameters_are_kept_as_they_are(session: Session) -> None:
    """Of each part, at creation and after a change; null and left out are the same."""
    for part in ("app", "assembler", "partitioner"):
        exchange = session.post(session.body() | {"params": {part: ODD}})
        draft = session.submit(draft=True)
        accepted(on(session, "Customer_SetJobParams", draft, {part: ODD}), f"a change of {part} to odd values")
        for job in (session.job_of(accepted(exchange, f"a submission with odd values in {part}")), draft):
            value = get(seen(session, job), f"/params/{part}")
            same(without_nulls(ODD), without_nulls(value), f"the {part}'s part")


@check("BYT-REQ-044")
def sources_are_kept_as_they_are(session: Session) -> None:
    """Parameters of sources and destinations of each kind.

    Neither end is made of the other, and a name alone makes none.
    """
    for kind in ("s3", "aws", "gcp", "storj", "url"):
        for end, other in (("dataSource", "dataDestination"), ("dataDestination", "dataSource")):
            if kind == "url" and end == "dataDestination":
                continue
            url = "https://example.com/In.zip?Key=A%20b&at=1"
            own = {"@type": "type.googleapis.com/bytenite.data_source.HttpDataSource", "url": url, "username": "cf"}
            params = {**(own if kind == "url" else S3), "name": f"{kind}.zip"}
            view = seen(session, taken(session, {end: {"dataSourceDescriptor": kind, "params": params}}))
            value = get(view, f"/{end}")
            same(kind, get(value, "/dataSourceDescriptor"), f"the kind of the {end}")
            expect(agree(params, get(value, "/params"), "part"), f"{end} is {shown(value)}, given was {shown(params)}")
            stray = get(view, f"/{other}/params/bucketName")
            expect(
                stray is MISSING,
                f"a submission that gives only its {end} has {shown(get(view, f'/{other}'))} as its {other}",
            )


@check("BYT-REQ-045")
def a_job_bears_what_was_said_to_its_end(session: Session) -> None:
    """In every state of one that ends well, and of one that fails."""
    said = {**DESCRIBED, "dataSource": {"dataSourceDescriptor": "bypass"}}
    for shape in session.shapes("quick", "fails"):
        job = session.submit(shape, said, draft=True)
        members = (*said, "name", "params", "templateId")
        before = {name: value for name, value in seen(session, job).items() if name in members}
        session.start(job)
        for state in session.watch(job):
            view = get(session.exchanges[-1].response.json, "/job")
            for name, value in before.items():
                same(without_nulls(value), without_nulls(get(view, f"/{name}")), f"{name} of a job that is {state}")
