# SPDX-License-Identifier: Apache-2.0
"""A gateway of an earlier release, which knows no bound tokens, between two of this release, with small services."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from lab.accepting import Service, service
from openstackoid.certs import issue, make_authority
from pair.machines import Gateway, until
from unit.gateway.running import free_port

CLOUDS = ("CloudOne", "CloudTwo", "CloudThree")
SCOPE = '{"compute": "CloudTwo", "image": "CloudThree"}'


@dataclass(frozen=True)
class Mesh:
    """Three clouds. The user's is CloudOne, the peer in the middle CloudTwo."""

    folder: Path
    services: dict[str, Service]
    ports: dict[str, int]

    def gateway(self, cloud: str, source: Path | None = None) -> Gateway:
        """Return a gateway, of the release in ``source``."""
        environment = {} if source is None else {"PYTHONPATH": str(source)}
        folder = self.folder / f"{cloud}-{'now' if source is None else 'earlier'}"
        return Gateway(cloud, folder, self.folder / "mesh.yaml", environment=environment)

    def ask(self, cloud: str, path: str, headers: dict[str, str]) -> requests.Response:
        """Send a request to a gateway."""
        url = f"https://127.0.0.1:{self.ports[cloud]}/{path}"
        return requests.get(url, headers=headers, verify=str(self.folder / "authority.pem"), timeout=30)

    def describe(self) -> None:
        """Write the description, with keys alone that the earlier release knows."""
        lines = ["mesh: 1", "clouds:"]
        for cloud in CLOUDS:
            tls = f"{{certificate: {self.folder}/{cloud}.pem, authority: {self.folder}/authority.pem}}"
            lines += [
                f"  {cloud}:",
                f"    gateway: {{tls: {tls}}}",
                "    policy:",
                "      peers: {'*': {through: ['*'], services: {'*': all}, people: [{name: anyone, roles: {member: member}}]}}",
                "    services:",
            ]
            for name in ("identity", "compute", "image"):
                frontend = f"https://127.0.0.1:{self.ports[cloud]}/{name}"
                backend = f"http://127.0.0.1:{self.services[cloud].port}"
                lines.append(f"      {name}: {{frontend: '{frontend}', backend: '{backend}'}}")
        (self.folder / "mesh.yaml").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    folder = tmp_path_factory.mktemp("earlier-mesh")
    make_authority(folder)
    with ExitStack() as stack:
        services = {cloud: stack.enter_context(service()) for cloud in CLOUDS}
        for cloud in CLOUDS:
            issue(folder, cloud, ["127.0.0.1"])
        mesh = Mesh(folder, services, {cloud: free_port() for cloud in CLOUDS})
        mesh.describe()
        for cloud in ("CloudOne", "CloudThree"):
            gateway = mesh.gateway(cloud)
            stack.callback(gateway.end)
            gateway.start()
        yield mesh


def of_compute(mesh: Mesh) -> requests.Response:
    """Have Nova of CloudTwo ask for an image of CloudThree with the token of CloudOne's user, and return the answer."""
    asked = mesh.services["CloudTwo"]
    asked.tokens.clear()
    user = {"X-Auth-Token": "t", "X-Scope": SCOPE}
    # CloudOne may hold the one that ended before for down.
    until(lambda: mesh.ask("CloudOne", "compute/v2.1/servers", user).ok, lambda: "CloudTwo does not answer")
    (token,) = asked.tokens
    return mesh.ask("CloudTwo", "image/v2/images", {"X-Auth-Token": token})


def test_a_peer_of_this_release_goes_on_to_a_third_cloud(mesh: Mesh) -> None:
    middle = mesh.gateway("CloudTwo")
    try:
        middle.start()
        answer = of_compute(mesh)
        assert answer.status_code == 200, answer.text
        assert mesh.services["CloudThree"].tokens
    finally:
        middle.end()


def test_a_peer_that_knows_no_bound_tokens_serves_its_own_and_is_refused_in_words_at_a_third_cloud(
    mesh: Mesh, earlier: Path
) -> None:
    middle = mesh.gateway("CloudTwo", earlier)
    try:
        middle.start()
        mesh.services["CloudThree"].tokens.clear()
        answer = of_compute(mesh)
        assert answer.status_code == 401
        said = "gateway of CloudThree: identity of CloudOne does not accept the token. It has ended, or the gateway of CloudTwo "
        said += "has sent it on as it came: an earlier release, which knows no bound tokens, serves its own cloud alone"
        assert answer.json()["error"]["message"] == said
        assert mesh.services["CloudThree"].tokens == []
    finally:
        middle.end()
