"""The secrecy oracle: a refusal does not repeat the credential that was sent."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from conformance.oracles.oracle import Violation
from conformance.traffic.exchange import Exchange, Request
from conformance.traffic.redaction import bare, is_credential

REPEATED = "JOB-ERR-014"
_SHORTEST = 8
"""A shorter value may be part of a text by chance."""


class Secrecy:
    """Looks for the credentials of a request in its refusal."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Forget everything: another world begins."""
        self.examined: Counter[str] = Counter()

    def observe(self, exchange: Exchange) -> Iterable[Violation]:
        """Judge a refusal."""
        answer = exchange.response
        secrets = list(_credentials(exchange.request)) if answer.status >= 400 else []
        if not secrets:
            return
        self.examined[REPEATED] += 1
        places = {f"the header {name}": value for name, value in answer.headers}
        places["the body"] = answer.body.decode("utf-8", "replace")
        for name, secret in secrets:
            spelled = {secret, json.dumps(secret)[1:-1], quote(secret, safe="")}
            for place, text in places.items():
                if any(one in text for one in spelled):
                    yield Violation(REPEATED, f"{place} of the refusal repeats the {name} that was sent", (exchange,))
                    return


def _credentials(request: Request) -> Iterator[tuple[str, str]]:
    """The names and values of what the request's sender keeps secret; beside a signature a key is no secret."""
    fields = [(name, bare(value)) for name, value in request.headers if is_credential(name)]
    signatures = [(name, value) for name, value in fields if name.lower().endswith("signature")]
    asked = request.json
    members = asked.items() if isinstance(asked, dict) else ()
    fields = (signatures or fields) + [(name, value) for name, value in members if is_credential(name)]
    yield from ((name, value) for name, value in fields if isinstance(value, str) and len(value) >= _SHORTEST)
