# SPDX-License-Identifier: Apache-2.0
"""The answers of a peer's image service that the bridge must read, because services here follow their contents.

Checked in Nova 34, Cinder 29, glanceclient 4.13, warlock 2.1 and jsonschema 4.26; functions in parentheses.

- ``GET /v2/images/{id}``: nova/image/glance.py (show) uses ``direct_url`` and ``locations`` for the RBD and vSphere drivers,
  which clone the named volume; cinder/image/glance.py (get_location) for its drivers, and for ``file://``.
- ``GET /v2/images/{id}/locations``: Cinder asks this first.
- ``POST /v2/images``, ``PATCH /v2/images/{id}``: the answer is the image.
- ``GET /v2/images``: glanceclient/v2/images.py (list) asks for ``next``, even at another host, with the token. Nova and Cinder
  ignore locations in lists.
- ``GET /v2/schemas/...``: glanceclient/v2/images.py (create, update) validates by it, and jsonschema fetches each ``$ref``.

Nova and Cinder follow no other answers of Glance. Not read: the bytes of images, and answers to DELETE. All other reads are
(:mod:`openstackoid.routing.peer_reads`).
"""

import re

from openstackoid.routing.request import Request

IMAGE = "image"

FOLLOWED_WRITES = r"/v[0-9.]+/+(images|schemas)(?!/[^/?#]+/(file|stage)($|\?))"
"""The beginnings of path and query below the service's root of requests that change something, with followed answers."""

_WRITES = re.compile(FOLLOWED_WRITES)


def is_followed_write(path: str, request: Request) -> bool:
    """Return whether services here may follow the answer to a write; ``path`` is below the service's root."""
    asked = path if request.query is None else f"{path}?{request.query}"
    return request.method not in ("GET", "HEAD", "DELETE") and _WRITES.match(asked) is not None
