# SPDX-License-Identifier: Apache-2.0
"""The schema of the mesh description: keys, values, and plain words for the faults."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator

from openstackoid.mesh.endpoint import INTERFACES, Address
from openstackoid.mesh.policy_schema import PolicySchema, Strict, as_list
from openstackoid.mesh.settings import GatewaySettings
from openstackoid.mesh.urls import HTTPS, FrontendUrl
from openstackoid.scope.model import IDENTITY
from openstackoid.scope.parser import CLOUD_NAME
from openstackoid.scope.services import official_service_type

_SERVICE_TYPE = re.compile(r"[a-z][a-z0-9-]*\Z")
_REQUEST = re.compile(r"(POST|PUT|PATCH|DELETE) ((?:/(?:\*|[A-Za-z0-9._~-]+))+)\Z")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("text is accepted")
    return value


def _frontend(value: object) -> FrontendUrl[str]:
    return FrontendUrl.parse(_text(value))


def _backend(value: object) -> Address[str]:
    url = _text(value)
    parsed = FrontendUrl.parse(url)
    if parsed.scheme == HTTPS:
        raise ValueError(f"'{url}': a backend speaks http; the gateway does not encrypt traffic within its cloud")
    if "(" in parsed.suffix:
        raise ValueError(f"'{url}': a backend is the root of the service, without a project")
    return Address(parsed.host, parsed.port, parsed.prefix + parsed.suffix)


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


def _group(clouds: list[str]) -> list[str]:
    if len(set(clouds)) < 2:
        raise ValueError("two clouds or more are needed")
    return clouds


def _for_all_interfaces(value: object) -> object:
    return dict.fromkeys(INTERFACES, value) if isinstance(value, str | list) else value


_Interface = Literal["public", "internal", "admin"]
_Frontends = Annotated[
    dict[_Interface, Annotated[FrontendUrl[str], PlainValidator(_frontend)]],
    BeforeValidator(_for_all_interfaces),
    Field(min_length=1),
]
_BackendList = Annotated[
    list[Annotated[Address[str], PlainValidator(_backend)]], BeforeValidator(as_list), Field(min_length=1, max_length=64)
]
_Backends = Annotated[dict[_Interface, _BackendList], BeforeValidator(_for_all_interfaces)]


class ServiceSchema(Strict):
    """A service of a cloud: its frontends and backends."""

    name: str | None = None
    frontend: _Frontends
    backend: _Backends = Field(default_factory=dict)
    links: Literal["host", "fixed"] = "host"


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


class Description(Strict):
    """The whole document; each entry of ``clouds`` is checked by itself, as it is read."""

    mesh: Literal[1]
    shared: list[SharedSchema] = Field(default_factory=list)
    collaborations: list[CollaborationSchema] = Field(default_factory=list)
    clouds: Annotated[dict[str, Any], Field(min_length=1)]
