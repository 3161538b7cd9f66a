# SPDX-License-Identifier: Apache-2.0
"""Which reads of a peer HAProxy sends alone: those whose answers have no list."""

import pytest

from openstackoid.mesh import Endpoint, parse_mesh
from openstackoid.routing.peer_reads import may_have_list

SERVICES = ("image", "compute", "network", "identity", "key-manager", "dns", "object-store", "nfv-orchestration")
MESH = parse_mesh(
    "mesh: 1\nclouds:\n  One:\n    services:\n"
    + "\n".join(f'      {service}: {{frontend: "http://one/{service}"}}' for service in SERVICES)
)
ID = "16a6b227-147f-4a81-a02d-c908e3155304"


def endpoint(service: str) -> Endpoint:
    found = MESH.clouds["One"].endpoint(service, "public")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("service", "path"),
    [
        ("compute", f"/v2.1/servers/{ID}"),
        ("compute", f"/v2.1/servers/{ID.replace('-', '')}"),
        ("compute", "/v2.1/flavors/42"),
        ("compute", f"/v2.1/servers/{ID}/os-interface/{ID}"),
        ("network", f"/v2.0/security-group-rules/{ID}"),
        ("image", f"/v2/images/{ID}/file"),
        ("image", "/v2//images/i/stage"),
        ("key-manager", f"/v1/secrets/{ID}/payload"),
        ("dns", f"/v2/zones/tasks/exports/{ID}/export"),
        ("object-store", "/v1/AUTH_p/c/o"),
        ("nfv-orchestration", f"/vnfpkgm/v1/vnf_packages/{ID}/package_content"),
        ("nfv-orchestration", f"/vnfpkgm/v1/vnf_packages/{ID}/artifacts/Scripts/install.sh"),
        ("network", f"/v2.0/lbaas/l7policies/{ID}"),
    ],
)
def test_items_and_bytes_have_no_list(service: str, path: str) -> None:
    assert not may_have_list(endpoint(service), "GET", f"/{service}{path}")


@pytest.mark.parametrize(
    ("service", "path"),
    [
        ("compute", "/v2.1/servers"),
        ("compute", "/v2.1/servers/detail"),
        ("compute", f"/v2.1/servers/{ID}/"),
        ("compute", f"/v2.1/{ID}"),
        ("compute", f"/v2/{ID}"),
        ("compute", f"/v2.1/os-simple-tenant-usage/{ID}"),
        ("compute", "/v2.1/flavors/m1.tiny"),
        ("compute", f"/v2.1/servers/{ID}/file"),
        ("compute", "/v2.1/servers/42/ips"),
        ("network", "/v2.0/ports"),
        ("network", f"/v2.0/ports/{ID}%2f.."),
        ("network", f"/v2.0/images/{ID}/file"),
        ("identity", "/v3/users"),
        ("image", "/v2/images"),
        ("image", f"/v2/images/{ID}"),
        ("image", f"/v2/images/{ID}/members"),
        ("image", f"/v2/images/{ID}/x/file"),
        ("key-manager", "/v1/secrets"),
        ("dns", f"/v2/zones/{ID}/recordsets"),
    ],
)
def test_all_else_may_have_one(service: str, path: str) -> None:
    assert may_have_list(endpoint(service), "GET", f"/{service}{path}")


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "PATCH", "DELETE"])
def test_a_list_is_read_by_get_alone(method: str) -> None:
    assert not may_have_list(endpoint("compute"), method, "/compute/v2.1/servers")
