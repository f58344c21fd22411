"""Which names are names of secrets: by their words (`apiKey`, `X-Signature`), by two of them together (`access_code`)
or, where a name has no words, by its end (`PGPASSWORD`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_SHORT = 200  # characters of a name that is remembered
_LONG = 2000  # of what is longer only the beginning and the end are looked at
_SECRET = frozenset(
    [
        "secret",
        "secrets",
        "token",
        "tokens",
        "password",
        "passwords",
        "passwd",
        "passphrase",
        "passphrases",
        "passcode",
        "pwd",
        "key",
        "keys",
        "apikey",
        "authorization",
        "auth",
        "signature",
        "signatures",
        "hmac",
        "credential",
        "credentials",
        "creds",
        "cookie",
        "cookies",
        "private",
        "jwt",
        "bearer",
        "oauth",
        "otp",
        "totp",
        "sessionid",
        "sessid",
        "sid",
        "csrf",
        "xsrf",
        "dsn",
        "mnemonic",
        "mnemonics",
        "cvv",
        "cvc",
        "ssn",
        "kubeconfig",
        "dockerconfigjson",
    ]
)
_SECRET_LAST = frozenset({"sig", "pin", "pass", "pat"})  # elsewhere in a name they are harmless: pin_memory, pass_rate
_COUNTED = frozenset({"tokens", "keys"})
_QUANTITIES = frozenset({"max", "min", "num", "total", "count", "per", "limit", "new"})  # max_tokens is a number
_SECRET_PAIRS = frozenset(
    {
        ("access", "code"),
        ("session", "id"),
        ("sess", "id"),
        ("connection", "string"),
        ("conn", "str"),
        ("connection", "uri"),
        ("database", "url"),
        ("db", "url"),
        ("webhook", "url"),  # who knows it may post: Slack, Discord, Teams
        ("webhook", "uri"),
        ("auth", "code"),
        ("verification", "code"),
        ("security", "code"),
        ("recovery", "code"),
        ("recovery", "codes"),
        ("backup", "codes"),
        ("pin", "code"),
        ("seed", "phrase"),
        ("recovery", "phrase"),
        ("card", "number"),
    }
)
_GLUED = re.compile(
    r"(?:passwords?|passwd|passphrase|passcode|pincode|pwd|secrets?|tokens?|credentials?|signature|cookie"
    r"|sess(?:ion)?id|connectionstring|databaseurl|webhookurl|seedphrase|dsn|(?:git(?:hub|lab)?|gh|gl|ado)pat"
    r"|(?:db|my|my?sql|pg|user|usr|root|admin|ssh|sudo|redis|mongo|smtp|mail|ftp|ldap|store|login|proxy|http|web)pass"
    r"|(?:api|secret|access|private|signing|encryption|master|shared|auth|account|license|ssh|pass)keys?)$"
)
"""How a name that is written as one word ends where it holds a secret."""


def is_secret(name: str) -> bool:
    """Whether a member of that name holds a secret; short names, which come again and again, are remembered."""
    if len(name) <= _SHORT:
        return _is_secret(name)
    return _is_secret.__wrapped__(name if len(name) <= _LONG else f"{name[:_LONG]} {name[-_LONG:]}")


@lru_cache(maxsize=4096)
def _is_secret(name: str) -> bool:
    if name in ("PWD", "OLDPWD"):  # where a shell is
        return False
    words = [word.lower() for word in _WORD.findall(name)]
    if not words:
        return False
    counts = _COUNTED if not _QUANTITIES.isdisjoint(words) else ()
    if words[-1] in _SECRET_LAST or any(_is_secret_word(word) for word in words if word not in counts):
        return True
    return any(pair in _SECRET_PAIRS for pair in pairwise(words))


def _is_secret_word(word: str) -> bool:
    return word in _SECRET or _GLUED.search(word) is not None
