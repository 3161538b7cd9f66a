# SPDX-License-Identifier: Apache-2.0
"""The schema of the mesh description: keys, values, and plain words for the faults."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetPydanticSchema,
    PlainValidator,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from openstackoid.mesh.endpoint import ANY_NAME, INTERFACES, Address
from openstackoid.mesh.policy_schema import PolicySchema, Strict, as_list
from openstackoid.mesh.settings import AS_GATEWAY, AbsolutePath, GatewaySettings, ServiceTimeouts
from openstackoid.mesh.urls import HTTPS, FrontendUrl, is_address
from openstackoid.scope.expression_parser import LONGEST_SECONDS
from openstackoid.scope.model import IDENTITY
from openstackoid.scope.parser import CLOUD_NAME
from openstackoid.scope.services import official_service_type

_SERVICE_TYPE = re.compile(r"[a-z][a-z0-9-]*\Z")
_CERTIFIED = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\Z")
_REQUEST = re.compile(r"(POST|PUT|PATCH|DELETE) ((?:/(?:\*|[A-Za-z0-9._~-]+))+)\Z")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("text is accepted")
    return value


def _frontend(value: object) -> FrontendUrl[str]:
    return FrontendUrl.parse(_text(value))


def _backend_url(value: object) -> FrontendUrl[str]:
    url = _text(value)
    parsed = FrontendUrl.parse(url)
    if "(" in parsed.suffix:
        raise ValueError(f"'{url}': a backend is the root of the service, without a project")
    return parsed


def _certified_name(name: str) -> str:
    if name != ANY_NAME and (_CERTIFIED.match(name) is None or is_address(name)):
        raise ValueError(f"'{name}': a host name is accepted, or '{ANY_NAME}' for any that the authority has signed for")
    return name


def cloud_name(name: object) -> str:
    """Return ``name`` if a cloud can have it. Raises ``ValueError`` with the accepted names."""
    text = _text(name)
    if CLOUD_NAME.match(text) is None:
        raise ValueError(f"'{text}' cannot be a cloud's name; letters, digits, '.', '_' and '-' are accepted, 64 at most")
    return text


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
        raise ValueError(f"'{text}': a writing method and a path are accepted, as in POST /servers/*/action")
    return text


def _milliseconds(value: object) -> float:
    longest = LONGEST_SECONDS * 1000
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= longest:
        raise ValueError(f"'{value}': a number of milliseconds above 0, {longest} at most, is accepted")
    return float(value)


def _pair(clouds: list[str]) -> list[str]:
    if len(clouds) != 2 or clouds[0] == clouds[1]:
        raise ValueError("two clouds are accepted: those between which the time was measured")
    return clouds


def _group(clouds: list[str]) -> list[str]:
    if len(set(clouds)) < 2:
        raise ValueError("two clouds or more are needed")
    return clouds


def _for_all_interfaces(value: object) -> object:
    alike = isinstance(value, str | list) or (isinstance(value, dict) and "url" in value)
    return dict.fromkeys(INTERFACES, value) if alike else value


def _backend(value: object, handler: ValidatorFunctionWrapHandler) -> Address[str]:
    if isinstance(value, str) and value.startswith("http:"):
        # Most of thousands of clouds have this form, which needs no further check.
        url = _backend_url(value)
        return Address(url.host, url.port, url.prefix + url.suffix)
    backend: BackendSchema = handler({"url": value} if isinstance(value, str) else value)
    return backend.address


def _as_backends(value: object) -> object:
    return value if isinstance(value, list) else [value]


class BackendSchema(Strict):
    """A backend: its URL; of https, the file of its authority, and the name in its certificate, by default the host."""

    url: Annotated[FrontendUrl[str], PlainValidator(_backend_url)]
    authority: AbsolutePath | None = None
    name: Annotated[str, AfterValidator(_certified_name)] | None = None

    @model_validator(mode="after")
    def _verified(self) -> Self:
        url = self.url.root() + self.url.suffix
        if self.url.scheme != HTTPS:
            if self.authority is not None or self.name is not None:
                raise ValueError(f"'{url}': 'authority' and 'name' are of a certificate; an https:// URL is accepted with them")
        elif self.name is None and is_address(self.url.host):
            raise ValueError(
                f"'{url}': 'name' is needed for an address: the host name in the certificate, or '{ANY_NAME}' for any"
            )
        elif self.name == ANY_NAME and self.authority is None:
            raise ValueError(f"'{url}': '{ANY_NAME}' is accepted with an 'authority' of its own: others sign for everybody")
        return self

    @property
    def address(self) -> Address[str]:
        """The address of the backend."""
        url = self.url
        if url.scheme != HTTPS:
            return Address(url.host, url.port, url.prefix + url.suffix)
        return Address(url.host, url.port, url.prefix + url.suffix, HTTPS, self.authority or "", self.name or url.host)


_Interface = Literal["public", "internal", "admin"]
_Frontends = Annotated[
    dict[_Interface, Annotated[FrontendUrl[str], PlainValidator(_frontend)]],
    BeforeValidator(_for_all_interfaces),
    Field(min_length=1),
]
_Backend = Annotated[Address[str], GetPydanticSchema(lambda _, handler: handler(BackendSchema)), WrapValidator(_backend)]
_BackendList = Annotated[list[_Backend], BeforeValidator(_as_backends), Field(min_length=1, max_length=64)]
_Backends = Annotated[dict[_Interface, _BackendList], BeforeValidator(_for_all_interfaces)]


class ServiceSchema(Strict):
    """A service of a cloud: its frontends and backends."""

    name: str | None = None
    frontend: _Frontends
    backend: _Backends = Field(default_factory=dict)
    links: Literal["host", "fixed"] = "host"
    timeouts: ServiceTimeouts = AS_GATEWAY


class CloudSchema(Strict):
    """An entry of ``clouds``."""

    region: str | None = None
    gateway: GatewaySettings = GatewaySettings()
    policy: PolicySchema = PolicySchema()
    services: Annotated[dict[Annotated[str, AfterValidator(_service_type)], ServiceSchema], Field(min_length=1)]


_Values = Annotated[list[str], BeforeValidator(as_list), Field(min_length=1)]
_OfficialType = Annotated[str, AfterValidator(_official)]


class CollaborationSchema(Strict):
    """An entry of ``collaborations``."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    service: Annotated[_OfficialType, AfterValidator(_judged)]
    partner: _OfficialType
    requests: Annotated[list[Annotated[str, AfterValidator(_request)]], Field(min_length=1)]
    reason: Annotated[str, Field(min_length=1, max_length=300)]
    when: dict[str, _Values] = Field(default_factory=dict)
    unless: dict[str, _Values] = Field(default_factory=dict)


class SharedSchema(Strict):
    """An entry of ``shared``."""

    service: _OfficialType
    clouds: Annotated[list[str], AfterValidator(_group)]


class RoundTripSchema(Strict):
    """An entry of ``round_trips``."""

    clouds: Annotated[list[str], AfterValidator(_pair)]
    milliseconds: Annotated[float, PlainValidator(_milliseconds)]


class Description(Strict):
    """The whole document; each entry of ``clouds`` is checked by itself, as it is read."""

    mesh: Literal[1]
    shared: list[SharedSchema] = Field(default_factory=list)
    collaborations: list[CollaborationSchema] = Field(default_factory=list)
    round_trips: list[RoundTripSchema] = Field(default_factory=list)
    clouds: Annotated[dict[str, Any], Field(min_length=1)]
