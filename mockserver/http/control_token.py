"""The token of the control API: generated, or given and checked."""

from __future__ import annotations

import secrets


def made_up() -> str:
    """A random token that cannot be guessed."""
    return secrets.token_urlsafe(24)


def checked(token: str) -> str:
    """The token, if a header field can hold it. Raises ValueError, which does not show it."""
    if not token.strip():
        raise ValueError("the control token is empty; expected visible ASCII characters without blanks")
    if any(not "!" <= sign <= "~" for sign in token):
        raise ValueError(
            "the control token holds a blank or another sign that no header field takes; expected "
            "visible ASCII characters"
        )
    return token
