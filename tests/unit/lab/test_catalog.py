# SPDX-License-Identifier: Apache-2.0
"""Where services are, in both layouts, and the mesh that is written for the gateways."""

from pathlib import Path

import pytest
import yaml

from openstackoid.lab import catalog, ports
from openstackoid.lab.catalog import Addresses, GatewayFiles
from openstackoid.lab.clouds import Cloud, Layout
from openstackoid.mesh import load_mesh, parse_mesh
from openstackoid.policy import Denial, Domain, DomainScoped, Grant, Policy, Principal, Use, grant, may_enter


def _addresses(cloud: Cloud, number: int = 1) -> Addresses:
    return Addresses(cloud, ports.cloud_ports(8800, number))


def _files(directory: Path) -> GatewayFiles:
    return GatewayFiles(directory / "readers.yaml", directory / "gateway.pem", directory / "authority.pem")


def test_paths_on_one_port_are_devstacks() -> None:
    where = _addresses(Cloud("A"))
    assert where.frontend("identity") == "https://127.0.0.1:8801/identity"
    assert where.in_catalog("compute") == "https://127.0.0.1:8801/compute/v2.1"
    assert where.backend("compute") == "http://127.0.0.1:8934/compute"
    assert where.gateway_ports() == (8801,)


def test_a_port_for_each_service_has_no_paths() -> None:
    where = _addresses(Cloud("A", "ports"))
    assert where.frontend("identity") == "https://127.0.0.1:8920"
    assert where.in_catalog("compute") == "https://127.0.0.1:8924/v2.1"
    assert where.backend("image") == "http://127.0.0.1:8931"
    assert where.gateway_ports() == (8920, 8921, 8922, 8923, 8924)


def test_cinder_is_there_when_switched_on() -> None:
    assert "block-storage" not in [api.type for api in catalog.apis(Cloud("A"))]
    assert "block-storage" in [api.type for api in catalog.apis(Cloud("A", cinder=True))]


@pytest.mark.parametrize(
    ("layout", "frontend"), [("prefix", "https://127.0.0.1:8801/object-store"), ("ports", "https://127.0.0.1:8926")]
)
def test_swift_knows_no_prefix_and_has_the_project_in_its_url(layout: Layout, frontend: str) -> None:
    assert "object-store" not in [api.type for api in catalog.apis(Cloud("A"))]
    where = _addresses(Cloud("A", layout, swift=True))
    assert where.in_catalog("object-store") == f"{frontend}/v1/AUTH_$(project_id)s"
    assert where.backend("object-store") == "http://127.0.0.1:8936"


@pytest.mark.parametrize("layout", ["prefix", "ports"])
def test_gateways_can_read_the_mesh_that_the_lab_writes(layout: Layout, tmp_path: Path) -> None:
    clouds = [Cloud("A", layout, cinder=True, swift=True), Cloud("B", layout)]
    described = catalog.mesh({cloud.name: (_addresses(cloud, n), _files(tmp_path)) for n, cloud in enumerate(clouds, 1)})
    path = tmp_path / "mesh.yaml"
    path.write_text(yaml.safe_dump(described))
    mesh = load_mesh(path)
    assert sorted(mesh.clouds) == ["A", "B"]
    assert mesh.clouds["A"].readers == str(tmp_path / "readers.yaml")


def _policy(clouds: int, cloud: str = "A") -> Policy:
    described = {"ABC"[n - 1]: (_addresses(Cloud("ABC"[n - 1]), n), _files(Path("/lab"))) for n in range(1, clouds + 1)}
    return parse_mesh(yaml.safe_dump(catalog.mesh(described))).clouds[cloud].policy


def _person(user: str, project: str, *roles: str) -> Principal:
    default = Domain("default", "Default")
    return Principal(DomainScoped("1", user, default), DomainScoped("2", project, default), roles)


@pytest.mark.parametrize(
    ("person", "rule", "roles"),
    [
        (_person("demo", "demo", "member", "reader"), "members", {"member", "reader"}),
        (_person("demo", "demo", "reader"), "members", {"reader"}),
        # What an administrator at home is here.
        (_person("admin", "admin", "admin", "manager", "member", "reader"), "members", {"member", "reader"}),
        (_person("nova", "service", "service", "admin", "member", "reader"), "services", {"service"}),
    ],
)
def test_users_of_another_cloud_get_the_roles_of_the_policy(person: Principal, rule: str, roles: set[str]) -> None:
    granted = grant(_policy(2), "B", person, None)
    assert isinstance(granted, Grant)
    assert (granted.rule.endswith(rule), set(granted.roles)) == (True, roles)
    assert rule == "services" or granted.project == "keep"


@pytest.mark.parametrize(("cloud", "project"), [("A", "keep"), ("B", "apart"), ("C", "apart")])
def test_the_first_cloud_has_projects_keep_their_ids_the_others_have_ids_apart(cloud: str, project: str) -> None:
    granted = grant(_policy(3, cloud), "C" if cloud == "A" else "A", _person("demo", "demo", "member"), None)
    assert isinstance(granted, Grant)
    assert granted.project == project


def test_services_of_another_cloud_may_use_no_service() -> None:
    use = Use("image", "GET", "/v2/images")
    assert isinstance(grant(_policy(2), "B", _person("nova", "service", "service"), use), Denial)
    assert isinstance(grant(_policy(2), "B", _person("demo", "demo", "member"), use), Grant)
    # Somebody else who was given the role at home is no service here.
    assert isinstance(grant(_policy(2), "B", _person("demo", "demo", "service"), None), Denial)


@pytest.mark.parametrize(("clouds", "passes"), [(2, False), (3, True)])
def test_a_third_cloud_may_bring_requests_where_there_is_one(clouds: int, passes: bool) -> None:
    assert (may_enter(_policy(clouds), "B", "C", None) is None) is passes
