# SPDX-License-Identifier: Apache-2.0
"""How a cloud's processes are started, and when they must be started again."""

from pathlib import Path

from openstackoid.lab import ports, services
from openstackoid.lab.catalog import Addresses
from openstackoid.lab.clouds import Cloud
from openstackoid.lab.configs import Site
from openstackoid.lab.processes import Daemon


def _gateway(directory: Path) -> Daemon:
    cloud = Cloud("A")
    addresses = Addresses(cloud, ports.cloud_ports(8800, 1))
    site = Site(cloud, addresses, directory, Path("/venv"), directory / "authority.pem", {}, 8890, 8891)
    return services.gateway(site, directory / "mesh.yaml", directory / "gateway", directory / "logs")


def test_a_gateway_of_before_tls_is_started_again_and_a_change_of_the_mesh_is_no_reason(tmp_path: Path) -> None:
    before = _gateway(tmp_path).fingerprint()
    (tmp_path / "mesh.yaml").write_text("mesh: 1")
    assert _gateway(tmp_path).fingerprint() == before
    (tmp_path / "authority.pem").write_text("the authority")
    assert _gateway(tmp_path).fingerprint() != before


def test_a_gateway_is_started_by_the_public_command(tmp_path: Path) -> None:
    daemon = _gateway(tmp_path)
    assert list(daemon.argv)[1:7] == ["-m", "openstackoid", "gateway", "run", "--cloud", "A"]
    assert (daemon.owner, daemon.name, daemon.log) == ("A", "gateway", tmp_path / "logs" / "A" / "gateway.log")
