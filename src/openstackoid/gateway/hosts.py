# SPDX-License-Identifier: Apache-2.0
"""Host names that are known without DNS: those of the machine's own file of hosts, as for any program that the operator runs."""

from ipaddress import ip_address
from pathlib import Path

HOSTS = Path("/etc/hosts")


def known_addresses(path: Path = HOSTS) -> dict[str, str]:
    """Return the address of each name in a file of hosts, the first that is named; ``localhost`` has one in any case.

    A file that is missing, or a line that says nothing, is no error: other programs ignore them, too.
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
        # HAProxy reads no zone, and would go to this host itself where an address is none.
        if "%" not in address and not written.is_unspecified:
            for name in names:
                found.setdefault(name.lower(), str(written))
    return {"localhost": "127.0.0.1"} | found
