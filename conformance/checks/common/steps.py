"""Steps that checks of every API share."""

from __future__ import annotations

DENIED = (401, 403)
NOBODY = "00000000-0000-4000-8000-00000000dead"
"""The id of a job that never was."""
