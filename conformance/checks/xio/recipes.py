"""Recipes of compute.x.io, and the jobs that are cooked from them."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.xio.steps import GPU_ID, INSIDE, READ_JOB, cooked, item_of, listed, recipes
from conformance.session.expect import accepted, expect, need_success, needed, refused, same
from conformance.session.session import Session
from conformance.traffic.json_pointer import MISSING, Json, get, put, shown

FAR_OUT: tuple[Json, ...] = (
    *({f"max_timeout_{name}_ms": 1000} for name in ("run", "assign", "start")),
    *({name: -1} for name in ("cpu_count", "gpu_count", "min_ram_gb", "min_storage_gb", "min_vram_gb")),
    {"max_retry_count": -1},
    {"title": 5},
    {"gpu_registry_uuid": "not a uuid"},
    {"gpu_name": "NVIDIA RTX 4090", "gpu_registry_uuid": GPU_ID},
)
"""Changes that break a bound or a type of creation by far."""
NUMBERS = ("cpu_count", "gpu_count", "min_ram_gb", "min_vram_gb", "min_storage_gb", "max_timeout_run_ms")
KEPT = ("/title", "/task", *(f"/{name}" for name in NUMBERS), f"{INSIDE}/image")
"""What a cooked job has of its recipe, as far as the recipe reports it."""


def _cooked(session: Session, recipe: Json, body: Json) -> list[Json]:
    """A job that was cooked: as the answer shows it, and as it is read."""
    view = accepted(cooked(session, recipe, body), "cooking a recipe").response.json
    expect(isinstance(get(view, "/uuid"), str), "the answer to a cooking holds no id")
    return [view, accepted(session.call(READ_JOB, {"uuid": view["uuid"]}), "reading a cooked job").response.json]


def _some_recipe(session: Session) -> Json:
    """A recipe that can be cooked; a BATCH one where there is one."""
    recipe = next((one for one in recipes(session) if one.get("task") == "BATCH"), recipes(session)[0])
    need_success(cooked(session, recipe, {}), "the control twin")
    return recipe


@check("XIO-CRT-002")
def cooking_makes_a_job(session: Session) -> None:
    """With an empty body, and with none."""
    bodies: tuple[Json, ...] = ({}, MISSING)
    for view in [view for body in bodies for view in _cooked(session, recipes(session)[0], body)]:
        same("job", get(view, "/object"), "what was cooked")


@check("XIO-CRT-003")
def the_body_of_a_cooking_counts_more(session: Session) -> None:
    """Every member that can be changed."""
    texts: Json = {"title": session.unique(), "description": "changed"}
    sizes: Json = {"cpu_count": 3, "gpu_count": 0, "min_ram_gb": 5, "min_storage_gb": 7, "min_vram_gb": 2}
    limits: Json = {"max_timeout_assign_ms": 450_000, "max_timeout_start_ms": 250_000}
    changes = {**texts, **sizes, **limits, "max_retry_count": 4, "max_node_count": 1}
    for recipe in recipes(session):
        own = changes | ({"max_timeout_run_ms": 123_456} if recipe.get("task") == "BATCH" else {})
        for view in _cooked(session, recipe, own):
            for name, value in own.items():
                found = get(view, f"/{name}")
                if found is not MISSING or not name.startswith("max_"):
                    same(value, found, f"{name} of a cooked job")


@check("XIO-CRT-003")
def the_task_of_a_cooking_counts_more(session: Session) -> None:
    """Where another task than the recipe's is taken at all."""
    for recipe in recipes(session):
        task, limit = ("PERSISTENT", None) if recipe.get("task") == "BATCH" else ("BATCH", 600_000)
        own = {"task": task, "max_timeout_run_ms": limit}
        if cooked(session, recipe, own).response.is_success:
            for view in _cooked(session, recipe, own):
                same(task, get(view, "/task"), "the task of a job that was cooked with it")


@check("XIO-CRT-004")
def a_cooked_job_names_its_recipe(session: Session) -> None:
    """And one that was not cooked names none."""
    for recipe in recipes(session):
        for view in _cooked(session, recipe, {}):
            same(recipe["uuid"], get(view, "/source_recipe_uuid"), "the recipe of a cooked job")
    view = session.view(session.submit())
    expect(not get(view, "/source_recipe_uuid"), "a job that was not cooked names a recipe")


@check("XIO-CRT-005")
def a_cooked_job_is_as_its_recipe_says(session: Session) -> None:
    """Where the body says nothing, and although somebody else cooked it otherwise before."""
    for recipe in recipes(session):
        cooked(session, recipe, put({"title": "otherwise", "cpu_count": 7}, f"{INSIDE}/image", "otherwise"))
        for view in _cooked(session, recipe, {}):
            for pointer in KEPT:
                if get(recipe, pointer) not in (MISSING, None):
                    same(get(recipe, pointer), get(view, pointer), f"{pointer} of a cooked job")


@check("XIO-CRT-006")
def objects_are_merged_in_cooking(session: Session) -> None:
    """One more variable leaves the image and its other variables as they are."""
    for recipe in recipes(session):
        own = get(recipe, INSIDE)
        needed(isinstance(own, dict), "the recipe reports no container")
        for view in _cooked(session, recipe, put({}, f"{INSIDE}/env", {"ZZ_MORE": "1"})):
            wanted = {**own, "env": {**own.get("env", {}), "ZZ_MORE": "1"}}
            same(wanted, get(view, INSIDE), "the container of a cooked job with one more variable")


@check("XIO-CRT-007")
def a_gpu_of_a_cooking_replaces_the_recipes(session: Session) -> None:
    """It is named by its id, the recipe's by its name."""
    recipe = next((one for one in recipes(session) if one.get("gpu_name")), None)
    needed(recipe is not None, "no recipe names a GPU")
    own = {"gpu_registry_uuid": GPU_ID}
    if cooked(session, recipe, own).response.is_success:
        for view in _cooked(session, recipe, own):
            expect(not get(view, "/gpu_name"), "a job that was cooked with a GPU's id has the name of the recipe's too")


@check("XIO-ERR-007")
def a_refused_cooking_leaves_nothing_behind(session: Session) -> None:
    """No job."""
    recipe = _some_recipe(session)
    before = get(listed(session, "xio_list_jobs").response.json, "/total")
    is_refused = not cooked(session, recipe, {"cpu_count": -1}).response.is_success
    needed(is_refused, "a cooking that should be refused was not")
    session.advance(2)
    after = get(listed(session, "xio_list_jobs").response.json, "/total")
    same(before, after, "the number of jobs after a refused cooking")


@check("XIO-LST-051")
def a_cooked_job_is_listed(session: Session) -> None:
    """Wherever in it; as it is reported when it is read."""
    for recipe in recipes(session):
        *_, view = _cooked(session, recipe, {})
        item = item_of(session, get(view, "/uuid"))
        expect(item is not MISSING, "a cooked job is not in the list")
        for name in ("title", "task", "cpu_count", "created_at", "source_recipe_uuid"):
            same(get(view, f"/{name}"), get(item, f"/{name}"), f"{name} of a cooked job in the list")


@check("XIO-REQ-020")
def what_is_far_out_of_bounds_is_not_cooked(session: Session) -> None:
    """Each bound, each with a twin that keeps it."""
    recipe = _some_recipe(session)
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
