"""Addresses of servers as people write them: right, or refused in one sentence."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from mockserver.cli import main
from mockserver.client import MockServer
from mockserver.client.address import WrongAddress, base_url


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://127.0.0.1:4080", "http://127.0.0.1:4080"),
        (" http://127.0.0.1:4080/\n", "http://127.0.0.1:4080"),
        ("http://mock", "http://mock"),
        ("https://mock.project_default:443", "https://mock.project_default:443"),
        ("http://[::1]:4080/", "http://[::1]:4080"),
        ("http://ci.example/mock/", "http://ci.example/mock"),
        ("HTTP://LOCALHOST:4080", "http://LOCALHOST:4080"),
    ],
)
def test_addresses_are_taken(text: str, expected: str) -> None:
    assert base_url(text) == expected


WRONG = {
    "127.0.0.1:4080": "no scheme; expected a base URL such as http://127.0.0.1:4080",
    "localhost:4080": "such as http://localhost:4080",
    "mock": "such as http://mock",
    "": "such as http://127.0.0.1:4080",
    "   ": "such as http://127.0.0.1:4080",
    "//127.0.0.1:4080": "no scheme",
    "ftp://127.0.0.1:4080": "is no base URL; expected one such as http://127.0.0.1:4080",
    "file:///tmp": "is no base URL",
    "http://": "is no base URL",
    "http://:4080": "is no base URL",
    "http://127.0.0.1:port": "is no base URL",
    "http://127.0.0.1:99999": "is no base URL",
    "http://127.0.0.1:0": "is no base URL",
    "http://[::1": "is no base URL",
    "http://a b:4080": "is no base URL",
    "http://127.0.0.1:4080/a b": "is no base URL",
    "http://127.0.0.1:4080?x=1": "query or fragment",
    "http://127.0.0.1:4080/?": "query or fragment",
    "http://127.0.0.1:4080#top": "query or fragment",
    "http://user:geheim@127.0.0.1:4080": "user name or password",
    "http://user:geheim@127.0.0.1:port": "is no base URL",
    "http://127.0.0.1:4080/sandbox/zz": "expected the server, http://127.0.0.1:4080, and the sandbox by its name, 'zz'",
    "http://127.0.0.1:4080/sandbox/zz/v1": "the sandbox by its name, 'zz'",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_address_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(WrongAddress) as refused:
        MockServer.at(text)

    message = str(refused.value)
    assert WRONG[text] in message
    assert "\n" not in message
    assert "geheim" not in message


@pytest.mark.parametrize("text", WRONG)
def test_commands_refuse_the_same_with_exit_code_2(text: str, tmp_path: object) -> None:
    result = CliRunner().invoke(main, ["snapshot", "save", f"{tmp_path}/file", "--url", text])

    assert result.exit_code == 2
    assert result.stderr.startswith("mockserver: ")
    assert WRONG[text] in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("token", ["two words", "line\nend", "schlüssel", "\x1b[0m"])
def test_a_token_that_no_header_field_can_hold_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(ValueError, match="visible ASCII") as refused:
        MockServer.at("http://127.0.0.1:4080", token=token)

    assert token not in str(refused.value)
