"""What tenants see of each other: nothing."""

from __future__ import annotations

from conformance.checks import check
from conformance.session.expect import expect, needed, refused
from conformance.session.paging import everything
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import get

STRANGERS = (404, 403)


def _strangers(session: Session) -> tuple[str, str]:
    first, second = list(session.settings.tenants)[:2]
    return first, second


def _own(session: Session, shape: str = "quick") -> tuple[JobRef, str]:
    """A job of the first tenant, which it can read, and the second tenant."""
    first, second = _strangers(session)
    job = session.submit(shape, tenant=first)
    control = session.read(job)
    needed(control.response.is_success, "a tenant cannot read its own job")
    return job, second


@check("JOB-ISO-001")
def a_tenant_cannot_read_the_job_of_another(session: Session) -> None:
    """As if it did not exist, or forbidden."""
    job, second = _own(session)
    refused(session.read(job, tenant=second), "reading the job of another tenant", STRANGERS)


@check("JOB-ISO-002")
def a_tenant_does_not_see_the_jobs_of_another(session: Session) -> None:
    """Each sees its own."""
    job, second = _own(session)
    other = session.submit(tenant=second)
    for ref, stranger in ((job, other), (other, job)):
        ids = [get(item, session.role("list").id or "") for item in everything(session, tenant=ref.tenant)]
        expect(stranger.id not in ids, f"the list of one tenant holds job {stranger.id} of another")
        needed(ref.id in ids, "a tenant does not see its own job")


@check("JOB-ISO-003")
def a_tenant_cannot_stop_the_job_of_another(session: Session) -> None:
    """It is refused, and the job goes on."""
    job, second = _own(session, "long")
    session.until(job, "running")
    answer = session.cancel(job, tenant=second)
    refused(answer, "stopping the job of another tenant", STRANGERS)
    expect(session.phase(job) == "running", "the job of one tenant was stopped by another", answer)
