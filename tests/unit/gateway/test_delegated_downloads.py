# SPDX-License-Identifier: Apache-2.0
"""Images that a peer reads in the name of a user here: HAProxy forgets with a new policy, and with the block of the peer."""

import time
from collections.abc import Iterator
from http.client import HTTPSConnection
from pathlib import Path

import psutil
import pytest

from openstackoid.binding import KeyRepository, Kind
from openstackoid.bridge.binding.binder import Binder
from openstackoid.cli import main
from openstackoid.haproxy.delegated_downloads import SEAL_VARIABLE
from openstackoid.haproxy.guests import SALT_VARIABLE
from openstackoid.scope import join_token
from unit.gateway.pair import POLICY, PeerGateway, pair
from unit.gateway.running import PATIENCE

SCOPE = '{"*":"CloudOne","network":"CloudTwo"}'
DOCUMENT, FILE = "/image/v2/images/1", "/image/v2/images/1/file"
ALLOWED = POLICY.removesuffix("}") + ", delegation: {CloudTwo: {users: {image: [GET /v2/images/**]}}}}"
ALONE = "-> delegated.image.public "


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PeerGateway]:
    with pair(tmp_path_factory.mktemp("downloads")) as (one, _):
        yield one


def reload(gateway: PeerGateway, policy: str) -> None:
    said = gateway.said().count("has reloaded")
    gateway.describe("")
    gateway.config.write_text(gateway.config.read_text().replace(POLICY, policy, 1))
    gateway.hang_up()
    gateway.wait_for("has reloaded", said + 1)


def read(gateway: PeerGateway, path: str, token: str) -> int:
    connection = HTTPSConnection("127.0.0.1", gateway.port, timeout=60, context=gateway.context("CloudTwo"))
    try:
        connection.request("GET", path, headers={"X-Auth-Token": token})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def taught(gateway: PeerGateway, token: str) -> None:
    """Have HAProxy serve the bytes alone."""
    before = gateway.said().count(ALONE)
    assert [read(gateway, path, token) for path in (DOCUMENT, FILE)] == [200, 200]
    until = time.monotonic() + PATIENCE
    while gateway.said().count(ALONE) == before:
        assert time.monotonic() < until, gateway.said()
        time.sleep(0.05)


def test_a_new_policy_and_the_block_of_a_peer_end_it(gateway: PeerGateway, capsys: pytest.CaptureFixture[str]) -> None:
    reload(gateway, ALLOWED)
    binder = Binder(KeyRepository(gateway.state / "keys"))
    token = join_token(binder.bind("gAAAAABm" + "u" * 120, Kind.USER, "CloudTwo", SCOPE, 86_400), SCOPE)
    taught(gateway, token)

    reload(gateway, POLICY)
    assert [read(gateway, path, token) for path in (FILE, DOCUMENT)] == [403, 403]
    reload(gateway, ALLOWED)
    taught(gateway, token)

    options = ["--cloud", "CloudOne", "--config", str(gateway.config), "--state-dir", str(gateway.state)]
    assert main(["peer", "block", "CloudTwo", *options]) == 0
    assert [read(gateway, path, token) for path in (FILE, DOCUMENT)] == [403, 403]
    assert main(["peer", "unblock", "CloudTwo", *options]) == 0
    taught(gateway, token)
    assert "u" * 120 not in gateway.said() + Path(gateway.state, "audit.log").read_text()
    capsys.readouterr()


def test_each_haproxy_has_secrets_of_its_own(gateway: PeerGateway) -> None:
    def secrets() -> set[str]:
        processes = [one for one in psutil.Process(gateway.running.pid).children(recursive=True) if one.name() == "haproxy"]
        return {one.environ()[name] for one in processes for name in (SALT_VARIABLE, SEAL_VARIABLE)}

    before = secrets()
    reload(gateway, ALLOWED.replace("anyone", "anybody"))
    assert len(before) >= 2
    assert len(secrets() - before) == 2
