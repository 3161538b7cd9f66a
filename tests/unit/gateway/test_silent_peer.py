# SPDX-License-Identifier: Apache-2.0
"""One call of ``openstackoid status`` names a peer that went silent, at the times of a real gateway."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from openstackoid.bridge.pages.peer_questions import ANSWERS_WITHIN
from openstackoid.bridge.pages.peer_watch import FRESH, LATE
from openstackoid.gateway.status import PATIENCE
from openstackoid.gateway.status_items import OLD
from unit.gateway.running import Echo, Gateway, Server, free_port, service, serving
from unit.gateway.test_status import state, status
from waiting import until

OPERATE = Path(__file__).parents[3] / "docs/operate"
PEER = '"http://127.0.0.1:9/image"'


class Stopping(Echo, BaseHTTPRequestHandler):
    """The gateway of a peer that accepts connections, and answers until it is ``silent``."""

    silent = False

    def do_GET(self) -> None:
        until(lambda: not self.silent)
        super().do_GET()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with service() as backend, serving(Server(("127.0.0.1", 0), Stopping)) as peer:
        gateway = Gateway(tmp_path_factory.mktemp("silent"), free_port(), backend)
        gateway.config.write_text(gateway.config.read_text().replace(PEER, f'"http://127.0.0.1:{peer}/image"'))
        gateway.start()
        yield gateway
        gateway.stop()


def named(gateway: Gateway) -> float:
    """Have one call of the command name the peer, after it was up in the call before; return the call's seconds."""
    time.sleep(FRESH)
    began = time.monotonic()
    code, text = status(gateway, "--json")
    took = time.monotonic() - began
    found = json.loads(text)
    assert (code, found["at_fault"]) == (1, [{"of": "peer", "name": "CloudTwo"}]), text
    (peer,) = (item for item in found["items"] if item["of"] == "peer")
    assert "CloudTwo" in peer["detail"]
    assert "asked" not in peer["detail"], "the answer is of this call"
    return took


def test_a_peer_that_stops_is_named_by_the_next_call(gateway: Gateway) -> None:
    until(lambda: state(gateway, "CloudTwo") == "up")
    Stopping.silent = True
    try:
        took = named(gateway)
    finally:
        Stopping.silent = False
    # It waits as long as a question takes, beside its own start.
    assert took > ANSWERS_WITHIN
    until(lambda: state(gateway, "CloudTwo") == "up")


def test_a_peer_whose_packets_are_dropped_is_named_by_the_next_call(gateway: Gateway) -> None:
    until(lambda: state(gateway, "CloudTwo") == "up")
    good = gateway.config.read_text()
    with socket.socket() as full, ExitStack() as stack:
        full.bind(("127.0.0.2", 0))
        full.listen(0)
        # Linux answers no further packet that asks for a connection.
        for _ in range(2):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        port = full.getsockname()[1]
        text = (
            good.partition("  CloudTwo:\n")[0]
            + f'  CloudTwo: {{services: {{image: {{frontend: "http://127.0.0.2:{port}/image"}}}}}}\n'
        )
        gateway.config.write_text(text)
        said = gateway.said().count("has reloaded")
        gateway.hang_up()
        gateway.wait_for("has reloaded", said + 1)
        assert named(gateway) > LATE
        gateway.config.write_text(good)
        gateway.hang_up()
        gateway.wait_for("has reloaded", said + 2)


def test_the_pages_have_these_times() -> None:
    within = f"within {ANSWERS_WITHIN:g} seconds"
    assert within in (OPERATE / "metrics.md").read_text()
    assert f"`does not answer within` {ANSWERS_WITHIN:g} s;" in (OPERATE / "faults.md").read_text()
    told = " ".join((OPERATE / "status.md").read_text().split())
    for words in (within, f"after {PATIENCE:g} seconds without", f"older than {OLD:g} seconds"):
        assert words in told
