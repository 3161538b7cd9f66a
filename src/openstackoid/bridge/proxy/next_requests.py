# SPDX-License-Identifier: Apache-2.0
"""The requests that a peer's answer leads a client to: only those whose answers the Python service reads as well. Pure.

HAProxy passes an item and bytes unread. A client that is led there for a list or a version document would follow the links in
them to any host, with its token.
"""

import re
from typing import Any

from openstackoid.composition import has_odd_id
from openstackoid.mesh import Cloud, Endpoint
from openstackoid.routing import names_document
from openstackoid.routing.paths import may_climb
from openstackoid.routing.peer_reads import may_have_list

_SPELT = re.compile(r"[\w.~:/{}-]*", re.ASCII)
"""Paths that every client sends as they are; with braces, as JSON home documents have templates."""


def is_read(frontend_endpoint: Endpoint, path: str) -> bool:
    """Return whether the service reads a peer's answer to a GET of ``path``, which begins with the frontend's prefix."""
    below = path.removeprefix(frontend_endpoint.frontend.prefix)
    if _SPELT.fullmatch(below) is None or "//" in below or may_climb(below):
        return False
    return may_have_list(frontend_endpoint, "GET", path) or names_document(frontend_endpoint, path)


def relative_is_read(here: Cloud, frontend_endpoint: Endpoint, text: str) -> bool:
    """Return the same for a link without a host.

    Clients join it to the endpoint, which has a version or not, to the host, or to the path of the request.
    """
    path = text.partition("?")[0]
    if "//" in path:
        return False
    at_host = here.locate(frontend_endpoint.listener, path) if path.startswith("/") else None
    if at_host is not None and at_host.key != frontend_endpoint.key:
        return False
    prefix, below = frontend_endpoint.frontend.prefix, path.lstrip("/")
    return all(is_read(frontend_endpoint, f"{prefix}{before}/{below}") for before in ("", "/v2", "/collection"))


def page_is_read(here: Cloud, frontend_endpoint: Endpoint, text: str) -> bool:
    """Return whether the same is so for what openstacksdk makes of the link to a next page.

    It cuts off all before the second slash of a text that begins with ``/v``, in a query too (resource.py, _get_next_link).
    """
    if not text.startswith("/v"):
        return True
    _, slash, rest = text[1:].partition("/")
    return slash != "" and relative_is_read(here, frontend_endpoint, f"/{rest}")


def without_odd_ids(document: Any) -> Any:
    """Return a document without the items of lists that have odd ids. Raises ``ValueError`` for one item with such an id."""
    if not isinstance(document, dict):
        return document
    if any(has_odd_id(value) for value in document.values()):
        raise ValueError("an id would lead to another path")
    return {
        key: [item for item in value if not has_odd_id(item)] if isinstance(value, list) else value
        for key, value in document.items()
    }
