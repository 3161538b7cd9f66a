# SPDX-License-Identifier: Apache-2.0
"""The lists of a peer's block storage whose next page services here request, at the host that the link names.

cinderclient 9.10 (base.py, _list) asks for ``next`` of ``volumes_links`` and its like, with the user's token. Nova 34 lists
volumes, snapshots, types and attachments (nova/volume/cinder.py); Horizon also backups and groups.
"""

import re

from openstackoid.routing.request import Request

BLOCK_STORAGE = "block-storage"

FOLLOWED_LISTS = r"/v[0-9.]+/+([^/?#]+/+)?(volumes|snapshots|types|attachments|backups|groups|group_snapshots)(/+detail)?/*($|\?)"
"""The paths below the service's root, with their queries, of GET requests for such lists."""

_LISTS = re.compile(FOLLOWED_LISTS)


def is_followed_list(path: str, request: Request) -> bool:
    """Return whether services here may follow a link in the answer to ``request``; ``path`` is below the service's root."""
    asked = path if request.query is None else f"{path}?{request.query}"
    return request.method in ("GET", "HEAD") and _LISTS.match(asked) is not None
