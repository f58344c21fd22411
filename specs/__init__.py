"""What each API promises: its document, its lifecycle, and where to find anything in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from specs import document as _document
from specs import lifecycle as _lifecycle
from specs.document import Node, Operation
from specs.errors import SpecError
from specs.lifecycle import Lifecycle, Role, State, Transition

__all__ = [
    "CONTROL",
    "FOLDER",
    "Lifecycle",
    "Operation",
    "Role",
    "Spec",
    "SpecError",
    "State",
    "Transition",
    "load",
    "names",
    "read",
]

FOLDER = Path(__file__).parent
CONTROL = "control"  # our own control API: described like the others, but not a job API


@dataclass(frozen=True, slots=True)
class Spec:
    """One API as its folder describes it; `lifecycle` is None only for the control API."""

    name: str
    document: Node
    operations: Mapping[str, Operation]
    lifecycle: Lifecycle | None

    @property
    def title(self) -> str:
        """What the API is called."""
        return str(self.document["info"].get("title", self.name))

    @property
    def version(self) -> str:
        """The version of the document."""
        return str(self.document["info"].get("version", ""))

    @property
    def base_path(self) -> str:
        """The path under which the vendor serves its operations; empty for the root."""
        return _document.base_path(self.document)


@cache
def names() -> tuple[str, ...]:
    """The job APIs there are: every folder here that has a document and a lifecycle."""
    return tuple(sorted(file.parent.name for file in FOLDER.glob("*/openapi.yaml") if file.parent.name != CONTROL))


@cache
def load(name: str) -> Spec:
    """Read and check one API, once per process. Raises SpecError (broken) or KeyError (unknown)."""
    if name not in (*names(), CONTROL):
        raise KeyError(f"unknown API {name!r}; known: {', '.join(names())}")
    return read(FOLDER / name)


def read(folder: Path) -> Spec:
    """Read and check the API that a folder describes."""
    file = folder / "openapi.yaml"
    document = _document.read(file)
    _document.check(document, file)
    operations = _document.operations(document, file)
    steps = folder / "lifecycle.yaml"
    lifecycle = None if folder.name == CONTROL else _lifecycle.read(steps, document, operations)
    return Spec(folder.name, document, operations, lifecycle)
