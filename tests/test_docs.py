"""Documentation is tested: every bash and Python block of README and docs runs, in order, against a fresh server per
page.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mockserver.http.server import serving

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OPTIONS = re.compile(r"<!-- server: (.*?) -->")
HERE = os.environ | {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])}
"""The environment of a reader who has installed the mock."""
ADDRESS = "http://127.0.0.1:4080"


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """(language, code) of the blocks that can run: bash that calls the server, and Python."""
    for language, code in BLOCK.findall(page.read_text(encoding="utf-8")):
        if language == "python" or (language == "bash" and ADDRESS in code):
            yield language, code


def options(page: Path) -> dict[str, str]:
    """What the page's comment `<!-- server: pace=manual auth=strict -->` asks of the server."""
    told = OPTIONS.search(page.read_text(encoding="utf-8"))
    return dict(pair.split("=") for pair in told.group(1).split()) if told else {}


def curl(page: Path) -> str:
    """A quiet curl that fails on errors; a page that shows errors on purpose marks the calls that must not fail with
    `--fail` itself.
    """
    failing = "" if "curl --fail" in page.read_text(encoding="utf-8") else "--fail-with-body"
    return f'curl() {{ command curl {failing} --silent --show-error "$@"; echo; }}\n'


@pytest.mark.parametrize("page", [page for page in PAGES if any(blocks(page))], ids=lambda page: page.name)
def test_the_examples_of_a_page_run(page: Path, tmp_path: Path) -> None:
    with ExitStack() as stack:
        url = stack.enter_context(serving(**options(page)))
        for number, (language, code) in enumerate(blocks(page)):
            code = code.replace(ADDRESS, url).replace("127.0.0.1:4080", url.removeprefix("http://"))
            if language == "bash":
                command = ["bash", "-euo", "pipefail", "-c", curl(page) + code]
            else:
                script = tmp_path / f"test_block_{number}.py"
                script.write_text(code, encoding="utf-8")
                command = [
                    sys.executable,
                    *(["-m", "pytest", "-q", "-p", "no:cacheprovider"] if "def test_" in code else []),
                    str(script),
                ]
            told = subprocess.run(
                command, cwd=tmp_path, env=HERE, capture_output=True, text=True, timeout=120, check=False
            )
            assert told.returncode == 0, f"{page.name}, block {number + 1}:\n{code}\n{told.stdout}\n{told.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def picture_of_the_layout() -> list[str]:
    """The paths that README's picture shows: folders, and what it shows inside them."""
    picture = re.search(r"## Layout\n\n```\w*\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert picture is not None
    paths, folder = [], ""
    for line in picture.group(1).splitlines():
        name = line.split()[0]
        folder = folder if line.startswith(" ") else name
        paths.append(folder + name if line.startswith(" ") else name)
    return paths


def test_everything_in_the_picture_of_the_layout_exists() -> None:
    assert [path for path in picture_of_the_layout() if not (ROOT / path).exists()] == []


def test_the_picture_of_the_layout_leaves_no_package_out() -> None:
    known = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.splitlines()
    folders = {file.partition("/")[0] + "/" for file in known if "/" in file and not file.startswith(".")}
    packages = {str(path.parent.relative_to(ROOT)) + "/" for path in (ROOT / "mockserver").glob("*/__init__.py")}

    assert sorted((folders | packages) - set(picture_of_the_layout())) == []


INSTALLS = re.compile(r"\b(?:pip3?|pipx|uv pip|uv tool|uvx)\b[^\n`]*?(?:\binstall|--from)\b([^\n`]*)")
KINDS = (".md", ".py", ".toml", ".ini", ".yaml", ".yml", ".js", ".html", "")
FOLDERS = ("specs", "mockserver", "conformance", "tests", "benchmarks", "docs", ".github")
TEXTS = [
    path
    for path in (*ROOT.iterdir(), *(file for folder in FOLDERS for file in (ROOT / folder).rglob("*")))
    if path.is_file() and path.suffix in KINDS and path != Path(__file__)
]


def bare_names(text: str) -> list[str]:
    """What an install command takes from PyPI by a name like ours: somebody else's package, or one that somebody else
    could publish.
    """
    words = [
        word.strip("'\",.;:()") for rest in INSTALLS.findall(text) if "@ git+" not in rest for word in rest.split()
    ]
    return [word for word in words if re.fullmatch(r"understudy(-jobs)?(\[[\w,]+\])?([=<>~!].*)?", word, re.IGNORECASE)]


def test_nobody_is_told_to_install_what_is_not_ours() -> None:
    found = {path.name: bare_names(path.read_text(encoding="utf-8")) for path in TEXTS}

    assert {name: names for name, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "line",
    [
        "pip install understudy",
        "`pip install 'understudy[plot]'`",
        "- run: pipx install understudy-jobs",
        "uv tool install Understudy==0.1.0",
        "uvx --from understudy x",
    ],
)
def test_a_bare_name_would_be_found(line: str) -> None:
    assert bare_names(line)


@pytest.mark.parametrize("program", ["judge", "serve"])
def test_the_makefile_passes_arguments_on(program: str) -> None:
    told = subprocess.run(
        ["make", "--dry-run", program, "ARGS=--version"], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert f"{'conformance' if program == 'judge' else 'mockserver serve'} --version" in told.stdout


ARCHITECTURE = ROOT / "docs" / "architecture.md"
PLACE = re.compile(r"`((?:mockserver|conformance|specs|tests|benchmarks|docs)/[\w<>./-]*)(?::([\w.]+))?`")
"""A path of ours in backticks, and what it says to be defined there."""


def definitions(file: Path) -> set[str]:
    """Names that a module defines: functions, classes, constants, and methods as `Class.method`."""
    found: set[str] = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            methods = [one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
            found |= {f"{node.name}.{one.name}" for one in methods}
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        found |= {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    return found


def lost_places(text: str) -> list[str]:
    """The places that a page names and that are not there."""
    lost = []
    for path, name in PLACE.findall(text):
        if "<" in path:
            continue
        file = ROOT / path
        if not file.exists() or (name and name not in definitions(file)):
            lost.append(f"{path}:{name}" if name else path)
    return lost


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_and_function_that_a_page_names_exists(page: Path) -> None:
    assert lost_places(page.read_text(encoding="utf-8")) == []


def test_the_architecture_names_files_and_functions() -> None:
    places = PLACE.findall(ARCHITECTURE.read_text(encoding="utf-8"))

    assert len(places) > 50
    assert len([name for _, name in places if name]) > 30


def test_a_place_that_is_gone_would_be_found() -> None:
    assert lost_places("`specs/none.py`, `specs/__init__.py:nothing`, `tests/test_docs.py:definitions`") == [
        "specs/none.py",
        "specs/__init__.py:nothing",
    ]


def test_the_picture_of_the_rooms_is_true() -> None:
    picture = re.search(r"## The rooms\n\n```text\n(.*?)```", ARCHITECTURE.read_text(encoding="utf-8"), re.DOTALL)
    assert picture is not None
    shown, parents = set(), [""]
    for line in picture.group(1).splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        folder = line.split()[0].removesuffix("<api>/")
        parents[depth + 1 :] = [parents[depth] + folder]
        shown.add(parents[depth + 1])

    rooms = {
        f"{one.parent.relative_to(ROOT)}/"
        for top in ("mockserver", "conformance")
        for one in (ROOT / top).glob("*/__init__.py")
    }
    rooms |= {f"{one.parent.relative_to(ROOT)}/" for one in (ROOT / "mockserver").glob("[hs]*/*/__init__.py")}

    assert sorted(path for path in shown if not (ROOT / path).is_dir()) == []
    assert sorted(rooms - shown) == []
