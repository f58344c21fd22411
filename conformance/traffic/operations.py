"""Says which operation of a document a request means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote, urlsplit

from specs import Operation, Spec


class Operations:
    """The operations of one API by method and path; a path without parameters wins over a template."""

    def __init__(self, spec: Spec, base_path: str | None = None) -> None:
        self.base = spec.base_path if base_path is None else base_path.rstrip("/")
        self.operations = spec.operations
        self._concrete: dict[tuple[str, str], Operation] = {}
        self._templates: list[tuple[str, re.Pattern[str], Operation]] = []
        for operation in spec.operations.values():
            for path in (operation.path, f"{operation.path}/")[: 2 if operation.slash_twin else 1]:
                if "{" in path:
                    pattern = re.sub(r"\\\{(.+?)\\\}", r"([^/]+)", re.escape(path))
                    self._templates.append((operation.method, re.compile(pattern), operation))
                else:
                    self._concrete[operation.method, path] = operation

    def find(self, method: str, target: str) -> tuple[Operation, Mapping[str, str]] | None:
        """The operation and what its path names, or None for a request that the document does not know."""
        path = urlsplit(target).path
        if not path.startswith(self.base):
            return None
        path = path[len(self.base) :]
        concrete = self._concrete.get((method, path))
        if concrete is not None:
            return concrete, {}
        if any(known == path for _, known in self._concrete):
            return None
        for known, pattern, operation in self._templates:
            match = pattern.fullmatch(path) if known == method else None
            if match:
                names = re.findall(r"\{(.+?)\}", operation.path)
                return operation, dict(zip(names, map(unquote, match.groups()), strict=True))
        return None

    def path(self, operation: str, values: Mapping[str, str]) -> str:
        """The path of an operation, base included, with its parameters filled in."""
        filled = self.operations[operation].path
        for name, value in values.items():
            filled = filled.replace(f"{{{name}}}", quote(str(value), safe=""))
        return self.base + filled
