"""What a target file, or an option, must say so that a capability is there: the cure for NOT-APPLICABLE."""

from __future__ import annotations

from collections.abc import Collection

_CURES = {
    "virtual-time": "--control, for a server with the mock's control API",
    "sandboxes": "--control, for a server with the mock's control API",
    "strict": "credentials.good and credentials.wrong in the target file",
    "tenants": "two entries of `tenants` in the target file",
    "callbacks": "capabilities.callbacks: true in the target file",
    "paged": "paging.limit in the target file",
    "counted": "paging.total in the target file",
    "filtered": "paging.filter in the target file",
    "list-order": "paging.order in the target file",
}


def cure(capability: str, roles: Collection[str] = ()) -> str:
    """What makes one capability be there; `roles` are those that the API's lifecycle names."""
    if capability in _CURES:
        return _CURES[capability]
    if capability.startswith("makes-"):
        return f"submit.shapes.{capability.removeprefix('makes-')} in the target file"
    if capability in roles:
        return f"capabilities.{capability}: true in the target file, unless the implementation lacks the operation"
    return f"capabilities.{capability}: true in the target file"
