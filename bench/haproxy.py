# SPDX-License-Identifier: Apache-2.0
"""The HAProxy processes of a measurement, and the configurations of those that are not the gateway's."""

import shlex
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.processes import PATIENCE, running
from openstackoid.gateway.folder import write_files
from openstackoid.haproxy.binary import Haproxy
from openstackoid.haproxy.process import CONFIGURATION
from openstackoid.mesh import INTERFACES
from openstackoid.routing.wire_version import HEADER
from openstackoid.scope import WIRE

SERVED_BY = "X-Served-By"
"""The header in which whoever answers says who it is: a gateway that is fast in the wrong direction is found out."""

BODY = (
    '{"images": ['
    + ", ".join(f'{{"id": "16a6b227-147f-4a81-a02d-c908e31553{n:02}", "status": "active"}}' for n in range(15))
    + "]}"
)
"""An answer of about 1 KB."""

TIMEOUTS = """\
    mode http
    timeout connect 3s
    timeout client 60s
    timeout server 60s
    timeout check 3s
    timeout http-request 10s
    timeout tunnel 1h
    retries 1
"""


OWN = "CloudOne"
"""The cloud whose gateway is measured."""

REVOKED = "revoked.lst"
"""The list of tokens that the server which stands for all Keystones does not accept (any more)."""


@dataclass(frozen=True)
class Instance:
    """A running HAProxy, and its control socket."""

    pid: int
    control: Path

    def say(self, command: str) -> str:
        """Give a command at the control socket, and return the answer."""
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(self.control))
            control.sendall(f"{command}\n".encode())
            with control.makefile() as answer:
                return answer.read()


@contextmanager
def instance(
    haproxy: Haproxy,
    folder: Path,
    files: Mapping[str, str],
    cores: frozenset[int],
    *,
    patience: float = PATIENCE,
    quiet: bool = False,
    under: Sequence[str] = (),
) -> Iterator[Instance]:
    """Run HAProxy on ``files``, which are written into ``folder``, on ``cores``.

    The configuration must have a control socket ``haproxy.sock`` in the folder. HAProxy answers there once it accepts.
    ``quiet``: it writes what a script logs to its log only, and not to stderr as well; nor does it say why it does not start.
    ``under``: the words before the command, of a tool that looks at it.
    """
    write_files(folder, files)
    control = folder / "haproxy.sock"
    argv = [*under, str(haproxy.path), "-db", *(["-q"] if quiet else []), "-f", str(folder / CONFIGURATION)]
    with running(argv, cores, lambda: answers(control), environment=haproxy.environment(), patience=patience) as process:
        yield Instance(process.pid, control)


def answers(control: Path) -> bool:
    """Return whether something accepts at a unix socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(control)) == 0


def one_thread(configuration: str) -> str:
    """Return the gateway's configuration with one thread: the only edit of what is generated."""
    head, found, rest = configuration.partition("\nglobal\n")
    if not found or "nbthread" in configuration:
        raise AssertionError("the generated configuration has another form; the edit does not fit")
    return f"{head}{found}    nbthread 1\n{rest}"


def word(path: Path) -> str:
    """Return a path as one word of HAProxy's language: a folder for temporary files may have spaces."""
    return shlex.quote(str(path))


def global_section(folder: Path, *more: str) -> str:
    """Return the section ``global`` of an HAProxy of one thread; ``more``: further lines."""
    lines = ["nbthread 1", f"stats socket {word(folder / 'haproxy.sock')} mode 600 level admin", "default-path config", *more]
    return "global\n" + "".join(f"    {line}\n" for line in lines)


def backends(folder: Path, clouds: Mapping[str, Sequence[str]], token: str) -> dict[str, str]:
    """Return the files of the server that stands for all backends and peers: it answers by itself, at once.

    ``clouds``: where it listens, with the options of that socket, by the name that it gives itself there. ``token``: its answer
    to the validation of a token.
    """
    text = [global_section(folder), f"defaults\n{TIMEOUTS}"]
    for name, addresses in clouds.items():
        text += [f"frontend {name}", *(f"    bind {address}" for address in addresses)]
        revoked = f"{{ path_end /auth/tokens }} {{ req.hdr(x-subject-token) -m str -f {REVOKED} }}"
        # A peer's gateway announces the form of a scope that it reads.
        announced = "" if name == OWN else f" hdr {HEADER} {WIRE}"
        answer = f"    http-request return status 200 content-type application/json hdr {SERVED_BY} {name}{announced}"
        text += [
            "    tcp-request connection reject if !{ src 127.0.0.0/8 }",
            "    http-request wait-for-body time 5s if METH_POST",
            f"    http-request return status 401 if {revoked}",
            f"{answer} hdr X-Subject-Token none file token.json if {{ path_end /auth/tokens }}",
            f"{answer} file body.json",
        ]
    return {CONFIGURATION: "\n".join(text) + "\n", "body.json": BODY, "token.json": token, REVOKED: ""}


@dataclass(frozen=True)
class Wire:
    """What is added to a plain HAProxy's configuration: lines to ``global``, options to its socket and to its servers."""

    general: Sequence[str] = ()
    bind: str = ""
    server: str = ""


def plain(
    folder: Path, port: int, services: Sequence[str], backend: int, *, log: bool = True, wire: Wire | None = None
) -> dict[str, str]:
    """Return the file of a plain HAProxy: the first part of the path names the backend, and that is all.

    Its timeouts and health checks are the gateway's. It tells services the client's address, as the gateway does, and logs each
    request, unless told not to.
    """
    wire = wire or Wire()
    text = [global_section(folder, "log stdout format raw local0 info", *wire.general)]
    text += [f"defaults\n{TIMEOUTS}" + "    option forwardfor\n" + ("    log global\n    option httplog\n" if log else "")]
    text += ["frontend plain", f"    bind 127.0.0.1:{port}{wire.bind}"]
    text += [f"    use_backend {service} if {{ path_beg /{service}/ }}" for service in services]
    text += [backend_section(service, service, f"{backend}{wire.server}") for service in services]
    return {CONFIGURATION: "\n".join(text) + "\n"}


def old_way(folder: Path, port: int, talking: int, services: Sequence[str], clouds: Mapping[str, int]) -> dict[str, str]:
    """Return the files of the old way: a Lua script reads the scope and chooses the backend, for each request.

    At the port ``talking`` it also logs a line at each step. ``clouds``: the port of each cloud's backends; they are not checked.
    """
    script = Path(__file__).with_name("old_way.lua").read_text(encoding="utf-8")
    lua = f"lua-load {word(folder / 'old_way.lua')} {word(folder / 'services.txt')}"
    text = [global_section(folder, "log stdout format raw local0 info", lua)]
    text += [f"defaults\n{TIMEOUTS}    log global\n    option httplog\n"]
    for at, talk in ((port, "quiet"), (talking, "log")):
        text += [f"frontend {talk}", f"    bind 127.0.0.1:{at}", f"    http-request lua.old_way CloudOne {talk}"]
        text += ["    use_backend %[var(txn.backend)]"]
    rows = []
    for cloud, at in clouds.items():
        for service in services:
            text.append(f"backend {cloud}_{service}\n    server s1 127.0.0.1:{at}")
            rows += [f"{cloud} {service} {interface} {old_host(cloud)}/{service}" for interface in INTERFACES]
    return {CONFIGURATION: "\n".join(text) + "\n", "old_way.lua": script, "services.txt": "\n".join(rows) + "\n"}


def old_host(cloud: str) -> str:
    """Return the host by which the old way knows a cloud in a URL."""
    return f"{cloud.lower()}.example"


def backend_section(name: str, service: str, server: str) -> str:
    """Return a backend; ``server`` is the server's port on loopback, and its options."""
    lines = [f"option httpchk GET /{service}/", "default-server check inter 2s downinter 500ms fall 2 rise 1"]
    lines += [f"server s1 127.0.0.1:{server}"]
    return f"backend {name}\n" + "\n".join(f"    {line}" for line in lines)
