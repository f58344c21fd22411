"""Finds the package that words an API: the one of the same name, loaded when it is first needed."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from mockserver.adapters.exchange import Adapter, Json
from mockserver.simulation.job import Job
from mockserver.simulation.world import World


def adapter_of(name: str) -> Adapter:
    """The adapter of an API. Raises ModuleNotFoundError."""
    return cast(Adapter, import_module(f"mockserver.adapters.{name}"))


def callback_body(world: World, job: Job) -> Json:
    """The body of a job's callback; called only for APIs whose jobs can have one."""
    return import_module(f"mockserver.adapters.{job.request.api}").callback_body(world, job)
