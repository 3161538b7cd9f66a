# SPDX-License-Identifier: Apache-2.0
"""The state of the bridge for one request, from its beginning to its end."""

from collections.abc import Mapping
from dataclasses import dataclass

from openstackoid.bridge.audit.audit_file import Audit
from openstackoid.bridge.binding.cursor_source import CursorSource
from openstackoid.bridge.binding.outgoing import TokenSender
from openstackoid.bridge.identity.authorization import Authorizer
from openstackoid.bridge.identity.local_projects import LocalProjects
from openstackoid.bridge.identity.readers import Reader
from openstackoid.bridge.proxy.accepted_shares import AcceptedShares
from openstackoid.bridge.proxy.composed_limits import ComposedLimits
from openstackoid.bridge.proxy.route_teacher import RouteTeacher
from openstackoid.bridge.upstream.upstream import Upstream
from openstackoid.bridge.workflows import Workflows
from openstackoid.composition import KnownMarkers
from openstackoid.mesh import Cloud, Mesh


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The state at the arrival of a request. ``mesh`` and ``readers`` are of one reload; the rest outlives it."""

    mesh: Mesh
    readers: Mapping[str, Reader]
    upstream: Upstream
    workflows: Workflows
    authorizer: Authorizer
    local_projects: LocalProjects
    audit: Audit
    routes: RouteTeacher
    tokens: TokenSender
    accepted: AcceptedShares
    cursors: CursorSource
    markers: KnownMarkers
    composed: ComposedLimits

    @property
    def here(self) -> Cloud:
        """Return the cloud of the gateway."""
        return self.mesh.clouds[self.upstream.at]
