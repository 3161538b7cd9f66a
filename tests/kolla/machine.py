# SPDX-License-Identifier: Apache-2.0
"""A machine for the test alone: namespaces for network, mounts and processes, which end with it.

Kolla-Ansible and its containers write to /etc, /run, /usr/sbin and /var/lib. Here these are in memory, so that the paths are
Kolla's own and the machine's files stay. Its interface is one end of a pair of virtual ones.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from kolla.environment import LAB
from openstackoid.lab.state import Instance
from privileged import init, needs

INTERFACE = "api0"
NODE, INTERNAL, EXTERNAL = "10.20.0.11", "10.20.0.250", "10.20.0.251"
"""The addresses of the controller, and of Kolla's internal and external VIP."""
CLIENT = "10.20.0.77"
"""An address of a user."""
NAMES = {INTERNAL: "internal.one.example", EXTERNAL: "api.one.example"}
"""The names of the VIPs."""
ACCOUNTS = ("haproxy", "kolla", "openstackoid")
"""Users of Kolla's image of HAProxy, and the gateway's."""

_MEMORY = Path("/mnt")
_OVERLAYS = ("etc", "usr/sbin", "var/lib")


def command(*inside: str) -> list[str]:
    """Return the command that runs another one on the machine, as root."""
    return [*needs.NETWORK, sys.executable, "-m", "kolla.machine", *inside]


def _run(*words: str) -> None:
    subprocess.run(words, check=True)


def _mount() -> None:
    for folder in (str(_MEMORY), "/run", str(Instance(LAB).directory)):
        _run("mount", "-t", "tmpfs", "tmpfs", folder)
    for folder in _OVERLAYS:
        upper, work = _MEMORY / folder / "upper", _MEMORY / folder / "work"
        for path in (upper, work):
            path.mkdir(parents=True)
        options = f"lowerdir=/{folder},upperdir={upper},workdir={work}"
        _run("mount", "-t", "overlay", "overlay", "-o", options, f"/{folder}")
    # Ansible finds interfaces there.
    _run("mount", "-t", "sysfs", "sysfs", "/sys")


def _network() -> None:
    _run("ip", "link", "set", "lo", "up")
    _run("ip", "link", "add", INTERFACE, "type", "veth", "peer", "name", f"{INTERFACE}peer")
    for name in (INTERFACE, f"{INTERFACE}peer"):
        _run("ip", "link", "set", name, "up")
    for address in (f"{NODE}/24", f"{INTERNAL}/32", f"{EXTERNAL}/32", f"{CLIENT}/32"):
        _run("ip", "address", "add", address, "dev", INTERFACE)
    # As Kolla-Ansible sets it (`loadbalancer/tasks/config-host.yml`).
    Path("/proc/sys/net/ipv4/ip_nonlocal_bind").write_text("1")


def _names() -> None:
    with Path("/etc/hosts").open("a", encoding="utf-8") as hosts:
        hosts.writelines(f"{address} {name}\n" for address, name in NAMES.items())


def _accounts() -> None:
    for number, name in enumerate(ACCOUNTS, 42450):
        user = f"{name}:x:{number}:{number}::/nonexistent:/usr/sbin/nologin"
        for file, entry in (("/etc/passwd", user), ("/etc/group", f"{name}:x:{number}:")):
            with Path(file).open("a", encoding="utf-8") as entries:
                entries.write(f"{entry}\n")


def main(words: Sequence[str]) -> int:
    """Set the machine up, run the command as its first process, and return the exit code."""
    _mount()
    _network()
    _names()
    _accounts()
    return init.run(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
