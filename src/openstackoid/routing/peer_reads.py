# SPDX-License-Identifier: Apache-2.0
"""The GET requests to a peer that HAProxy may send alone: no list can be in the answer, so no client looks there for a next page.

openstacksdk 4 (resource.py, _get_next_link), gophercloud and cinderclient (base.py, _list) request the next page of any list at
the host that the answer names, with the user's token; so do services with a token of their own. The Python service reads the
answer to any other GET.

- An item: the last part of the path is an id, and the one before it a name. The usage of a project is a list with an id there
  (nova/api/openstack/compute/simple_tenant_usage.py, show). Behind a version, a project's id is the root of a service, where
  keystoneauth looks for a version document.
- Bytes: of an image, of a secret, of an exported zone, of a package of network functions.
- Any request to an object store but for its version documents: its lists have no links.
"""

import re
from collections.abc import Collection

from openstackoid.mesh import Endpoint
from openstackoid.routing.images import IMAGE

ID = "([0-9]+|[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12})"

ITEMS = rf"^(?!{IMAGE}[.]).*/(?!os-simple-tenant-usage/|v[0-9])[A-Za-z][A-Za-z0-9_-]*/{ID}$"
"""The keys of endpoints, each with a bar and a path as it came, of requests for an item. Each image is read (:mod:`.images`)."""

_BYTES_OF = {
    IMAGE: "/v[0-9.]+/+images/[^/]+/(file|stage)",
    "key-manager": "/secrets/[^/]+/payload",
    "dns": "/zones/tasks/exports/[^/]+/export",
    "nfv-orchestration": "/vnf_packages/[^/]+/(package_content|vnfd|artifacts/.+)",
    "object-store": "",
}


def bytes_paths(services: Collection[str]) -> str | None:
    """Return the same of requests for bytes of ``services``; None where they have none."""
    found = "|".join(f"{service}[.].*{path}" for service, path in _BYTES_OF.items() if service in services)
    return f"^({found})$" if found else None


_ITEMS, _BYTES = re.compile(ITEMS, re.DOTALL), re.compile(str(bytes_paths(_BYTES_OF)), re.DOTALL)


def may_have_list(frontend_endpoint: Endpoint, method: str, path: str) -> bool:
    """Return whether a list can be in the answer to a request; version documents are apart."""
    asked = f"{frontend_endpoint.key}|{path}"
    return method == "GET" and _ITEMS.match(asked) is None and _BYTES.match(asked) is None
