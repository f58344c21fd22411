"""Lets schemathesis ask a target through the target's own transport, without a socket."""

from __future__ import annotations

import io
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from schemathesis.transport.requests import REQUESTS_TRANSPORT, RequestsTransport, SameHostRedirectsSession

from conformance.errors import SafetyStop, TransportError
from conformance.target.target import Target
from conformance.traffic.exchange import Request, Response


class TargetAdapter(HTTPAdapter):
    """What a session of `requests` sends with."""

    def __init__(self, target: Target) -> None:
        super().__init__()
        self._target = target

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Ask the target. Raises what `requests` raises where no answer comes."""
        parts = urlsplit(request.url or "")
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        body: Any = request.body.encode() if isinstance(request.body, str) else request.body
        headers = tuple((_text(name), _text(value)) for name, value in request.headers.items())
        try:
            told = self._target.transport.send(
                Request(request.method or "GET", self._target.url, target, headers, body)
            )
        except SafetyStop as error:
            raise requests.exceptions.ConnectionError(str(error), request=request) from error
        except TransportError as error:
            kind = requests.exceptions.ReadTimeout if error.kind == "hung" else requests.exceptions.ConnectionError
            raise kind(str(error), request=request) from error
        return self.build_response(request, _raw(request, told))


class TargetTransport(RequestsTransport):
    """schemathesis' way to send a case, with every session led to the target."""

    def __init__(self, target: Target) -> None:
        super().__init__()
        self._copy_serializers_from(REQUESTS_TRANSPORT)
        self._adapter, self._base = TargetAdapter(target), target.url + target.spec.base_path

    def send(self, case: Any, *, session: requests.Session | None = None, **options: Any) -> Any:
        """Send one case."""
        session = session if session is not None else SameHostRedirectsSession()
        if options.get("base_url") is None:
            options["base_url"] = self._base
        session.mount("http://", self._adapter)
        session.mount("https://", self._adapter)
        return super().send(case, session=session, **options)


def led_to(schema: Any, target: Target) -> Any:
    """The schema, whose cases now reach the target.

    Schemathesis chooses a transport by the kind of application, so that the choice is ours only in a class.
    """
    transport = TargetTransport(target)
    schema.__class__ = type("Led", (type(schema),), {"transport": property(lambda self: transport)})
    return schema


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _raw(request: requests.PreparedRequest, told: Response) -> urllib3.HTTPResponse:
    known = {status.value: status.phrase for status in HTTPStatus}
    return urllib3.HTTPResponse(
        body=io.BytesIO(b"" if request.method == "HEAD" else told.body),
        headers=urllib3.HTTPHeaderDict(told.headers),
        status=told.status,
        version=11,
        reason=known.get(told.status, ""),
        preload_content=False,
        request_method=request.method,
    )
