"""Makes text safe for a terminal and for one line of a log: control characters become escapes."""

from __future__ import annotations

import re

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
