"""The scripted checks, one function per requirement; the decorator only files them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from conformance.session.session import Session

Function = TypeVar("Function", bound=Callable[..., None])


@dataclass(frozen=True)
class Check:
    """A function that judges one requirement; `strict` ones need a world in which credentials are verified.

    Its name is a sentence; its module is the file that the requirement's id names.
    """

    requirement: str
    name: str
    module: str
    function: Callable[[Session], None]
    strict: bool = False
    row: tuple[Any, ...] = ()

    @property
    def key(self) -> tuple[str, str, str, bool]:
        """Equal for one check that is filed for several requirements."""
        return self.module, self.name, repr(self.row), self.strict


_FILED: dict[str, list[Check]] = {}


def check(requirement: str, name: str = "", *row: Any, strict: bool = False) -> Callable[[Function], Function]:
    """File a function as a check of a requirement; several may judge the same one.

    Checks that differ by values alone are one function, filed once per row: a name of its own, then the arguments that
    follow the session. Without a name the function's is the sentence.
    """

    def file(function: Function) -> Function:
        sentence = name or function.__name__.replace("_", " ")

        def judge(session: Session) -> None:
            function(session, *row)

        _FILED.setdefault(requirement, []).append(Check(requirement, sentence, function.__module__, judge, strict, row))
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
        if any(one.module.startswith(prefixes) for one in filed)
    }
