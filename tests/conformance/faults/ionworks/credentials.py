"""Faults of Ionworks: credentials."""

from __future__ import annotations

from collections.abc import Callable

from tests.conformance.faults import Apply, Asked, answers, patched, requests
from tests.conformance.faults.ionworks.shapers import ADAPTER, API, CANCEL, HEALTH, METADATA, ORGANIZATION, fault

SECRET = f"{ADAPTER}.credentials:_secret"
SECRET_KEY = "mock-api-key"
KEY_HEADER = "x-api-key"


def _exact_scheme(asked: Asked) -> None:
    if not asked.headers.get("authorization", "Bearer ").startswith("Bearer"):
        del asked.headers["authorization"]


def _any_scheme(asked: Asked) -> None:
    if "authorization" in asked.headers:
        asked.headers["authorization"] = "Bearer " + asked.headers["authorization"].partition(" ")[2]


def _secrets(read: Callable[[str], str]) -> Apply:
    """A secret is read otherwise."""
    return patched(SECRET, lambda original: lambda headers: read(original(headers)))


def _without_bearer(asked: Asked) -> None:
    if asked.headers.pop("authorization", None):
        asked.headers[KEY_HEADER] = "bearer-is-not-read"


def _any_bearer(asked: Asked) -> None:
    if asked.headers.get("authorization", "").startswith("Bearer not"):
        asked.headers["authorization"] = "Bearer mock-api-key"


FAULTS = [
    fault(
        "open-metadata",
        "JOB-AUT-001",
        "metadata asks for no credential",
        requests(API, METADATA, lambda a: a.headers.setdefault(KEY_HEADER, "mock-api-key") and None),
    ),
    fault(
        "any-key",
        "JOB-AUT-002",
        "cancels take any key",
        requests(API, CANCEL, lambda a: a.headers.update({KEY_HEADER: "mock-api-key"})),
    ),
    fault(
        "right-key-is-refused",
        "JOB-AUT-003",
        "metadata refuse every key",
        requests(API, METADATA, lambda a: a.headers.update({"x-api-key": "not-a-key"})),
    ),
    fault(
        "closed-health",
        "JOB-AUT-004",
        "the health asks for a credential",
        answers(API, HEALTH, lambda a, t: setattr(t, "status", 401) if "x-api-key" not in a.headers else None),
    ),
    fault("no-bearer", "ION-AUT-001", "a bearer token is not read", requests(API, "*", _without_bearer)),
    fault("any-scheme", "ION-AUT-002", "the scheme of a token is ignored", requests(API, "*", _any_scheme)),
    fault("any-bearer", "ION-AUT-002", "any bearer token is taken", requests(API, "*", _any_bearer)),
    fault(
        "any-organisation",
        "ION-AUT-003",
        "a credential serves every organisation",
        requests(API, "*", lambda a: a.headers.pop(ORGANIZATION, None) and None),
    ),
    fault("exact-scheme", "ION-AUT-005", "the scheme must be spelt Bearer", requests(API, "*", _exact_scheme)),
    fault("keys-in-any-letters", "ION-AUT-006", "keys are read whatever their case", _secrets(str.lower)),
    fault(
        "keys-with-a-tail",
        "ION-AUT-006",
        "a key may have more behind it",
        _secrets(lambda said: SECRET_KEY if said.startswith(SECRET_KEY) else said),
    ),
    fault(
        "keys-in-part",
        "ION-AUT-006",
        "the beginning of a key is enough",
        _secrets(lambda said: SECRET_KEY if said and SECRET_KEY.startswith(said) else said),
    ),
]
