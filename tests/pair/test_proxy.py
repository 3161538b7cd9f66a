# SPDX-License-Identifier: Apache-2.0
"""A proxy before the address of the pair: services and audit log have the client's address, and no client can forge one."""

import json
import socket
import ssl
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from lab.mariadb import Server
from pair import network
from pair.load import SCOPED
from pair.machines import Machine, until
from pair.site import PORT, Site, running_site

CLIENT, FORGED = "198.51.100.7", "192.0.2.1"
STRANGER = "10.0.1.66"
"""An address that is no proxy's."""


@pytest.fixture(scope="module")
def site(mariadb: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    network.ip("address", "add", f"{STRANGER}/24", "dev", "bridge")
    with running_site(mariadb, "proxy", tmp_path_factory.mktemp("proxy"), behind=network.HERE) as site:
        yield site
    network.ip("address", "delete", f"{STRANGER}/24", "dev", "bridge")


def ask(site: Site, headers: dict[str, str], sender: str = network.HERE) -> int:
    """Send a request as the proxy does for its client, from the address of a sender; return the status, 0 without an answer."""
    context = ssl.create_default_context(cafile=site.certificates / "authority.pem")
    sent = {"Host": network.ADDRESS, "X-Auth-Token": "t", "X-Forwarded-For": FORGED, "Connection": "close", **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    with socket.create_connection((network.ADDRESS, PORT), 20, (sender, 0)) as connection:
        connection.sendall(f"PROXY TCP4 {CLIENT} {network.ADDRESS} 50000 {PORT}\r\n".encode())
        try:
            with context.wrap_socket(connection, server_hostname=network.ADDRESS) as secure:
                secure.sendall(f"GET /image/v2/images HTTP/1.1\r\n{lines}\r\n".encode())
                answer = HTTPResponse(secure)
                answer.begin()
                answer.read()
                return answer.status
        except OSError:
            return 0


def sources(machine: Machine) -> list[Any]:
    """Return the clients of the requests that have left for CloudTwo, by the audit log of a machine."""
    log = Path(machine.folder, "state", "audit.log")
    entries = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    return [entry["source"] for entry in entries if entry.get("direction") == "out"]


def test_services_and_audit_log_have_the_address_of_the_client_by_both_machines(site: Site) -> None:
    first = site.pair.wait_for_holder()
    for machine in (first, site.pair.other(first)):
        assert network.holder() == machine.name, site.pair.told()
        site.here.sources.clear()
        assert ask(site, {}) == 200, machine.said()
        assert site.here.sources == [CLIENT]
        before = len(sources(machine))
        assert ask(site, SCOPED) == 200, machine.said()
        until(lambda machine=machine, before=before: len(sources(machine)) > before, machine.said, 20)  # type: ignore[misc]
        assert set(sources(machine)) == {CLIENT}
        assert site.there.sources == []
        if machine is first:
            first.kill()
            until(lambda: network.holder() == site.pair.other(first).name, site.pair.told, 20)
    first.start()


def test_the_proxy_protocol_of_another_address_is_refused(site: Site) -> None:
    site.pair.wait_for_holder()
    site.here.sources.clear()
    assert ask(site, {}, STRANGER) in (0, 400)
    assert site.here.sources == []
