# SPDX-License-Identifier: Apache-2.0
"""The answers of a peer's image service that the bridge must read, because services here follow their contents.

Checked in Nova 34, Cinder 29, glanceclient 4.13, warlock 2.1 and jsonschema 4.26; functions in parentheses.

- ``GET /v2/images/{id}``: nova/image/glance.py (show) uses ``direct_url`` and ``locations`` for the RBD and vSphere drivers,
  which clone the named volume; cinder/image/glance.py (get_location) for its drivers, and for ``file://``.
- ``GET /v2/images/{id}/locations``: Cinder asks this first.
- ``POST /v2/images``, ``PATCH /v2/images/{id}``: the answer is the image.
- ``GET /v2/images?limit=...``: glanceclient/v2/images.py (list) asks for ``next``, even at another host, with the token, and
  sets a limit in each request. Nova and Cinder ignore locations in lists.
- ``GET /v2/schemas/...``: glanceclient/v2/images.py (create, update) validates by it, and jsonschema fetches each ``$ref``.

Nova and Cinder follow no other answers of Glance. Not read: the bytes of images, answers to DELETE, and the list without a
query, which no service here requests.
"""

import re

from openstackoid.routing.request import Request

IMAGE = "image"

_BYTES = r"/[^/?#]+/(file|stage)($|\?)"
_DOCUMENTS = r"/v[0-9.]+/+(images|schemas)"

FOLLOWED_READS = rf"{_DOCUMENTS}(?!$|{_BYTES})"
"""The beginnings of path and query below the service's root of GET requests with followed answers."""

FOLLOWED_WRITES = rf"{_DOCUMENTS}(?!{_BYTES})"
"""The same for other methods."""

_READS, _WRITES = re.compile(FOLLOWED_READS), re.compile(FOLLOWED_WRITES)


def is_followed(path: str, request: Request) -> bool:
    """Return whether services here may follow the answer to ``request``; ``path`` is below the service's root."""
    asked = path if request.query is None else f"{path}?{request.query}"
    pattern = _READS if request.method in ("GET", "HEAD") else _WRITES
    return request.method != "DELETE" and pattern.match(asked) is not None
