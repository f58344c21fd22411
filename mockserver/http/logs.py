"""Writes log records, one a line: as text that no request can forge, or as JSON.

As JSON, what the access log knows of a request becomes members of their own.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from specs.printable import printable, printable_lines

ACCESS = "mockserver.access"
TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
FORMATS = ("text", "json")
_FACTS = ("sandbox", "api", "operation", "method", "path", "status", "took_ms")


class TextFormatter(logging.Formatter):
    """One line per record; the lines of a traceback are indented, so that none looks like a record."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as text."""
        shown = logging.makeLogRecord(record.__dict__)
        shown.msg, shown.args, shown.exc_info, shown.exc_text, shown.stack_info = (
            printable(record.getMessage()),
            None,
            None,
            None,
            None,
        )
        line = super().format(shown)
        if record.exc_info:
            trace = printable_lines(self.formatException(record.exc_info))
            line += "".join(f"\n    {one}" for one in trace.split("\n"))
        return line


class JsonFormatter(logging.Formatter):
    """One JSON object per record: time, level, logger, message, and for requests sandbox, api, operation, method, path,
    status, took_ms.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        fields.update((name, record.__dict__[name]) for name in _FACTS if name in record.__dict__)
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return json.dumps(fields, default=str)  # in ASCII: nothing in it acts on a terminal


def set_up(log_format: str, level: str, *, access_log: bool) -> None:
    """Send everything from `level` up to standard error in one of `FORMATS`, requests too if wanted. Raises
    KeyError.
    """
    formatter = {"text": TextFormatter(TEXT), "json": JsonFormatter()}[log_format]
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.basicConfig(level=level.upper(), handlers=[handler])
    if access_log:
        logging.getLogger(ACCESS).setLevel(logging.INFO)
