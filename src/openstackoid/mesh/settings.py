# SPDX-License-Identifier: Apache-2.0
"""The settings of a gateway: keys below ``gateway`` in a description, defaults, and accepted values."""

import re
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

_DATABASES = ("mysql", "mysql+pymysql", "mariadb", "mariadb+pymysql", "postgresql", "postgresql+psycopg")
_TLS_OPTIONS = {
    "mysql": ("ssl_ca", "ssl_capath", "ssl_cert", "ssl_key", "ssl_cipher", "ssl_check_hostname"),
    "postgresql": ("sslrootcert", "sslmode", "sslcert", "sslkey", "sslcrl", "ssl_min_protocol_version"),
}
"""Options of PyMySQL, in SQLAlchemy's names, and of libpq, for psycopg."""
_UNITS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_TIME = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?) ?(ms|s|m|h|d|)")
_BIND = re.compile(r"(\*|[A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\])\Z")


def _database_url(url: str) -> str:
    """Return the URL of a database. No error quotes it: it may contain a password."""
    try:
        parts = urlsplit(url)
        found = parts.scheme in _DATABASES and parts.hostname and parts.username and len(parts.path) > 1 and (parts.port or 1)
    except ValueError:
        found = False
    if not found:
        raise ValueError("the URL of a database is accepted, as in mysql://USER@HOST/DATABASE or postgresql://USER@HOST/DATABASE")
    if parts.password is not None:
        raise ValueError("a URL without a password is accepted; 'password' names the file of the password")
    accepted = _TLS_OPTIONS["postgresql" if parts.scheme.startswith("postgresql") else "mysql"]
    for name, _ in parse_qsl(parts.query, keep_blank_values=True):
        if name not in accepted:
            raise ValueError(
                f"of options, those of TLS are accepted: {', '.join(accepted)}; as in ?{accepted[0]}=/etc/ssl/ca.pem"
            )
    return url


def _bind(host: str) -> str:
    if _BIND.match(host) is None:
        raise ValueError(f"'{host}': an address to listen on, or '*', is accepted")
    return host


def _host(host: str) -> str:
    if host == "*" or _BIND.match(host) is None:
        raise ValueError(f"'{host}': a host name or an address is accepted")
    return host


def _file(path: str) -> str:
    if not path.startswith("/") or not path.isprintable():
        raise ValueError(f"'{path}': an absolute path is accepted")
    return path


def _seconds(value: object) -> object:
    """Return a time in seconds: a number, or one with a unit."""
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is not None:
        return float(match[1]) * _UNITS[match[2]]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"'{value}': a time is accepted, as in 90, 90s, 10m or 6h; a number alone is of seconds")
    return value


def written_time(seconds: float) -> str:
    """Return a time as a description has it, in the largest unit that divides it: ``6h``, ``90s``, ``250ms``."""
    units = sorted(((size, unit) for unit, size in _UNITS.items() if unit), reverse=True)
    size, unit = next((each for each in units if (seconds / each[0]).is_integer()), (1.0, "s"))
    return f"{seconds / size:.10g}{unit}"


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _network(text: str) -> str:
    try:
        if "%" in text:
            # HAProxy knows no zones of IPv6.
            raise ValueError
        return str(ip_network(text))
    except ValueError:
        raise ValueError(f"'{text}': an address or a network is accepted, as in 10.0.1.11 or 10.0.1.0/24") from None


def _private_address(text: str) -> str:
    """Return the address of a listener that no user reaches."""
    host, _, port = text.rpartition(":")
    try:
        address = ip_address(host.removeprefix("[").removesuffix("]"))
        good = not address.is_global and not address.is_unspecified and port.isdecimal() and 0 < int(port) < 65536
        good = good and (address.version == 4 or host.startswith("["))
    except ValueError:
        good = False
    if not good:
        raise ValueError(f"'{text}': a loopback or private address with a port is accepted, as in 127.0.0.1:9151")
    return text


MOST_NETWORKS = 48  # Of a setting: HAProxy takes 64 words of a line.
_Networks = Annotated[tuple[Annotated[str, AfterValidator(_network)], ...], Field(max_length=MOST_NETWORKS)]
LONGEST_WAIT = 86_400.0  # Seconds.
Seconds = Annotated[float, BeforeValidator(_seconds), Field(gt=0, le=LONGEST_WAIT)]
_Workflows = Annotated[int, Field(ge=1, le=10_000_000)]
AbsolutePath = Annotated[str, AfterValidator(_file)]


@dataclass(frozen=True, slots=True)
class ServiceTimeouts:
    """The waits for one service, in seconds, in place of the gateway's: for the next bytes of the client, and of the service."""

    client: Seconds | None = None
    server: Seconds | None = None


AS_GATEWAY = ServiceTimeouts()
"""The waits for a service without its own."""


@dataclass(frozen=True)
class Timeouts:
    """The waits of a gateway, in seconds.

    ``connect``: for a connection to a backend or peer. ``client``, ``server``: for the next bytes of that side. ``check``:
    between two health checks of a backend, and before an unreachable peer is tried again; between the first probes of a cloud of
    several that is down. ``tunnel``: for the next bytes of either side of a WebSocket.
    """

    connect: Seconds = 3.0
    client: Seconds = 60.0
    server: Seconds = 60.0
    check: Seconds = 2.0
    tunnel: Seconds = 3600.0


@dataclass(frozen=True)
class Drain:
    """The end of a gateway, in seconds.

    ``notice``: for which its health page says 503 before new connections are refused, at least. ``longest``: that requests under
    way may take, at most. ``hold``: for which new connections wait, before that, so that an address moves between two requests;
    0 if they do not.
    """

    notice: Annotated[float, Field(ge=0, le=3600)] = 0.0
    longest: Seconds = 300.0
    hold: Annotated[float, Field(ge=0, le=60)] = 0.0


@dataclass(frozen=True)
class Memory:
    """The most workflows in the store, and their seconds after the last request.

    ``user``, ``peer``: the most of one user, and of all users of another cloud; None for the default share.
    """

    workflows: _Workflows = 100_000
    seconds: Annotated[float, Field(gt=0, le=30 * 86400)] = 21_600.0
    user: _Workflows | None = None
    peer: _Workflows | None = None

    @property
    def of_user(self) -> int:
        """The most workflows of one user: a quarter by default."""
        return max(1, self.workflows // 4) if self.user is None else self.user

    @property
    def of_peer(self) -> int:
        """The most workflows of another cloud's users: half by default."""
        return max(1, self.workflows // 2) if self.peer is None else self.peer


@dataclass(frozen=True)
class DatabaseServer:
    """The operator's database for the store: its URL without a password, and the file with the password."""

    url: Annotated[str, AfterValidator(_database_url)]
    password: AbsolutePath | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Tls:
    """The files of a gateway's identity: certificate with key, and the authority of the mesh.

    ``revoked``: the authority's list of revoked certificates, None for no list. ``users``: files, and folders of files, with the
    certificates that users meet in place of the mesh's.
    """

    certificate: AbsolutePath
    authority: AbsolutePath
    revoked: AbsolutePath | None = None
    users: Annotated[tuple[AbsolutePath, ...], BeforeValidator(_as_list)] = ()


@dataclass(frozen=True)
class SyslogServer:
    """The syslog server that receives the lines of the audit log over TLS (RFC 5425).

    ``authority``: the file of the authority that signs for the server. ``certificate``: the file of a certificate with its key,
    by which the gateway proves itself to the server; None for none.
    """

    host: Annotated[str, AfterValidator(_host)]
    authority: AbsolutePath
    port: Annotated[int, Field(ge=1, le=65535)] = 6514
    certificate: AbsolutePath | None = None


@dataclass(frozen=True)
class AuditSettings:
    """The audit log. ``size``: the MiB from which its file is rotated, None for never. ``keep``: the rotated files that are kept.

    ``reserve``: the MiB on the disk that are kept for the log. ``syslog``: the server that receives each line, None for none.
    """

    size: Annotated[int, Field(ge=1, le=1_000_000)] | None = 100
    keep: Annotated[int, Field(ge=1, le=10_000)] = 100
    reserve: Annotated[int, Field(ge=0, le=1_000_000)] = 32
    syslog: SyslogServer | None = None


MOST_UNACCEPTED = 48
"""Fewer than the questions about tokens that one Keystone is asked at a time: made-up tokens alone cannot take all of those."""


@dataclass(frozen=True)
class BoundTokens:
    """How tokens are bound to peers. ``keys``: their folder, None for that in the state folder.

    ``seconds``: how long a bound token is good at least. It never outlives its token.
    """

    keys: AbsolutePath | None = field(default=None, repr=False)
    seconds: Annotated[float, Field(ge=3600, le=366 * 86400)] = 345_600.0


@dataclass(frozen=True)
class Limits:
    """The load that a gateway accepts.

    ``connections``: of all clients at once; further ones wait. ``bridge``: requests at once in the Python service, of which
    ``unaccepted`` are for those without a token that a Keystone has accepted; further ones wait ``wait`` seconds.
    ``source_connections``, ``source_requests`` (a second): of one source address, None for no limit. ``exempt``: addresses and
    networks without a limit. ``body_rate``: bytes a second of a request's body, as a mean, that the Python service waits for.
    """

    connections: Annotated[int, Field(ge=10, le=1_000_000)] = 10_000
    bridge: Annotated[int, Field(ge=2, le=10_000)] = 500
    wait: Annotated[float, Field(gt=0, le=60)] = 5.0
    source_connections: Annotated[int, Field(ge=1, le=1_000_000)] | None = 1_000
    source_requests: Annotated[int, Field(ge=1, le=100_000)] | None = 5_000
    exempt: _Networks = ()
    unaccepted: Annotated[int, Field(ge=1, le=MOST_UNACCEPTED)] | None = None
    body_rate: Annotated[int, Field(ge=1, le=1_000_000)] | None = 500

    @property
    def of_unaccepted(self) -> int:
        """The places of requests without an accepted token: a tenth by default, half at most."""
        wanted = min(self.bridge // 10, MOST_UNACCEPTED) if self.unaccepted is None else self.unaccepted
        return max(1, min(wanted, self.bridge // 2))


@dataclass(frozen=True, kw_only=True)
class GatewaySettings:
    """The settings of a cloud's own gateway.

    ``force``: users may override a refused collaboration. ``store``: the shared database of the cloud's gateways, None for a
    file of each. ``readers``: the path of the file with reader accounts at peers. ``validator``: that of an account of this
    cloud, which validates tokens. ``bound_tokens``: how tokens are bound to peers. ``unbound_tokens``: the gateway may
    start without ``tls``, and so send tokens to peers as they are. ``tls``: https to peers, and to users at
    https frontends.
    ``trusted_proxies``: addresses and networks of proxies in front of the gateway; their word for the client's address is
    believed. ``proxy_protocol``: the sockets, as ``host:port`` of the frontends, where these proxies begin each connection
    with the PROXY protocol. ``metrics``: the address at which Prometheus reads the metrics, None for none.
    ``traces``: that of the collector that gets spans by OTLP over HTTP, None for none.
    """

    bind: Annotated[str, AfterValidator(_bind)] | None = None
    timeouts: Timeouts = Timeouts()
    drain: Drain = Drain()
    memory: Memory = Memory()
    force: bool = False
    store: DatabaseServer | None = None
    readers: AbsolutePath | None = None
    validator: AbsolutePath | None = None
    tls: Tls | None = None
    bound_tokens: BoundTokens = BoundTokens()
    unbound_tokens: bool = False
    limits: Limits = Limits()
    audit: AuditSettings = AuditSettings()
    trusted_proxies: _Networks = ()
    proxy_protocol: tuple[str, ...] = ()
    metrics: Annotated[str, AfterValidator(_private_address)] | None = None
    traces: Annotated[str, AfterValidator(_private_address)] | None = None
