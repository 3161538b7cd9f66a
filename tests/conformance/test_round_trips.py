# SPDX-License-Identifier: Apache-2.0
"""Round trips between two gateways with TLS, counted from the logs of their HAProxies as the simulation counts them."""

import http.client
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from conformance.gateway import started
from conformance.recorder import Recorder, free_ports
from conformance.secure import Certificates
from openstackoid.bridge.upstream.kept_connections import EVERY
from openstackoid.haproxy import Runtime
from openstackoid.mesh import parse_mesh
from openstackoid.routing.pages import HEALTH
from waiting import timed

HANDSHAKES = 2
"""Round trips before the first request of a connection: TCP, and TLS 1.3."""

BELIEVED = 2.0
"""Seconds for which an answer about a token is believed here; a minute by default."""

SERVICES = ("identity", "image")
SCOPE = '{"*":"CloudOne","image":"CloudTwo"}'
COUNTED = "%tsc conn=%bi:%bp"
"""In the log in the place of the first part: the address from which HAProxy has asked the server."""

KEEPING = f"http-request set-log-level silent if {{ path {HEALTH} }}"
"""The rule that leaves requests that only keep a connection out of the log; here they are logged."""

_LINE = re.compile(rb"(\S+) -> peer \S+ .*? conn=([^ /]+)")
"""A request to a peer: the end of its path, and the connection."""

IDLE = 12.0
"""Seconds: longer than a gateway leaves an idle connection open."""


class Pair:
    """Two gateways. Requests between them are counted, three for one that opens a connection, and one for each other one.

    Requests that keep a connection are not counted: no user waits for them.
    """

    def __init__(
        self, runtimes: dict[str, Runtime], ports: dict[str, int], certificates: Certificates, recorder: Recorder
    ) -> None:
        self.runtimes = runtimes
        self.recorder = recorder
        self.ports = ports
        self.certificates = certificates
        self._read = dict.fromkeys(runtimes, 0)
        self._connections: set[tuple[str, bytes]] = set()

    def ask(self, at: str, path: str, **headers: str) -> int:
        """Send a GET to a gateway, and return the status of the answer."""
        context = self.certificates.client()
        connection = http.client.HTTPSConnection("127.0.0.1", self.ports[at], timeout=20, context=context)
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status

    def trips(self) -> int:
        """Return the round trips since the last call."""
        time.sleep(0.3)
        trips = 0
        for name, runtime in self.runtimes.items():
            log = Path(runtime.bridge_socket).with_name("bridge.log").read_bytes()
            for path, connection in _LINE.findall(log[self._read[name] :]):
                if not path.endswith(HEALTH.encode()):
                    trips += 1 if (name, connection) in self._connections else 1 + HANDSHAKES
                self._connections.add((name, connection))
            self._read[name] = len(log)
        return trips


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    certificates, ports = Certificates(tmp_path_factory.mktemp("certificates")), free_ports()
    gates = {cloud: next(ports) for cloud in ("CloudOne", "CloudTwo")}
    lines = ["mesh: 1", "clouds:"]
    for cloud, gate in gates.items():
        tls = f"certificate: '{certificates.folder}/{cloud}.pem', authority: '{certificates.authority}'"
        people = "people: [{name: anyone, roles: {member: member}}]"
        lines += [
            f"  {cloud}:",
            f"    gateway: {{tls: {{{tls}}}}}",
            f"    policy: {{seconds: {BELIEVED}, peers: {{'*': {{services: {{'*': all}}, {people}}}}}}}",
            "    services:",
        ]
        lines += [
            f"      {name}: {{frontend: 'https://127.0.0.1:{gate}/{name}', backend: 'http://127.0.0.1:{next(ports)}/{name}'}}"
            for name in SERVICES
        ]
    text = "\n".join(lines) + "\n"
    recorder = Recorder()
    with ExitStack() as stack:
        stack.callback(recorder.close)
        for described in parse_mesh(text).clouds.values():
            for endpoint in described.endpoints:
                recorder.serve(f"{endpoint.service} of {described.name}", endpoint.backends[0].port)
        counted = {}
        for name in gates:
            runtime, _ = stack.enter_context(started(text, name, with_bridge=True, audited=True, edit_haproxy=count))
            counted[name] = runtime
        yield Pair(counted, gates, certificates, recorder)


def count(text: str) -> str:
    return text.replace("%tsc", COUNTED).replace(KEEPING, "")


@timed
def test_round_trips_of_a_request_to_another_cloud(pair: Pair) -> None:
    """A user of CloudOne lists images of CloudTwo, and the image service there asks about the token as soon as it is asked.

    A request that meets the one that keeps the connection has a connection of its own: three round trips instead of one.
    """

    def listed(user: str = "usr") -> int:
        assert pair.ask("CloudOne", "/image/v2/images", X_Case="trips", X_Auth_Token=user, X_Scope=SCOPE) == 200
        (shown,) = (value for name, value in pair.recorder.seen[-1].headers if name.lower() == "x-auth-token")
        # A service of CloudTwo asks this about a token that it has not asked about in the last minutes.
        about = {"X_Auth_Token": "svc", "X_Subject_Token": shown}
        assert pair.ask("CloudTwo", "/identity/v3/auth/tokens", **about) == 200
        return pair.trips()

    time.sleep(2 * EVERY)
    first, again = listed(), listed()
    time.sleep(IDLE)
    later = listed()
    # The request, and the validation of the token: each gateway has had a connection to the other from its start.
    assert (first, later, again) == (2, 2, 1)
    assert listed("another") == 2, "the first request of another user"
