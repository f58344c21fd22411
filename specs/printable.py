"""Makes text and values safe for a person to read: control characters become escapes, values JSON."""

from __future__ import annotations

import json
import re
from typing import Any

_ACTING = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\ufff9-\ufffb]"
)


def printable(text: str) -> str:
    """A text on one line, with control, direction and invisible characters and halves of pairs escaped, as
    in `\\x1b`.
    """
    return _ACTING.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def printable_lines(text: str) -> str:
    """The same for a text of several lines; keeps the line breaks."""
    return "\n".join(printable(line) for line in text.split("\n"))


def as_json(value: Any, most: int = 100) -> str:
    """A value as its author would write it in JSON, cut where it is long; dates and the like as text."""
    begun = value[: most + 1] if isinstance(value, str) else value  # a long text is not copied to be cut
    text = json.dumps(begun, ensure_ascii=False, default=str)
    return text if len(text) <= most else f"{text[: most - 1]}…"
