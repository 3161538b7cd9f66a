# SPDX-License-Identifier: Apache-2.0
"""The requests that a peer's answer leads a client to: only those whose answers the Python service reads as well. Pure.

HAProxy passes an item and bytes unread. A client that is led there for a list or a version document would follow the links in
them to any host, with its token.
"""

import re
from typing import Any

from openstackoid.mesh import Cloud, Endpoint
from openstackoid.routing import names_document
from openstackoid.routing.paths import may_climb
from openstackoid.routing.peer_reads import may_have_list

_SPELT = re.compile(r"[\w.~:/{}-]*", re.ASCII)
"""Paths that every client sends as they are; with braces, as JSON home documents have templates."""

_ENDS_OF_PATHS = re.compile(r"[/?#\\]")


def is_read(frontend_endpoint: Endpoint, path: str) -> bool:
    """Return whether the service reads a peer's answer to a GET of ``path``, which begins with the frontend's prefix."""
    below = path.removeprefix(frontend_endpoint.frontend.prefix)
    if _SPELT.fullmatch(below) is None or may_climb(below):
        return False
    return may_have_list(frontend_endpoint, "GET", path) or names_document(frontend_endpoint, path)


def relative_is_read(here: Cloud, frontend_endpoint: Endpoint, text: str) -> bool:
    """Return the same for a link without a host. Clients join it to the endpoint, to the host, or to the path of the request."""
    path = text.partition("?")[0]
    at_host = here.locate(frontend_endpoint.listener, path) if path.startswith("/") else None
    if at_host is not None and at_host.key != frontend_endpoint.key:
        return False
    prefix, below = frontend_endpoint.frontend.prefix, path.lstrip("/")
    return all(is_read(frontend_endpoint, joined) for joined in (f"{prefix}/{below}", f"{prefix}/collection/{below}"))


def without_odd_ids(document: Any) -> Any:
    """Return a document without the items of lists whose ids would end or extend the path that a client makes of them.

    openstacksdk writes an id into the path of the next request as it is. Raises ``ValueError`` for one item with such an id.
    """
    if not isinstance(document, dict):
        return document
    if any(isinstance(value, dict) and _has_odd_id(value) for value in document.values()):
        raise ValueError("an id would lead to another path")
    return {
        key: [item for item in value if not _has_odd_id(item)] if isinstance(value, list) else value
        for key, value in document.items()
    }


def _has_odd_id(item: Any) -> bool:
    if not isinstance(item, dict):
        return False
    given = item.get("id")
    return isinstance(given, str) and _ENDS_OF_PATHS.search(given) is not None
