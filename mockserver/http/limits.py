"""Every limit of the wire in one place; `docs/` states them to users."""

BODY_BYTES = 8 * 1024 * 1024
"""Most bytes of a request body, counted after decompression; more is refused as too large."""

BODY_DEPTH = 100
"""Deepest nesting of arrays and objects in a request body; deeper is refused as malformed."""

INTEGER_LOW, INTEGER_HIGH = -(2**63), 2**64 - 1
"""Whole numbers in a request are exact between these; beyond them they are refused as malformed."""

VIOLATIONS = 50
"""Most violations that one refusal reports."""

MESSAGE_LENGTH = 400
"""Longest message of one violation; what is longer is cut."""

SANDBOXES = 256
"""Most sandboxes at a time."""

SANDBOX_IDLE_SECONDS = 600.0
"""A sandbox that was not asked for so long (real time) may make room for a new one."""

STREAM_POLL_SECONDS = 0.1
"""Longest wait (real time) until an open stream looks again whether time has moved."""

STOP_SECONDS = 0.5
"""How long (real time) open connections are waited for at shutdown before they are cut."""

KEEP_ALIVE_SECONDS = 75
"""How long (real time) an idle connection is kept."""
