# SPDX-License-Identifier: Apache-2.0
"""Endpoints by host name beside endpoints by port and by path: the decision, HAProxy alone, and the whole gateway."""

import http.client
import json
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from conformance.case import unseen
from conformance.cases_hosts import ADDRESSES, CLOUDS, DESCRIPTION, HOSTS, POLICY, SERVER_NAMES, HostCase
from conformance.gateway import forgetful, started
from conformance.guests import AT_HOME, ends
from conformance.recorder import Recorder, free_ports
from openstackoid.certs import issue, make_authority
from openstackoid.haproxy import Runtime
from openstackoid.mesh import Mesh, parse_mesh
from openstackoid.routing import Request, Single, decide
from openstackoid.routing.hosts import MisdirectedError, listener_of

SOCKETS = ("named", "mixed", "inside", "paths")
CASES = [*HOSTS, *SERVER_NAMES]


def described(scheme: str, ports: Iterator[int], files: dict[str, str]) -> tuple[str, dict[str, Any]]:
    """Return the description of the four clouds, and what the cases name."""
    words: dict[str, Any] = {name: next(ports) for name in SOCKETS}
    words |= {"s": scheme, "p": list(islice(ports, 3)), "b": list(islice(ports, 12))}
    return DESCRIPTION.format(**words, policy=POLICY, tls=files), words


@dataclass
class World:
    """The four gateways, and the servers behind them."""

    words: dict[str, Any]
    mesh: Mesh
    recorder: Recorder
    runtimes: dict[str, Runtime]
    located: str | None = None
    """``Location`` of the last answer."""

    @contextmanager
    def without_python(self, *clouds: str) -> Iterator[None]:
        """Take the Python services of clouds away for a while."""
        paths = [Path(self.runtimes[cloud].bridge_socket) for cloud in clouds]
        away = [path.rename(path.with_name("away.sock")) for path in paths]
        try:
            yield
        finally:
            for path, file in zip(paths, away, strict=True):
                file.rename(path)

    def send(self, case: HostCase, scope: str | None = None, token: str = "tok") -> tuple[int, str, list[tuple[str, ...]]]:
        """Send the request of a case, and return the status, the body, and what has arrived at which service."""
        cloud = self.mesh.clouds[case.at]
        port = next(endpoint.listener.port for endpoint in cloud.endpoints if endpoint.key == case.to)
        lines = [f"GET {case.target} HTTP/{case.version}", *case.host, "X-Case: hosts", "Connection: close"]
        lines += [f"X-Auth-Token: {token}"]
        lines += [f"X-Scope: {scope or case.scope}"] if case.scope else []
        head = "\r\n".join([line if line.startswith("X-Scope") else line.format(**self.words) for line in lines] + ["", ""])
        self.recorder.seen.clear()
        with ExitStack() as stack:
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
            if self.words["s"] == "https":
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                client = stack.enter_context(context.wrap_socket(client, server_hostname=case.sni))
            client.sendall(head.encode())
            answer = http.client.HTTPResponse(client)
            answer.begin()
            content = answer.read().decode()
            self.located = answer.getheader("Location")
        seen = [(*server.server.split(" "), server.path) for server in self.recorder.seen]
        return answer.status, content, [tuple(place) for place in seen]

    def fulfils(self, case: HostCase, scope: str | None = None, token: str = "tok") -> None:
        status, content, seen = self.send(case, scope, token)
        if len(case.expect) == 2:
            assert (status, seen) == (case.expect[0], []), content
            assert case.expect[1] in content
            assert not case.expect[1] or json.loads(content)["error"]["code"] == status
        else:
            assert (status, seen) == (200, [case.expect]), content


@pytest.fixture(scope="module", params=["http", "https"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder, files = tmp_path_factory.mktemp("certificates"), dict.fromkeys(CLOUDS, "")
    if request.param == "https":
        authority = make_authority(folder)
        for cloud in CLOUDS:
            files[cloud] = f", tls: {{certificate: {issue(folder, cloud, list(ADDRESSES), 10)}, authority: {authority}}}"
        files["Named"] = files["Named"].replace("}", f", users: {public_certificates(folder / 'public')}}}")
    text, words = described(request.param, free_ports(), files)
    mesh, recorder = parse_mesh(text), Recorder()
    recorder.of_tokens = {"expires_at": ends(), "project": AT_HOME}
    with ExitStack() as stack:
        stack.callback(recorder.close)
        runtimes = {}
        for name, described_cloud in mesh.clouds.items():
            for port, served in {endpoint.backends[0].port: endpoint for endpoint in described_cloud.endpoints}.items():
                recorder.serve(f"{served.service} {name}", port)
            running = started(text, name, with_bridge=True, addresses=ADDRESSES, edit_haproxy=without_dns)
            runtimes[name], _ = stack.enter_context(running)
        yield World(words, mesh, recorder, runtimes)


def without_dns(text: str) -> str:
    """Edit a configuration of HAProxy as the supervisor does by the environment: it opens the socket of a name."""
    return forgetful(text).replace("-api.mixed.test:", "-127.0.0.1:")


def public_certificates(folder: Path) -> list[str]:
    """Return the files of certificates of another authority than the mesh's, the first of them in a folder."""
    make_authority(folder)
    (folder / "users").mkdir()
    issue(folder, "Image", ["image.named.test"], 10).rename(folder / "users" / "image.pem")
    return [str(folder / "users"), str(issue(folder, "Others", ["compute.named.test", "identity.named.test"], 10))]


def of_world(cases: list[HostCase], world: World) -> None:
    if world.words["s"] == "http" and any(case.sni for case in cases):
        pytest.skip("there is no SNI without TLS")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_gateway(case: HostCase, world: World) -> None:
    of_world([case], world)
    if case.scope is not None:
        world.fulfils(case, unseen(case.scope))
    world.fulfils(case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_haproxy_alone(case: HostCase, world: World) -> None:
    """It serves what it has been taught, and no request that is misdirected."""
    of_world([case], world)
    world.send(case)
    with world.without_python(case.at):
        if len(case.expect) == 3 and case.native:
            world.fulfils(case)
        else:
            status, _, seen = world.send(case)
            assert (status, seen) in ((503, []), (400, []))


@pytest.mark.parametrize("at", ["Ports", "Mixed"])
def test_a_guest_is_admitted_by_the_host_too(at: str, world: World) -> None:
    """The gateway of Named serves the next request of a guest without its Python service.

    What a gateway was told of a token holds for some seconds: the token is one that no earlier case has sent.
    """
    case = next(case for case in HOSTS if case.name == f"scope: from {at} to Named")
    for _ in range(2):
        world.fulfils(case, token=f"guest-from-{at}")
    with world.without_python(at, "Named"):
        world.fulfils(case, token=f"guest-from-{at}")


@pytest.mark.parametrize("place", ["{s}://127.0.0.1:{paths}/v2/images/1", "{s}://image.named.test:{named}/v2/images/1"])
@pytest.mark.parametrize("seen", [True, False], ids=["by HAProxy", "by Python"])
def test_links_of_a_peer_with_hosts_name_this_gateway(place: str, seen: bool, world: World) -> None:
    """A service there writes the host that the client has used, or that of its own catalog."""
    case = next(case for case in HOSTS if case.name == "scope: from Paths to Named")
    assert case.scope is not None
    told = f"X-Answer-With: Location: {place}"
    world.send(replace(case, host=(*case.host, told)), case.scope if seen else unseen(case.scope))
    assert world.located == "{s}://127.0.0.1:{paths}/image/v2/images/1".format(**world.words)
    assert dict(world.recorder.seen[0].headers)["host"] == "127.0.0.1:{paths}".format(**world.words)


@pytest.mark.parametrize(
    ("server_name", "names"),
    [
        ("image.named.test", {"Image", "image.named.test"}),
        ("compute.named.test", {"Others", "compute.named.test", "identity.named.test"}),
        ("unknown.test", {"Image", "image.named.test"}),
        (None, {"Image", "image.named.test"}),
        ("Named", {"Named", *ADDRESSES}),
        ("named", {"Named", *ADDRESSES}),
    ],
)
def test_users_meet_the_certificate_of_the_host_and_peers_that_of_the_mesh(
    server_name: str | None, names: set[str], world: World
) -> None:
    if world.words["s"] == "http":
        pytest.skip("there are no certificates")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", world.words["named"]), timeout=60) as plain,
        context.wrap_socket(plain, server_hostname=server_name) as client,
    ):
        certificate = x509.load_der_x509_certificate(client.getpeercert(binary_form=True) or b"")
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(found.get_values_for_type(x509.DNSName)) == names


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_decision(case: HostCase) -> None:
    text, words = described("https" if case.sni else "http", iter(range(10_000, 20_000)), dict.fromkeys(CLOUDS, ""))
    mesh = parse_mesh(text)
    cloud = replace(mesh.clouds[case.at], addresses=ADDRESSES)
    asked = next(endpoint.listener for endpoint in cloud.endpoints if endpoint.key == case.to)
    listeners = next(own for own in cloud.sockets.values() if asked in own)
    hosts = {line.partition(": ")[2].format(**words) for line in case.host if line.lower().startswith("host:")}
    authority = re.match("https?://([^/]*)", case.target.format(**words))
    if authority is not None:
        hosts.add(authority[1])
    if len(hosts) > 1:
        # HAProxy refuses it before there is a decision.
        assert case.expect == (400, "")
        return
    try:
        listener = listener_of(listeners, next(iter(hosts), None), case.sni)
    except MisdirectedError as error:
        assert error.status == case.expect[0]
        assert case.expect[1] in error.message
        return
    scope = (("X-Scope", case.scope),) if case.scope else ()
    path = case.target.format(**words)[len(authority[0]) if authority else 0 :]
    plan = decide(mesh, case.at, Request("GET", listener, path, (("X-Auth-Token", "tok"), *scope))).plan  # type: ignore[union-attr]
    if not isinstance(plan, Single):
        assert (case.expect[0], case.expect[1] in plan.message) == (plan.status, True)  # type: ignore[union-attr]
        return
    assert (plan.endpoint.service, plan.endpoint.cloud) == case.expect[:2]
