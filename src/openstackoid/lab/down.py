# SPDX-License-Identifier: Apache-2.0
"""`lab down`: stop processes, of some clouds or all; remove files on request."""

import shutil
from collections.abc import Sequence

from openstackoid.errors import OpenstackoidError
from openstackoid.lab import certificates, databases
from openstackoid.lab.clouds import select
from openstackoid.lab.lab import Lab
from openstackoid.lab.progress import Progress
from openstackoid.lab.running import start_database
from openstackoid.lab.waiting import os_errors

_LAST = ("mariadb", "rabbitmq", "epmd")
"""The shared processes, in the order of their stop: after all processes that use them."""


def down(name: str | None, cloud_names: Sequence[str], purge: bool, progress: Progress) -> Lab:
    """Stop the lab, or these clouds of it; with ``purge``, remove their files too. Return the lab as it was.

    Raises :class:`OpenstackoidError` for an unknown cloud, or another `up` or `down` at work.
    """
    lab = _load(name, everything=purge and not cloud_names)
    if not lab.instance.root.exists():
        return lab
    chosen = [cloud.name for cloud in select(lab.clouds, cloud_names)] if cloud_names else []
    what = ", ".join(chosen) or "lab"
    with os_errors(), lab.instance.locked(lambda: progress.say("waiting for another `lab up` or `down` to end")):
        if purge and chosen:
            with progress.step(what, "stopped, files removed"):
                lab.table.stop([pair for pair in lab.table.recorded() if pair[0] in chosen])
                _purge_clouds(lab, chosen)
                stop_clouds(lab, chosen)
            return lab
        with progress.step(what, "stopped"):
            if chosen:
                stop_clouds(lab, chosen)
            else:
                stop_all(lab)
        if purge:
            with progress.step(what, "files removed"):
                lab.instance.purge()
    return lab


def _load(name: str | None, everything: bool) -> Lab:
    """Return the lab; to remove it whole, its file need not be readable."""
    try:
        return Lab.load(name)
    except OpenstackoidError:
        if not everything:
            raise
        return Lab.unread(name)


def stop_clouds(lab: Lab, names: Sequence[str]) -> None:
    """Stop the processes of these clouds; the shared ones go with the last cloud."""
    lab.table.stop([pair for pair in lab.table.recorded() if pair[0] in names])
    if not any(owner != "shared" for owner, _ in lab.table.recorded()):
        stop_all(lab)


def stop_all(lab: Lab) -> None:
    """Stop every process of the lab, also of clouds that are no longer described."""
    recorded = lab.table.recorded()
    lab.table.stop([pair for pair in recorded if pair[0] != "shared"])
    lab.template.stop()
    for name in _LAST:
        lab.table.stop([pair for pair in recorded if pair == ("shared", name)])


def _purge_clouds(lab: Lab, names: Sequence[str]) -> None:
    client = start_database(lab) if (lab.directory / "mariadb").exists() else None
    for name in names:
        if client:
            databases.drop(client, lab.cloud(name))
        for folder in ("clouds", "gateways", "logs"):
            shutil.rmtree(lab.directory / folder / name, ignore_errors=True)
        certificates.certificate_file(lab.certificates, name).unlink(missing_ok=True)
