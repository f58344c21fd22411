"""What tenants see of each other: nothing."""

from __future__ import annotations

from functools import partial

from conformance.checks import check
from conformance.checks.common.steps import STRANGERS
from conformance.checks.families.lists import ids_of
from conformance.checks.families.refusals import changes_nothing
from conformance.session.expect import expect, need_success, needed, refused
from conformance.session.paging import everything
from conformance.session.session import JobRef, Session


def _strangers(session: Session) -> tuple[str, str]:
    first, second = list(session.settings.tenants)[:2]
    return first, second


def _own(session: Session, shape: str = "quick") -> tuple[JobRef, str]:
    """A job of the first tenant, which it can read, and the second tenant."""
    first, second = _strangers(session)
    job = session.submit(shape, tenant=first)
    need_success(session.read(job), "a tenant's reading of its own job")
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
        ids = ids_of(session, everything(session, tenant=ref.tenant))
        expect(stranger.id not in ids, f"the list of one tenant holds job {stranger.id} of another")
        needed(ref.id in ids, "a tenant does not see its own job")


@check("JOB-ISO-003")
def a_tenant_cannot_stop_the_job_of_another(session: Session) -> None:
    """It is refused, and the job goes on."""
    job, second = _own(session, "long")
    session.until(job, "running")
    attempt = partial(session.cancel, job, tenant=second)
    changes_nothing(partial(session.phase, job), "stopping the job of another tenant", attempt, STRANGERS)
