"""The APIs of one server with their adapters, their contracts, and the API that answers an unknown path."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mockserver.adapters.exchange import Adapter, Reply, Violation, Wording, file_store
from mockserver.http.answering import errors
from mockserver.http.answering.files import Files
from mockserver.http.asgi.near_paths import NearPaths
from mockserver.http.asgi.path_index import PathIndex
from mockserver.http.contract.answer import ErrorAnswers
from mockserver.http.contract.contract import Contract
from mockserver.http.contract.schema import Schemas
from mockserver.http.pages import Pages
from specs import Spec


class _Api:
    """One served API: its document, its adapter, and its error shape (compiled when first needed)."""

    def __init__(self, spec: Spec, adapter: Adapter) -> None:
        self.spec, self.adapter = spec, adapter
        self.schemas = Schemas(spec)
        self.starts = [(spec.base_path + path).split("/")[1:] for path in spec.document["paths"]]
        self._errors: ErrorAnswers | None = None

    def judge_error(self, reply: Reply) -> tuple[Violation, ...]:
        """How an error answer outside all operations breaks the document's error shape."""
        if self._errors is None:
            self._errors = ErrorAnswers(self.schemas)
        return self._errors.judge(reply)

    def likeness(self, segments: Sequence[str]) -> int:
        """How many leading segments a path shares with the most similar path of this API."""
        return max((_common(start, segments) for start in self.starts), default=0)


class Served:
    """All APIs of one server. `control` is our own API, which answers what belongs to no other."""

    def __init__(self, specs: Sequence[tuple[Spec, Adapter]], index: PathIndex[Any], *, strict: bool) -> None:
        self.index, self.strict = index, strict
        self._apis = [_Api(spec, adapter) for spec, adapter in specs]
        self._homes = {operation: api for api in self._apis for operation in api.spec.operations}
        every = [spec.base_path + path for spec, _ in specs for path in spec.document["paths"]]
        self.near = NearPaths([spec.base_path for spec, _ in specs], every, index)
        self.pages = Pages([spec for spec, _ in specs], strict=strict)
        stores = {spec.name: file_store(adapter) for spec, adapter in specs}
        self.files = Files({name: store for name, store in stores.items() if store is not None})

    def contract(self, operation: str, *, strict: bool | None = None) -> Contract:
        """Compile the contract of an operation; `strict` overrides whether credentials are verified."""
        api = self._homes[operation]
        return Contract(
            api.spec,
            api.schemas,
            api.spec.operations[operation],
            adapter=api.adapter,
            strict=self.strict if strict is None else strict,
        )

    def nearest(self, path: str) -> tuple[Wording, Callable[[Reply], tuple[Violation, ...]]]:
        """The adapter and judge for an undefined path: those of the API with the most similar paths, or of the only
        API.
        """
        segments = path.split("/")[1:]
        vendors = [api for api in self._apis if api.spec.lifecycle is not None]
        best = max(self._apis, key=lambda api: api.likeness(segments))
        if best.likeness(segments) > 0:
            return best.adapter, best.judge_error
        if len(vendors) == 1:
            return vendors[0].adapter, vendors[0].judge_error
        return errors, lambda reply: ()


def _common(template: Sequence[str], segments: Sequence[str]) -> int:
    count = 0
    for expected, sent in zip(template, segments, strict=False):
        if expected != sent and not expected.startswith("{"):
            break
        count += 1
    return count
