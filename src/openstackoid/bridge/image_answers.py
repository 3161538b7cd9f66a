# SPDX-License-Identifier: Apache-2.0
"""A JSON document of a peer's image service, without the places in it that services here would follow. Pure.

Which of them follow what is in :mod:`openstackoid.routing.images`.
"""

import json
from typing import Any
from urllib.parse import urlsplit

from openstackoid.bridge.links import Links
from openstackoid.routing.normal_path import decoded
from openstackoid.routing.paths import may_climb

PLACES = ("direct_url", "locations")
"""What an image says of where its bytes are stored."""

UNREADABLE = "its answer is not JSON that can be read, and might name a place that services here would follow"
"""What a gateway says of an answer that it does not hand on."""


def without_places(body: bytes, path: str, links: Links) -> bytes:
    """Return the document in ``body`` in one spelling, its links rewritten; ``path`` is the one that was asked for.

    A client may read the same bytes in another way: by another encoding, or with the first of two keys. Raises ``ValueError`` or
    ``RecursionError`` for what is not JSON in UTF-8, with finite numbers.
    """
    document = _without(json.loads(body.decode("utf-8")), links)
    if "/schemas/" in decoded(path):
        document = _of_its_own(document)
    return json.dumps(links.rewritten(document, whole=False), allow_nan=False).encode("ascii")


def _without(document: Any, links: Links) -> Any:
    if isinstance(document, list):
        # The one list of this API that is a whole document is that of an image's locations.
        return []
    if not isinstance(document, dict):
        return document
    kept = {key: value for key, value in document.items() if key not in PLACES}
    if not _stays(kept.get("next"), links):
        del kept["next"]
    if isinstance(kept.get("images"), list):
        kept["images"] = [_image(image) for image in kept["images"]]
    return kept


def _image(image: Any) -> Any:
    return {key: value for key, value in image.items() if key not in PLACES} if isinstance(image, dict) else image


def _stays(following: Any, links: Links) -> bool:
    """Return whether the next page, which Glance names by a path below its root, is one of the service that was asked."""
    if not isinstance(following, str):
        return following is None
    try:
        names_host = bool(urlsplit(following).netloc)
    except ValueError:
        return False
    return links.leads_within(following) if names_host else not may_climb(following.partition("?")[0])


def _of_its_own(schema: Any) -> Any:
    """Return a JSON schema without references to other documents: a validator fetches them, from any host."""
    match schema:
        case dict():
            return {key: _of_its_own(value) for key, value in schema.items() if not _refers(key, value)}
        case list():
            return [_of_its_own(item) for item in schema]
    return schema


def _refers(key: str, value: Any) -> bool:
    return key.startswith("$") and isinstance(value, str) and not value.startswith("#")
