# SPDX-License-Identifier: Apache-2.0
"""The attribute that says the cloud of an item, and its removal from bodies that clients write back."""

import json
from typing import Any

CLOUD = "os_scope_cloud"
"""The attribute of an item with the name of its cloud."""
CLOUDS = "os_scope_clouds"
"""The attribute of a document that is of several clouds, with their names: those that were added, or that have its entries."""
CLOUD_HEADER = "X-Scope-Cloud"
"""The header with the name of the one cloud that has answered: of several in turn, or about a part or a change of a resource."""

_OURS = (CLOUD, CLOUDS)
_BYTES = b"os_scope_cloud"
_USERS_OWN = frozenset({"metadata", "meta", "extra_specs", "properties", "scheduler_hints", "specs"})
"""Keys below which users choose the keys."""


def without_cloud(body: bytes) -> bytes:
    """Return the body of a write without our attributes: of a resource, of several at once, or of a JSON patch of Glance.

    A body without them, or without JSON, stays as it is, byte by byte.
    """
    if _BYTES not in body:
        return body
    try:
        document = json.loads(body.decode("utf-8"))
        stripped = _stripped(document, 2)
        return body if stripped == document else json.dumps(stripped, allow_nan=False).encode("ascii")
    except (ValueError, RecursionError):
        return body


def _stripped(value: Any, depth: int) -> Any:
    """Return a resource, or the resource in a document, without our attributes."""
    if isinstance(value, dict):
        kept = {key: item for key, item in value.items() if key not in _OURS}
        if depth == 1:
            return kept
        return {key: item if key in _USERS_OWN else _stripped(item, depth - 1) for key, item in kept.items()}
    if isinstance(value, list):
        return [_stripped(item, depth) for item in value if not _patches(item)]
    return value


def _patches(item: Any) -> bool:
    """Return whether an operation of a JSON patch is about one of our attributes."""
    return isinstance(item, dict) and "op" in item and item.get("path") in [f"/{name}" for name in _OURS]
