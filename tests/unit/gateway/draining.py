# SPDX-License-Identifier: Apache-2.0
"""A gateway that a test drains."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from unit.gateway.running import Gateway, free_port, with_settings
from unit.gateway.transfers import transfers

HEALTH = "/.openstackoid/health"


@contextmanager
def started(folder: Path, settings: str = "", kind: type[Gateway] = Gateway) -> Iterator[Gateway]:
    with transfers() as backend:
        gateway = kind(folder, free_port(), backend)
        gateway.config.write_text(with_settings(gateway.config.read_text(), settings) if settings else gateway.config.read_text())
        gateway.start()
        try:
            yield gateway
        finally:
            if gateway.running.poll() is None:
                gateway.running.kill()
            gateway.running.wait()


def accepts(haproxy: int) -> bool:
    """Return whether new connections may reach this HAProxy."""
    return any(one.status == psutil.CONN_LISTEN for one in psutil.Process(haproxy).net_connections("tcp"))


def says_503(gateway: Gateway) -> bool:
    return gateway.get(HEALTH)[0] == 503
