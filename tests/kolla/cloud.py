# SPDX-License-Identifier: Apache-2.0
"""Two real clouds of the lab: CloudOne behind Kolla's load balancer, and CloudTwo behind a gateway of its own.

The services of CloudOne are configured as Kolla-Ansible does it: they reach each other at the internal VIP. Their files are in
memory, and end with the machine of the test.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kolla.environment import LAB
from kolla.machine import EXTERNAL, INTERNAL, NAMES, NODE
from kolla.node import DESK
from openstackoid.haproxy.binary import find_haproxy
from openstackoid.lab import bootstrap, certificates, services
from openstackoid.lab.catalog import Addresses, GatewayFiles
from openstackoid.lab.clouds import VARIABLE, Cloud
from openstackoid.lab.configs import Site
from openstackoid.lab.lab import Lab
from openstackoid.lab.processes import Daemon
from openstackoid.lab.progress import Progress
from openstackoid.lab.up import up

ONE, TWO = "CloudOne", "CloudTwo"
AUTHORITY_OF_MESH = DESK / "mesh-authority"
"""The folder of the mesh's authority, as the page names it. It is the lab's, too."""
PORTS = {"identity": 5000, "image": 9292, "placement": 8780, "network": 9696, "compute": 8774, "block-storage": 8776}
"""The ports of the services' APIs in Kolla-Ansible, at the VIPs and at the controller."""


class BehindKolla(Addresses):
    """The addresses of CloudOne: its frontends are Kolla's."""

    def frontend(self, service_type: str) -> str:
        """Return the root of the service at the internal VIP."""
        return f"https://{NAMES[INTERNAL]}:{PORTS[service_type]}"

    def gateway_ports(self) -> tuple[int, ...]:
        """Return none: the load balancer is not of the lab."""
        return ()

    def health(self) -> tuple[str, ...]:
        """Return none, as before."""
        return ()


class Clouds:
    """``folder``: for files. Services and users believe the mesh's authority, and for CloudOne Kolla's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._trusted = folder / "trusted.pem"
        os.environ["OPENSTACKOID_LAB"] = LAB
        os.environ[VARIABLE] = f"{ONE}:ports+cinder,{TWO}"
        _make_behind_kolla(self._trusted)
        self.lab = Lab.described(LAB)
        # The page's commands make the authority, and the certificate of CloudOne.
        self.lab.certificates.mkdir(mode=0o700, parents=True)
        AUTHORITY_OF_MESH.symlink_to(self.lab.certificates)

    def introduce(self, peer: str) -> None:
        """Write the file by which the operator of this cloud introduces it to CloudOne's."""
        words = ["peer", "export", "--config", str(self.lab.mesh_yaml), "--cloud", peer]
        program = [sys.executable, "-m", "openstackoid"]
        subprocess.run([*program, *words, "--output", str(DESK / f"{peer}.peer")], check=True)

    @contextmanager
    def controller(self, certificate: Path) -> Iterator[None]:
        """Have the services listen at the controller's address, with TLS by this certificate and key."""
        lines = ["defaults", "  mode tcp", "  timeout connect 5s", "  timeout client 1h", "  timeout server 1h"]
        addresses = self.lab.addresses(self.lab.cloud(ONE))
        for service, port in PORTS.items():
            backend = addresses.backend(service).removeprefix("http://")
            lines += [f"listen {service}", f"  bind {NODE}:{port} ssl crt {certificate}", f"  server {service} {backend}"]
        configuration = self._folder / "controller.cfg"
        configuration.write_text("\n".join(lines) + "\n")
        haproxy = find_haproxy()
        with subprocess.Popen([haproxy.path, "-db", "-f", configuration], env=haproxy.environment()) as process:
            yield
            process.kill()

    def trust(self, *further: Path) -> None:
        """Give services and users the authorities that they believe: the mesh's and further ones."""
        self._trusted.write_text("".join(file.read_text() for file in (self.lab.certificates / "authority.pem", *further)))

    def start(self, name: str) -> None:
        """Start a cloud."""
        with Progress() as progress:
            self.lab = up(LAB, [name], None, progress)

    def complete_catalog(self) -> None:
        """Give CloudOne the catalog that Kolla-Ansible makes."""
        rest = bootstrap.admin(self.lab.site(self.lab.cloud(ONE)))
        for endpoint in rest.call("GET", "identity", "/v3/endpoints")["endpoints"]:
            path = f"/v3/endpoints/{endpoint['id']}"
            if endpoint["interface"] == "admin":
                rest.call("DELETE", "identity", path)
            elif endpoint["interface"] == "public":
                rest.call(
                    "PATCH", "identity", path, {"endpoint": {"url": endpoint["url"].replace(NAMES[INTERNAL], NAMES[EXTERNAL])}}
                )

    def give_each_service_a_host(self, hosts: Mapping[str, str]) -> None:
        """Change the public URLs of CloudOne's catalog, as Kolla-Ansible does with one external frontend."""
        rest = bootstrap.admin(self.lab.site(self.lab.cloud(ONE)))
        for endpoint in rest.call("GET", "identity", "/v3/endpoints")["endpoints"]:
            for service, port in PORTS.items():
                root = f"https://{NAMES[EXTERNAL]}:{port}"
                if endpoint["url"].startswith(root):
                    url = f"https://{hosts[service]}{endpoint['url'].removeprefix(root)}"
                    rest.call("PATCH", "identity", f"/v3/endpoints/{endpoint['id']}", {"endpoint": {"url": url}})

    def user(self, entry: str) -> dict[str, str]:
        """Return the variables by which `openstack` is a client of this entry of clouds.yaml."""
        return {"OS_CLOUD": entry, "OS_CLIENT_CONFIG_FILE": str(self.lab.clouds_yaml)}

    def openstack(self, entry: str, *words: str) -> Any:
        """Return what `openstack` prints as JSON."""
        command = [str(Path(sys.executable).with_name("openstack")), *words, "--format", "json"]
        env = {**os.environ, **self.user(entry)}
        done = subprocess.run(command, env=env, text=True, capture_output=True, check=False)
        assert done.returncode == 0, f"openstack {' '.join(words)}: {done.stderr}"
        return json.loads(done.stdout)


def _make_behind_kolla(trusted: Path) -> None:
    """Have the lab make CloudOne as Kolla-Ansible does, in this process."""
    usual_addresses, usual_files, usual_gateway = Lab.addresses, Lab._gateway_files, services.gateway

    def addresses(lab: Lab, cloud: Cloud) -> Addresses:
        usual = usual_addresses(lab, cloud)
        return BehindKolla(usual.cloud, usual.ports) if cloud.name == ONE else usual

    def gateway_files(lab: Lab, cloud: Cloud) -> GatewayFiles:
        return replace(usual_files(lab, cloud), authority=certificates.authority_file(lab.certificates))

    def gateway(site: Site, mesh: Path, directory: Path, logs: Path) -> Daemon:
        usual = usual_gateway(site, mesh, directory, logs)
        # The load balancer runs already.
        return replace(usual, argv=["sleep", "infinity"]) if site.cloud.name == ONE else usual

    patch = pytest.MonkeyPatch()
    patch.setattr(Lab, "addresses", addresses)
    patch.setattr(Lab, "authority", trusted)
    patch.setattr(Lab, "_gateway_files", gateway_files)
    patch.setattr(services, "gateway", gateway)
