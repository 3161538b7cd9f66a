# SPDX-License-Identifier: Apache-2.0
"""Three real gateways that are peers, with certificates between them, simple services behind, and a time of day of their own."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from observe.asking import asking
from openstackoid.certs import issue, make_authority
from unit.gateway.pair import PeerGateway
from unit.gateway.running import service

CLOUDS = ("CloudOne", "CloudTwo", "CloudThree")
CLOCK = Path(__file__).parent / "clock"


class Peer(PeerGateway):
    """A gateway that trusts nobody, with a clock of its own. ``state``: its state folder."""

    policy = ""

    def __init__(
        self, cloud: str, folder: Path, state: Path, certificates: Path, backend: int, peers: dict[str, PeerGateway]
    ) -> None:
        folder.mkdir()
        self.times = folder / "times"
        self.shift(0)
        super().__init__(cloud, folder, certificates, backend, peers)
        self.settings = "timeouts: {connect: 2, check: 1}, audit: {reserve: 16}"
        self.state = state

    def shift(self, seconds: int) -> None:
        """Set the clock ahead of the machine's."""
        self.times.write_text(str(seconds))

    @property
    def argv(self) -> list[str]:
        return ["env", f"PYTHONPATH={CLOCK}", f"OPENSTACKOID_TEST_CLOCK={self.times}", *super().argv]


@contextmanager
def three(folder: Path, disk: Path) -> Iterator[dict[str, Peer]]:
    """Run three gateways. ``disk``: where CloudOne's has its state folder."""
    certificates, gateways, peers = folder / "certificates", dict[str, Peer](), dict[str, PeerGateway]()
    make_authority(certificates)
    with ExitStack() as stack:
        for cloud in CLOUDS:
            issue(certificates, cloud, ["127.0.0.1"], 100)
            state = disk / "state" if cloud == "CloudOne" else folder / cloud / "state"
            gateways[cloud] = Peer(cloud, folder / cloud, state, certificates, stack.enter_context(service()), peers)
        for gateway in gateways.values():
            gateway.describe()
            gateway.start()
            stack.callback(gateway.stop)
        yield gateways


def users(gateway: Peer, cloud: str = "CloudTwo") -> AbstractContextManager[None]:
    """Have users ask for images of another cloud, again and again."""
    headers = {"X-Auth-Token": "tok", "X-Scope": f'{{"image": "{cloud}"}}'}
    return asking(lambda: gateway.get("/image/v2/images", headers))
