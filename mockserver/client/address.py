"""Reads the address of a server: a base URL, or one sentence that says why the text is not one."""

from __future__ import annotations

from urllib.parse import SplitResult, unquote, urlsplit

EXAMPLE = "http://127.0.0.1:4080"
_SANDBOX = "/sandbox/"


class WrongAddress(ValueError):
    """The text is not the base URL of a server."""


def base_url(text: str) -> str:
    """The URL without surrounding blanks and without a trailing slash. Raises WrongAddress."""
    url = text.strip()
    if "://" not in url:
        raise WrongAddress(f"{url!r} has no scheme; expected a base URL such as {f'http://{url}' if url else EXAMPLE}")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        host.encode("idna")
    except (ValueError, UnicodeError) as error:
        raise WrongAddress(f"{_shown(url)!r} is no base URL ({error}); expected one such as {EXAMPLE}") from error
    if "@" in parts.netloc:
        raise WrongAddress(
            f"{_shown(url)!r} holds a user name or password, which no server here looks at; leave it out"
        )
    if (
        not host
        or port == 0
        or parts.scheme not in ("http", "https")
        or any(sign.isspace() or sign < "!" for sign in url)
    ):
        raise WrongAddress(f"{url!r} is no base URL; expected one such as {EXAMPLE}")
    _check_rest(url, parts)
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")


def _check_rest(url: str, parts: SplitResult) -> None:
    """Raises WrongAddress if anything but a path follows the server's address."""
    if parts.query or parts.fragment or url.endswith(("?", "#")):
        raise WrongAddress(f"{url!r} holds a query or fragment; expected a base URL such as {EXAMPLE}")
    before, marker, rest = parts.path.partition(_SANDBOX)
    if marker:
        server, name = f"{parts.scheme}://{parts.netloc}{before}", unquote(rest.partition("/")[0])
        raise WrongAddress(
            f"{url!r} is a sandbox; expected the server, {server}, and the sandbox by its name, {name!r}"
        )


def _shown(url: str) -> str:
    """A URL whose user name and password are hidden."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://***@{rest.rpartition('@')[2]}" if "@" in rest else url
