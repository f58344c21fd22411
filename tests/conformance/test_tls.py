"""Servers with a certificate of an authority of their own, and such that ask for the client's, are judged too."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
from click.testing import CliRunner

from conformance.cli.main import main
from conformance.errors import TransportError
from conformance.run.verdict import Exit
from conformance.target import tls
from conformance.target.transport import HttpTransport
from conformance.traffic.exchange import Request


class Handler(BaseHTTPRequestHandler):
    """Answers everything with an empty list."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps([]).encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca(authority: trustme.CA, tmp_path: Path) -> Path:
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(file)
    return file


@pytest.fixture
def cert(authority: trustme.CA, tmp_path: Path) -> Path:
    file = tmp_path / "client.pem"
    authority.issue_cert("client@example").private_key_and_cert_chain_pem.write_to_path(file)
    return file


@contextmanager
def secure(authority: trustme.CA, *, asks: bool = False) -> Iterator[str]:
    """A server with a certificate of that authority, which may ask for the client's."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    if asks:
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a refused client is no news
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def status(url: str, **options: Path | None) -> int:
    transport = HttpTransport(verify=tls.context(**options))
    try:
        return transport.send(Request("GET", url, "/jobs")).status
    finally:
        transport.close()


def test_an_authority_of_ones_own_is_believed_only_where_it_is_named(authority: trustme.CA, ca: Path) -> None:
    with secure(authority) as url:
        with pytest.raises(TransportError, match="certificate verify failed"):
            status(url)
        assert status(url, ca=ca) == 200


def test_the_environment_names_authorities_too(
    authority: trustme.CA, ca: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(ca))

    with secure(authority) as url:
        assert status(url) == 200


def test_a_server_that_asks_for_it_is_shown_a_certificate(authority: trustme.CA, ca: Path, cert: Path) -> None:
    with secure(authority, asks=True) as url:
        with pytest.raises(TransportError):
            status(url, ca=ca)
        assert status(url, ca=ca, cert=cert) == 200


def test_the_command_line_hands_both_on(authority: trustme.CA, ca: Path, cert: Path) -> None:
    with secure(authority, asks=True) as url:
        words = ["run", "ionworks", "--url", url, "--quick", "--only", "JOB-LST-001"]
        blind = CliRunner().invoke(main, words).output
        seeing = CliRunner().invoke(main, [*words, "--ca", str(ca), "--cert", str(cert)]).output

    assert "certificate verify failed" in blind
    assert "answers with text/html" in seeing  # to a submission


@pytest.mark.parametrize("option", ["--ca", "--cert"])
@pytest.mark.parametrize("command", ["run", "fuzz"])
def test_a_file_without_certificates_is_refused_in_a_sentence(command: str, option: str, tmp_path: Path) -> None:
    file = tmp_path / "junk.pem"
    file.write_text("junk")

    told = CliRunner().invoke(main, [command, "ionworks", "--url", "https://127.0.0.1:9", option, str(file)])

    assert told.exit_code == Exit.USAGE, told.output
    assert told.output.startswith(f"{option} {file}: expected ")
    assert len(told.output.splitlines()) == 1


def test_a_key_alone_is_refused(cert: Path) -> None:
    told = CliRunner().invoke(main, ["run", "ionworks", "--url", "https://127.0.0.1:9", "--key", str(cert)])

    assert told.exit_code == Exit.USAGE
    assert "--key needs --cert" in told.output
