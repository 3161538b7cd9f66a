# SPDX-License-Identifier: Apache-2.0
"""What there is: clouds, their services, frontends and backends. Pure, but for ``load_mesh`` and ``load_readers``."""

from openstackoid.mesh.catalog import catalog
from openstackoid.mesh.collaboration import Collaboration
from openstackoid.mesh.description import parse_mesh
from openstackoid.mesh.errors import MeshError, some_of
from openstackoid.mesh.load import Descriptions, load_mesh, packed_mesh
from openstackoid.mesh.model import (
    INTERFACES,
    Address,
    Cloud,
    DatabaseServer,
    Endpoint,
    Limits,
    Listener,
    Memory,
    Mesh,
    Timeouts,
    Tls,
)
from openstackoid.mesh.outline import Entry, Outline, Shape, outline
from openstackoid.mesh.readers import APPLICATION_CREDENTIAL, PASSWORD, Account, ReadersError, load_readers
from openstackoid.mesh.urls import DEFAULT_PORTS, HTTPS, FrontendUrl
from openstackoid.mesh.wire import check_wire, unprotected

__all__ = [
    "APPLICATION_CREDENTIAL",
    "DEFAULT_PORTS",
    "HTTPS",
    "INTERFACES",
    "PASSWORD",
    "Account",
    "Address",
    "Cloud",
    "Collaboration",
    "DatabaseServer",
    "Descriptions",
    "Endpoint",
    "Entry",
    "FrontendUrl",
    "Limits",
    "Listener",
    "Memory",
    "Mesh",
    "MeshError",
    "Outline",
    "ReadersError",
    "Shape",
    "Timeouts",
    "Tls",
    "catalog",
    "check_wire",
    "load_mesh",
    "load_readers",
    "outline",
    "packed_mesh",
    "parse_mesh",
    "some_of",
    "unprotected",
]
