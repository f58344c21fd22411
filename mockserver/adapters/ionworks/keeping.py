"""What a snapshot may hold of an Ionworks job."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from mockserver.adapters.ionworks.correlation import SHELF
from mockserver.adapters.ionworks.reading import Order
from mockserver.adapters.ionworks.views import view
from mockserver.adapters.keeping import Keeping, typed


def _submission(value: Any) -> Order:
    """What a snapshot says of a submission; how the job was last read is not taken from there."""
    submission = msgspec.convert(value, Order)
    submission.length, submission.seen = 0, {}
    return submission


KEEPS = Keeping(_submission, view, {SHELF: typed(dict[Literal["count"], int])})
