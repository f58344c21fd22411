"""The judge's rooms: imports lead downward only, and nothing leads in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import conformance

ROOT = Path(conformance.__file__).parent
FLOORS = (
    ("errors",),
    ("traffic",),
    ("catalogue",),
    ("target",),
    ("oracles",),
    ("proxy", "session"),
    ("checks",),
    ("run",),
    ("search",),
    ("report",),
    ("cli",),
    ("__main__", "pytest_plugin", "test_requirements"),
)
"""From the ground up. A room may import rooms of the floors below it, and itself."""
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
FILES = {".".join(("conformance", *path.relative_to(ROOT).with_suffix("").parts)): path for path in ROOT.rglob("*.py")}
MODULES = {name.removesuffix(".__init__"): path for name, path in FILES.items()}


def imports(path: Path) -> Iterator[str]:
    """The modules of the judge that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                if inner in MODULES or node.module in MODULES:
                    yield inner if inner in MODULES else str(node.module)


def room_of(module: str) -> str:
    """The first name behind `conformance`; empty for the package itself."""
    return module.split(".")[1] if "." in module else ""


def test_every_room_has_its_floor() -> None:
    assert {room_of(module) for module in MODULES} == {"", *FLOOR}


def test_imports_lead_downward() -> None:
    arrows = [
        (module, name) for module, path in MODULES.items() if room_of(module) for name in imports(path) if room_of(name)
    ]

    assert [
        f"{module} imports {name}"
        for module, name in arrows
        if room_of(name) != room_of(module) and FLOOR[room_of(name)] >= FLOOR[room_of(module)]
    ] == []


def test_no_import_leads_in_a_circle() -> None:
    graph = {module: set(imports(path)) - {module, "conformance"} for module, path in MODULES.items()}

    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        pytest.fail(f"imports lead in a circle: {' -> '.join(circle.args[1])}")


def test_no_import_is_for_types_only() -> None:
    assert [module for module, path in MODULES.items() if "TYPE_CHECKING" in path.read_text(encoding="utf-8")] == []


def test_lines_are_at_most_120_columns() -> None:
    files = [*ROOT.rglob("*.py"), *(Path(__file__).parent / "faults").rglob("*.py")]

    assert [
        f"{path}:{number}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > 120
    ] == []
