# SPDX-License-Identifier: Apache-2.0
"""A machine for the test alone: namespaces for network, mounts and processes, which end with it.

Kolla-Ansible, its containers, apt-get, pip and the gateway write to folders of the system. Here these are in memory, above the
machine's, so that the paths are the page's own and the machine's files stay. The interface is one end of a pair of virtual ones.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from kolla.environment import LAB, ROOT
from openstackoid.lab.state import Instance
from privileged import init, needs

INTERFACE = "api0"
NODE, INTERNAL, EXTERNAL = "10.20.0.11", "10.20.0.250", "10.20.0.251"
"""The addresses of the controller, and of Kolla's internal and external VIP."""
CLIENT = "10.20.0.77"
"""An address of a user."""
NAMES = {INTERNAL: "internal.one.example", EXTERNAL: "api.one.example"}
"""The names of the VIPs."""
_SERVICES = ("identity", "image", "placement", "network", "compute", "block-storage", "horizon")
HOSTS = {service: f"{service}.one.example" for service in _SERVICES}
"""The names of services at the external VIP, where each has its own."""
ACCOUNT = "kolla"
"""A user of Kolla's image of HAProxy; the package makes `haproxy`, the other one."""
DIST = ROOT / "dist"
"""The folder of `make package`; in memory, too."""
OUTSIDE = Path("/run/network-outside")
"""The network in which this program was started: programs that install packages are run there."""

_MEMORY = Path("/mnt")
_OVERLAYS = ("etc", "opt", "usr", "var/cache", "var/lib", "var/log")
_INSIDE = "--inside"


def command(*inside: str) -> list[str]:
    """Return the command that runs another one on the machine, as root."""
    return [*needs.NAMESPACES, sys.executable, "-m", "kolla.machine", *inside]


def _run(*words: str) -> None:
    subprocess.run(words, check=True)


def _mount() -> None:
    _run("mount", "-t", "tmpfs", "tmpfs", str(_MEMORY))
    for folder in _OVERLAYS:
        upper, work = _MEMORY / folder / "upper", _MEMORY / folder / "work"
        for path in (upper, work):
            path.mkdir(parents=True)
        options = f"lowerdir=/{folder},upperdir={upper},workdir={work}"
        _run("mount", "-t", "overlay", "overlay", "-o", options, f"/{folder}")
    DIST.mkdir(exist_ok=True)
    for directory in (Path("/run"), Instance(LAB).directory, DIST):
        _run("mount", "-t", "tmpfs", "tmpfs", str(directory))
    # Packages start no service.
    policy = Path("/usr/sbin/policy-rc.d")
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    OUTSIDE.touch()
    _run("mount", "--bind", "/proc/self/ns/net", str(OUTSIDE))


def _network() -> None:
    # Ansible finds interfaces there.
    _run("mount", "-t", "sysfs", "sysfs", "/sys")
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
        hosts.writelines(f"{EXTERNAL} {name}\n" for name in HOSTS.values())


def _account() -> None:
    user = f"{ACCOUNT}:x:42450:42450::/nonexistent:/usr/sbin/nologin"
    for file, entry in (("/etc/passwd", user), ("/etc/group", f"{ACCOUNT}:x:42450:")):
        with Path(file).open("a", encoding="utf-8") as entries:
            entries.write(f"{entry}\n")


def main(words: Sequence[str]) -> int:
    """Set the machine up, run the command as its first process, and return the exit code."""
    if words[:1] != [_INSIDE]:
        _mount()
        os.execvp("unshare", ["unshare", "--net", sys.executable, "-m", "kolla.machine", _INSIDE, *words])
    _network()
    _names()
    _account()
    return init.run(words[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
