"""A file of waivers is believed only where it says what it means; what is wrong in it is a sentence with its line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from conformance.errors import WaiverError
from conformance.run.waivers import read, same_target

TODAY = date(2026, 6, 1)
GOOD = {"id": "JOB-LST-001", "target": "'*'", "reason": "a", "owner": "me", "expires": "2026-07-01"}


def written(folder: Path, text: str | bytes) -> Path:
    file = folder / "waivers.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def waiver(**changes: str | None) -> str:
    told = {name: value for name, value in (GOOD | changes).items() if value is not None}
    return "- " + "\n  ".join(f"{name}: {value}" for name, value in told.items()) + "\n"


def test_a_waiver_is_read(tmp_path: Path) -> None:
    (found,) = read(written(tmp_path, waiver()), today=TODAY)

    assert (found.id, found.target, found.expires) == ("JOB-LST-001", "*", date(2026, 7, 1))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "line 1: expected a list of waivers; got null"),
        ("{}\n", "line 1: expected a list of waivers; got {}"),
        ("- 5\n", "line 1: waiver 1: expected a mapping with id, target, reason, owner, expires, signature; got 5"),
        (waiver(id="TYPO-XYZ-001"), "line 1: waiver 1: no requirement is called TYPO-XYZ-001; "),
        (waiver(id="JOB-LTS-001"), "no requirement is called JOB-LTS-001; did you mean JOB-LST-001?"),
        (waiver(id="7"), "line 1: waiver 1: id is 7; expected a text"),
        (waiver(id="[JOB-LST-001]"), 'line 1: waiver 1: id is ["JOB-LST-001"]; expected a text'),
        (waiver(target="~"), "line 2: waiver 1: target is null; expected a text"),
        (waiver(owner="''"), 'line 4: waiver 1: owner is ""; expected a text'),
        (
            waiver(reason=None),
            "line 1: waiver 1: `reason` is missing; expected are id, target, reason, owner and expires",
        ),
        (waiver(ownr="me"), "line 6: waiver 1: unknown member `ownr`; did you mean `owner`?"),
        (
            waiver(expires="2026-07-01T00:00:00Z"),
            "line 5: waiver 1: expires is 2026-07-01T00:00:00Z; expected a date such",
        ),
        (waiver(expires="20260701"), "line 5: waiver 1: expires is 20260701; expected a date such as 2026-06-01"),
        (waiver(expires="~"), "line 5: waiver 1: expires is ~; expected a date"),
        (waiver(expires="[2026-07-01]"), "line 5: waiver 1: expires is missing; expected a date"),
        (waiver(expires="2026-02-30"), "line 5: waiver 1: expires is 2026-02-30; expected a date"),
        (waiver(expires="2027-07-01"), "it would last until 2027-07-01, more than 180 days"),
        (waiver(expires="2026-05-31"), "it ran out on 2026-05-31; mend JOB-LST-001 or set a new date"),
        (waiver() + waiver(id="JOB-LTS-002"), "line 6: waiver 2: no requirement is called JOB-LTS-002"),
        (b"\xff\xfe[\x00", ", "),
    ],
)
def test_what_is_wrong_in_waivers_is_a_sentence_with_its_line(text: str, sentence: str, tmp_path: Path) -> None:
    file = written(tmp_path, text)

    with pytest.raises(WaiverError) as refusal:
        read(file, today=TODAY)

    assert str(refusal.value).startswith(str(file))
    assert sentence in str(refusal.value)
    assert len(str(refusal.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("http://127.0.0.1:4080/", "http://127.0.0.1:4080", True),
        ("http://localhost:4080", "http://127.0.0.1:4080", True),
        ("HTTPS://API.example", "https://api.example:443/", True),
        ("http://127.0.0.1:4080", "http://127.0.0.1:4081", False),
        ("http://a/v1", "http://a/v2", False),
        ("shop.server:app", "shop.server:app", True),
        ("shop.server:app", "in process", False),
    ],
)
def test_a_target_may_be_spelled_in_several_ways(one: str, other: str, is_same: bool) -> None:
    assert same_target(one, other) is is_same
