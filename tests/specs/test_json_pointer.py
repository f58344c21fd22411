"""JSON pointers are taken apart and put together without loss."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from specs.json_pointer import keys, pointer_to


@given(st.lists(st.text(alphabet=st.sampled_from("a/~01 ü")), max_size=4))
def test_a_pointer_leads_where_its_keys_do(parts: list[str]) -> None:
    assert keys(pointer_to(parts)) == parts


@pytest.mark.parametrize(("pointer", "parts"), [("", []), ("/", [""]), ("/a~1b/~01/0", ["a/b", "~1", "0"])])
def test_pointers_of_the_rfc_are_read(pointer: str, parts: list[str]) -> None:
    assert keys(pointer) == parts
    assert pointer_to(parts) == pointer
