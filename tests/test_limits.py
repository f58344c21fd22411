"""The table of limits on the page about serving says what the server's module of limits says."""

from __future__ import annotations

import re
from pathlib import Path

from mockserver.http import limits

PAGE = Path(__file__).parents[1] / "docs" / "serve.md"
ROW = re.compile(r"^\| `([A-Z_]+)` \| ([^|]+) \| [^|]+ \|$", re.MULTILINE)


def test_every_limit_stands_in_the_table_with_its_value() -> None:
    rows = dict(ROW.findall(PAGE.read_text(encoding="utf-8")))
    values = {name: str(value) for name, value in vars(limits).items() if name.isupper()}

    assert rows == values
