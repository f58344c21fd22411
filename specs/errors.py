"""How a broken document or lifecycle is refused."""

from __future__ import annotations

from pathlib import Path

from specs import strict_yaml

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
        return strict_yaml.Document(file.read_bytes()).line(place)
    except (OSError, strict_yaml.YamlError):
        return 1
