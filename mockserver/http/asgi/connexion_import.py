"""Imports connexion without running what this server never uses of it: test client, HTTP clients.

connexion's package body and a few libraries it names at the top of its modules would cost as much start-up time and
memory as everything else together. While its routing is imported a stand-in takes their place, which fetches the real
thing the moment anybody asks it for a name: nothing is patched, nothing is missing.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

_NAMED_ONLY = ("httpx", "requests")  # imported by connexion's routing, which calls nothing in them


class _StandIn(ModuleType):
    """A placeholder for a module, which is imported when one of its names is used."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


class _Deferred(ModuleType):
    """A placeholder for connexion: submodules can be imported, its own body runs when one of its names is used."""

    def __getattr__(self, name: str) -> object:
        spec = self.__spec__
        if name.startswith("__") or spec is None or spec.loader is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        object.__setattr__(self, "__class__", ModuleType)
        spec.loader.exec_module(self)
        return getattr(self, name)


@contextmanager
def lean_imports() -> Iterator[None]:
    """While the block runs, importing parts of connexion imports only what they need."""
    spec = importlib.util.find_spec("connexion") if "connexion" not in sys.modules else None
    if spec is not None:
        package = _Deferred("connexion")
        package.__spec__, package.__loader__, package.__file__ = spec, spec.loader, spec.origin
        package.__path__, package.__package__ = list(spec.submodule_search_locations or ()), "connexion"
        sys.modules["connexion"] = package
    standing = {name: _StandIn(name) for name in _NAMED_ONLY if name not in sys.modules}
    for name, module in standing.items():
        module.__path__ = []
        sys.modules[name] = module
    try:
        yield
    finally:
        for name, module in standing.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]
