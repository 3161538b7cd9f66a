# SPDX-License-Identifier: Apache-2.0
"""Paths in the form in which a server behind the gateway reads them. Pure."""

import re
from urllib.parse import unquote, unquote_to_bytes

from openstackoid.mesh import Endpoint

_SLASHES = re.compile(r"[/\\]+")
_DECODED = 3
"""How often proxies and servers in a row may decode a path."""


def decoded(path: str) -> str:
    """Return a path as a server may read it: decoded once, with single slashes."""
    if path.isascii() and not any(odd in path for odd in ("%", "\\", "//")):
        return path
    return _SLASHES.sub("/", unquote_to_bytes(path).decode("latin-1"))


def called_path(endpoint: Endpoint, path: str) -> str:
    """Return ``path`` below the service's root: decoded, without dots, double slashes or a last one.

    Web servers read ``/v3/./auth/%74okens/`` as ``/v3/auth/tokens``, so the decision must, too.
    """
    parts: list[str] = []
    for part in unquote(path[len(endpoint.frontend.prefix) :]).split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "".join(f"/{part}" for part in parts)


def folded_path(called: str) -> str:
    """Return a path, as :func:`called_path` returns it, in the one form of all that any server may read as the same.

    Some decode a path again, ignore the text after ``;``, spaces around a part, or case.
    """
    for _ in range(_DECODED):
        called = unquote(called)
    parts = (part.partition(";")[0].strip().lower() for part in _SLASHES.split(called))
    return "".join(f"/{part}" for part in parts if part not in ("", "."))
