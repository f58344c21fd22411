"""The documentation as pages, from the Markdown files that come with the package."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from mockserver.http.pages.page import Page, framed

_PACKAGE = Path(__file__).parents[2]
_FOLDER = next((place for place in (_PACKAGE / "docs", _PACKAGE.parent / "docs") if place.is_dir()), None)
"""In a wheel beside the code, in a checkout beside the package."""


def docs(name: str) -> Page | None:
    """The list of all pages (no name), or the page of that file name, if there is one."""
    files = _files()
    if not name:
        items = "".join(f'<li><a href="{file}">{_title(path)}</a>' for file, path in sorted(files.items()))
        return framed(
            "Understudy: documentation", f"<main><h1>Documentation</h1><ul>{items}</ul></main>", root="../../"
        )
    path = files.get(name)
    if path is None:
        return None
    back = '<nav><a href="../../">Understudy</a><a href="./">Documentation</a></nav>'
    return framed(f"{_title(path)}: Understudy", f"<main>{back}{_rendered(path)}</main>", root="../../")


@lru_cache(maxsize=1)
def _files() -> dict[str, Path]:
    return {} if _FOLDER is None else {path.name: path for path in _FOLDER.glob("*.md")}


def _title(path: Path) -> str:
    return path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")


def _rendered(path: Path) -> str:
    """The file as HTML; headings have the anchors that links of other pages name."""
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(re.sub(r"<!--.*?-->\n?", "", path.read_text(encoding="utf-8")))
    for opening, content in pairwise(tokens):
        if opening.type == "heading_open":
            opening.attrSet("id", re.sub(r"[^\w\- ]", "", content.content.lower()).replace(" ", "-"))
    return str(markdown.renderer.render(tokens, markdown.options, {}))
