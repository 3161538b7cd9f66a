# SPDX-License-Identifier: Apache-2.0
"""Downloads of images by a peer in the name of users of this cloud: the bytes that HAProxy may serve alone.

The Python service opens the token and judges the request for an image's document, which clients of Glance send before the one for
its bytes. It teaches HAProxy an admission (:mod:`openstackoid.routing.admission`) for the downloads that delegation allows, with
the opened token sealed in it.
"""

import re

from openstackoid.mesh import Cloud, Endpoint
from openstackoid.policy import Delegation
from openstackoid.policy.patterns import ANY
from openstackoid.routing.guest_paths import learnt_methods, name_of
from openstackoid.routing.images import IMAGE
from openstackoid.routing.route_cache import PREFIX

SEAL_KEY = f"{PREFIX}-seal"
"""The header of a request in which HAProxy tells the Python service the key to seal the opened token with, in base64."""

DOWNLOADS = "downloads"
"""The value of the header :data:`~openstackoid.routing.route_cache.ADMISSION` of an answer with an admission of downloads."""

METHOD = "GET"

_BELOW = r"/v2/images/[A-Za-z0-9-]{1,64}/file"


def delegates_downloads(cloud: Cloud) -> bool:
    """Return whether HAProxy may serve downloads alone: a peer may read images in the name of users here."""
    policy = cloud.policy
    if cloud.tls is None or policy.seconds < 1 or METHOD not in learnt_methods(policy.audit) or not image_endpoints(cloud):
        return False
    entries = policy.delegation
    unnamed = () if any(entry.cloud == ANY for entry in entries) else (Delegation(ANY),)
    return any(entry.images or entry.users.requests(IMAGE) for entry in (*entries, *unnamed))


def image_endpoints(cloud: Cloud) -> list[Endpoint]:
    """Return the endpoints of the image service."""
    return [endpoint for endpoint in cloud.endpoints if endpoint.service == IMAGE]


def download_path(endpoint: Endpoint) -> str:
    """Return the expression of the paths of downloads at an endpoint of the image service, without a query."""
    return f"^{re.escape(endpoint.frontend.prefix)}{_BELOW}"


def download_paths(cloud: Cloud) -> dict[str, str]:
    """Return the expressions of all endpoints, by their names."""
    return {name_of(path): path for path in map(download_path, image_endpoints(cloud))}
