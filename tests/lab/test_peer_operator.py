# SPDX-License-Identifier: Apache-2.0
"""CloudTwo's operator, root on everything there, reads each thing there, and tries at CloudOne all tokens that are in it.

CloudOne has the default policy of delegation. The table of this actor in docs/understand/threats.md has a row for each test.
"""

import copy
import json
import re
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from examples.coverage import Lab
from examples.session import User
from lab.as_gateway import as_gateway
from lab.found_tokens import bound_tokens, forms, owners
from lab.glances import free_port
from lab.meaning import World, member
from lab.wire_recorder import WireRecorder
from openstackoid.binding import BoundToken, BoundTokenError, KeyRepository, Kind, open_token, scope_digest
from openstackoid.certs import issue
from openstackoid.lab import databases
from openstackoid.scope import parse, split_token

pytestmark = pytest.mark.timeout(600)

BOOT = ("server", "create", "--flavor", "m1.tiny", "--image", "cirros", "--network", "lab", "--wait")
IMAGE_THERE = '{"image":"CloudTwo"}'
SERVER_THERE = '{"*":"CloudTwo","identity":"CloudOne","image":"CloudOne"}'
Asked = tuple[str, str, str]
"""Method, service and path."""

READS: set[Asked] = {("GET", "image", "/v2/images")}
VALIDATION: Asked = ("GET", "identity", "/v3/auth/tokens")
OTHERS: set[Asked] = {
    ("POST", "image", "/v2/images"),
    ("GET", "network", "/v2.0/ports"),
    ("GET", "compute", "/v2.1/servers"),
    ("POST", "compute", "/v2.1/os-keypairs"),
    ("GET", "block-storage", "/v3/volumes"),
    ("GET", "placement", "/resource_providers"),
    ("GET", "identity", "/v3/users"),
    ("GET", "identity", "/v3/auth/projects"),
    ("POST", "identity", "/v3/auth/tokens"),
    ("DELETE", "identity", "/v3/auth/tokens"),
}


@dataclass
class Played:
    """What CloudTwo's operator has after workflows of CloudOne's users. ``tokens``: CloudOne's, which only the test knows."""

    state: Path
    certificates: Path
    wire: WireRecorder
    tokens: set[str]
    logs: dict[Path, int]

    def holds_a_token(self, world: World, things: bytes) -> bool:
        """Return whether the bytes have a token of CloudOne's, also one that was not seen on the way."""
        return any(form in things for token in self.tokens for form in forms(token)) or owners(world, things) != {}

    @property
    def log(self) -> bytes:
        """What CloudTwo's services and its gateway have written since the beginning."""
        return b"\n".join(path.read_bytes()[at:] for path, at in self.logs.items())


@pytest.fixture(scope="module")
def played(lab: Any, world: World, relays: ExitStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """Boot here with an image of CloudTwo's, and there with one of CloudOne's; log in by way of CloudTwo."""
    state, user = Path(lab["state_dir"]), User("CloudOne")
    certificates = tmp_path_factory.mktemp("operator") / "certificates"
    shutil.copytree(state / "certificates", certificates)
    issue(certificates, "CloudThree", renew=True)
    wire = WireRecorder(world.mesh, certificates)

    def change(mesh: dict[str, Any]) -> None:
        wire.describe(mesh)
        clouds = mesh["clouds"]
        del clouds["CloudOne"]["policy"]["delegation"]
        third = clouds.setdefault("CloudThree", {"services": copy.deepcopy(clouds["CloudTwo"]["services"])})
        for service in third["services"].values():
            service["frontend"] = f"https://127.0.0.1:{free_port()}"

    logs = {path: path.stat().st_size for path in (state / "logs/CloudTwo").glob("*.log")}
    with Lab(tmp_path_factory.mktemp("payload")).described(change), wire.listening():
        for scope, name in ((IMAGE_THERE, "here"), (SERVER_THERE, "there")):
            created = user.openstack(*BOOT, f"operator-{name}", scope=scope)
            deleted = user.openstack("server", "delete", "--wait", f"operator-{name}", scope=scope)
            assert (created.code, deleted.code) == (0, 0), created.stderr + deleted.stderr
        asks = {"X_Scope": '{"identity":"CloudOne"}'}
        refused = world.ask("POST", "CloudTwo", "identity", "/v3/auth/tokens", member(world, "CloudOne"), **asks)
        assert refused.status_code == 403, refused.text
        known = owners(world, wire.of_users("CloudOne"))
        assert {"demo", "nova"} <= {name for name, _ in known.values()}, "users and services of CloudOne have tokens"
        yield Played(state, certificates, wire, set(known), logs)


def files(*folders: Path) -> bytes:
    return b"\n".join(path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file())


def test_what_its_gateway_reads_on_the_wire_holds_no_token(world: World, played: Played) -> None:
    told = played.wire.read_by("CloudTwo")
    for client in ("CloudOne", "CloudTwo"):
        assert any(one.client == client for one in played.wire.conversations), "both gateways speak to each other"
    assert b"/file HTTP/1.1" in told
    assert b"X-Service-Token: bound1." in told or b"x-service-token: bound1." in told
    assert not played.holds_a_token(world, told)


def test_its_databases_hold_no_token(played: Played, world: World, tmp_path: Path) -> None:
    """Those of all its services, Keystone's tables among them."""
    client = databases.Client(played.state / "mariadb")
    names = [name for name in client.databases() if name.startswith("cloudtwo_")]
    assert {"cloudtwo_keystone", "cloudtwo_nova", "cloudtwo_glance", "cloudtwo_neutron"} <= set(names)
    for name in names:
        client.dump(name, tmp_path / f"{name}.sql")
    dumped = files(tmp_path)
    assert b"operator-there" in dumped, "the server of CloudOne's user is one of its rows"
    assert not played.holds_a_token(world, dumped)


def test_the_logs_of_its_services_and_of_its_gateway_hold_no_token(played: Played, world: World) -> None:
    assert {"gateway.log", "keystone.log", "nova-api.log", "nova-compute.log"} <= {path.name for path in played.logs}
    assert b"/v2.1/servers" in played.log
    assert not played.holds_a_token(world, played.log)


def test_the_files_of_its_gateway_hold_no_token(played: Played, world: World) -> None:
    """Audit log, store, keys, certificate, and what HAProxy reads."""
    folder = played.state / "gateways/CloudTwo"
    assert {"audit.log", "store.sqlite", "keys"} <= {path.name for path in folder.iterdir()}
    assert not played.holds_a_token(world, files(folder))


def test_the_control_socket_of_its_gateway_shows_no_token(played: Played, world: World) -> None:
    shown = {said("show map", played)}
    numbers = [line.split()[0] for line in "".join(shown).splitlines() if line and line[0].isdigit()]
    shown |= {said(f"show map #{number}", played) for number in numbers}
    shown |= {said(command, played) for command in ("show sess all", "show errors", "show table", "show env", "show stat")}
    assert len(numbers) > 3
    assert not played.holds_a_token(world, "".join(shown).encode())


def said(command: str, played: Played) -> str:
    """Return what HAProxy of CloudTwo answers on its control socket."""
    written = max((played.state / "gateways/CloudTwo").rglob("haproxy.cfg"), key=lambda path: path.stat().st_mtime)
    (path,) = re.findall(r"^ *stats socket (\S+) mode", written.read_text(), re.MULTILINE)
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(path)
        control.sendall(f"{command}\n".encode())
        return b"".join(iter(lambda: control.recv(65536), b"")).decode(errors="replace")


def test_its_files_hold_no_password_of_the_other_cloud(played: Played) -> None:
    """But for the account in its `readers`, which CloudOne's operator has given it."""
    theirs = files(played.state / "clouds/CloudTwo/conf", played.state / "gateways/CloudTwo")
    own = json.loads((played.state / "clouds/CloudTwo/passwords.json").read_text())
    assert own["nova"].encode() in theirs
    known = json.loads((played.state / "clouds/CloudOne/passwords.json").read_text())
    assert [account for account, password in known.items() if password.encode() in theirs] == []


def test_a_log_in_by_way_of_it_shows_the_password_and_is_refused(played: Played) -> None:
    """So a policy must name such log-ins; of the password alone no other test speaks."""
    entry = yaml.safe_load((played.state / "clouds.yaml").read_text())["clouds"]["CloudOne"]["auth"]
    told = played.wire.read_by("CloudTwo")
    assert entry["password"].encode() in told
    assert b"gateway of CloudOne: " in told


@pytest.fixture(scope="module")
def found(played: Played) -> dict[str, BoundToken]:
    """All tokens that CloudOne has bound to CloudTwo, as its operator finds them, with the scope behind them."""
    keys = KeyRepository(played.state / "gateways/CloudOne/keys").current()
    things = played.wire.read_by("CloudTwo") + played.log
    opened: dict[str, BoundToken] = {}
    for token, scopes in bound_tokens(things).items():
        try:
            bound = open_token(keys, token, "CloudTwo", time.time())
        except BoundTokenError:
            continue
        opened |= {token + scope: bound for scope in {"", *scopes}}
    assert {bound.kind for bound in opened.values()} == {Kind.USER, Kind.SERVICE}
    return opened


def delegated(shown: str, bound: BoundToken) -> set[Asked]:
    """Return the requests that the default policy of delegation serves by a token, as CloudTwo's gateway shows it."""
    _, scope = split_token(shown)
    if scope is None or bound.scope != scope_digest(scope) or bound.kind is not Kind.USER:
        return set()
    return READS if gives(shown, "compute", "block-storage") and not gives(shown, "image") else set()


def gives(shown: str, *services: str) -> bool:
    """Return whether the scope behind a token gives one of the services to CloudTwo: CloudOne sends no gateway's request on."""
    _, scope = split_token(shown)
    return scope is not None and any("CloudTwo" in parse(scope).clouds_for(service, "CloudOne") for service in services)


def test_by_its_certificate_a_bound_token_does_what_delegation_names(
    world: World, played: Played, found: dict[str, BoundToken]
) -> None:
    certificate, served = played.certificates / "CloudTwo.pem", 0
    for shown, bound in found.items():
        bare = shown.partition("~")[0]
        status, told = as_gateway(world, certificate, *VALIDATION, bare, X_Subject_Token=bare)
        assert (status, "gAAAAA" in told) == (200, False)
        allowed = delegated(shown, bound)
        served += len(allowed)
        for request in READS | OTHERS:
            status, told = as_gateway(world, certificate, *request, shown, X_Subject_Token=bare)
            refused = (508,) if gives(shown, request[1]) else (401, 403)
            assert status in ((200,) if request in allowed else refused), (request, bound.kind, status, told)
            assert "gAAAAA" not in told
    assert served, "one of them is a user's whose scope gives CloudTwo compute"


@pytest.mark.parametrize("cloud", [None, "CloudThree"])
def test_in_other_hands_a_bound_token_is_worth_nothing(
    world: World, played: Played, found: dict[str, BoundToken], cloud: str | None
) -> None:
    """Of a client without a certificate, as a user's; of a third cloud of the mesh."""
    certificate = played.certificates / f"{cloud}.pem" if cloud else None
    for shown in found:
        bare = shown.partition("~")[0]
        for request in {VALIDATION} | READS | OTHERS:
            status, told = as_gateway(world, certificate, *request, shown, X_Subject_Token=bare)
            expected = 508 if cloud and gives(shown, request[1]) else 401
            assert (status, "gAAAAA" in told) == (expected, False), (request, status, told)
