"""What a capability is that a target may lack, and what would give it: the cure for NOT-APPLICABLE."""

from __future__ import annotations

from collections.abc import Collection, Iterable

_CAPABILITIES = {
    "virtual-time": ("clock that the judge can move", "--control"),
    "sandboxes": ("separate worlds for each check", "--control"),
    "strict": ("credentials that it verifies", "name credentials.good in a target file"),
    "tenants": ("second tenant", "name two in a target file"),
    "callbacks": ("callbacks", "capabilities.callbacks: true in the target file"),
    "paged": ("list with pages", "paging.limit in the target file"),
    "counted": ("list with a total", "paging.total in the target file"),
    "filtered": ("list with a filter", "paging.filter in the target file"),
    "list-order": ("order of its list", "paging.order in the target file"),
}
"""By name: what it is, and what gives it."""

_SHAPE = "makes-"


def cure(capability: str, roles: Collection[str] = ()) -> str:
    """What makes one capability be there; `roles` are those that the API's lifecycle names."""
    if capability in _CAPABILITIES:
        return _CAPABILITIES[capability][1]
    if capability.startswith(_SHAPE):
        return f"submit.shapes.{capability.removeprefix(_SHAPE)} in the target file"
    unless = ", unless the implementation lacks the operation" if capability in roles else ""
    return f"capabilities.{capability}: true in the target file{unless}"


def lack(missing: Iterable[str]) -> str:
    """A sentence about capabilities that a target lacks."""
    return f"the target has {', and '.join(map(_lacked, missing))}"


def _lacked(capability: str) -> str:
    if capability in _CAPABILITIES:
        return f"no {_CAPABILITIES[capability][0]} ({cure(capability)})"
    if capability.startswith(_SHAPE):
        return f"no way to make a job of the shape {capability.removeprefix(_SHAPE)} ({cure(capability)})"
    return f"no {capability}"
