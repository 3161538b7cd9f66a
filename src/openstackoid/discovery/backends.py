# SPDX-License-Identifier: Apache-2.0
"""Find the frontend of an existing HAProxy that serves an endpoint of a catalog, and the servers behind it.

Pure: host names are resolved by the caller.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import PurePosixPath

from openstackoid.discovery.catalog import DiscoverError, Row
from openstackoid.discovery.conditions import compare, holds, is_about_the_client
from openstackoid.discovery.haproxy_configuration import Choice, Configuration, Proxy, Server, Socket
from openstackoid.discovery.losses import Loss, access_loss, losses, shown
from openstackoid.discovery.proxies import Proxies, proxies_before
from openstackoid.discovery.waits import check_note, waits
from openstackoid.mesh.settings import AS_GATEWAY, ServiceTimeouts
from openstackoid.mesh.urls import HTTPS, FrontendUrl, is_address

_SERVER = re.compile(r"(?:ipv[46]@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]/@:]+)(?::(?P<port>\d+))?\Z")
_MAP = re.compile(
    r"%\[(?P<host>(?:req\.)?hdr\(host(?:,-?\d+)?\)|ssl_fc_sni|base|path)(?P<converters>.*?),map(?P<how>_[a-z]+)?\((?P<arguments>[^)]*)\)\]\Z"
)
_CONSTANT = re.compile(r"str\(([^)]+)\)\Z")


@dataclass(frozen=True, slots=True)
class Backend:
    """A server as a URL without a path. ``authority``, ``name``: the file of the authority, and the name in the certificate."""

    url: str
    authority: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The servers of an endpoint, and the frontend before them. ``timeouts``: theirs. ``notes``: for the operator.

    ``proxies``: those in front of HAProxy. ``certificates``: the files whose certificates users meet. ``losses``: the lines that
    are not carried over. ``choice``: the line that has led to the servers; None for the frontend's default.
    """

    frontend: Proxy
    socket: Socket
    servers: tuple[Backend, ...]
    notes: tuple[str, ...] = ()
    timeouts: ServiceTimeouts = AS_GATEWAY
    proxies: Proxies = field(default_factory=Proxies)
    certificates: tuple[str, ...] = ()
    losses: tuple[Loss, ...] = ()
    choice: Choice | None = None

    @property
    def choices(self) -> tuple[Choice | None, ...]:
        """The line, as :class:`Missing` has those that may lead to its servers."""
        return (self.choice,)


@dataclass(frozen=True, slots=True)
class Missing:
    """An endpoint whose servers were not found, and why. ``losses``: the line that decides who reaches them, if one does.

    ``frontend``, ``socket``: those at its URL, if they were found. ``choices``: the lines of which one leads to its servers; None
    for the frontend's default.
    """

    reason: str
    losses: tuple[Loss, ...] = ()
    frontend: Proxy | None = None
    socket: Socket | None = None
    choices: tuple[Choice | None, ...] = ()


def find_backends(
    configuration: Configuration, row: Row, addresses: Mapping[str, Sequence[str]], maps: Mapping[str, str]
) -> Found | Missing:
    """Return the servers behind the URL of ``row``.

    ``addresses``: those of the hosts of catalog and binds that are names. ``maps``: the texts of HAProxy's maps, by file name.
    """
    url = FrontendUrl.parse(row.url)
    found = _frontend(configuration, url, addresses)
    if isinstance(found, Missing):
        return found
    frontend, socket = found
    chosen = _backend_name(frontend, url, maps)
    if isinstance(chosen, Missing):
        return replace(chosen, frontend=frontend, socket=socket)
    backend, choice = chosen
    proxy = frontend if frontend.kind == "listen" and backend == frontend.name else configuration.backends.get(backend)
    if proxy is None:
        servers: Found | Missing = Missing(
            f"frontend {frontend.name} ({frontend.place}) sends to backend {backend}, and no file has it"
        )
    else:
        servers = _servers(frontend, socket, proxy, configuration, f"{url.host}:{url.port}")
    if isinstance(servers, Found):
        return replace(servers, choice=choice)
    return replace(servers, frontend=frontend, socket=socket, choices=(choice,))


def _frontend(
    configuration: Configuration, url: FrontendUrl[str], addresses: Mapping[str, Sequence[str]]
) -> tuple[Proxy, Socket] | Missing:
    """Return the frontend with a socket at the URL's address: one of its own before one of every address."""
    port = [(proxy, socket) for proxy in configuration.frontends for socket in proxy.sockets if socket.port == url.port]
    if not port:
        return Missing(f"no frontend listens on port {url.port}")
    wanted = set(_addresses(url.host, addresses))
    own = [pair for pair in port if pair[1].host and wanted & set(_addresses(pair[1].host, addresses))]
    every = [pair for pair in port if not pair[1].host]
    for pairs in (own, every):
        names = {proxy.name for proxy, _ in pairs}
        if len(names) > 1:
            return Missing(f"the frontends {', '.join(sorted(names))} all listen on {pairs[0][1]}")
        if pairs:
            return pairs[0]
    bound = ", ".join(sorted({str(socket) for _, socket in port}))
    return Missing(f"no frontend listens on {url.host}:{url.port}, but on {bound}")


def _addresses(host: str, addresses: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    plain = host.strip("[]").lower()
    return (plain, *addresses.get(plain, ()))


def _backend_name(frontend: Proxy, url: FrontendUrl[str], maps: Mapping[str, str]) -> tuple[str, Choice | None] | Missing:
    """Return the backend that HAProxy chooses, and by which line: the first ``use_backend`` that holds, else the default."""
    for number, choice in enumerate(frontend.choices):
        chosen = _chosen(choice, frontend, url, maps)
        if isinstance(chosen, Missing):
            return replace(chosen, choices=(*frontend.choices[number:], None))
        if chosen is not None:
            return chosen, choice
    if frontend.default_backend is not None:
        return frontend.default_backend, None
    if frontend.kind == "listen":
        return frontend.name, None
    return Missing(f"frontend {frontend.name} ({frontend.place}) names no backend for {url.origin()}{url.prefix}")


def _chosen(choice: Choice, frontend: Proxy, url: FrontendUrl[str], maps: Mapping[str, str]) -> str | Missing | None:
    chosen = holds(choice.condition, frontend.acls, url)
    if chosen is None:
        words = ("use_backend", choice.backend, *choice.condition)
        about = is_about_the_client(choice.condition, frontend.acls)
        return Missing(
            f"frontend {frontend.name} decides by a condition that discover does not know: {shown(words)} ({choice.place})",
            (access_loss(words, choice.place, frontend.acls),) if about else (),
        )
    if not chosen:
        return None
    if not choice.backend.startswith("%["):
        return choice.backend
    return _mapped(choice, url, maps)


def _mapped(choice: Choice, url: FrontendUrl[str], maps: Mapping[str, str]) -> str | Missing | None:
    """Return the backend of a map of hosts, as Kolla-Ansible and OpenStack-Ansible have with one frontend for all services."""
    found = _MAP.match(choice.backend)
    if found is None or ("host" not in found["host"] and found["host"] != "ssl_fc_sni"):
        return Missing(f"the backend {choice.backend} is chosen in a way that discover does not know ({choice.place})")
    file, _, default = (part.strip() for part in found["arguments"].partition(","))
    rows = map_rows(choice, maps)
    if rows is None:
        return Missing(f"the map {file} is not beside the configuration ({choice.place})")
    return next((backend for host, backend in rows if is_in_map(choice, url.host, host)), default or None)


def is_in_map(choice: Choice, host: str, key: str) -> bool:
    """Return whether a key of the map by which a line chooses stands for a host."""
    found = _MAP.match(choice.backend)
    method = ((found["how"] if found else None) or "_str").lstrip("_")
    return bool(compare(method, [host.lower()], [key.lower()]))


def map_rows(choice: Choice, maps: Mapping[str, str]) -> list[tuple[str, str]] | None:
    """Return the keys and backends of the map by which a line chooses; None if there is none, or it is not there."""
    found = _MAP.match(choice.backend)
    text = maps.get(PurePosixPath(found["arguments"].partition(",")[0].strip()).name) if found else None
    if text is None:
        return None
    rows = [line.split(None, 1) for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return [(row[0], row[1].strip()) for row in rows if len(row) == 2]


def _servers(frontend: Proxy, socket: Socket, backend: Proxy, configuration: Configuration, listener: str) -> Found | Missing:
    used = [server for server in backend.servers if not server.is_spare]
    if not used:
        return Missing(f"backend {backend.name} ({backend.place}) has no server in use")
    notes = [f"spare server {server.name} ({server.address}) is left out" for server in backend.servers if server.is_spare]
    for server in used:
        if server.options.get("verify") == "none":
            notes.append(f"server {server.name} was not verified (verify none): the gateway verifies it; add its authority")
    found = dict.fromkeys(_backend(server, socket.port, configuration.authorities) for server in used)
    notes += check_note(backend, used)
    timeouts = waits(frontend, backend, notes)
    proxies = proxies_before(frontend, socket, backend, listener)
    words = socket.bind.words
    files = [str(PurePosixPath(configuration.certificates) / file) for word, file in pairwise(words) if word == "crt"]
    lost = (*proxies.losses, *losses(frontend, socket, backend, used))
    return Found(frontend, socket, tuple(found), tuple(notes), timeouts, proxies, tuple(files), lost)


def _backend(server: Server, port: int, authorities: str) -> Backend:
    """Return a server as a backend. ``authorities``: the folder of relative ``ca-file`` names."""
    found = _SERVER.match(server.address)
    if found is None:
        raise DiscoverError(f"server {server.name} {server.address}: an address with a port is accepted, as in 10.0.1.21:9292")
    address = f"{found['host']}:{found['port'] or port}"
    if "ssl" not in server.options:
        return Backend(f"http://{address}")
    file = server.options.get("ca-file")
    authority = None if file is None or file.startswith("@") else str(PurePosixPath(authorities) / file)
    sni = _CONSTANT.match(server.options.get("sni", ""))
    name = server.options.get("verifyhost") or (sni[1] if sni else None)
    # An address has no name that HAProxy could compare: it has verified the authority alone.
    return Backend(f"{HTTPS}://{address}", authority, name or ("*" if is_address(found["host"]) else None))
