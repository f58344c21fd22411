"""No module imports what imports it, however long the way and wherever in the file the import stands."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_house import MODULES, ROOT

IMPORTED_FOR_TYPES = {"mockserver.cli_snapshot", "mockserver.http.records.har", "mockserver.pytest_plugin"}
"""Modules that load what they name only when it is used, so that a command or a server starts quickly."""


def dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def imported(path: Path, known: set[str]) -> set[str]:
    """The modules of ours that this one imports: at its top, in its functions, for types."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names if f"{node.module}.{alias.name}" in known}
            found |= (
                {str(node.module)} if any(f"{node.module}.{alias.name}" not in known for alias in node.names) else set()
            )
    return (found & known) - {dotted(path)}


def circles(arrows: dict[str, set[str]]) -> Iterator[frozenset[str]]:
    """The largest sets of modules of which each leads to each other (strongly connected components, after Tarjan)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    path: list[str] = []

    def visit(name: str) -> Iterator[frozenset[str]]:
        index[name] = low[name] = len(index)
        path.append(name)
        for other in sorted(arrows[name]):
            if other not in index:
                yield from visit(other)
                low[name] = min(low[name], low[other])
            elif other in path:
                low[name] = min(low[name], index[other])
        if low[name] == index[name]:
            found = frozenset(path[path.index(name) :])
            del path[path.index(name) :]
            if len(found) > 1:
                yield found

    for name in sorted(arrows):
        if name not in index:
            yield from visit(name)


def test_nothing_imports_what_imports_it() -> None:
    known = {dotted(path) for path in MODULES}

    found = set(circles({dotted(path): imported(path, known) for path in MODULES}))

    assert not found, "\n".join(", ".join(sorted(one)) for one in found)


def rooms(inside: str) -> dict[str, set[str]]:
    """What each room (a folder, or a file beside the folders) of a package imports of the other rooms."""
    known = {dotted(path) for path in MODULES}

    def room(name: str) -> str:
        return name.removeprefix(f"{inside}.").partition(".")[0]

    arrows: dict[str, set[str]] = {}
    for path in MODULES:
        name = dotted(path)
        if name.startswith(f"{inside}.") and path.name != "__init__.py":
            others = {room(other) for other in imported(path, known) if other.startswith(f"{inside}.")}
            arrows.setdefault(room(name), set()).update(others - {room(name)})
    return {name: others & arrows.keys() for name, others in arrows.items()}


@pytest.mark.parametrize("package", ["conformance", "mockserver.http", "mockserver.simulation"])
def test_rooms_import_downward_only(package: str) -> None:
    found = list(circles(rooms(package)))

    assert not found, "\n".join(", ".join(sorted(one)) for one in found)


def test_nothing_is_imported_for_types_only() -> None:
    found = {dotted(path) for path in MODULES if "TYPE_CHECKING" in (ROOT / path).read_text(encoding="utf-8")}

    assert found <= IMPORTED_FOR_TYPES


def test_a_circle_is_seen_however_long_the_way() -> None:
    assert set(
        circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}, "e": {"f"}, "f": {"e"}, "g": {"g2"}, "g2": set()})
    ) == {
        frozenset("abc"),
        frozenset("ef"),
    }
