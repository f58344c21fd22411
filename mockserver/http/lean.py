"""Imports connexion without running what this server never uses of it: test client, HTTP clients, templates.

connexion's package body and a few libraries it names at the top of its modules would cost as much start-up time and memory as
everything else together. Each is put in place unexecuted and runs the moment anybody asks it for a name: nothing is patched, nothing is missing.
"""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

_UNUSED_BODIES = ("connexion", "httpx", "requests", "jinja2")  # imported by connexion's routing, which calls nothing in them


class _DeferredPackage(ModuleType):
    """A package whose submodules can be imported at once, while its own body runs when the first of its names is asked for."""

    def __getattr__(self, name: str) -> object:
        spec = self.__spec__
        if spec is None or spec.loader is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        self.__class__ = ModuleType
        spec.loader.exec_module(self)
        return getattr(self, name)


def defer() -> None:
    """Put the packages in place, as far as nobody has imported them yet."""
    for name in _UNUSED_BODIES:
        spec = importlib.util.find_spec(name) if name not in sys.modules else None
        if spec is None:
            continue
        package = _DeferredPackage(name)
        package.__spec__, package.__loader__, package.__file__ = spec, spec.loader, spec.origin
        package.__path__, package.__package__ = list(spec.submodule_search_locations or ()), name
        sys.modules[name] = package
