# SPDX-License-Identifier: Apache-2.0
"""Backends of https: verified by their authority and name, in health checks too; a wrong one is a 503 with the reason."""

import http.client
import json
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from conformance.gateway import started
from conformance.recorder import Recorder, free_ports
from openstackoid.certs import issue, make_authority

SOUND = {
    "image": "name: image.internal.test, authority: {good}",
    "network": "name: '*', authority: {good}",
}
"""Services, and how the certificate of each is verified; all have one of the host image.internal.test."""
FALSE = {
    "compute": (
        "name: compute.internal.test, authority: {good}",
        "compute of One: its certificate is not compute.internal.test's",
    ),
    "placement": ("name: image.internal.test, authority: {other}", "its certificate is not signed by the authority of {other}"),
    "dns": ("name: image.internal.test", "its certificate is not signed by the authority of this system"),
    "load-balancer": ("name: image.internal.test, authority: {good}", "its certificate has expired"),
    "key-manager": ("name: image.internal.test, authority: {good}", "it does not speak TLS"),
}


@dataclass
class World:
    """The gateway, and where it was told that each service is."""

    port: int
    recorder: Recorder
    files: dict[str, str]

    def ask(self, service: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        self.recorder.seen.clear()
        try:
            connection.request("GET", f"/{service}/v2/x", headers={"X-Auth-Token": "tok", "X-Case": "backends"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder, ports = tmp_path_factory.mktemp("certificates"), free_ports()
    files = {name: str(make_authority(folder / name)) for name in ("good", "other")}
    good = served(issue(folder / "good", "Backend", ["image.internal.test"], 10))
    (folder / "old").mkdir()
    for name in ("authority.pem", "authority.key"):
        (folder / "old" / name).write_bytes((folder / "good" / name).read_bytes())
    begins = datetime.now(UTC) - timedelta(days=30)
    old = served(issue(folder / "old", "Backend", ["image.internal.test"], 3, begins=begins))
    gate, recorder = next(ports), Recorder()
    lines = [
        "mesh: 1",
        "clouds:",
        "  One:",
        "    gateway: {timeouts: {connect: 2, server: 5, check: 0.2}, limits: {exempt: [127.0.0.1]}}",
    ]
    lines.append("    services:")
    for service, how in (SOUND | {name: how for name, (how, _) in FALSE.items()}).items():
        port = next(ports)
        recorder.serve(service, port, {"load-balancer": old, "key-manager": None}.get(service, good))
        backend = f"{{url: 'https://127.0.0.1:{port}', {how.format(**files)}}}"
        lines.append(f"      {service}: {{frontend: 'http://127.0.0.1:{gate}/{service}', backend: {backend}}}")
    with ExitStack() as stack:
        stack.callback(recorder.close)
        stack.enter_context(started("\n".join(lines), "One", with_bridge=True))
        time.sleep(1)
        yield World(gate, recorder, files)


def served(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.mark.parametrize("service", SOUND)
def test_a_verified_backend_is_asked(service: str, world: World) -> None:
    assert world.ask(service)[0] == 200
    assert [(seen.server, seen.path) for seen in world.recorder.seen] == [(service, "/v2/x")]


@pytest.mark.parametrize("service", FALSE)
def test_a_false_backend_is_not_asked_and_the_answer_says_why(service: str, world: World) -> None:
    status, content = world.ask(service)
    assert (status, world.recorder.seen) == (503, [])
    message = json.loads(content)["error"]["message"]
    assert message.startswith(f"gateway of One: {service} of One: ")
    assert FALSE[service][1].format(**world.files) in message
