# SPDX-License-Identifier: Apache-2.0
"""What there is: clouds, their services, frontends and backends. Pure, but for :func:`load_mesh`, which reads a file."""

from openstackoid.mesh.catalog import catalog
from openstackoid.mesh.collaboration import Collaboration
from openstackoid.mesh.description import MeshError, load_mesh, parse_mesh
from openstackoid.mesh.model import INTERFACES, Address, Cloud, Endpoint, Listener, Memory, Mesh, Timeouts
from openstackoid.mesh.urls import FrontendUrl

__all__ = [
    "INTERFACES",
    "Address",
    "Cloud",
    "Collaboration",
    "Endpoint",
    "FrontendUrl",
    "Listener",
    "Memory",
    "Mesh",
    "MeshError",
    "Timeouts",
    "catalog",
    "load_mesh",
    "parse_mesh",
]
