# SPDX-License-Identifier: Apache-2.0
"""Patterns of paths with answers that the bridge reads."""

from openstackoid.mesh import Cloud
from openstackoid.routing import VERSION_DOCUMENT
from openstackoid.routing.images import IMAGE
from openstackoid.routing.volumes import BLOCK_STORAGE, FOLLOWED_LISTS


def document_paths(cloud: Cloud) -> str:
    """Return the pattern of the paths of version documents."""
    return f"^({_prefixes(cloud)})({VERSION_DOCUMENT})$"


def image_paths(cloud: Cloud, followed: str) -> str:
    """Return the pattern of the paths and queries of the image service that are ``followed``."""
    return f"^({_prefixes(cloud, IMAGE)}){followed}"


def volume_paths(cloud: Cloud) -> str | None:
    """Return the pattern of the paths and queries of lists of volumes and their like, or None where the cloud has none."""
    if all(endpoint.service != BLOCK_STORAGE for endpoint in cloud.endpoints):
        return None
    return f"^({_prefixes(cloud, BLOCK_STORAGE)}){FOLLOWED_LISTS}"


def _prefixes(cloud: Cloud, service: str | None = None) -> str:
    """Return the path prefixes of a service, or of all, as a pattern."""
    found = (endpoint for endpoint in cloud.endpoints if service in (None, endpoint.service))
    return "|".join(sorted({endpoint.frontend.prefix.replace(".", "\\.") for endpoint in found}))
