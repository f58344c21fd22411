"""Recipes of compute.x.io, and the jobs that are cooked from them."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks import check
from conformance.checks.xio.steps import READ_JOB, cooked, item_of, listed, recipes
from conformance.session.expect import accepted, expect, needed, refused, same
from conformance.session.session import Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, Json, get, shown

FAR_OUT: tuple[Json, ...] = (
    {"max_timeout_run_ms": 1000},
    {"max_timeout_assign_ms": 1000},
    {"max_timeout_start_ms": 1000},
    {"cpu_count": -1},
    {"gpu_count": -1},
    {"min_ram_gb": -1},
    {"min_storage_gb": -1},
    {"min_vram_gb": -1},
    {"max_retry_count": -1},
    {"title": 5},
    {"gpu_registry_uuid": "not a uuid"},
    {"gpu_name": "NVIDIA RTX 4090", "gpu_registry_uuid": "01234567-89ab-cdef-0123-456789abcdef"},
)
"""Changes that break a bound or a type of creation by far."""
KEPT = (
    *(
        "/title",
        "/task",
        "/cpu_count",
        "/gpu_count",
        "/min_ram_gb",
        "/min_vram_gb",
        "/min_storage_gb",
        "/max_timeout_run_ms",
    ),
    "/parameters/parameters/image",
)
"""What a cooked job has of its recipe, as far as the recipe reports it."""


def _views(session: Session, exchange: Exchange) -> Iterator[Exchange]:
    """The answer to a cooking, and the job read again."""
    accepted(exchange, "cooking a recipe")
    yield exchange
    uuid = get(exchange.response.json, "/uuid")
    expect(isinstance(uuid, str), "the answer to a cooking holds no id", exchange)
    yield accepted(session.call(READ_JOB, {"uuid": uuid}), "reading a job that was cooked")


@check("XIO-CRT-002")
def cooking_makes_a_job(session: Session) -> None:
    """With an empty body, and with none."""
    bodies: tuple[Json, ...] = ({}, MISSING)
    for body in bodies:
        for told in _views(session, cooked(session, recipes(session)[0], body)):
            same("job", get(told.response.json, "/object"), "what was cooked", told)


@check("XIO-CRT-003")
def the_body_of_a_cooking_counts_more(session: Session) -> None:
    """Every member that can be changed."""
    changes: Json = {
        "title": session.unique(),
        "description": "changed",
        "cpu_count": 3,
        "gpu_count": 0,
        "min_ram_gb": 5,
        "min_storage_gb": 7,
        "min_vram_gb": 2,
        "max_retry_count": 4,
        "max_node_count": 1,
        "max_timeout_assign_ms": 450_000,
        "max_timeout_start_ms": 250_000,
    }
    for recipe in recipes(session):
        own = changes | ({"max_timeout_run_ms": 123_456} if recipe.get("task") == "BATCH" else {})
        for told in _views(session, cooked(session, recipe, own)):
            for name, value in own.items():
                found = get(told.response.json, f"/{name}")
                expect(found is not MISSING or name.startswith("max_"), f"{name} of a cooked job is not shown", told)
                if found is not MISSING:
                    same(value, found, f"{name} of a cooked job", told)


@check("XIO-CRT-003")
def the_task_of_a_cooking_counts_more(session: Session) -> None:
    """Where another task than the recipe's is taken at all."""
    for recipe in recipes(session):
        task, limit = ("PERSISTENT", None) if recipe.get("task") == "BATCH" else ("BATCH", 600_000)
        exchange = cooked(session, recipe, {"task": task, "max_timeout_run_ms": limit})
        if exchange.response.is_success:
            for told in _views(session, exchange):
                same(task, get(told.response.json, "/task"), "the task of a job that was cooked with it", told)


@check("XIO-CRT-004")
def a_cooked_job_names_its_recipe(session: Session) -> None:
    """And one that was not cooked names none."""
    for recipe in recipes(session):
        for told in _views(session, cooked(session, recipe, {})):
            same(recipe["uuid"], get(told.response.json, "/source_recipe_uuid"), "the recipe of a cooked job", told)
    view = session.view(session.submit())
    expect(not get(view, "/source_recipe_uuid"), "a job that was not cooked names a recipe")


@check("XIO-CRT-005")
def a_cooked_job_is_as_its_recipe_says(session: Session) -> None:
    """Where the body says nothing, and although somebody else cooked it otherwise before."""
    for recipe in recipes(session):
        cooked(
            session,
            recipe,
            {"title": "otherwise", "cpu_count": 7, "parameters": {"parameters": {"image": "otherwise"}}},
        )
        for told in _views(session, cooked(session, recipe, {})):
            for pointer in KEPT:
                if get(recipe, pointer) not in (MISSING, None):
                    same(get(recipe, pointer), get(told.response.json, pointer), f"{pointer} of a cooked job", told)


@check("XIO-CRT-006")
def objects_are_merged_in_cooking(session: Session) -> None:
    """One more variable leaves the image and its other variables as they are."""
    for recipe in recipes(session):
        own = get(recipe, "/parameters/parameters")
        needed(isinstance(own, dict), "the recipe reports no container")
        for told in _views(session, cooked(session, recipe, {"parameters": {"parameters": {"env": {"ZZ_MORE": "1"}}}})):
            wanted = {**own, "env": {**own.get("env", {}), "ZZ_MORE": "1"}}
            same(
                wanted,
                get(told.response.json, "/parameters/parameters"),
                "the container of a cooked job with one more variable",
                told,
            )


@check("XIO-CRT-007")
def a_gpu_of_a_cooking_replaces_the_recipes(session: Session) -> None:
    """It is named by its id, the recipe's by its name."""
    recipe = next((one for one in recipes(session) if one.get("gpu_name")), None)
    needed(recipe is not None, "no recipe names a GPU")
    exchange = cooked(session, recipe, {"gpu_registry_uuid": "01234567-89ab-cdef-0123-456789abcdef"})
    if exchange.response.is_success:
        for told in _views(session, exchange):
            expect(
                not get(told.response.json, "/gpu_name"),
                "a job that was cooked with a GPU's id has the name of the recipe's GPU too",
                told,
            )


@check("XIO-ERR-007")
def a_refused_cooking_leaves_nothing_behind(session: Session) -> None:
    """No job."""
    recipe = recipes(session)[0]
    needed(cooked(session, recipe, {}).response.is_success, "the control twin was refused")
    before = get(listed(session, "xio_list_jobs").response.json, "/total")
    needed(
        not cooked(session, recipe, {"cpu_count": -1}).response.is_success, "a cooking that should be refused was not"
    )
    session.advance(2)
    same(
        before,
        get(listed(session, "xio_list_jobs").response.json, "/total"),
        "the number of jobs after a refused cooking",
    )


@check("XIO-LST-051")
def a_cooked_job_is_listed(session: Session) -> None:
    """Wherever in it; as it is reported when it is read."""
    for recipe in recipes(session):
        *_, told = _views(session, cooked(session, recipe, {}))
        view = told.response.json
        item = item_of(session, get(view, "/uuid"))
        expect(item is not MISSING, "a cooked job is not in the list")
        for name in ("title", "task", "cpu_count", "created_at", "source_recipe_uuid"):
            same(get(view, f"/{name}"), get(item, f"/{name}"), f"{name} of a cooked job in the list", told)


@check("XIO-REQ-020")
def what_is_far_out_of_bounds_is_not_cooked(session: Session) -> None:
    """Each bound, each with a twin that keeps it."""
    recipe = next((one for one in recipes(session) if one.get("task") == "BATCH"), recipes(session)[0])
    needed(cooked(session, recipe, {}).response.is_success, "the control twin was refused")
    for changes in FAR_OUT:
        refused(cooked(session, recipe, changes), f"cooking with {shown(changes)}")


@check("XIO-LST-052")
def a_filter_by_recipe_holds_what_was_cooked_from_it(session: Session) -> None:
    """And no job that was made directly."""
    recipe = recipes(session)[0]
    made = accepted(cooked(session, recipe, {}), "cooking a recipe", (200, 201)).response.json
    plain = session.submit()
    found = [get(job, "/uuid") for job in session.items(query={"filter[recipe_uuid]": recipe["uuid"]})]
    expect(get(made, "/uuid") in found, "a cooked job is not among those of its recipe")
    expect(plain.id not in found, "a job that was made directly is among those of a recipe")
