"""A small API that holds together, for tests to break in one place at a time."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Small", "version": "1"},
    "servers": [{"url": "https://small.example/base"}],
    "paths": {
        "/jobs": {
            "post": {
                "operationId": "small_submit",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
                },
                "responses": {"201": {"$ref": "#/components/responses/Job"}},
            },
            "get": {
                "operationId": "small_list",
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "default": 20}}
                ],
                "responses": {
                    "200": {
                        "description": "some",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "properties": {
                                        "jobs": {"type": "array", "items": {"$ref": "#/components/schemas/Job"}}
                                    },
                                }
                            }
                        },
                    }
                },
            },
        },
        "/jobs/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {"operationId": "small_read", "responses": {"200": {"$ref": "#/components/responses/Job"}}},
        },
    },
    "components": {
        "responses": {
            "Job": {
                "description": "a job",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Job"}}},
            }
        },
        "schemas": {
            "Order": {"type": "object", "required": ["command"], "properties": {"command": {"type": "string"}}},
            "Job": {
                "type": "object",
                "required": ["id", "status"],
                "properties": {
                    "id": {"type": "string"},
                    "status": {"anyOf": [{"enum": ["WAITING", "BUSY", "DONE", "BROKEN"]}, {"type": "null"}]},
                },
            },
        },
    },
}

LIFECYCLE: dict[str, Any] = {
    "initial": "WAITING",
    "roles": {
        "submit": {"operation": "small_submit", "id": "/id", "status": "/status"},
        "read": {"operation": "small_read", "parameter": "id", "status": "/status"},
        "list": {"operation": "small_list", "items": "/jobs", "id": "/id", "status": "/status"},
    },
    "states": {
        "WAITING": {"phase": "queued"},
        "BUSY": {"phase": "running"},
        "DONE": {"phase": "succeeded"},
        "BROKEN": {"phase": "failed"},
    },
    "transitions": [
        {"from": "WAITING", "when": "allocated", "to": "BUSY"},
        {"from": "BUSY", "when": "succeeded", "to": "DONE"},
        {"from": ["BUSY", "WAITING"], "when": "failed", "to": "BROKEN"},
        {"from": "WAITING", "after": 60, "to": "BROKEN"},
    ],
}


def write(folder: Path, *, document: dict[str, Any] | None = None, lifecycle: dict[str, Any] | None = None) -> Path:
    """Put the API into a folder called `small`; the folder."""
    place = folder / "small"
    place.mkdir()
    (place / "openapi.yaml").write_text(yaml.safe_dump(document or DOCUMENT, sort_keys=False))
    (place / "lifecycle.yaml").write_text(yaml.safe_dump(lifecycle or LIFECYCLE, sort_keys=False))
    return place


def changed(original: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with the value at a path of keys (`a.b.0`) replaced, or removed if the value is `...`."""
    fresh: dict[str, Any] = copy.deepcopy(original)
    *above, last = path.split(".")
    node: Any = fresh
    for key in above:
        node = node[int(key)] if isinstance(node, list) else node[key]
    key = int(last) if isinstance(node, list) else last
    if value is ...:
        del node[key]
    elif isinstance(node, list) and key == len(node):
        node.append(value)
    else:
        node[key] = value
    return fresh
