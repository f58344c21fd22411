"""Whether a request brings the credentials that its document demands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import specs
from mockserver.adapters.exchange import Refusal
from mockserver.http.contract.credentials import Credentials
from tests.conftest import Bench
from tests.specs.small import DOCUMENT, changed, write

SCHEMES = {
    "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "query": {"type": "apiKey", "in": "query", "name": "key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "session"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "Basic"},
}


def credentials(folder: Path, *, strict: bool = False, own: dict[str, Any] | None = None, **root: Any) -> Credentials:
    """What the read operation demands; `root` and `own` are added to the document and to the operation."""
    document = changed(DOCUMENT, "components.securitySchemes", SCHEMES) | {
        key.replace("_", "-"): value for key, value in root.items()
    }
    document["paths"]["/jobs/{id}"]["get"].update({key.replace("_", "-"): value for key, value in (own or {}).items()})
    spec = specs.read(write(folder, document=document))
    return Credentials(spec, spec.operations["small_read"], strict=strict)


def passes(demand: Credentials, fields: dict[bytes, bytes], query: bytes = b"") -> bool:
    try:
        demand.check(fields, query)
    except Refusal as refusal:
        return refusal.kind != "unauthenticated"
    return True


@pytest.mark.parametrize(
    ("scheme", "fields", "query", "enough"),
    [
        ("key", {b"x-key": b"k"}, b"", True),
        ("key", {b"x-key": b" "}, b"", False),
        ("key", {}, b"", False),
        ("query", {}, b"key=k", True),
        ("query", {}, b"key=", False),
        ("cookie", {b"cookie": b"a=b; session=x"}, b"", True),
        ("cookie", {b"cookie": b"a=session"}, b"", False),
        ("bearer", {b"authorization": b"bearer t"}, b"", True),
        ("bearer", {b"authorization": b"Bearer "}, b"", False),
        ("bearer", {b"authorization": b"Basic t"}, b"", False),
        ("basic", {b"authorization": b"BASIC dTpw"}, b"", True),
    ],
)
def test_a_credential_must_be_present(
    tmp_path: Path, scheme: str, fields: dict[bytes, bytes], query: bytes, *, enough: bool
) -> None:
    assert passes(credentials(tmp_path, security=[{scheme: []}]), fields, query) is enough


@pytest.mark.parametrize(
    ("security", "places"),
    [
        ([{"key": []}], "header X-Key"),
        ([{"query": []}, {"cookie": []}], "query parameter key or cookie session"),
        ([{"key": [], "query": [], "cookie": []}], "header X-Key, query parameter key and cookie session"),
        (
            [{"bearer": []}, {"basic": []}],
            "header Authorization: Bearer <token> or header Authorization: Basic <token>",
        ),
    ],
)
def test_a_missing_credential_is_named_by_where_it_is_sent(tmp_path: Path, security: list[Any], places: str) -> None:
    with pytest.raises(Refusal) as refusal:
        credentials(tmp_path, security=security).check({}, b"")

    assert refusal.value.message == f"credentials are missing; expected: {places}"


@pytest.mark.parametrize(
    ("path", "places"),
    [
        ("/api/jobs", "header X-Auth or query parameter token or cookie iam_token"),
        ("/api/job?project=p", "header Authorization: Bearer <token>"),
        ("/v1/jobs", "header X-API-Key, header X-Time, header X-Nonce and header X-Signature"),
        ("/jobs", "header X-API-Key or header Authorization: Bearer <token>"),
        ("/v1/customer/jobs", "header Authorization"),
    ],
)
def test_every_api_says_which_header_it_misses(strict_bench: Bench, path: str, places: str) -> None:
    answer = strict_bench.get(path)

    assert answer.status_code == 401
    assert f"credentials are missing; expected: {places}" in answer.text


def test_one_of_several_sets_is_enough(tmp_path: Path) -> None:
    demand = credentials(tmp_path, security=[{"key": [], "query": []}, {"bearer": []}])

    assert not passes(demand, {b"x-key": b"k"})
    assert passes(demand, {b"x-key": b"k"}, b"key=k")
    assert passes(demand, {b"authorization": b"Bearer t"})


@pytest.mark.parametrize("security", [[], [{}], [{"key": []}, {}]])
def test_an_open_operation_asks_for_nothing(tmp_path: Path, security: list[Any]) -> None:
    demand = credentials(tmp_path, security=security)

    assert demand.is_open
    assert passes(demand, {})


def test_an_operations_own_word_wins_and_strict_reads_the_strict_demand(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "c").mkdir()

    assert credentials(tmp_path / "a", security=[{"key": []}], own={"security": []}).is_open
    assert not credentials(tmp_path / "b", strict=True, security=[], x_strict_security=[{"key": []}]).is_open
    assert credentials(
        tmp_path / "c", strict=True, x_strict_security=[{"key": []}], own={"x_strict_security": []}
    ).is_open
