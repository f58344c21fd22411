"""A whole world as bytes and back.

The bytes are a header, a checksum and a pickle that may name nothing but the simulation's own classes and plain containers,
so that reading a foreign file can refuse but never run anything.
"""

from __future__ import annotations

import io
import pickle
import zlib
from collections import Counter, deque
from collections.abc import Mapping
from hashlib import blake2b
from uuid import UUID

import msgspec

from mockserver.simulation.cluster.packing import PLACEMENTS
from mockserver.simulation.errors import SnapshotError
from mockserver.simulation.lifecycle import LED, Course, Stage
from mockserver.simulation.scenario.scenario import Scenario
from mockserver.simulation.team import COURSES as MEMBERS
from mockserver.simulation.team import MEMBER
from mockserver.simulation.world import World

MAGIC = b"understudy snapshot 1\n"
_DIGEST = 32
_OURS = ("mockserver.simulation.", "mockserver.adapters.")
_PLAIN = {("collections", "deque"): deque, ("collections", "Counter"): Counter, ("uuid", "UUID"): UUID, ("builtins", "set"): set}
_PLAIN |= {("builtins", "frozenset"): frozenset, ("builtins", "bytearray"): bytearray}


class _Freezer(pickle.Pickler):
    def persistent_id(self, thing: object) -> object:
        if isinstance(thing, Stage):
            return "stage", self.course_of[thing], thing.name
        if isinstance(thing, Scenario):
            return "scenario", msgspec.msgpack.encode(thing)
        if isinstance(thing, dict) and thing is self.courses:
            return ("courses",)
        return None

    def __init__(self, file: io.BytesIO, courses: Mapping[str, Course]) -> None:
        super().__init__(file, protocol=5)
        self.courses = courses
        self.course_of = {stage: name for name, course in _all(courses).items() for stage in course.stages.values()}


class _Thawer(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, courses: Mapping[str, Course]) -> None:
        super().__init__(file)
        self.courses, self.all = courses, _all(courses)

    def persistent_load(self, told: object) -> object:
        match told:
            case ("courses",):
                return self.courses
            case ("stage", str(course), str(name)):
                return self.all[course].stages[name]
            case ("scenario", bytes(text)):
                return msgspec.msgpack.decode(text, type=Scenario)
        raise SnapshotError(f"the snapshot refers to {told!r}, which means nothing here")

    def find_class(self, module: str, name: str) -> object:
        plain = _PLAIN.get((module, name))
        if plain is not None:
            return plain
        if module == "mockserver.simulation.cluster.packing":
            return next(place for place in PLACEMENTS.values() if place.__name__ == name)
        if module.startswith(_OURS) and "." not in name:
            found = super().find_class(module, name)
            if isinstance(found, type) and found.__module__ == module:
                return found
        raise SnapshotError(f"the snapshot names {module}.{name}, which has no place in one")


def _all(courses: Mapping[str, Course]) -> dict[str, Course]:
    """The courses of all APIs, those of jobs that a team leads, those of members: names that no API has."""
    led = {f"{api} {LED}": course.led for api, course in courses.items() if course.led is not None}
    return {**courses, **led, **{f"{MEMBER} {name}": course for name, course in MEMBERS.items()}}


def freeze(world: World) -> bytes:
    """The whole state of `world`."""
    world.settle()
    file = io.BytesIO()
    _Freezer(file, world.courses).dump(world)
    body = zlib.compress(file.getvalue(), level=1)
    return MAGIC + blake2b(body, digest_size=_DIGEST).digest() + body


def thaw(data: bytes, courses: Mapping[str, Course]) -> World:
    """A world exactly like the one frozen, independent of it. Raises SnapshotError when `data` is damaged or no snapshot."""
    start = len(MAGIC) + _DIGEST
    if not data.startswith(MAGIC):
        raise SnapshotError(f"this is no snapshot: it begins with {data[: len(MAGIC)]!r}, expected {MAGIC!r}")
    body = data[start:]
    if blake2b(body, digest_size=_DIGEST).digest() != data[len(MAGIC) : start]:
        raise SnapshotError("the snapshot is damaged: its checksum does not match its content")
    try:
        world = _Thawer(io.BytesIO(zlib.decompress(body)), courses).load()
    except SnapshotError:
        raise
    except Exception as error:  # whatever a crafted pickle can raise means the same
        raise SnapshotError(f"the snapshot cannot be read by this version or with these APIs ({type(error).__name__}: {error})") from error
    if not isinstance(world, World):
        raise SnapshotError(f"the snapshot holds a {type(world).__name__}, expected a world")
    world.scheduler.forget, world.scheduler.attend = world.forget, world.attend
    return world
