# SPDX-License-Identifier: Apache-2.0
"""Read and change Keystone's JSON documents. Pure: bytes in, bytes out.

Forms of Identity API v3: a request for a token by a token is ``{"auth": {"identity": {"token": {"id": ...}}}}``; its answer, and
that of a validation, is ``{"token": {..., "catalog": [...]}}``; that of ``/v3/auth/catalog`` is ``{"catalog": [...]}``.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")

Catalog = Sequence[Mapping[str, Any]]


def body_token(body: bytes) -> str | None:
    """Return the token in the body of an authentication, or None; Keystone refuses invalid JSON."""
    holder = _token_holder(_loaded(body))
    return None if holder is None else str(holder["id"])


def with_body_token(body: bytes, token: str) -> bytes:
    """Return ``body`` with ``token`` in place of its own, serialized again: Keystone reads the parsed document."""
    document = _loaded(body)
    holder = _token_holder(document)
    if holder is not None:
        holder["id"] = token
    return json.dumps(document).encode("ascii")


def project_of(body: bytes) -> str | None:
    """Return the project of a token. Raises ``ValueError`` for an invalid ``body``."""
    return _project(_object(_object(_loaded(body)).get("token")))


def with_catalog(body: bytes, catalog: Callable[[str | None], Catalog]) -> bytes:
    """Return a token with ``catalog(project id)`` in place of its catalog; unchanged without one.

    Raises ``ValueError`` for an invalid ``body``.
    """
    document = _object(_loaded(body))
    token = _object(document.get("token"))
    if "catalog" not in token:
        return body
    token["catalog"] = list(catalog(_project(token)))
    return json.dumps(document).encode("ascii")


def token_with_place_for_catalog(body: bytes) -> bytes:
    """Return a token with an empty catalog. Raises ``ValueError`` when ``body`` is no token."""
    document = _object(_loaded(body))
    _object(document.get("token")).setdefault("catalog", [])
    return json.dumps(document).encode("ascii")


def has_access_rules(body: bytes) -> bool:
    """Return whether a token is of an application credential with access rules. Raises ``ValueError`` when it is no token."""
    credential = _object(_object(_loaded(body)).get("token")).get("application_credential")
    return isinstance(credential, dict) and bool(credential.get("access_rules"))


def with_plain_catalog(body: bytes, catalog: Catalog) -> bytes:
    """Return the answer of ``/v3/auth/catalog`` with ``catalog`` in it. Raises ``ValueError`` for an invalid ``body``."""
    document = _object(_loaded(body))
    if "catalog" not in document:
        raise ValueError("no catalog")
    document["catalog"] = list(catalog)
    return json.dumps(document).encode("ascii")


def _project(token: dict[str, Any]) -> str | None:
    """Return the project's id. It becomes a part of URLs, so it must have the form of Keystone's ids."""
    if "project" not in token:
        return None
    found = _object(token["project"]).get("id")
    if not isinstance(found, str) or _ID.match(found) is None:
        raise ValueError("not a project's id")
    return found


def document(body: bytes) -> Any:
    """Return the JSON document in a body, or an empty one; the service refuses invalid JSON."""
    loaded = _loaded(body)
    return {} if loaded is None else loaded


def _loaded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("not the JSON object that was expected")
    return value


def _token_holder(document: Any) -> dict[str, Any] | None:
    for key in ("auth", "identity", "token"):
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, dict) and isinstance(document.get("id"), str) else None
