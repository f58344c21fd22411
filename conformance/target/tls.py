"""Which servers are believed to be who they say, and who we say that we are."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import certifi

from conformance.errors import SettingsError


def context(ca: Path | None = None, cert: Path | None = None, key: Path | None = None) -> ssl.SSLContext:
    """Trust the usual authorities, those of SSL_CERT_FILE and SSL_CERT_DIR, and those of `ca`, a file or a folder.

    `cert`, with `key` if that is another file, is what a server sees that asks for a certificate. Raises SettingsError.
    """
    made = ssl.create_default_context(cafile=certifi.where())
    if key is not None and cert is None:
        raise SettingsError("--key needs --cert, the certificate that it belongs to")
    named = (
        ("SSL_CERT_FILE", os.environ.get("SSL_CERT_FILE")),
        ("SSL_CERT_DIR", os.environ.get("SSL_CERT_DIR")),
        ("--ca", ca),
    )
    for what, place in named:
        if place:
            _trust(made, what, Path(place))
    if cert is not None:
        try:
            made.load_cert_chain(cert, key, password=_no_password)
        except (OSError, ValueError) as error:
            raise SettingsError(
                f"--cert {cert}: expected a certificate in PEM form and its key without a password, there or in --key"
            ) from error
    return made


def _trust(made: ssl.SSLContext, what: str, place: Path) -> None:
    try:
        if place.is_dir():
            made.load_verify_locations(capath=place)
        else:
            made.load_verify_locations(cafile=place)
    except FileNotFoundError as error:
        raise SettingsError(f"{what} {place}: no such file or folder") from error
    except (OSError, ValueError) as error:
        raise SettingsError(f"{what} {place}: expected certificates of authorities in PEM form") from error


def _no_password() -> str:
    raise ValueError("a key with a password cannot be used")
