"""The rules of the house, measured: floors, sizes, docstrings, words, and what the tools say."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import specs
from mockserver.adapters.every import ADAPTERS
from mockserver.adapters.loading import adapter_of

ROOT = Path(__file__).parents[1]
SOURCE = ("specs", "mockserver", "conformance")
MODULES = sorted(path.relative_to(ROOT) for folder in SOURCE for path in (ROOT / folder).rglob("*.py"))
MOST_LINES, MOST_FUNCTION_LINES = 500, 50
"""A file of 400 lines is a signal to look; one of 500 has two subjects."""

FLOORS: dict[str, tuple[str, ...]] = {
    "specs": (),
    "mockserver.simulation": ("specs",),
    "mockserver.adapters": ("specs", "mockserver.simulation"),
    "mockserver.http": ("specs", "mockserver.simulation", "mockserver.adapters"),
    "conformance": ("specs",),
}
"""What each floor may import of ours, beside itself."""

PARTS = {"refusals": ("error",), "credentials": ("verify", "tenant"), "views": ("view",), "reading": ()}
"""What every adapter has: how it refuses, who asks, a job in its words, what a body asks for."""

UNHEARD_OF = ("http", "json", "status_code", "request_body", "response")
CHANCE_AND_WALL_CLOCK = ("time", "random", "uuid4", "datetime.now", "secrets")


def floor_of(dotted: str) -> str | None:
    found = [floor for floor in FLOORS if dotted == floor or dotted.startswith(f"{floor}.")]
    return max(found, key=len, default=None)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: imports are written in full"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_nothing_imports_upwards(path: Path) -> None:
    here = floor_of(".".join(path.with_suffix("").parts))
    if here is None:
        return

    for name in imports(path):
        there = floor_of(name)
        assert there is None or there == here or there in FLOORS[here], f"{path} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_files_and_functions_stay_small_and_say_what_they_are_for(path: Path) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    tree = ast.parse(text)

    assert text.count("\n") <= MOST_LINES
    assert not text.strip() or ast.get_docstring(tree), "no module docstring"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < MOST_FUNCTION_LINES, node.name
            assert len(node.args.posonlyargs + node.args.args) <= 6, f"{node.name}: too many positional parameters"


@pytest.mark.parametrize("path", sorted((ROOT / "mockserver" / "simulation").rglob("*.py")), ids=lambda path: path.name)
def test_the_simulation_speaks_no_http_and_asks_no_wall_clock(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    modules = {
        alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    modules |= {(node.module or "").split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert not names & set(UNHEARD_OF)
    assert not (modules | names) & set(CHANCE_AND_WALL_CLOCK)


def test_every_api_has_an_adapter_with_one_function_per_operation() -> None:
    assert sorted(ADAPTERS) == sorted(specs.names())
    for name in specs.names():
        adapter = adapter_of(name)
        assert adapter is ADAPTERS[name]
        for operation in specs.load(name).operations:
            assert callable(getattr(adapter, operation, None)), f"mockserver.adapters.{name} lacks {operation}"


@pytest.mark.parametrize("name", specs.names())
@pytest.mark.parametrize(("part", "words"), PARTS.items())
def test_every_adapter_has_the_same_parts(name: str, part: str, words: tuple[str, ...]) -> None:
    module = importlib.import_module(f"mockserver.adapters.{name}.{part}")

    assert [word for word in words if not callable(getattr(module, word, None))] == []
    assert [
        word
        for word in words
        if word in ("error", "verify", "tenant") and getattr(adapter_of(name), word) is not getattr(module, word)
    ] == []


@pytest.mark.parametrize("path", [path for path in MODULES if path.parts[:2] == ("mockserver", "http")], ids=str)
def test_no_adapter_travels_as_anything(path: Path) -> None:
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.arg) and node.arg == "adapter":
            assert node.annotation is not None
            assert ast.unparse(node.annotation) in ("Adapter", "Wording")


@pytest.mark.parametrize(
    "path", [path for path in MODULES if path.name != "job.py" or "simulation" not in path.parts], ids=str
)
def test_a_jobs_history_is_read_in_words(path: Path) -> None:
    """It is flat, and only job.py knows how: nobody else takes from it by places, measures it, or gives it another
    name.
    """
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    places: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript):
            places.append(node.value)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            values = [node.value, *(node.targets if isinstance(node, ast.Assign) else [node.target])]
            places += [
                one
                for value in values
                if value is not None
                for one in (value.elts if isinstance(value, ast.Tuple) else [value])
            ]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len":
            places += node.args
    taken = [place.lineno for place in places if isinstance(place, ast.Attribute) and place.attr == "history"]

    assert taken == [], f"{path} takes a job's history by its places at lines {taken}"


FOUND_BY_NAME = {"ADAPTERS"}
"""What nobody names and is yet used: mypy checks that each adapter fits the protocol."""


def test_nothing_is_defined_that_nobody_uses() -> None:
    folders = [ROOT / folder for folder in SOURCE]
    texts = [
        file.read_text(encoding="utf-8")
        for folder in folders
        for end in ("py", "yaml")
        for file in folder.rglob(f"*.{end}")
    ]
    words = Counter(
        word for text in [*texts, (ROOT / "pyproject.toml").read_text()] for word in re.findall(r"\w+", text)
    )
    unused = {
        name
        for path in MODULES
        for name in defined(ast.parse((ROOT / path).read_text(encoding="utf-8")))
        if words[name] == 1 and not name.startswith(("pytest_", "test_"))
    }

    assert unused == FOUND_BY_NAME


def defined(tree: ast.Module) -> Iterator[str]:
    """The functions, classes and constants of a module that no decorator files anywhere."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.decorator_list:
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


@pytest.mark.parametrize("tool", [["ruff", "check", "."], ["mypy"]], ids=lambda tool: tool[0])
def test_the_tools_find_nothing(tool: list[str]) -> None:
    told = subprocess.run([sys.executable, "-m", *tool], cwd=ROOT, capture_output=True, text=True, check=False)

    assert told.returncode == 0, told.stdout[-4000:] + told.stderr[-2000:]
