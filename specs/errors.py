"""How a broken document or lifecycle is refused."""

from __future__ import annotations

from pathlib import Path

import yaml

Place = tuple[str | int, ...]


class SpecError(Exception):
    """A file under `specs/` that does not hold together: which file, where in it, and why."""

    def __init__(self, file: Path, place: Place, reason: str) -> None:
        self.file, self.place, self.reason = file, place, reason
        self.line = line_of(file, place)
        where = "/" + "/".join(str(key) for key in place)
        super().__init__(f"{file}:{self.line}: {where}: {reason}")


def line_of(file: Path, place: Place) -> int:
    """Find the line on which a place begins, or the nearest place above it that exists."""
    try:
        node = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, yaml.YAMLError):
        return 1
    line = 1
    for key in place:
        node = _child(node, key)
        if node is None:
            break
        line = node.start_mark.line + 1
    return line


def _child(node: yaml.Node | None, key: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for name, value in node.value if name.value == str(key)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        item: yaml.Node = node.value[key]
        return item
    return None
