# SPDX-License-Identifier: Apache-2.0
"""Answers of a peer's image service: which of them the bridge reads, because services here do what they say.

Read in Nova 34, Cinder 29, glanceclient 4.13, warlock 2.1 and jsonschema 4.26; a name in parentheses is a function.

- ``GET /v2/images/{id}``: ``direct_url`` and ``locations``, by nova/image/glance.py (show) for the RBD and vSphere drivers, which
  clone what they name, and by cinder/image/glance.py (get_location) for its drivers; Cinder also opens a ``file://`` there.
- ``GET /v2/images/{id}/locations``: Cinder asks this first.
- ``POST /v2/images``, ``PATCH /v2/images/{id}``: the answer is the image.
- ``GET /v2/images?limit=...``: glanceclient/v2/images.py (list) asks for ``next``, even of another host, with the token. It sets
  a limit in each request. Of an image in a list, Nova and Cinder read neither ``direct_url`` nor ``locations``.
- ``GET /v2/schemas/...``: glanceclient/v2/images.py (create, update) validates by it, and jsonschema fetches what ``$ref`` names.

Nothing else that Nova and Cinder ask of Glance is followed. Not read are the bytes of images, what DELETE is answered, and the
list without a query, which services here never ask for.
"""

import re

from openstackoid.routing.request import Request

IMAGE = "image"

_BYTES = r"/[^/?#]+/(file|stage)($|\?)"
_DOCUMENTS = r"/v[0-9.]+/+(images|schemas)"

FOLLOWED_READS = rf"{_DOCUMENTS}(?!$|{_BYTES})"
"""How path and query below the service's root begin where the answer to a GET is read."""

FOLLOWED_WRITES = rf"{_DOCUMENTS}(?!{_BYTES})"
"""The same of other methods."""

_READS, _WRITES = re.compile(FOLLOWED_READS), re.compile(FOLLOWED_WRITES)


def is_followed(path: str, request: Request) -> bool:
    """Return whether services here may follow the answer to ``request``; ``path`` is its path below the service's root."""
    asked = path if request.query is None else f"{path}?{request.query}"
    pattern = _READS if request.method in ("GET", "HEAD") else _WRITES
    return request.method != "DELETE" and pattern.match(asked) is not None
