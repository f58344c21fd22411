"""compute.x.io's lists of offers, nodes, GPUs and recipes."""

from __future__ import annotations

from collections.abc import Callable

from conformance.checks import check
from conformance.checks.xio.steps import GPU_ID, OTHER_GPU_ID, data_of, listed
from conformance.errors import NotApplicable
from conformance.session.cluster import staged
from conformance.session.expect import expect, needed, same
from conformance.session.session import Session
from conformance.traffic.json_pointer import MISSING, Json, get

OFFERS, NODES = "xio_list_compute_offers", "xio_list_nodes"
REGISTRY, RECIPES = "xio_list_gpu_registry", "xio_list_job_recipes"
HARDWARE = "/hardware_summary"


def _gpu(count: int, model: str, registry: str, gigabytes: int) -> Json:
    return {"count": count, "model": model, "registry": registry, "vram_gib": gigabytes}


def _node(kind: str, size: int, region: str, **others: Json) -> Json:
    sizes = {"cpu": 4 * size, "memory_gib": 16 * size, "storage_gib": 100 * size}
    return {"class": kind, **sizes, "region": region, **others}


STAGE: tuple[Json, ...] = (
    _node("small", 1, "eu-west-1"),
    _node("middle", 2, "us-east-1", gpu=_gpu(1, "Judge Alpha", GPU_ID, 16)),
    _node("large", 4, "us-east-1", gpu=_gpu(4, "Judge Beta", OTHER_GPU_ID, 40), count=2),
)
"""Kinds of node that differ in everything."""


def _everything(session: Session, operation: str, **query: object) -> list[Json]:
    """All items of a list, which must fit on a page of fifty or be read page by page."""
    found: list[Json] = []
    for page in range(1, 40):
        items = data_of(listed(session, operation, limit=50, page=page, **query))
        found += items
        if len(items) < 50:
            break
    return found


def _key(item: Json) -> str:
    return str(item.get("uuid") or item.get("offer_id"))


def _at(pointer: str) -> Callable[[Json], Json]:
    """What an item has at a pointer."""
    return lambda item: get(item, pointer)


def _at_least(session: Session, operation: str, name: str, read: Callable[[Json], Json]) -> None:
    """A filter holds, of all items, those that have at least so much."""
    whole = _everything(session, operation)
    amounts = sorted({amount for item in whole if isinstance(amount := read(item), int | float)})
    for amount in amounts:
        if amount != int(amount):
            continue
        for bound in (int(amount), int(amount) + 1):
            wanted = [_key(item) for item in whole if isinstance(read(item), int | float) and read(item) >= bound]
            found = [_key(item) for item in _everything(session, operation, **{f"filter_{name}": bound})]
            same(sorted(wanted), sorted(found), f"{operation} with at least {bound} as {name}")


def _each_text(session: Session, operation: str, name: str, pointer: str) -> None:
    """A filter by a text, each that there is, holds those items that have it at a pointer, or as a part of that."""
    whole = {_key(item): get(item, pointer) for item in _everything(session, operation)}
    for text in sorted({str(value) for value in whole.values() if value not in (MISSING, None, "")}):
        wanted = [key for key, value in whole.items() if text in str(value)]
        found = [_key(item) for item in _everything(session, operation, **{f"filter_{name}": text})]
        same(sorted(wanted), sorted(found), f"{operation} with {text} as {name}")


def _set_stage(session: Session) -> None:
    """Known nodes where they can be had; otherwise whatever there is."""
    if session.target.has_virtual_time:
        staged(session, *STAGE)


@check("XIO-LST-032")
def pages_of_the_catalog_hold_everything_once(session: Session) -> None:
    """One by one and two by two."""
    for operation in filter(session.offers, (OFFERS, NODES, REGISTRY, RECIPES)):
        whole = [_key(item) for item in _everything(session, operation)]
        if len(whole) < 2:
            continue
        expect(len(set(whole)) == len(whole), f"{operation} reports something twice")
        for limit in (1, 2):
            found: list[str] = []
            for page in range(1, min(len(whole), 12) // limit + 2):
                exchange = listed(session, operation, limit=limit, page=page)
                same(len(whole), get(exchange.response.json, "/total"), f"the total of {operation}")
                found += [_key(item) for item in data_of(exchange)]
            same(whole[: len(found)], found, f"the pages of {limit} of {operation}")
            is_whole = len(found) >= min(len(whole), 12)
            expect(is_whole, f"the pages of {operation} hold {len(found)} of {len(whole)} items")
        same([], data_of(listed(session, operation, limit=50, page=1000)), f"a page of {operation} beyond the end")


@check("XIO-LST-033")
def offers_are_filtered(session: Session) -> None:
    """By amounts, by GPU, by region."""
    _set_stage(session)
    members = {"cpu_count": "cpu_cores", "gpu_count": "gpu_count", "min_vram_gb": "min_gpu_vram_gib"}
    members |= {"min_ram_gb": "ram_gib", "min_storage_gb": "storage_gib"}
    for name, member in members.items():
        _at_least(session, OFFERS, name, _at(f"{HARDWARE}/{member}"))
    for name, pointer in (("gpu_name", f"{HARDWARE}/gpu_model_label"), ("allowed_region_codes", "/region_code")):
        _each_text(session, OFFERS, name, pointer)


@check("XIO-LST-034")
def nodes_are_filtered(session: Session) -> None:
    """By amounts and by GPU."""
    _set_stage(session)
    places = {"cpu_count": "/cpus/0/num_cores", "min_ram_gb": "/rams/0/memory_gb_max"}
    places |= {"min_storage_gb": "/hard_drives/0/max_capacity_gb", "min_vram_gb": "/gpus/0/vram_gb_max"}
    for name, pointer in places.items():
        _at_least(session, NODES, name, _at(pointer))
    _at_least(session, NODES, "gpu_count", lambda item: len(item.get("gpus") or []))
    _each_text(session, NODES, "gpu_name", "/gpus/0/name")


@check("XIO-LST-035")
def registered_gpus_are_filtered_by_memory(session: Session) -> None:
    """At least so much."""
    _set_stage(session)
    _at_least(session, REGISTRY, "min_vram_gb", lambda item: item.get("vram_gb"))


@check("XIO-LST-036")
def a_gpu_that_is_taken_is_not_available(session: Session) -> None:
    """The only one of its model."""
    staged(session, *STAGE)
    before = _everything(session, REGISTRY, filter_only_available="true")
    needed(GPU_ID in [_key(item) for item in before], "the GPU is not available at first")
    session.submit("long", {"gpu_count": 1, "gpu_registry_uuid": GPU_ID}, until="running")
    free = [_key(item) for item in _everything(session, REGISTRY, filter_only_available="true")]
    expect(GPU_ID not in free, "a GPU that a job holds is available")
    expect(len(free) == len(before) - 1, "a GPU that no job holds is not available")
    known = [_key(item) for item in _everything(session, REGISTRY, filter_only_available="false")]
    expect(GPU_ID in known, "a GPU that a job holds is not registered")


@check("XIO-LST-037")
def recipes_are_official_or_not(session: Session) -> None:
    """As they say themselves."""
    known = {str(item.get("is_official")) for item in _everything(session, RECIPES)}
    if not known & {"True", "False"}:
        raise NotApplicable("no recipe says whether it is official")
    for word in ("true", "false"):
        found = _everything(session, RECIPES, filter_is_official=word)
        for item in found:
            same(word == "true", item.get("is_official"), f"is_official of a recipe among those that are {word}")
        same(word.capitalize() in known, bool(found), f"whether there are recipes that are official={word}")


@check("XIO-LST-038")
def what_a_job_takes_is_not_free(session: Session) -> None:
    """RAM and storage of the only node."""
    staged(session, {"class": "only", "cpu": 8, "memory_gib": 32, "storage_gib": 100})
    free = "/availability/available_nodes"
    same(1, get(_everything(session, OFFERS)[0], free), "the free nodes of the only offer")
    job = session.submit("long", {"min_ram_gb": 12, "min_storage_gb": 30}, until="running")
    same(0, get(_everything(session, OFFERS)[0], free), "the free nodes when a job is on the only one")
    node = _everything(session, NODES)[0]
    for pointer, left in (("/rams/0/memory_gb_available", 20), ("/hard_drives/0/available_capacity_gb", 70)):
        same(left, get(node, pointer), pointer)
    session.cancel(job)
    session.stopped(job)
    session.advance(2)
    node = _everything(session, NODES)[0]
    same(32, get(node, "/rams/0/memory_gb_available"), "the free RAM after the job was stopped")
