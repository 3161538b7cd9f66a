# SPDX-License-Identifier: Apache-2.0
"""Host names known without DNS: those of the machine's file of hosts."""

from ipaddress import ip_address
from pathlib import Path

HOSTS = Path("/etc/hosts")


def known_addresses(path: Path = HOSTS) -> dict[str, str]:
    """Return the first address of each name in a file of hosts; ``localhost`` always has one.

    A missing file and unreadable lines are ignored, as other programs do.
    """
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    found: dict[str, str] = {}
    for line in lines:
        address, *names = line.partition("#")[0].split() or [""]
        try:
            written = ip_address(address)
        except ValueError:
            continue
        # HAProxy reads no zone, and would send to this host itself for an invalid address.
        if "%" not in address and not written.is_unspecified:
            for name in names:
                found.setdefault(name.lower(), str(written))
    return {"localhost": "127.0.0.1"} | found
