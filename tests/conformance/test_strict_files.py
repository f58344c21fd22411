"""Files that a user gives are read strictly: what would be lost in silence is refused, with file and line."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from conformance import catalogue as catalogues
from conformance.errors import CatalogueError, SettingsError, UsageError, WaiverError
from conformance.run import waivers
from conformance.target import settings

BOMB = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{this}: &{this} [{', '.join([f'*{before}'] * 10)}]\n" for before, this in zip("abcdefgh", "bcdefghi", strict=True)
)
TWICE = "submit: {body: {job_type: simulate}}\nsubmit: {body: {job_type: dummy}}\n"


def written(folder: Path, text: str) -> Path:
    file = folder / "given.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_key_that_is_twice_in_a_target_file_is_refused_with_its_line(tmp_path: Path) -> None:
    file = written(tmp_path, TWICE)

    with pytest.raises(SettingsError) as refusal:
        settings.load("ionworks", file)

    assert str(refusal.value) == f"{file}, line 2: `submit` is given twice, first on line 1; expected it once"


def test_a_key_that_is_twice_in_a_waiver_is_refused_with_its_line(tmp_path: Path) -> None:
    waiver = "- id: JOB-LST-001\n  target: '*'\n  reason: a\n  reason: b\n  owner: me\n  expires: 2099-01-01\n"
    file = written(tmp_path, waiver)

    with pytest.raises(WaiverError) as refusal:
        waivers.read(file)

    assert str(refusal.value) == f"{file}, line 4: `reason` is given twice, first on line 3; expected it once"


def test_a_key_that_is_twice_in_a_catalogue_is_refused_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "xio.yaml").write_text("api: xio\nrequirements: []\nrequirements: []\n")
    monkeypatch.setattr(catalogues, "FOLDER", tmp_path)

    with pytest.raises(
        CatalogueError, match=r"^xio\.yaml, line 3: `requirements` is given twice, first on line 2; expected it once$"
    ):
        catalogues._read("xio")


@pytest.mark.parametrize("text", [BOMB, "submit: &a {body: *a}\n"], ids=["bomb", "circle"])
def test_aliases_without_end_are_refused_at_once(text: str, tmp_path: Path) -> None:
    file, began = written(tmp_path, text), time.process_time()

    with pytest.raises(SettingsError, match="alias"):
        settings.load("ionworks", file)
    with pytest.raises(WaiverError, match="alias"):
        waivers.read(file)

    assert time.process_time() - began < 1.0


@pytest.mark.parametrize("expires", ["5", "soon", "[]", "null", "2026-02-30"])
def test_a_waiver_that_expires_on_no_date_is_refused_with_what_was_expected(expires: str, tmp_path: Path) -> None:
    file = written(tmp_path, f"[{{id: JOB-LST-001, target: '*', reason: a, owner: me, expires: {expires}}}]")

    with pytest.raises(WaiverError, match=r"waiver 1: expires is .*; expected a date such as 20"):
        waivers.read(file)


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file or directory"):
        settings.load("ionworks", tmp_path / "nowhere.yaml")
