"""A document is read, or refused with the place where it goes wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import specs
from specs import document, strict_yaml
from tests.specs.small import DOCUMENT, changed, write


def test_operations_know_their_place_and_parameters(tmp_path: Path) -> None:
    spec = specs.read(write(tmp_path))

    read = spec.operations["small_read"]
    assert (read.method, read.path, read.pointer) == ("GET", "/jobs/{id}", ("paths", "/jobs/{id}", "get"))
    assert [parameter["name"] for parameter in read.parameters] == ["id"]
    assert (spec.title, spec.version, spec.base_path) == ("Small", "1", "/base")


@pytest.mark.parametrize(
    ("path", "value", "place", "reason"),
    [
        ("openapi", "3.0.3", ("openapi",), "OpenAPI 3.1 is expected"),
        ("info", ..., ("info",), "is missing"),
        ("paths", [], ("paths",), "is missing"),
        (
            "components.schemas.Job.not",
            {"$ref": "#/components/schemas/Id"},
            ("components", "schemas", "Job", "not", "$ref"),
            "leads nowhere",
        ),
        (
            "components.schemas.Job.not",
            {"$ref": "other.yaml#/Id"},
            ("components", "schemas", "Job", "not", "$ref"),
            "leads nowhere",
        ),
        ("paths./jobs.get.operationId", "small_submit", ("paths", "/jobs", "post", "operationId"), "is also GET /jobs"),
        ("paths./jobs.get.operationId", ..., ("paths", "/jobs", "get"), "an operationId is expected"),
    ],
)
def test_a_broken_document_is_refused_with_its_place(
    tmp_path: Path, path: str, value: Any, place: tuple[str | int, ...], reason: str
) -> None:
    folder = write(tmp_path, document=changed(DOCUMENT, path, value))

    with pytest.raises(specs.SpecError, match=reason) as refused:
        specs.read(folder)

    assert refused.value.place == place
    assert refused.value.file == folder / "openapi.yaml"


@pytest.mark.parametrize("text", ["a: [", "- 1", "a: 1\na: 2", ""])
def test_what_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    folder = write(tmp_path)
    (folder / "openapi.yaml").write_text(text)

    with pytest.raises(specs.SpecError):
        specs.read(folder)


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match="ionworks"):
        specs.load("nobody")


def test_names_are_the_folders_with_a_document() -> None:
    assert specs.names() == ("bytenite", "ionworks", "openyuanrong", "runai", "xio")


@pytest.mark.parametrize(
    ("pointer", "found"),
    [("", 1), ("/status", 3), ("/id", 1), ("/nothing", 0)],
)
def test_schemas_are_found_through_references_and_branches(pointer: str, found: int) -> None:
    told = list(document.schemas_at(DOCUMENT, {"$ref": "#/components/schemas/Job"}, pointer))

    assert len(told) == found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1", {"a": 1}),
        ("200: x", {"200": "x"}),
        ("a: '1'", {"a": "1"}),
        ("a: 2026-01-01T00:00:00Z", {"a": "2026-01-01T00:00:00Z"}),
        ("a: [1.5, 1e3, -2, .5, 1_000, 0x10, -]", {"a": [1.5, 1000.0, -2, 0.5, "1_000", "0x10", "-"]}),
        ("a: [true, False, null, ~, yes, on]", {"a": [True, False, None, None, "yes", "on"]}),
        ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: &x {b: 1, c: 1}\nd: {<<: *x, c: 2}", {"a": {"b": 1, "c": 1}, "d": {"c": 2, "b": 1}}),
        ("a: >-\n  b\n  c", {"a": "b c"}),
        ("a:", {"a": None}),
    ],
)
def test_yaml_means_what_the_core_schema_says(text: str, value: Any) -> None:
    assert strict_yaml.read(text.encode()) == value


def test_the_document_reader_agrees_with_the_stock_loader_on_every_document() -> None:
    import yaml

    class Stock(yaml.SafeLoader):
        yaml_implicit_resolvers = {  # noqa: RUF012  (how yaml wants it)
            first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith("timestamp")]
            for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

    file = specs.FOLDER / "xio" / "openapi.yaml"
    assert strict_yaml.read(file.read_bytes()) == yaml.load(file.read_text(), Loader=Stock)
