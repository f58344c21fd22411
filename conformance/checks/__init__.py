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


_TOURS: dict[str, list[Function]] = {}


def tour(api: str) -> Callable[[Function], Function]:
    """File a function that only gives the passive oracles of one API something to see."""

    def file(function: Function) -> Function:
        _TOURS.setdefault(api, []).append(function)
        return function

    return file


def tours_of(api: str) -> list[Function]:
    """The tours that were filed for an API."""
    all_checks()
    return _TOURS.get(api, [])


@cache
def all_checks() -> Mapping[str, list[Check]]:
    """Every check there is, by requirement; reads all modules of this package."""
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        importlib.import_module(module.name)
    return _FILED
