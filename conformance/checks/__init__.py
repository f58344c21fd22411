"""The scripted checks, one function per requirement; the decorator only files them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from conformance.session.session import Session

Function = Callable[[Session], None]


@dataclass(frozen=True)
class Check:
    """A function that judges one requirement; `strict` ones need a world in which credentials are verified."""

    requirement: str
    function: Function
    strict: bool = False

    @property
    def name(self) -> str:
        """The function's name, which is a sentence."""
        return self.function.__name__.replace("_", " ")


_FILED: dict[str, list[Check]] = {}


def check(requirement: str, *, strict: bool = False) -> Callable[[Function], Function]:
    """File a function as a check of a requirement; several may judge the same one."""

    def file(function: Function) -> Function:
        _FILED.setdefault(requirement, []).append(Check(requirement, function, strict))
        return function

    return file


@cache
def all_checks(api: str) -> Mapping[str, list[Check]]:
    """Every check of one API, common ones included, by requirement; reads no other API's modules."""
    for folder in ("common", api):
        package = importlib.import_module(f"{__name__}.{folder}")
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    prefixes = (f"{__name__}.common.", f"{__name__}.{api}.")
    return {
        requirement: filed
        for requirement, filed in _FILED.items()
        if any(one.function.__module__.startswith(prefixes) for one in filed)
    }
