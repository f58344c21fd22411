"""What a text of values is reckoned to take in memory is not less than what its values do take."""

from __future__ import annotations

import tracemalloc

import orjson
import pytest

from mockserver.simulation.job_limits import footprint

TEXTS = {
    "empty lists": "[" + "[]," * 20_000 + "0]",
    "empty objects": "[" + "{}," * 20_000 + "0]",
    "objects of one member": "[" + '{"a":1},' * 20_000 + "0]",
    "nested objects": "[" + '{"a":{"b":{"c":[]}}},' * 5_000 + "0]",
    "short texts": "[" + '"ab",' * 20_000 + "0]",
    "short texts beyond ASCII": "[" + '"\u0100",' * 20_000 + "0]",
    "a text that one character widens": '["' + "x" * 100_000 + '\U0001f600"]',
    "one long text": '["' + "x" * 100_000 + '"]',
    "whole numbers": "[" + "123456," * 20_000 + "0]",
    "a large object": "{" + ",".join(f'"k{number}":{number}' for number in range(20_000)) + "}",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_memory_that_values_take_is_not_reckoned_too_low(text: str) -> None:
    raw = text.encode()
    tracemalloc.start()
    try:
        value = orjson.loads(raw)
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()

    assert value
    assert taken <= 1.1 * footprint(raw)
