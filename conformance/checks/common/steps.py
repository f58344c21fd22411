"""Steps that checks of every API share."""

from __future__ import annotations

HOUR, DAY = 3600, 86_400
DENIED = (401, 403)
STRANGERS = (404, 403)
"""How a call about the job of another tenant may be refused."""
NOBODY = "00000000-0000-4000-8000-00000000dead"
"""The id of a job that never was."""
