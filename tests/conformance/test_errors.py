"""The judge's errors are one tree, drawn where they are defined."""

from __future__ import annotations

import re

from conformance import errors
from conformance.session.expect import Failure


def drawn() -> dict[str, str]:
    """The tree of the docstring: each class with the one above it."""
    above: list[str] = ["JudgeError"]
    tree: dict[str, str] = {}
    for line in str(errors.__doc__).splitlines():
        found = re.match(r"    ([│ ]*)[├└]── (\w+)", line)
        if found:
            depth = len(found[1]) // 4 + 1
            tree[found[2]] = above[depth - 1]
            above[depth:] = [found[2]]
    return tree


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    def below(kind: type) -> list[type]:
        return [one for child in kind.__subclasses__() for one in (child, *below(child))]

    found = {one.__name__: one.__mro__[1].__name__ for one in below(errors.JudgeError)}

    assert Failure.__name__ in found
    assert found == drawn()
