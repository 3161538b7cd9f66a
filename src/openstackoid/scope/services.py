# SPDX-License-Identifier: Apache-2.0
"""The names of services: official types, their aliases, and the projects that implement them.

The source is the OpenStack service types authority, as the library ``os-service-types`` ships it.
"""

from functools import cache, lru_cache

from os_service_types import ServiceTypes

_AUTHORITY = ServiceTypes()

LEADERS = {"placement": "compute"}
"""Services that go where another goes, unless the scope names them: Placement counts what Nova of its own cloud has."""


@lru_cache(maxsize=1024)
def official_service_type(name: str) -> str | None:
    """Return the official service type that ``name`` stands for, or None when the authority does not know it.

    Service types, aliases and project names are understood: ``image``, ``volumev3`` (``block-storage``), ``glance`` (``image``).
    """
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
    """Return the service types that the authority knows, aliases left out."""
    return frozenset(str(service["service_type"]) for service in _AUTHORITY.services)


@cache
def official_names() -> frozenset[str]:
    """Return what to propose for a name that is not known: the official service types and the names of projects."""
    return official_service_types() | frozenset(str(service["project"]) for service in _AUTHORITY.services)
