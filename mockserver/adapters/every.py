"""Every adapter by the name of its API. Importing this loads all of them; a server loads only those that it serves."""

from __future__ import annotations

from collections.abc import Mapping

from mockserver.adapters import bytenite, ionworks, openyuanrong, runai, xio
from mockserver.adapters.exchange import Adapter

ADAPTERS: Mapping[str, Adapter] = {
    "bytenite": bytenite,
    "ionworks": ionworks,
    "openyuanrong": openyuanrong,
    "runai": runai,
    "xio": xio,
}
"""mypy sees here that each of them is an adapter; a test sees that none is missing."""
