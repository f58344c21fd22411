"""Faults of compute.x.io: offers, nodes, GPUs and recipes."""

from __future__ import annotations

from tests.conformance.faults.xio.shapers import GPUS, NODES, clamps, drops, edited_query, fault, page

OFFERS = "xio_list_compute_offers"
RECIPES = "xio_list_job_recipes"


FAULTS = [
    fault("any-limit-of-offers", "XIO-LST-030", "any limit of offers", clamps(OFFERS, "limit", 1, 50)),
    fault("any-page-of-offers", "XIO-LST-031", "any page of offers", clamps(OFFERS, "page", 1, 10**9)),
    fault(
        "first-offers-on-every-page",
        "XIO-LST-032",
        "first offers on every page",
        edited_query(OFFERS, lambda told: told.update(page="1") if told.get("page") == "2" else None),
    ),
    fault(
        "offers-not-filtered-by-cores",
        "XIO-LST-033",
        "offers not filtered by cores",
        drops(OFFERS, "filter[cpu_count]"),
    ),
    fault(
        "offers-not-filtered-by-region",
        "XIO-LST-033",
        "offers not filtered by region",
        drops(OFFERS, "filter[allowed_region_codes]"),
    ),
    fault(
        "offers-must-have-more-ram",
        "XIO-LST-033",
        "offers must have more ram",
        edited_query(
            OFFERS,
            lambda told: (
                told.update({"filter[min_ram_gb]": str(int(told["filter[min_ram_gb]"]) + 1)})
                if "filter[min_ram_gb]" in told
                else None
            ),
        ),
    ),
    fault("nodes-not-filtered-by-gpu", "XIO-LST-034", "nodes not filtered by gpu", drops(NODES, "filter[gpu_name]")),
    fault(
        "gpus-not-filtered-by-memory", "XIO-LST-035", "gpus not filtered by memory", drops(GPUS, "filter[min_vram_gb]")
    ),
    fault("every-gpu-is-available", "XIO-LST-036", "every gpu is available", drops(GPUS, "filter[only_available]")),
    fault("every-recipe-is-official", "XIO-LST-037", "every recipe is official", drops(RECIPES, "filter[is_official]")),
    fault(
        "nodes-are-always-free",
        "XIO-LST-038",
        "nodes are always free",
        page(
            NODES,
            lambda asked, body: (
                [ram.update(memory_gb_available=ram["memory_gb_max"]) for node in body["data"] for ram in node["rams"]]
                and None
            ),
        ),
    ),
    fault("any-limit-of-nodes", "XIO-LST-040", "any limit of nodes", clamps(NODES, "limit", 1, 50)),
    fault("any-page-of-nodes", "XIO-LST-041", "any page of nodes", clamps(NODES, "page", 1, 10**9)),
    fault("any-limit-of-gpus", "XIO-LST-042", "any limit of gpus", clamps(GPUS, "limit", 1, 50)),
    fault("any-page-of-gpus", "XIO-LST-043", "any page of gpus", clamps(GPUS, "page", 1, 10**9)),
    fault("any-limit-of-recipes", "XIO-LST-044", "any limit of recipes", clamps(RECIPES, "limit", 1, 50)),
    fault("any-page-of-recipes", "XIO-LST-045", "any page of recipes", clamps(RECIPES, "page", 1, 10**9)),
]
