# SPDX-License-Identifier: Apache-2.0
"""The Python service under the supervisor: its command, its files, and its readiness."""

import socket
import sys
from pathlib import Path

from openstackoid.gateway.configuration import Configuration
from openstackoid.gateway.folder import Folder, write_private
from openstackoid.mesh import packed_mesh
from openstackoid.tls import AUTHORITY, CERTIFICATE, REVOKED


def command(folder: Folder, cloud: str, requests: int, log: int) -> list[str]:
    """Return the command for the gateway of ``cloud``.

    ``requests``: the descriptor of its socket; ``log``: of the pipe with HAProxy's log.
    """
    argv = [sys.executable, "-m", "openstackoid.bridge", "--cloud", cloud, "--config", str(folder.mesh), "--wait"]
    argv += ["--socket", str(folder.bridge_socket), "--socket-fd", str(requests), "--log-fd", str(log)]
    argv += ["--haproxy-socket", str(folder.stats_socket), "--records-socket", str(folder.records_socket)]
    argv += ["--store-file", str(folder.store), "--audit-log", str(folder.audit), "--tls-files", str(folder.path)]
    argv += ["--keys", str(folder.keys)]
    return argv


def hand_over(folder: Folder, configuration: Configuration) -> None:
    """Write copies of the service's files, so that changes of the operator's files cannot break it."""
    for name in (CERTIFICATE, AUTHORITY, REVOKED):
        if name in configuration.files:
            write_private(folder.path / name, configuration.files[name])
        else:
            (folder.path / name).unlink(missing_ok=True)
    write_private(folder.mesh, packed_mesh(configuration.mesh))


def receives(path: Path) -> bool:
    """Return whether a process receives datagrams at ``path``."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
        return probe.connect_ex(str(path)) == 0
