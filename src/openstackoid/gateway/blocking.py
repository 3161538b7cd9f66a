# SPDX-License-Identifier: Apache-2.0
"""Block a peer at a gateway, or let it in again: the file of blocked clouds, the line of the audit log, and the reload."""

import json
import os
import pwd
import signal
import time
from pathlib import Path

from openstackoid.bridge.audit.audit_file import Audit
from openstackoid.bridge.audit.audit_log import OUT, AuditLine
from openstackoid.gateway.errors import GatewayError
from openstackoid.gateway.folder import Folder
from openstackoid.mesh import BLOCKED, blocked_clouds, write_blocked

PATIENCE = 30.0
"""Seconds in which a gateway must have reloaded."""

_GLANCE = 0.02


def block(folder: Folder, cloud: str, peer: str, *, blocked: bool) -> str:
    """Block a peer at the gateway of ``cloud``, or unblock it, and return a line for the operator once that has effect.

    Raises :class:`~openstackoid.errors.OpenstackoidError`.
    """
    _check_own(folder.path, f"openstackoid peer {'block' if blocked else 'unblock'} {peer} --cloud {cloud} --config FILE")
    path, holder = folder.path / BLOCKED, folder.holder()
    known = blocked_clouds(path)
    told = f"{peer} is {'blocked' if blocked else 'not blocked'} at the gateway of {cloud}"
    if (peer in known) is blocked:
        return f"{told} already"
    Audit(folder.audit).write(_line(cloud, peer, "blocked" if blocked else "unblocked"))
    write_blocked(path, known | {peer} if blocked else known - {peer})
    if holder is None:
        return f"{told}, once it runs; no gateway runs with the state folder {folder.path}"
    began = time.time()
    os.kill(holder.pid, signal.SIGHUP)
    if holder.apart:
        return f"{told}; write HAProxy's files with `openstackoid gateway render`, and restart HAProxy"
    _wait(folder, began, told)
    return told


def _check_own(folder: Path, command: str) -> None:
    """Check that the user may change files of the gateway, which could not read those of another.

    Raises :class:`GatewayError`; its hint is to give the ``command`` as the gateway's user.
    """
    try:
        owner = folder.stat().st_uid
    except OSError as error:
        raise GatewayError(f"--state-dir {folder}: {error.strerror}", hint="name the gateway's folder with --state-dir") from None
    if owner != os.geteuid():
        try:
            name = pwd.getpwuid(owner).pw_name
        except KeyError:
            name = f"#{owner}"
        raise GatewayError(f"--state-dir {folder}: it belongs to the user {name}", hint=f"runuser -u {name} -- {command}")


def _wait(folder: Folder, began: float, told: str) -> None:
    """Wait until the gateway has reloaded. Raises :class:`GatewayError` if it cannot: what is ``told`` is not so yet."""
    while time.time() < began + PATIENCE:
        try:
            reload = json.loads(folder.supervised.read_text(encoding="utf-8"))["reload"]
        except (OSError, ValueError, KeyError) as error:
            raise GatewayError(f"{folder.supervised}: the state of the gateway cannot be read: {error}") from None
        if reload["time"] >= began:
            if not reload["successful"]:
                raise GatewayError(f"{told} only once it can reload; until then it goes on as before: {reload['fault']}")
            return
        time.sleep(_GLANCE)
    raise GatewayError(f"the gateway has not reloaded within {PATIENCE:g} s")


def _line(cloud: str, peer: str, outcome: str) -> AuditLine:
    return AuditLine(
        time=time.time(),
        gateway=cloud,
        direction=OUT,
        home=cloud,
        cloud=peer,
        service="-",
        interface="-",
        method="-",
        path="-",
        outcome=outcome,
        status=0,
        reason=f"the operator has {outcome} {peer}",
    )
