"""What tenants of openYuanrong see of each other: nothing."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.families.values import taken
from conformance.checks.openyuanrong.steps import TAKEN, answered
from conformance.session.expect import accepted, expect, refused, same
from conformance.session.session import Session
from conformance.traffic.json_pointer import get


@check("OYR-ISO-001")
def tenants_share_their_jobs(session: Session) -> None:
    """One submits, another lists, reads and stops."""
    job = session.submit("long", headers={"X-Tenant-Id": "cf-one"}, until="running")
    other = {"X-Tenant-Id": "cf-two"}
    expect(
        job.id in [get(item, "/submission_id") for item in session.items(headers=other)],
        "the list of one tenant lacks the job of another",
    )
    accepted(session.on("read", job, headers=other), "reading the job of another tenant")
    answered(session.on("cancel", job, headers=other), "stopping the job of another tenant", True)
    session.until(job)
    answered(session.on("delete", job, headers=other), "deleting the job of another tenant", True)


@check("OYR-ISO-002")
def an_id_is_taken_for_every_tenant(session: Session) -> None:
    """Nor is the first job changed."""
    own = {"submission_id": session.unique("app-cf"), "metadata": {"tenant": "one"}}
    job = taken(session, own, "a submission with an id of its own", shape="long", headers={"X-Tenant-Id": "cf-one"})
    other = session.post({**job.body, "metadata": {"tenant": "two"}}, headers={"X-Tenant-Id": "cf-two"})
    refused(other, "the id of another tenant's job", TAKEN)
    same({"tenant": "one"}, get(session.view(job), "/metadata"), "the metadata of the first job")
