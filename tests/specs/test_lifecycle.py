"""A lifecycle file is read, or refused with the place where it goes wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import specs
from tests.specs.small import LIFECYCLE, changed, write


def test_a_sound_lifecycle_is_read(tmp_path: Path) -> None:
    spec = specs.read(write(tmp_path))

    lifecycle = spec.lifecycle
    assert lifecycle is not None
    assert (lifecycle.initial, lifecycle.states["DONE"].is_terminal, lifecycle.states["BUSY"].is_terminal) == (
        "WAITING",
        True,
        False,
    )
    assert lifecycle.edges() == {("WAITING", "BUSY"), ("BUSY", "DONE"), ("BUSY", "BROKEN"), ("WAITING", "BROKEN")}
    assert [step.after for step in lifecycle.transitions if step.after is not None] == [60.0]
    assert lifecycle.roles["list"].items == "/jobs"


@pytest.mark.parametrize(
    ("path", "value", "place", "reason"),
    [
        ("initial", "NOWHERE", ("initial",), "not one of the states"),
        ("colour", "red", ("colour",), "not known here"),
        ("states", {}, ("states",), "mapping of states"),
        ("states.WAITING", "queued", ("states", "WAITING"), "a mapping is expected"),
        ("states.BUSY.phase", "dancing", ("states", "BUSY"), "dancing"),
        ("states.LOST", {"phase": "failed"}, ("states", "LOST"), 'knows no status "LOST"'),
        ("transitions.0.when", "on", ("transitions", 0), 'event "on"'),
        ("transitions.0.on", "allocated", ("transitions", 0, "on"), "not known here"),
        ("transitions.0.after", 3, ("transitions", 0), "exactly one of"),
        ("transitions.0.when", ..., ("transitions", 0), "exactly one of"),
        ("transitions.3.after", "soon", ("transitions", 3), "number of seconds"),
        ("transitions.3.after", -1, ("transitions", 3), "number of seconds"),
        ("transitions.1.to", "NOWHERE", ("transitions", 1), '"NOWHERE"'),
        (
            "transitions.4",
            {"from": "WAITING", "after": 5, "to": "DONE"},
            ("transitions", 4),
            "a second step for `after`",
        ),
        (
            "transitions.4",
            {"from": "BUSY", "when": "failed", "to": "DONE"},
            ("transitions", 4),
            "a second step for `failed`",
        ),
        ("transitions.4", {"from": "DONE", "when": "failed", "to": "BROKEN"}, ("states", "DONE"), "is terminal"),
        ("transitions.1", {"from": "BUSY", "when": "timed_out", "to": "DONE"}, ("states", "BUSY"), "dead end"),
        ("transitions.0.to", "DONE", ("states", "BUSY"), "no job can ever get here"),
        ("roles.read.operation", "small_fly", ("roles", "read"), 'no operation "small_fly"'),
        ("roles.read.parameter", "uuid", ("roles", "read", "parameter"), 'takes no "uuid"'),
        ("roles.submit.id", "/job_id", ("roles", "submit", "id"), "names nothing"),
        ("roles.submit.id", "id", ("roles", "submit", "id"), "not a JSON pointer"),
        ("roles.list.items", "/data", ("roles", "list", "items"), "names nothing"),
        ("roles.explode", {"operation": "small_read"}, ("roles", "explode"), "not known here"),
        ("roles.submit.colour", "red", ("roles", "submit", "colour"), "not known here"),
    ],
)
def test_a_broken_lifecycle_is_refused_with_its_place(
    tmp_path: Path, path: str, value: Any, place: tuple[str | int, ...], reason: str
) -> None:
    folder = write(tmp_path, lifecycle=changed(LIFECYCLE, path, value))

    with pytest.raises(specs.SpecError) as refused:
        specs.read(folder)

    assert refused.value.place == place
    assert reason in str(refused.value)
    assert str(refused.value).startswith(f"{folder / 'lifecycle.yaml'}:{refused.value.line}:")


def test_the_line_of_the_offence_is_told(tmp_path: Path) -> None:
    folder = write(tmp_path, lifecycle=changed(LIFECYCLE, "transitions.1.to", "NOWHERE"))

    with pytest.raises(specs.SpecError) as refused:
        specs.read(folder)

    offending = (folder / "lifecycle.yaml").read_text().splitlines()[refused.value.line - 1]
    assert offending == "- from: BUSY"


def test_a_missing_lifecycle_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "lifecycle.yaml").unlink()

    with pytest.raises(specs.SpecError, match=r"lifecycle\.yaml:1: /: cannot be read"):
        specs.read(folder)
