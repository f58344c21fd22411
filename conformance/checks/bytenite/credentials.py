"""Whom ByteNite lets in."""

from __future__ import annotations

from functools import partial

from conformance.checks import check
from conformance.checks.bytenite.steps import NEW, NEWER, OLDER, list_with_token
from conformance.checks.common.steps import DENIED
from conformance.checks.families.refusals import only_right_is_taken
from conformance.errors import NotApplicable
from conformance.session.expect import accepted, needed, refused, same
from conformance.session.session import Session
from conformance.target.settings import secret
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, Json, get, put, shown

ABOUT_A_JOB: dict[str, Json] = {
    **NEWER,
    **OLDER,
    **{f"Customer_{name}": {} for name in ("UploadCompleted", "RunJob", "AbortJob")},
    **{f"Customer_{name}": MISSING for name in ("GetJob", "GetJobConfigs", "GetJobResults")},
    **{f"Customer_{name}": MISSING for name in ("EstimateJob", "DeleteJob")},
}
ABOUT_NO_JOB: dict[str, Json] = {
    "Customer_ListJobs": MISSING,
    "Customer_ListJobTemplates": MISSING,
    "Customer_FilterJobs": {},
    "Customer_RunningTasks": {},
}


def _purchase(session: Session, name: str = "good") -> tuple[str, dict[str, str]]:
    """How a caller buys a token: the operation and its body. NotApplicable where callers buy no tokens."""
    raw = session.settings.credentials.get(name, {}).get("token")
    if not raw:
        raise NotApplicable(f"the target file does not say how the caller {shown(name)} buys a token")
    return raw["operation"], {key: secret(str(value)) for key, value in raw["body"].items()}


def _key(session: Session) -> str:
    """The API key of the good caller."""
    return next(iter(_purchase(session)[1].values()))


def _buy_with(session: Session, key: Json) -> Exchange:
    """A purchase with any value as the API key."""
    operation, body = _purchase(session)
    return session.call(operation, body=put(body, "/apiKey", key), credential="none")


def buy(session: Session, name: str = "good", **changes: str) -> Exchange:
    """Exchange a caller's API key for a token, without any credential. NotApplicable where callers buy no tokens."""
    operation, body = _purchase(session, name)
    return session.call(operation, body=body | changes, credential="none")


def token_of(exchange: Exchange) -> str:
    """The token that a purchase brought. Inconclusive where it brought none."""
    found = get(exchange.response.json, "/token")
    needed(exchange.response.is_success and isinstance(found, str) and found, f"no token was given: {exchange.line}")
    return str(found)


def _recased(word: str) -> str:
    """A word in letters of the other case; another word if it has none."""
    return word.swapcase() if word.swapcase() != word else f"{word}A"


def _life(exchange: Exchange) -> int:
    seconds = str(get(exchange.response.json, "/expiresIn"))
    needed(seconds.isdigit() and 10 < int(seconds) < 10_000_000, f"the token's span of life is {shown(seconds)}")
    return int(seconds)


@check("BYT-AUT-001")
def a_key_buys_a_token(session: Session) -> None:
    """The oracles look at the answer."""
    accepted(buy(session), "the purchase of a token")


@check("BYT-AUT-002", strict=True)
def buying_a_token_takes_none(session: Session) -> None:
    """The purchase itself bears no credential, nor does a second one."""
    for _ in range(2):
        accepted(buy(session), "the purchase of a token without a token")


@check("BYT-AUT-003", strict=True)
def an_unknown_key_buys_nothing(session: Session) -> None:
    """With the known key as its twin, and some that are nearly it."""
    token_of(buy(session))
    known = _key(session)
    wrong = (f"no-{session.unique('key')}", _recased(known), f"{known}-x", known[:-1], "")
    statuses = (400, *DENIED, 404)
    only_right_is_taken(lambda key: buy(session, apiKey=key), known, wrong, "the API key", statuses=statuses)


@check("BYT-AUT-004")
def a_purchase_needs_a_key_that_is_text(session: Session) -> None:
    """Each wrong key with a twin that is right."""
    wrongs: tuple[Json, ...] = (MISSING, 7, [], {}, None)
    token_of(buy(session))
    for wrong in wrongs:
        only_right_is_taken(partial(_buy_with, session), _key(session), [wrong], "the API key", statuses=(400, *DENIED))


@check("BYT-AUT-005", strict=True)
def a_token_is_good_for_its_life(session: Session) -> None:
    """At its beginning and a second before its end."""
    bought = buy(session)
    token = token_of(bought)
    accepted(list_with_token(session, token), "a list with a new token")
    session.advance(_life(bought) - 1)
    accepted(list_with_token(session, token), "a list with a token a second before its end")


@check("BYT-AUT-006", strict=True)
def a_token_ends(session: Session) -> None:
    """A second after its end it is worth nothing, a new one is."""
    bought = buy(session)
    session.advance(_life(bought) + 1)
    refused(list_with_token(session, token_of(bought)), "a list with a token a second after its end", DENIED)
    accepted(list_with_token(session, token_of(buy(session))), "a list with a new token")


@check("BYT-AUT-007", strict=True)
def only_a_whole_token_will_do(session: Session) -> None:
    """Near misses of one that is good."""
    token = token_of(buy(session))
    parts = (token[:-1], token[: len(token) // 2], f"{token}x", token[::-1] if token[::-1] != token else "x")
    wrong = (*parts, _recased(token), _key(session), "Bearer", "null")
    only_right_is_taken(partial(list_with_token, session), token, wrong, "a token")


@check("BYT-AUT-008", strict=True)
def a_token_may_follow_bearer(session: Session) -> None:
    """As integrations send it."""
    right = f"Bearer {token_of(buy(session))}"
    only_right_is_taken(partial(list_with_token, session), right, [right[:-1]], "a token behind Bearer")


@check("BYT-AUT-009", strict=True)
def a_second_token_does_not_end_the_first(session: Session) -> None:
    """Both are good."""
    first = token_of(buy(session))
    session.advance(5)
    second = token_of(buy(session))
    for token in (first, second):
        accepted(list_with_token(session, token), "a list with one of two tokens")


@check("BYT-AUT-010", strict=True)
def a_token_is_not_prolonged_by_its_use(session: Session) -> None:
    """Used in the middle of its life, it ends when it would have ended; of three tokens each is good until then."""
    tokens = [buy(session) for _ in range(3)]
    half = min(_life(one) for one in tokens) / 2
    for _ in range(2):
        for one in tokens:
            accepted(list_with_token(session, token_of(one)), "a list with one of three tokens")
        session.advance(half - 0.5)
    session.advance(2)
    refused(list_with_token(session, token_of(tokens[0])), "a list with a token after its end", DENIED)


@check("BYT-AUT-011", strict=True)
def every_call_asks_for_a_token(session: Session) -> None:
    """Those about a job, and lists of any kind; with a token they are granted or refused for another reason."""
    job = session.submit(draft=True)
    calls = [(name, {"jobId": job.id}, body) for name, body in ABOUT_A_JOB.items()]
    calls += [(name, {}, body) for name, body in ABOUT_NO_JOB.items()]
    calls += [("Customer_GetLogs", {}, {"jobId": job.id}), ("Customer_CreateJob", {}, session.body())]
    for name, values, body in calls:
        for credential in ("none", "wrong"):
            exchange = session.call(name, values, body=body, credential=credential)
            refused(exchange, f"{name} without a right credential", DENIED)
    accepted(session.read(job), "reading a draft that strangers could not touch")
    same(NEW, session.state(job), "the state of a draft that strangers could not touch")
