"""Keeps forked children from holding a server's sockets, so that closing a port or connection takes effect."""

from __future__ import annotations

import os
import socket
import weakref
from collections.abc import Iterable
from typing import Protocol


class Owner(Protocol):
    """An owner of sockets."""

    def sockets(self) -> Iterable[socket.socket]:
        """The sockets that it has now."""


_owners: weakref.WeakSet[Owner] = weakref.WeakSet()


def leave_out(owner: Owner) -> None:
    """Make processes that are forked from this one lose the owner's sockets."""
    _owners.add(owner)


def _forget() -> None:
    """In a new child, replace each socket with /dev/null, so that closing its number again closes nothing else."""
    numbers = [one.fileno() for owner in list(_owners) for one in owner.sockets()]
    _owners.clear()
    if not numbers:
        return
    null = os.open(os.devnull, os.O_RDWR)
    for number in numbers:
        if number >= 0:
            os.dup2(null, number, inheritable=False)
    os.close(null)


if hasattr(os, "register_at_fork"):  # Windows knows no fork
    os.register_at_fork(after_in_child=_forget)
