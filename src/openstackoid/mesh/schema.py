# SPDX-License-Identifier: Apache-2.0
"""The schema of the mesh description: which keys there are, and what may stand at each. What is wrong is said in plain words."""

import re
from ipaddress import ip_network
from typing import Annotated, Any, Literal, Self
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from openstackoid.mesh.model import INTERFACES, Address, Limits, Memory, Timeouts
from openstackoid.mesh.policy_schema import PolicySchema
from openstackoid.mesh.urls import HTTPS, FrontendUrl
from openstackoid.scope.model import IDENTITY
from openstackoid.scope.parser import CLOUD_NAME
from openstackoid.scope.services import official_service_type

_SERVICE_TYPE = re.compile(r"[a-z][a-z0-9-]*\Z")
_REQUEST = re.compile(r"(POST|PUT|PATCH|DELETE) ((?:/(?:\*|[A-Za-z0-9._~-]+))+)\Z")
_DATABASES = ("mysql", "mysql+pymysql", "mariadb", "mariadb+pymysql", "postgresql", "postgresql+psycopg")
_BIND = re.compile(r"(\*|[A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\])\Z")


def _frontend_url(url: str) -> str:
    FrontendUrl.parse(url)
    return url


def address(url: str) -> Address:
    """Return where a backend listens. Raises ``ValueError`` with what is accepted."""
    parsed = FrontendUrl.parse(url)
    if parsed.scheme == HTTPS:
        raise ValueError(f"'{url}': a backend speaks http; the gateway does not encrypt what does not leave its cloud")
    if "(" in parsed.suffix:
        raise ValueError(f"'{url}': a backend is the root of the service, without a project")
    return Address(parsed.host, parsed.port, parsed.prefix + parsed.suffix)


def _backend_url(url: str) -> str:
    address(url)
    return url


def _database_url(url: str) -> str:
    """Return the URL of a database. No error quotes it: the user may have written a password into it."""
    try:
        parts = urlsplit(url)
        found = parts.scheme in _DATABASES and parts.hostname and parts.username and len(parts.path) > 1 and (parts.port or 1)
    except ValueError:
        found = False
    if not found:
        raise ValueError("the URL of a database is accepted, as in mysql://USER@HOST/DATABASE or postgresql://USER@HOST/DATABASE")
    if parts.password is not None:
        raise ValueError("a URL without a password is accepted; the password stands in the file that 'password' names")
    for name, _ in parse_qsl(parts.query, keep_blank_values=True):
        if not name.startswith("ssl") or "password" in name:
            raise ValueError("of options, those of TLS are accepted, as in ?ssl_ca=/etc/ssl/ca.pem or ?sslmode=verify-full")
    return url


def _bind(host: str) -> str:
    if _BIND.match(host) is None:
        raise ValueError(f"'{host}': an address to listen on, or '*', is accepted")
    return host


def _file(path: str) -> str:
    if not path.startswith("/") or not path.isprintable():
        raise ValueError(f"'{path}': an absolute path is accepted")
    return path


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        raise ValueError(f"'{text}': an address or a network is accepted, as in 10.0.1.11 or 10.0.1.0/24") from None


def cloud_name(name: object) -> str:
    """Return ``name`` if a cloud can have it. Raises ``ValueError`` with what is accepted."""
    if not isinstance(name, str):
        raise ValueError("text is accepted")
    if CLOUD_NAME.match(name) is None:
        raise ValueError(f"'{name}' cannot be a cloud's name; letters, digits, '.', '_' and '-' are accepted, 64 at most")
    return name


def _service_type(name: str) -> str:
    if _SERVICE_TYPE.match(name) is None:
        raise ValueError(f"'{name}' cannot be a service type; lower case letters, digits and '-' are accepted")
    return name


def _official(name: str) -> str:
    return official_service_type(_service_type(name)) or name


def _judged(name: str) -> str:
    if name == IDENTITY:
        raise ValueError("requests to Keystone are judged by no rule; any other service is accepted")
    return name


def _request(text: str) -> str:
    if _REQUEST.match(text) is None:
        raise ValueError(f"'{text}': a method that changes something and a path are accepted, as in POST /servers/*/action")
    return text


def _group(clouds: list[str]) -> list[str]:
    if len(set(clouds)) < 2:
        raise ValueError("two clouds or more are needed")
    return clouds


def _for_all_interfaces(value: object) -> object:
    """One URL stands for every interface."""
    return dict.fromkeys(INTERFACES, value) if isinstance(value, str | list) else value


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


_Interface = Literal["public", "internal", "admin"]
_Frontends = Annotated[
    dict[_Interface, Annotated[str, AfterValidator(_frontend_url)]], BeforeValidator(_for_all_interfaces), Field(min_length=1)
]
_BackendList = Annotated[
    list[Annotated[str, AfterValidator(_backend_url)]], BeforeValidator(_as_list), Field(min_length=1, max_length=64)
]
_Backends = Annotated[dict[_Interface, _BackendList], BeforeValidator(_for_all_interfaces)]
_Seconds = Annotated[float, Field(gt=0, le=86400)]
_Workflows = Annotated[int, Field(ge=1, le=10_000_000)]


class Strict(BaseModel):
    """A mapping in which a key that is not known is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """Nothing changes it: a default value serves all clouds of a mesh."""
        return self


class ServiceSchema(Strict):
    """A service of a cloud: its frontends, and the backends behind them."""

    name: str | None = None
    frontend: _Frontends
    backend: _Backends = {}
    links: Literal["host", "fixed"] = "host"


class TimeoutsSchema(Strict):
    """``gateway.timeouts``, in seconds."""

    connect: _Seconds = Timeouts.connect
    client: _Seconds = Timeouts.client
    server: _Seconds = Timeouts.server
    check: _Seconds = Timeouts.check


class MemorySchema(Strict):
    """``gateway.memory``."""

    workflows: _Workflows = Memory.workflows
    seconds: Annotated[float, Field(gt=0, le=30 * 86400)] = Memory.seconds
    user: _Workflows | None = Memory.user
    peer: _Workflows | None = Memory.peer


class StoreSchema(Strict):
    """``gateway.store``."""

    url: Annotated[str, AfterValidator(_database_url)]
    password: Annotated[str, AfterValidator(_file)] | None = None


class TlsSchema(Strict):
    """``gateway.tls``."""

    certificate: Annotated[str, AfterValidator(_file)]
    authority: Annotated[str, AfterValidator(_file)]


class LimitsSchema(Strict):
    """``gateway.limits``."""

    connections: Annotated[int, Field(ge=10, le=1_000_000)] = Limits.connections
    bridge: Annotated[int, Field(ge=1, le=10_000)] = Limits.bridge
    wait: Annotated[float, Field(gt=0, le=60)] = Limits.wait
    source_connections: Annotated[int, Field(ge=1, le=1_000_000)] | None = Limits.source_connections
    source_requests: Annotated[int, Field(ge=1, le=100_000)] | None = Limits.source_requests
    exempt: Annotated[list[Annotated[str, AfterValidator(_network)]], Field(max_length=48)] = []


class GatewaySchema(Strict):
    """``gateway``: settings of the cloud's own gateway."""

    bind: Annotated[str, AfterValidator(_bind)] | None = None
    timeouts: TimeoutsSchema = TimeoutsSchema()
    memory: MemorySchema = MemorySchema()
    force: bool = False
    store: StoreSchema | None = None
    readers: Annotated[str, AfterValidator(_file)] | None = None
    tls: TlsSchema | None = None
    limits: LimitsSchema = LimitsSchema()


class CloudSchema(Strict):
    """An entry of ``clouds``."""

    region: str | None = None
    gateway: GatewaySchema = GatewaySchema()
    policy: PolicySchema = PolicySchema()
    services: Annotated[dict[Annotated[str, AfterValidator(_service_type)], ServiceSchema], Field(min_length=1)]


_Values = Annotated[list[str], BeforeValidator(_as_list), Field(min_length=1)]
_OfficialType = Annotated[str, AfterValidator(_official)]


class CollaborationSchema(Strict):
    """An entry of ``collaborations``."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    service: Annotated[_OfficialType, AfterValidator(_judged)]
    partner: _OfficialType
    requests: Annotated[list[Annotated[str, AfterValidator(_request)]], Field(min_length=1)]
    reason: Annotated[str, Field(min_length=1, max_length=300)]
    when: dict[str, _Values] = {}
    unless: dict[str, _Values] = {}


class SharedSchema(Strict):
    """An entry of ``shared``."""

    service: _OfficialType
    clouds: Annotated[list[str], AfterValidator(_group)]


class Description(Strict):
    """The whole document; each entry of ``clouds`` is checked by itself, as it is read."""

    mesh: Literal[1]
    shared: list[SharedSchema] = []
    collaborations: list[CollaborationSchema] = []
    clouds: Annotated[dict[str, Any], Field(min_length=1)]
