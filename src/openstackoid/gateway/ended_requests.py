# SPDX-License-Identifier: Apache-2.0
"""Write down that an HAProxy is ended with requests that it has: HAProxy logs a request at its end, so these have no line."""

import logging
import time

import psutil

from openstackoid.bridge.audit.audit_file import Audit, AuditError
from openstackoid.bridge.audit.audit_log import lost_line
from openstackoid.gateway.folder import Folder

log = logging.getLogger("openstackoid.gateway")


def connections_of(pid: int) -> int | None:
    """Return the number of open connections of a process, 0 if it has ended, or None if that cannot be known."""
    try:
        found = psutil.Process(pid).net_connections("tcp")
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return 0
    except (psutil.Error, OSError):
        return None
    return sum(connection.status == psutil.CONN_ESTABLISHED for connection in found)


def record_end(folder: Folder, cloud: str, pid: int, why: str) -> None:
    """Write the line ``lost`` about the HAProxy ``pid`` of ``cloud``, just before it is ended, unless it has no connection.

    How many of its requests would have had a line, HAProxy alone knows. A line that cannot be written is told to the log.
    """
    number = connections_of(pid)
    if number == 0:
        return
    what = "an unknown number of connections" if number is None else f"{number} connection{'s' if number > 1 else ''}"
    reason = f"HAProxy {pid} was ended with {what}, {why}: requests on them that it served alone have no line"
    try:
        Audit(folder.audit).write(lost_line(cloud, time.time(), 1, reason))
    except AuditError as error:
        log.warning("%s: %s", reason, error)
