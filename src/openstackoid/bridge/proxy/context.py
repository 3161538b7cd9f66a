# SPDX-License-Identifier: Apache-2.0
"""The state of the bridge for one request, from its beginning to its end."""

from collections.abc import Mapping
from dataclasses import dataclass

from openstackoid.bridge.audit.audit_file import Audit
from openstackoid.bridge.binding.cursor_source import CursorSource
from openstackoid.bridge.binding.delegated_uses import DelegatedUses
from openstackoid.bridge.binding.outgoing import TokenSender
from openstackoid.bridge.identity.authorization import Authorizer, Entry
from openstackoid.bridge.identity.local_projects import LocalProjects
from openstackoid.bridge.identity.readers import Reader
from openstackoid.bridge.message.head import Head
from openstackoid.bridge.proxy.accepted_shares import AcceptedShares
from openstackoid.bridge.proxy.composed_limits import ComposedLimits
from openstackoid.bridge.proxy.delegated_use import DelegatedUse
from openstackoid.bridge.proxy.open_websockets import OpenWebSockets
from openstackoid.bridge.proxy.route_teacher import RouteTeacher
from openstackoid.bridge.resource_index import ResourceIndex
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
    delegated: DelegatedUses
    resources: ResourceIndex
    websockets: OpenWebSockets

    @property
    def here(self) -> Cloud:
        """Return the cloud of the gateway."""
        return self.mesh.clouds[self.upstream.at]

    def write_audit_line(self, use: Entry | DelegatedUse, head: Head, status: int, reason: str | None) -> None:
        """Write the audit line of a use, and count it if it is one that this cloud delegates.

        Raises :class:`~openstackoid.bridge.audit.audit_file.AuditError`.
        """
        self.audit.write(use.line(head, status, reason))
        if isinstance(use, DelegatedUse):
            self.delegated.count(head.sender, use.rule, use.outcome)
