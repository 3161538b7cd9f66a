# SPDX-License-Identifier: Apache-2.0
"""The names of services: official types, aliases, and project names, from ``os-service-types``."""

from functools import cache, lru_cache

from os_service_types import ServiceTypes

_AUTHORITY = ServiceTypes()

LEADERS = {"placement": "compute"}
"""Services that follow another one, unless the scope names them: Placement counts the resources of its own cloud's Nova."""


@lru_cache(maxsize=1024)
def official_service_type(name: str) -> str | None:
    """Return the official type for a service type, alias (``volumev3``) or project name (``glance``), or None."""
    by_type = _AUTHORITY.get_service_type(name)
    if by_type is not None:
        return str(by_type)
    by_project = _AUTHORITY.get_service_data_for_project(name)
    return None if by_project is None else str(by_project["service_type"])


@lru_cache(maxsize=1024)
def project_name(service_type: str) -> str | None:
    """Return the name of the project behind an official service type (``glance`` for ``image``), or None."""
    data = _AUTHORITY.get_service_data(service_type)
    return None if data is None else str(data["project"])


@cache
def official_service_types() -> frozenset[str]:
    """Return the official service types, without aliases."""
    return frozenset(str(service["service_type"]) for service in _AUTHORITY.services)


@cache
def official_names() -> frozenset[str]:
    """Return official service types and project names, as proposals for an unknown name."""
    return official_service_types() | frozenset(str(service["project"]) for service in _AUTHORITY.services)
