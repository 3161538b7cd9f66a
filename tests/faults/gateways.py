# SPDX-License-Identifier: Apache-2.0
"""Three real gateways that are peers, with certificates between them, simple services behind, and a time of day of their own."""

import ssl
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from http.client import HTTPSConnection
from pathlib import Path

from observe.asking import asking
from openstackoid.certs import issue, make_authority
from unit.gateway.running import free_port, service
from unit.gateway.test_metrics import Measured

CLOUDS = ("CloudOne", "CloudTwo", "CloudThree")
SERVICES = ("identity", "image")
CLOCK = Path(__file__).parent / "clock"


class Peer(Measured):
    """The gateway of ``cloud``. ``peers``: all gateways by cloud; ``certificates``: the folder of its files."""

    def __init__(self, cloud: str, folder: Path, state: Path, certificates: Path, backend: int, peers: "dict[str, Peer]") -> None:
        self.cloud = cloud
        self.certificates = certificates
        self.peers = peers
        peers[cloud] = self
        folder.mkdir()
        self.times = folder / "times"
        self.shift(0)
        super().__init__(folder, free_port(), backend)
        self.state = state

    def shift(self, seconds: int) -> None:
        """Set the clock ahead of the machine's."""
        self.times.write_text(str(seconds))

    def describe(self, peer: str = "") -> None:
        """Write the description of all gateways that are known by now, with the lines ``peer`` of a further cloud."""
        text = "".join(one.described(here=one is self) for one in self.peers.values())
        self.config.write_text(f"mesh: 1\nclouds:\n{text}{peer}")

    def described(self, *, here: bool) -> str:
        lines = [f"  {self.cloud}:"]
        if here:
            files = f'{{certificate: "{self.certificates}/{self.cloud}.pem", authority: "{self.certificates}/authority.pem"}}'
            settings = "timeouts: {connect: 2, check: 1}, audit: {reserve: 16}"
            lines.append(f'    gateway: {{tls: {files}, metrics: "127.0.0.1:{self.metrics}", {settings}}}')
        lines.append("    services:")
        for name in SERVICES:
            backend = f', backend: "http://127.0.0.1:{self.backend}/{name}"' if here else ""
            lines.append(f'      {name}: {{frontend: "https://127.0.0.1:{self.port}/{name}"{backend}}}')
        return "\n".join(lines) + "\n"

    @property
    def argv(self) -> list[str]:
        clock = ["env", f"PYTHONPATH={CLOCK}", f"OPENSTACKOID_TEST_CLOCK={self.times}"]
        return [*clock, *(self.cloud if word == "CloudOne" else word for word in super().argv)]

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
        context = ssl.create_default_context(cafile=str(self.certificates / "authority.pem"))
        connection = HTTPSConnection("127.0.0.1", self.port, timeout=60, context=context)
        try:
            connection.request("GET", path, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()


@contextmanager
def three(folder: Path, disk: Path) -> Iterator[dict[str, Peer]]:
    """Run three gateways. ``disk``: where CloudOne's has its state folder."""
    certificates, gateways = folder / "certificates", dict[str, Peer]()
    make_authority(certificates)
    with ExitStack() as stack:
        for cloud in CLOUDS:
            issue(certificates, cloud, ["127.0.0.1"], 100)
            state = disk / "state" if cloud == "CloudOne" else folder / cloud / "state"
            Peer(cloud, folder / cloud, state, certificates, stack.enter_context(service()), gateways)
        for gateway in gateways.values():
            gateway.describe()
            gateway.start()
            stack.callback(gateway.stop)
        yield gateways


def users(gateway: Peer, cloud: str = "CloudTwo") -> AbstractContextManager[None]:
    """Have users ask for images of another cloud, again and again."""
    headers = {"X-Auth-Token": "tok", "X-Scope": f'{{"image": "{cloud}"}}'}
    return asking(lambda: gateway.get("/image/v2/images", headers))
