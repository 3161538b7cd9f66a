# SPDX-License-Identifier: Apache-2.0
"""A request of a peer in the name of users or services of this cloud: the content of its audit line."""

import time
from dataclasses import dataclass, field, replace

from openstackoid.bridge.audit.admission_header import Admission
from openstackoid.bridge.audit.audit_log import ALLOWED, IN, REFUSED, AuditLine
from openstackoid.bridge.identity.authorization import party
from openstackoid.bridge.identity.token_documents import document
from openstackoid.bridge.log import shown_method, shown_path
from openstackoid.bridge.message.head import Head
from openstackoid.mesh import Endpoint
from openstackoid.policy import Denial, Principal, UnfitError, principal_of
from openstackoid.routing.egress import sole_id


@dataclass(frozen=True, slots=True)
class Download:
    """The right of a peer to download any image by a token of this cloud: the rule of delegation, and the bound token's end.

    ``ends``: seconds since 1970.
    """

    rule: str
    ends: int
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DelegatedUse:
    """The use of a token of this cloud. ``principal``: its user, where Keystone has named one by now.

    ``download``: a right to downloads that HAProxy may be taught, or None.
    """

    frontend_endpoint: Endpoint
    rule: str | None
    outcome: str = ALLOWED
    principal: Principal | None = None
    download: Download | None = None

    @classmethod
    def refused(cls, frontend_endpoint: Endpoint, denial: Denial) -> "DelegatedUse":
        """Return a use that delegation denies, or a misuse."""
        return cls(frontend_endpoint, denial.rule, REFUSED)

    def told(self, content: bytes) -> "DelegatedUse":
        """Return the use with the user in a document of Keystone, if there is one."""
        try:
            return replace(self, principal=principal_of(document(content)))
        except (UnfitError, ValueError):
            return self

    def line(self, head: Head, status: int, reason: str | None) -> AuditLine:
        """Return the audit line; ``status`` is that of the answer to the client."""
        here, principal = self.frontend_endpoint, self.principal
        return AuditLine(
            time=time.time(),
            gateway=here.cloud,
            direction=IN,
            home=here.cloud,
            user=None if principal is None else party(principal.user),
            project=None if principal is None else party(principal.project),
            sender=head.sender,
            source=head.source,
            service=here.service,
            interface=here.interfaces[0],
            method=shown_method(head),
            path=shown_path(head.path),
            rule=self.rule,
            outcome=self.outcome,
            status=status,
            reason=reason,
            request_id=sole_id(head.headers),
        )

    def admission(self) -> Admission:
        """Return user, project and rule, for the gateway that has sent the request."""
        principal = self.principal
        if principal is None:
            return Admission(None, None, self.rule)
        return Admission(party(principal.user), party(principal.project), self.rule)
