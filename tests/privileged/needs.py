# SPDX-License-Identifier: Apache-2.0
"""Abilities of the machine that suites which need root look for first. Where one is missing, the suite fails."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

NAMESPACES = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
"""The beginning of a command in namespaces of its own: its mounts and processes end with it."""
NETWORK = (*NAMESPACES, "--net")
"""The same, with a network of its own."""
CGROUPS = tuple(Path("/sys/fs/cgroup", name) for name in ("systemd", "unified", "."))
"""The hierarchies of control groups that a booted system needs, if they are there."""

_OVERLAY = "mount -t tmpfs tmpfs /mnt && cd /mnt && mkdir a b c d && mount -t overlay -o lowerdir=a,upperdir=b,workdir=c none d"
_LINKS = "ip link add one type veth peer name other && ip link add bridge type bridge && ip netns add machine"


class Need(NamedTuple):
    """An ability in words, and a command that shows it."""

    words: str
    command: tuple[str, ...]


MOUNTS = Need("namespaces for mounts and processes", (*NAMESPACES, "true"))
OVERLAYS = Need("overlay mounts", (*NAMESPACES, "sh", "-c", _OVERLAY))
NETWORKS = Need("network namespaces", (*NETWORK, "true"))
LINKS = Need("virtual network interfaces", (*NETWORK, "sh", "-c", f"mount -t tmpfs tmpfs /run && mkdir /run/netns && {_LINKS}"))
"""It needs the command ``ip``."""


def missing(*needs: Need) -> str | None:
    """Return the first ability that this machine lacks, with the reason; None if it has all."""
    if os.geteuid() != 0:
        return "root"
    if shutil.which("unshare") is None:
        return "the command unshare"
    for need in needs:
        done = subprocess.run(need.command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode:
            return f"{need.words} ({(done.stderr.strip() or f'exit code {done.returncode}').splitlines()[-1]})"
    return None


def missing_to_boot() -> str | None:
    """Return what this machine lacks to make a Debian and boot it."""
    if shutil.which("apt-get") is None:
        return "apt-get, that is, Debian 12 or later"
    if lacks := missing(MOUNTS, OVERLAYS, NETWORKS):
        return lacks
    return next(_unwritable_cgroups(), None)


def _unwritable_cgroups() -> Iterator[str]:
    found = [hierarchy for hierarchy in CGROUPS if (hierarchy / "cgroup.procs").exists()]
    if not found:
        yield "control groups"
    for hierarchy in found:
        group = hierarchy / f"openstackoid-{uuid4().hex[:8]}"
        try:
            group.mkdir()
        except OSError as error:
            yield f"the right to make control groups ({error.strerror}: {hierarchy})"
        else:
            with suppress(OSError):
                group.rmdir()
