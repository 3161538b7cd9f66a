# SPDX-License-Identifier: Apache-2.0
"""The network of the tests: a bridge, and a network namespace for each machine of a pair.

The tests run in namespaces of their own (see the Makefile), so the machine's network has no part in it. A machine reaches the
lab's listeners on 127.0.0.1 by the bridge, and the lab's processes reach the address of the pair by CloudOne's frontend on
127.0.0.1: routes by port, so that the lab needs no change.
"""

import json
import subprocess
from collections.abc import Sequence
from typing import Any

ADDRESS = "10.0.1.10"
"""The address of the pair, in deploy/pair/keepalived.conf."""
HERE = "10.0.1.1"
MACHINES = {"first": "10.0.1.11", "second": "10.0.1.12"}
_ROUTE = "77"
_OTHERS = (61000, 65000)
"""Ports of a machine's own connections: replies to them stay in it."""


def ip(*arguments: str, machine: str | None = None) -> str:
    """Run ``ip``, in the namespace of a machine if one is named."""
    command = ["ip", *(["-n", machine] if machine else []), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout


def inside(machine: str) -> list[str]:
    """Return the beginning of a command that runs in the namespace of a machine."""
    return ["nsenter", f"--net=/run/netns/{machine}"]


def _set(settings: Sequence[str], machine: str | None = None) -> None:
    subprocess.run([*(inside(machine) if machine else []), "sysctl", "--quiet", "--write", *settings], check=True)


def _accept_loopback(interface: str) -> list[str]:
    names = ("route_localnet=1", "accept_local=1", "rp_filter=0")
    return [f"net.ipv4.conf.{which}.{name}" for which in ("all", interface) for name in names]


def _route(ports: str, gateway: str, interface: str, machine: str | None = None) -> None:
    """Send connections to these ports of 127.0.0.1 to another machine."""
    ip(
        "rule",
        "add",
        "pref",
        "10",
        "iif",
        "lo",
        "to",
        "127.0.0.1",
        "ipproto",
        "tcp",
        "dport",
        ports,
        "lookup",
        _ROUTE,
        machine=machine,
    )
    source = MACHINES[machine] if machine else HERE
    ip("route", "replace", "127.0.0.1/32", "via", gateway, "dev", interface, "src", source, "table", _ROUTE, machine=machine)


def _rules_before_local(machine: str | None = None) -> None:
    ip("rule", "add", "pref", "100", "lookup", "local", machine=machine)
    ip("rule", "delete", "pref", "0", machine=machine)


def build() -> None:
    """Make the bridge, on which everything but the gateways is at home."""
    links: list[dict[str, Any]] = json.loads(ip("-json", "link"))
    assert [link["ifname"] for link in links] == ["lo"], "these tests are run by `make pair-test`, in a namespace of their own"
    ip("link", "set", "lo", "up")
    ip("link", "add", "bridge", "type", "bridge")
    ip("address", "add", f"{HERE}/24", "dev", "bridge")
    ip("link", "set", "bridge", "up")
    _set(_accept_loopback("bridge"))
    _rules_before_local()


def add(machine: str, frontend: int, *, nonlocal_bind: bool) -> None:
    """Add a machine. ``frontend``: the gateway's port; with ``nonlocal_bind``, it may listen on an address that is elsewhere."""
    ip("netns", "add", machine)
    ip("link", "add", machine, "type", "veth", "peer", "name", "eth0", "netns", machine)
    ip("link", "set", machine, "master", "bridge", "up")
    ip("address", "add", f"{MACHINES[machine]}/24", "dev", "eth0", machine=machine)
    for interface in ("lo", "eth0"):
        ip("link", "set", interface, "up", machine=machine)
    first, last = _OTHERS
    _set(
        [
            *_accept_loopback("eth0"),
            f"net.ipv4.ip_local_port_range={first} {last}",
            f"net.ipv4.ip_nonlocal_bind={nonlocal_bind:d}",
        ],
        machine,
    )
    _rules_before_local(machine)
    for ports in (f"1024-{frontend - 1}", f"{frontend + 1}-{first - 1}") if frontend > 1024 else (f"1024-{first - 1}",):
        _route(ports, HERE, "eth0", machine)


def lead_to_the_address(port: int) -> None:
    """Have connections to this port of 127.0.0.1 go to the address of the pair."""
    _route(str(port), ADDRESS, "bridge")


def lose(machine: str) -> None:
    """Cut a machine off and end it: no packet of it is seen any more."""
    ip("link", "delete", machine)
    for pid in ip("netns", "pids", machine).split():
        subprocess.run(["kill", "-KILL", pid], check=False)
    ip("netns", "delete", machine)


def holder() -> str | None:
    """Return the machine that has the address."""
    for machine in ip("netns", "list").split():
        if machine in MACHINES and f" {ADDRESS}/" in ip("address", "show", machine=machine):
            return machine
    return None
