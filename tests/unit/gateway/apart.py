# SPDX-License-Identifier: Apache-2.0
"""The two programs of a gateway, each started by hand."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from openstackoid.cli import main
from openstackoid.haproxy.binary import find_haproxy
from unit.bridge.haproxy import listens
from unit.gateway.running import Gateway, description, free_port, service
from waiting import until

HAPROXY = find_haproxy(os.environ.get("OPENSTACKOID_TEST_HAPROXY", "bundled"))


class Apart(Gateway):
    """A gateway of two programs started by hand; ``log``: the Python service's output."""

    bridge: "subprocess.Popen[bytes]"
    haproxy: "subprocess.Popen[bytes]"

    def page(self, path: str) -> object:
        status, body = self.get(path)
        assert status == 200, body
        return json.loads(body)


@contextmanager
def apart(folder: Path, backend: int | None = None, mode: str = "-db") -> Iterator[Apart]:
    """Run both programs in front of a service; ``mode``: HAProxy's."""
    with service() as echo, service() as peer, ExitStack() as stack:
        backend = echo if backend is None else backend
        gateway = Apart(folder, free_port(), backend)
        mesh = description(gateway.port, backend).replace("127.0.0.1:9/", f"127.0.0.1:{peer}/")
        gateway.config.write_text(mesh)
        options = ["--cloud", "CloudOne", "--config", str(gateway.config), "--state-dir", str(gateway.state)]
        assert main(["gateway", "render", *options, "--output", str(folder / "rendered")]) == 0

        def start(*argv: str, environment: dict[str, str], log: Path) -> "subprocess.Popen[bytes]":
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stack.enter_context(log.open("ab")),
                env=environment,
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)
            return process

        haproxy = start(
            *(str(HAPROXY.path), mode, "-f", str(folder / "rendered" / "haproxy.cfg")),
            environment=HAPROXY.environment(),
            log=folder / "haproxy.log",
        )
        command = [sys.executable, "-W", "error", "-m", "openstackoid", "bridge", "run", *options]
        gateway.log.touch()
        bridge = start(*command, environment=dict(os.environ), log=gateway.log)
        gateway.process = gateway.bridge = bridge
        gateway.haproxy = haproxy
        gateway.wait_for("serves 2 clouds")
        until(lambda: listens(str(gateway.state / "haproxy.sock")))
        yield gateway
