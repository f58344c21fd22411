"""What tenants of Ionworks see of each other: nothing."""

from __future__ import annotations

from functools import partial

from conformance.checks import check
from conformance.checks.families.refusals import changes_nothing, unknown_is_refused, view_of
from conformance.checks.ionworks.steps import ARRAY, BESIDE, STRANGERS, ask, completed_fit, is_taken_here
from conformance.session.expect import accepted, expect, need_success, needed, refused, same
from conformance.session.session import Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, get, shown

ONE = [("job_type", "simulate")]


def _tenants(session: Session) -> tuple[str, str]:
    first, second = list(session.settings.tenants)[:2]
    return first, second


@check("ION-ISO-001")
def what_is_beside_a_job_is_its_tenants_own(session: Session) -> None:
    """Each operation that names a job."""
    first, second = _tenants(session)
    job = completed_fit(session, patch={"metadata": {"a": 1}}, tenant=first)
    for operation in BESIDE:
        need_success(ask(session, operation, job), f"{operation} of a completed fit")
        stranger = session.call(operation, {"job_id": job.id}, tenant=second)
        refused(stranger, f"{operation} of the job of another tenant", STRANGERS)


@check("ION-ISO-002")
def totals_and_filters_are_a_tenants_own(session: Session) -> None:
    """Two jobs of one tenant and three of the other."""
    types = dict(zip(_tenants(session), (("dummy", "simulate"), ("dummy", "simulate", "simulate")), strict=True))
    jobs = {
        tenant: [session.submit("long", {"job_type": name}, tenant=tenant) for name in names]
        for tenant, names in types.items()
    }
    for job in (job for own in jobs.values() for job in own):
        session.until(job, "running")
    both = [("job_types", "simulate"), ("job_types", "dummy")]
    for tenant, names in types.items():
        for query in ([], [("job_type", "simulate")], both, [("status", "processing")], [("limit", 1)]):
            own = [job for job, name in zip(jobs[tenant], names, strict=True) if query[:1] != ONE or name == "simulate"]
            exchange = accepted(session.list_jobs(query=query, tenant=tenant), "a tenant's list")
            found = {get(job, "/job_id") for job in get(exchange.response.json, "/jobs") or []}
            expect(found <= {job.id for job in own}, f"the list for {shown(query)} holds jobs of another tenant")
            total = get(exchange.response.json, "/total")
            expect(total in (MISSING, len(own)), f"the total for {shown(query)} is {total}, the tenant has {len(own)}")


@check("ION-ISO-003")
def the_array_is_a_tenants_own(session: Session) -> None:
    """Each sees its own job."""
    jobs = [session.submit(tenant=tenant) for tenant in _tenants(session)]
    for job, other in (jobs, jobs[::-1]):
        exchange = accepted(session.call(ARRAY, tenant=job.tenant), "a tenant's array")
        ids = [get(one, "/job_id") for one in exchange.response.json or []]
        expect(other.id not in ids, f"the array of one tenant holds job {other.id} of another")
        needed(job.id in ids, "a tenant does not see its own job")


@check("ION-ISO-004")
def a_stranger_is_no_parent(session: Session) -> None:
    """Its own job is one, the job of another tenant is not."""
    own, stranger = (session.submit("long", tenant=tenant).id for tenant in reversed(_tenants(session)))
    _, second = _tenants(session)

    def under(parent: str) -> Exchange:
        return session.post(session.body(patch={"parent_job_id": parent}), tenant=second)

    unknown_is_refused(under, own, "a submission under a job", unknown=stranger, statuses=(*STRANGERS, 422))


@check("ION-ISO-005")
def each_tenant_has_one_organisation(session: Session) -> None:
    """When submitted and when read."""
    first, second = _tenants(session)
    found: dict[str, set[str]] = {}
    for tenant in (first, second, first, second):
        job = session.submit(tenant=tenant)
        for view in (job.created.response.json, session.view(job)):
            found.setdefault(tenant, set()).add(str(get(view, "/organization_id")))
    for tenant, names in found.items():
        expect(len(names) == 1, f"the jobs of the tenant {tenant} name the organisations {', '.join(sorted(names))}")
    expect(found[first] != found[second], "the jobs of two tenants name the same organisation")


@check("ION-ISO-006")
def a_waiting_job_is_safe_from_strangers(session: Session) -> None:
    """It is refused to them, and nothing about the job changes."""
    first, second = _tenants(session)
    job = session.submit("waits", tenant=first)
    session.advance(5)
    attempt = partial(session.cancel, job, tenant=second)
    changes_nothing(view_of(session, job), "canceling the job of another tenant", attempt, STRANGERS)


@check("ION-ISO-007")
def keys_keep_apart(session: Session) -> None:
    """What one key made, another neither reads, lists nor cancels."""
    needed({"one-key", "other-key"} <= session.settings.credentials.keys(), "the target file does not give two keys")
    exchange = need_success(session.post(session.body("long"), credential="one-key"), "a submission with a key")
    job = session.job_of(exchange)
    need_success(session.read(job, credential="one-key"), "the reading of its own job by the holder of a key")
    for name in ("read", "cancel"):
        refused(session.on(name, job, credential="other-key"), f"the call to {name} the job of another key", STRANGERS)
    listed = accepted(session.list_jobs(credential="other-key"), "a key's list")
    expect(job.id.encode() not in listed.response.body, "the list of one key holds the job of another")
    view = session.read(job, credential="one-key").response.json
    expect(get(view, "/is_terminal") is False, "the job was ended by another key")


@check("ION-ISO-008")
def the_slash_knows_tenants_too(session: Session) -> None:
    """What is submitted there belongs to the tenant, who can read it, and nobody else."""
    first, second = _tenants(session)
    exchange = session.call("submit_job_jobs__post", body=session.body(), tenant=first)
    is_taken_here(exchange)
    job, twin = session.job_of(exchange, tenant=first), session.submit(tenant=first)
    for name in ("organization_id", "user_id"):
        right = get(twin.created.response.json, f"/{name}")
        same(right, get(exchange.response.json, f"/{name}"), f"{name} on the path with a slash")
    accepted(session.read(job, tenant=first), "reading one's own job")
    refused(session.read(job, tenant=second), "reading the job of another tenant", STRANGERS)
