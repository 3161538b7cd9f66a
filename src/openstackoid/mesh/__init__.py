# SPDX-License-Identifier: Apache-2.0
"""The clouds of a mesh: services, frontends, backends. Pure, but for ``load_mesh`` and ``load_readers``."""

from openstackoid.mesh.blocked import FILE as BLOCKED
from openstackoid.mesh.blocked import blocked_clouds, with_blocked, write_blocked
from openstackoid.mesh.catalog import catalog
from openstackoid.mesh.collaboration import Collaboration
from openstackoid.mesh.description import parse_mesh
from openstackoid.mesh.digest import mesh_digest
from openstackoid.mesh.endpoint import ANY_NAME, INTERFACES, Address, Endpoint, EndpointLayout, Listener
from openstackoid.mesh.errors import MeshError, some_of
from openstackoid.mesh.layout import Frontends, Layout
from openstackoid.mesh.load import Descriptions, load_mesh, packed_mesh
from openstackoid.mesh.model import Cloud, Mesh
from openstackoid.mesh.readers import APPLICATION_CREDENTIAL, PASSWORD, Account, ReadersError, load_readers
from openstackoid.mesh.settings import (
    AuditSettings,
    DatabaseServer,
    Drain,
    Limits,
    Memory,
    ServiceTimeouts,
    SyslogServer,
    Timeouts,
    Tls,
)
from openstackoid.mesh.tls import check_binding, check_tls, unprotected
from openstackoid.mesh.urls import DEFAULT_PORTS, HTTPS, FrontendUrl

__all__ = [
    "ANY_NAME",
    "APPLICATION_CREDENTIAL",
    "BLOCKED",
    "DEFAULT_PORTS",
    "HTTPS",
    "INTERFACES",
    "PASSWORD",
    "Account",
    "Address",
    "AuditSettings",
    "Cloud",
    "Collaboration",
    "DatabaseServer",
    "Descriptions",
    "Drain",
    "Endpoint",
    "EndpointLayout",
    "FrontendUrl",
    "Frontends",
    "Layout",
    "Limits",
    "Listener",
    "Memory",
    "Mesh",
    "MeshError",
    "ReadersError",
    "ServiceTimeouts",
    "SyslogServer",
    "Timeouts",
    "Tls",
    "blocked_clouds",
    "catalog",
    "check_binding",
    "check_tls",
    "load_mesh",
    "load_readers",
    "mesh_digest",
    "packed_mesh",
    "parse_mesh",
    "some_of",
    "unprotected",
    "with_blocked",
    "write_blocked",
]
