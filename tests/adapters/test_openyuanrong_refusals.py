"""openYuanrong's refusals and credentials: which mistake is told first, in which words, and which token opens."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from typing import Any

import orjson
import pytest

from mockserver.adapters import openyuanrong as api
from mockserver.adapters.exchange import Refusal, Violation
from mockserver.adapters.openyuanrong.reading import API
from mockserver.simulation.errors import WorldFull
from mockserver.simulation.world import World
from tests.adapters.test_openyuanrong import EPOCH_S, NODES, asking, make_world, submission


@pytest.fixture
def world() -> World:
    return make_world()


def refused(*violations: Violation, body: Any = None) -> tuple[int, str]:
    reply = api.error(Refusal("invalid", "the body is wrong", violations=violations, body=body))
    return reply.status, reply.body


def wrong(pointer: str, keyword: str, got: Any, expected: Any = None) -> Violation:
    return Violation("body", tuple(pointer.split(".")) if pointer else (), keyword, expected, got, "is wrong")


@pytest.mark.parametrize(
    ("violation", "text"),
    [
        (wrong("", "required", {"runtime_env": {}}, "entrypoint"), "entrypoint should not be empty"),
        (wrong("entrypoint", "minLength", "", 1), "entrypoint should not be empty"),
        (
            wrong("", "required", {"entrypoint": "x"}, ["entrypoint", "runtime_env"]),
            "runtime_env.working_dir should not be empty",
        ),
        (wrong("runtime_env", "required", {}, "working_dir"), "runtime_env.working_dir should not be empty"),
        (wrong("entrypoint_num_cpus", "anyOf", -1), "entrypoint_num_cpus should not be less than 0"),
        (wrong("entrypoint_num_gpus", "minimum", -0.5, 0), "entrypoint_num_gpus should not be less than 0"),
        (wrong("entrypoint_memory", "anyOf", -1), "entrypoint_memory should not be less than 0"),
        (wrong("entrypoint_memory", "anyOf", 134217728.5), "shouldBind SubmitJob request failed"),
        (wrong("entrypoint_resources.NPU", "minimum", -1, 0), "entrypoint_resources.NPU should not be less than 0"),
        (wrong("submission_id", "pattern", "A_1"), "regular expression validation error"),
        (wrong("submission_id", "not", "a-driver"), "submission_id should not contain"),
        (wrong("submission_id", "type", 7, "string"), "shouldBind SubmitJob request failed"),
        (wrong("metadata.a", "type", 1, "string"), "shouldBind SubmitJob request failed"),
        (wrong("", "type", [], "object"), "shouldBind SubmitJob request failed"),
    ],
)
def test_a_mistake_is_told_in_the_vendor_s_words(violation: Violation, text: str) -> None:
    status, body = refused(violation)

    assert status == 400
    assert body.startswith(text)


@pytest.mark.parametrize(
    ("violation", "text"),
    [
        (
            wrong("entrypoint_num_cpus", "anyOf", 0.1),
            "CPU of 0.1 cores is outside the allowed range from 0.3 to 16 cores",
        ),
        (wrong("entrypoint_num_cpus", "anyOf", 16.5), "16.5 cores"),
        (wrong("entrypoint_memory", "anyOf", (1 << 50) + 1), "memory of 1125899906842625 bytes"),
    ],
)
def test_a_positive_amount_out_of_range_is_a_failed_creation(violation: Violation, text: str) -> None:
    status, body = refused(violation, body={"submission_id": "7"})

    assert status == 500
    assert body.startswith("create app failed, submissionId:[app-7], err: ")
    assert text in body


def test_a_failed_creation_without_an_id_names_one_that_no_job_has() -> None:
    texts = [refused(wrong("entrypoint_num_cpus", "anyOf", 99), body={"n": n})[1] for n in (1, 1, 2)]

    assert texts[0] == texts[1] != texts[2]
    assert all("submissionId:[app-" in text for text in texts)


def test_of_two_mistakes_the_one_checked_first_is_told() -> None:
    too_many, nameless = wrong("entrypoint_num_cpus", "anyOf", 99), wrong("entrypoint", "minLength", "", 1)

    assert refused(too_many, nameless) == (400, "entrypoint should not be empty")


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("malformed", 400),
        ("unrouted", 404),
        ("method", 405),
        ("too_large", 413),
        ("media_type", 415),
        ("throttled", 429),
        ("internal", 500),
    ],
)
def test_every_refusal_is_a_bare_string(kind: Any, status: int) -> None:
    reply = api.error(Refusal(kind, "because"))

    assert reply.status == status
    assert reply.body.endswith("because")


def test_a_full_world_is_an_error_of_the_server() -> None:
    assert api.error(Refusal("unavailable", "full", cause=WorldFull(3))).status == 500


def token(secret: str = "", **claims: Any) -> str:
    parts = [urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=") for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    signed = b".".join(parts)
    return b".".join([signed, urlsafe_b64encode(hmac.digest(secret.encode(), signed, "sha256")).rstrip(b"=")]).decode()


GOOD = token(sub="tenant-7", role="developer", exp=EPOCH_S + 10)


@pytest.mark.parametrize(
    "sent",
    [
        {"headers": {"x-auth": GOOD}},
        {"query_string": f"token={GOOD}".encode()},
        {"headers": {"cookie": f"other=1; iam_token={GOOD}"}},
    ],
)
def test_a_developer_s_token_opens_and_names_the_tenant(world: World, sent: dict[str, Any]) -> None:
    call = asking(world, body=submission(), strict=True, **sent)

    api.verify(call)
    job = api.yr_submit_job(call).body["submission_id"]

    assert world.job(API, job).request.owner == "tenant-7"


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("", "no token"),
        ("only.two", "three parts"),
        ("a.b.c", "header is not JSON"),
        (f"{urlsafe_b64encode(b'[]').decode()}.b.c", "header is not a JSON object"),
        (GOOD.split(".", maxsplit=1)[0] + ".!.c", "payload is not JSON"),
        (token(sub="t", role="user"), "role"),
        (token(sub="t", role="developer", exp=EPOCH_S - 1), "expired"),
        (token(sub="t", role="developer", exp="soon"), "exp is not"),
    ],
)
def test_any_other_token_is_refused_with_an_object(world: World, bad: str, why: str) -> None:
    with pytest.raises(Refusal) as caught:
        api.verify(asking(world, headers={"x-auth": bad}))

    reply = api.error(caught.value)
    assert reply.status == 401
    assert why in reply.body["error"]


def test_a_token_without_an_end_never_expires(world: World) -> None:
    world.advance_to(10**15)

    api.verify(asking(world, headers={"x-auth": token(sub="t", role="developer", exp=0)}))

    assert world.now == 10**9


@pytest.mark.parametrize(
    ("tenant", "secret", "ok"), [("t", "s3cret", True), ("t", "guess", False), ("other", "s3cret", False)]
)
def test_the_signature_counts_where_the_scenario_gives_tenants_secrets(tenant: str, secret: str, ok: bool) -> None:
    world = make_world(NODES + "credentials: {openyuanrong: {t: s3cret}}\n")
    call = asking(world, headers={"x-auth": token(secret, sub=tenant, role="developer")})

    if ok:
        api.verify(call)
    else:
        with pytest.raises(Refusal, match="signature"):
            api.verify(call)


def test_a_signature_that_is_not_base64_is_refused() -> None:
    world = make_world(NODES + "credentials: {openyuanrong: {t: s3cret}}\n")
    header, payload, _ = token("s3cret", sub="t", role="developer").split(".")

    with pytest.raises(Refusal, match="signature"):
        api.verify(asking(world, headers={"x-auth": f"{header}.{payload}.\u00e9"}))
