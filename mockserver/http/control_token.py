"""The token of the control API: made up, or given and looked at."""

from __future__ import annotations

import secrets


def made_up() -> str:
    """A token that nobody guesses."""
    return secrets.token_urlsafe(24)


def checked(token: str) -> str:
    """The token, if a header field can hold it. Raises ValueError, which does not show it."""
    if not token.strip():
        raise ValueError("the control token is empty; expected visible ASCII characters without blanks")
    if any(not "!" <= sign <= "~" for sign in token):
        raise ValueError("the control token holds a blank or another sign that no header field takes; expected visible ASCII characters")
    return token
