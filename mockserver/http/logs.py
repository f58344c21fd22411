"""Writes log records as JSON, one object a line; what the access log knows of a request becomes members of their own."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import orjson

ACCESS = "mockserver.access"
TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
FORMATS = ("text", "json")
_FACTS = ("sandbox", "api", "operation", "method", "path", "status", "took_ms")


class JsonFormatter(logging.Formatter):
    """One JSON object per record: time, level, logger, message, and for requests sandbox, api, operation, method, path, status, took_ms."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        told.update((name, record.__dict__[name]) for name in _FACTS if name in record.__dict__)
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(told, default=str).decode()


def set_up(log_format: str, level: str, *, access_log: bool) -> None:
    """Send everything from `level` up to standard error in one of `FORMATS`, requests too if wanted. Raises KeyError."""
    formatter = {"text": logging.Formatter(TEXT), "json": JsonFormatter()}[log_format]
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.basicConfig(level=level.upper(), handlers=[handler])
    if access_log:
        logging.getLogger(ACCESS).setLevel(logging.INFO)
