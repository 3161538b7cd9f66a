# SPDX-License-Identifier: Apache-2.0
"""A pair before a real cloud: scoped boots while the active gateway ends, and with a peer of an earlier release."""

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
import yaml

from examples.session import User, fetched_checksum
from lab.mariadb import Server
from lab.raised import PAIR, raised
from lab.tokens import token_of
from openstackoid.binding.rotation import set_up
from openstackoid.lab import databases, options, services
from openstackoid.lab.lab import Lab
from pair import network
from pair.machines import FILES, Gateway, Machine, Pair, install_files, until

SCOPE = '{"image": "CloudTwo"}'
ONE, TWO = User("CloudOne"), User("CloudTwo")
BOOTS, PAUSE = 5, 0.3
"""The boots that are under way when the gateway is killed, and the seconds between the answer to one and the next request."""
BEYOND_OPTIONS = ("consumer generation conflict", "Error writing to ", "SSL exception connecting to ")
"""Nova's words at the moments at which no option helps, by docs/operate/pair.md."""
UNKNOWN_TO_IT = {"gateway": ("bound_tokens", "drain", "unbound_tokens", "validator"), "policy": ("delegation",)}
"""Keys of a cloud in the description that the earlier release does not know."""


@pytest.fixture(scope="module")
def lab(bridge: None, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """Two real clouds, whose files are in memory; their services repeat requests as the page of the pair says."""
    with pytest.MonkeyPatch.context() as chosen:
        chosen.setenv(options.VARIABLE, str(FILES / "openstack.conf"))
        with raised(PAIR, request.config):
            yield Lab.load(PAIR)


@pytest.fixture(scope="module")
def pair(lab: Lab, mariadb: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Two gateways of CloudOne in the place of the lab's one."""
    folder = tmp_path_factory.mktemp("pair")
    mesh: dict[str, Any] = yaml.safe_load(lab.mesh_yaml.read_text())
    store = {"url": mariadb.url("boot"), "password": str(mariadb.password)}
    mesh["clouds"]["CloudOne"]["gateway"] |= {"bind": "*", "store": store, "drain": {"hold": 2, "notice": 8}}
    mesh["clouds"]["CloudOne"]["gateway"]["bound_tokens"] = {"keys": str(folder / "keys")}
    set_up(folder / "keys", time.time())
    config = folder / "mesh.yaml"
    config.write_text(yaml.safe_dump(mesh, sort_keys=False))
    (port,) = lab.addresses(lab.cloud("CloudOne")).gateway_ports()
    install_files()
    pair = Pair(*(Machine(name, folder / name, config, port) for name in network.MACHINES))
    try:
        for machine in pair.machines.values():
            machine.boot()
        pair.wait_for_holder()
        network.lead_to_the_address(port)
        lab.table.stop([("CloudOne", services.GATEWAY)])
        yield pair
    finally:
        for machine in pair.machines.values():
            machine.end()


@contextmanager
def stopped(process: psutil.Process | None) -> Iterator[None]:
    """Have a process wait."""
    assert process is not None
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def order(lab: Lab, user: User, other: User, scope: str) -> Callable[[], str]:
    """Prepare a server from the other cloud's image; return the request for it, which takes no time and returns its id."""
    image, flavor = (
        who.openstack(kind, "show", name, "-f", "value", "-c", "id").stdout.strip()
        for who, kind, name in ((other, "image", "cirros"), (user, "flavor", "m1.tiny"))
    )
    token, url = token_of(user), f"{lab.addresses(lab.cloud(user.entry)).in_catalog('compute')}/servers"
    body = {"server": {"name": "under-way", "imageRef": image, "flavorRef": flavor}}

    def send() -> str:
        headers = {"X-Auth-Token": token, "X-Scope": scope}
        made = requests.post(url, json=body, headers=headers, verify=str(lab.authority), timeout=60)
        assert made.status_code == 202, made.text
        return str(made.json()["server"]["id"])

    return send


def scheduled(lab: Lab, server: str) -> bool:
    """Return whether Nova of CloudOne has chosen the host of a server: its record is then in the cell's database."""
    records = databases.Client(lab.directory / "mariadb")
    database = databases.database(lab.cloud("CloudOne"), "nova")
    return records.sql(f"SELECT COUNT(*) FROM instances WHERE uuid = '{server}'", database).strip() == "1"


def show(user: User, server: str) -> dict[str, Any]:
    shown = user.openstack("server", "show", server, "-f", "json")
    assert shown.code == 0, shown.stderr
    return dict(shown.json())


def statuses() -> dict[str, str]:
    """Return the status of each server of CloudOne; while the address moves, a command may fail, and nothing is known."""
    listed = ONE.openstack("server", "list", "-f", "json")
    return {server["ID"]: server["Status"] for server in listed.json()} if listed.code == 0 else {"": "BUILD"}


def about(server: str, log: str) -> str:
    """Return the entries of Nova's log, with their further lines, that have the id of a server or of a request about it."""
    entries = re.split(r"^(?=.*\[(?:None|req-))", log, flags=re.MULTILINE)
    requests = {found for entry in entries if server in entry for found in re.findall(r"req-[0-9a-f-]{36}", entry)}
    return "".join(entry for entry in entries if server in entry or any(one in entry for one in requests))


def ends_active(user: User, other: User, server: str, told: Callable[[], str]) -> None:
    """The server becomes ACTIVE with the bytes of the other cloud's image; then it is deleted."""
    image = other.openstack("image", "show", "cirros", "-f", "json").json()
    try:
        until(lambda: show(user, server)["status"] != "BUILD", told)
        found = show(user, server)
        assert found["status"] == "ACTIVE", f"{found.get('fault')}\n{told()}"
        assert fetched_checksum(user.entry, image["id"]) == image["checksum"]
    finally:
        assert user.openstack("server", "delete", "--wait", server).code == 0


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("end", "idle"), [(Machine.kill, 3), (Machine.lose, 12)], ids=["gateway", "machine"])
def test_a_scoped_boot_that_was_under_way_ends_active(end: Callable[[Machine], None], idle: int, lab: Lab, pair: Pair) -> None:
    """The compute node has its part of the work before it: the image, and ports by Nova's own token.

    ``idle``: seconds without a request, once the server has a host. Connections of the last ten fail with a lost machine, as
    docs/operate/pair.md says.
    """
    active = pair.wait_for_holder()
    send = order(lab, ONE, TWO, SCOPE)
    with stopped(lab.table.find("CloudOne", "nova-compute")):
        server = send()
        until(lambda: scheduled(lab, server), pair.told)
        time.sleep(idle)
        end(active)
        until(lambda: network.holder() == pair.other(active).name, pair.told, 20)
    ends_active(ONE, TWO, server, pair.told)
    active.boot() if end is Machine.lose else active.start()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("youngest", [0.2, 0.5], ids=lambda seconds: f"{seconds}-s-after-the-last")
def test_scoped_boots_end_active_at_whatever_moment_of_them_the_gateway_is_killed(youngest: float, lab: Lab, pair: Pair) -> None:
    """Each boot is at another moment: with Placement, Neutron, or the image; services validate tokens.

    ``youngest``: seconds from the acceptance of the last boot to the kill.
    """
    active = pair.wait_for_holder()
    send = order(lab, ONE, TWO, SCOPE)
    logs = sorted((lab.logs / "CloudOne").glob("nova-*.log"))
    sizes = [log.stat().st_size for log in logs]
    accepted = {}
    for _ in range(BOOTS):
        accepted[send()] = time.monotonic()
        time.sleep(PAUSE)
    time.sleep(max(0.0, max(accepted.values()) + youngest - time.monotonic()))
    killed = time.monotonic()
    active.kill()
    ages = ", ".join(f"{killed - at:.1f}" for at in accepted.values())
    print(f"\n   killed {ages} s after the acceptance of the boots", file=sys.__stdout__, flush=True)
    try:
        until(lambda: "BUILD" not in statuses().values(), pair.told)
        failed = [server for server, status in statuses().items() if status != "ACTIVE"]
    finally:
        assert ONE.openstack("server", "delete", "--wait", *accepted).code == 0
    active.start()
    said = "".join(log.read_bytes()[size:].decode(errors="replace") for log, size in zip(logs, sizes, strict=True))
    causes = {server: [cause for cause in BEYOND_OPTIONS if cause in about(server, said)] for server in failed}
    print(f"   {len(accepted) - len(failed)} are ACTIVE; {causes}", file=sys.__stdout__, flush=True)
    assert all(causes.values()), said[-20000:]
    # Those moments are short.
    assert len(failed) < len(accepted) / 2, causes


@pytest.mark.timeout(900)
def test_a_peer_of_an_earlier_release_boots_servers_in_both_directions(
    earlier: Path, lab: Lab, pair: Pair, tmp_path_factory: pytest.TempPathFactory
) -> None:
    # A short path: below it are unix sockets, and the earlier release has no other place for them.
    folder = tmp_path_factory.mktemp("peer")
    mesh: dict[str, Any] = yaml.safe_load(lab.mesh_yaml.read_text())
    for cloud in mesh["clouds"].values():
        for section, keys in UNKNOWN_TO_IT.items():
            cloud[section] = {key: value for key, value in cloud[section].items() if key not in keys}
    config = folder / "mesh.yaml"
    config.write_text(yaml.safe_dump(mesh, sort_keys=False))
    peer = Gateway("CloudTwo", folder / "gw", config, environment={"PYTHONPATH": str(earlier)})
    pair.wait_for_holder()
    lab.table.stop([("CloudTwo", services.GATEWAY)])
    try:
        peer.start()
        for user, other, scope in ((ONE, TWO, SCOPE), (TWO, ONE, '{"image": "CloudOne"}')):
            ends_active(user, other, order(lab, user, other, scope)(), lambda: peer.said() + pair.told())
    finally:
        peer.end()
