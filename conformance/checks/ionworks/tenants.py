"""What tenants of Ionworks see of each other: nothing."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.ionworks.steps import BESIDE, STRANGERS, ask, completed_fit, is_taken_here
from conformance.session.expect import accepted, expect, needed, refused
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import MISSING, get, same_value, shown, without_nulls

ARRAY = "list_jobs_jobs__get"


def _tenants(session: Session) -> tuple[str, str]:
    first, second = list(session.settings.tenants)[:2]
    return first, second


@check("ION-ISO-001")
def what_is_beside_a_job_is_its_tenants_own(session: Session) -> None:
    """Each operation that names a job."""
    first, second = list(session.settings.tenants)[:2]
    job = completed_fit(session, patch={"metadata": {"a": 1}}, tenant=first)
    for operation in BESIDE:
        control = ask(session, operation, job)
        needed(control.response.is_success, f"{operation} of a completed fit was answered {control.response.status}")
        refused(
            session.call(operation, {"job_id": job.id}, tenant=second),
            f"{operation} of the job of another tenant",
            (404, 403),
        )


@check("ION-ISO-002")
def totals_and_filters_are_a_tenants_own(session: Session) -> None:
    """Two jobs of one tenant and three of the other."""
    first, second = _tenants(session)
    mine = [session.submit("long", {"job_type": name}, tenant=first) for name in ("dummy", "simulate")]
    others = [session.submit("long", {"job_type": name}, tenant=second) for name in ("dummy", "simulate", "simulate")]
    for job in (*mine, *others):
        session.until(job, "running")
    for tenant, jobs in ((first, mine), (second, others)):
        for query in (
            [],
            [("job_type", "simulate")],
            [("job_types", "simulate"), ("job_types", "dummy")],
            [("status", "processing")],
            [("limit", 1)],
        ):
            own = [job for job in jobs if query != [("job_type", "simulate")] or job.body["job_type"] == "simulate"]
            told = accepted(session.list_jobs(query=query, tenant=tenant), "a tenant's list")
            ids = {get(job, "/job_id") for job in get(told.response.json, "/jobs") or []}
            expect(ids <= {job.id for job in own}, f"the list for {query} holds jobs of another tenant")
            total = get(told.response.json, "/total")
            expect(
                total in (MISSING, len(own)), f"the total for {query} is {total}, the tenant has {len(own)} such jobs"
            )


@check("ION-ISO-003")
def the_array_is_a_tenants_own(session: Session) -> None:
    """Each sees its own job."""
    jobs = [session.submit(tenant=tenant) for tenant in _tenants(session)]
    for job, other in (jobs, jobs[::-1]):
        told = accepted(session.call(ARRAY, tenant=job.tenant), "a tenant's array")
        ids = [get(one, "/job_id") for one in told.response.json or []]
        expect(other.id not in ids, f"the array of one tenant holds job {other.id} of another")
        needed(job.id in ids, "a tenant does not see its own job")


@check("ION-ISO-004")
def a_stranger_is_no_parent(session: Session) -> None:
    """Its own job is one, the job of another tenant is not."""
    first, second = _tenants(session)
    job, own = session.submit("long", tenant=first), session.submit("long", tenant=second)
    control = session.post(session.body(patch={"parent_job_id": own.id}), tenant=second)
    needed(control.response.is_success, "a tenant cannot make its own job a parent")
    refused(
        session.post(session.body(patch={"parent_job_id": job.id}), tenant=second),
        "a submission under the job of another tenant",
        (404, 403, 422),
    )


@check("ION-ISO-005")
def each_tenant_has_one_organisation(session: Session) -> None:
    """When submitted and when read."""
    first, second = _tenants(session)
    jobs = [session.submit(tenant=tenant) for tenant in (first, second, first, second)]
    told: dict[str, set[str]] = {}
    for job in jobs:
        for view in (job.created.response.json, session.view(job)):
            told.setdefault(job.tenant, set()).add(str(get(view, "/organization_id")))
    for tenant, names in told.items():
        expect(len(names) == 1, f"the jobs of the tenant {tenant} tell the organisations {', '.join(sorted(names))}")
    expect(told[first] != told[second], "the jobs of two tenants tell the same organisation")


@check("ION-ISO-006")
def a_waiting_job_is_safe_from_strangers(session: Session) -> None:
    """It is refused to them, and nothing about the job changes."""
    first, second = _tenants(session)
    job = session.submit("waits", tenant=first)
    before = session.view(job)
    session.advance(5)
    told = session.cancel(job, tenant=second)
    refused(told, "canceling the job of another tenant", STRANGERS)
    after = session.view(job)
    expect(same_value(without_nulls(before), without_nulls(after)), "a stranger's request changed the job", told)


@check("ION-ISO-007")
def keys_keep_apart(session: Session) -> None:
    """What one key made, another neither reads, lists nor cancels."""
    needed({"one-key", "other-key"} <= session.settings.credentials.keys(), "the target file does not give two keys")
    exchange = session.post(session.body("long"), credential="one-key")
    needed(exchange.response.is_success, f"a submission with a key was answered {exchange.response.status}")
    job: JobRef = session.job_of(exchange)
    control = session.read(job, credential="one-key")
    needed(control.response.is_success, "the holder of a key cannot read its own job")
    for name in ("read", "cancel"):
        refused(session.on(name, job, credential="other-key"), f"the call to {name} the job of another key", STRANGERS)
    told = accepted(session.list_jobs(credential="other-key"), "a key's list")
    expect(job.id.encode() not in told.response.body, "the list of one key holds the job of another")
    expect(
        get(session.read(job, credential="one-key").response.json, "/is_terminal") is False,
        "the job was ended by another key",
    )


@check("ION-ISO-008")
def the_slash_knows_tenants_too(session: Session) -> None:
    """What is submitted there belongs to the tenant, who can read it, and nobody else."""
    first, second = _tenants(session)
    exchange = session.call("submit_job_jobs__post", body=session.body(), tenant=first)
    is_taken_here(exchange)
    job = session.job_of(exchange, tenant=first)
    twin = session.submit(tenant=first)
    for name in ("organization_id", "user_id"):
        told, right = get(exchange.response.json, f"/{name}"), get(twin.created.response.json, f"/{name}")
        expect(told == right, f"{name} is {shown(told)} on the path with a slash and {shown(right)} without")
    accepted(session.read(job, tenant=first), "reading one's own job")
    refused(session.read(job, tenant=second), "reading the job of another tenant", STRANGERS)
