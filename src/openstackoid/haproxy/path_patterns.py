# SPDX-License-Identifier: Apache-2.0
"""Patterns of paths with answers that the bridge reads."""

from openstackoid.mesh import Cloud
from openstackoid.routing import VERSION_DOCUMENT
from openstackoid.routing.images import IMAGE


def document_paths(cloud: Cloud) -> str:
    """Return the pattern of the paths of version documents."""
    return f"^({_prefixes(cloud)})({VERSION_DOCUMENT})$"


def image_paths(cloud: Cloud, followed: str) -> str:
    """Return the pattern of the paths and queries of the image service that are ``followed``."""
    return f"^({_prefixes(cloud, IMAGE)}){followed}"


def _prefixes(cloud: Cloud, service: str | None = None) -> str:
    """Return the path prefixes of a service, or of all, as a pattern."""
    found = (endpoint for endpoint in cloud.endpoints if service in (None, endpoint.service))
    return "|".join(sorted({endpoint.frontend.prefix.replace(".", "\\.") for endpoint in found}))
