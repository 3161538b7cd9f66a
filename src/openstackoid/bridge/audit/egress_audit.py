# SPDX-License-Identifier: Apache-2.0
"""The audit line of a request that the bridge sends to a peer."""

from multidict import MultiMapping

from openstackoid.bridge.audit.admission_header import Admission, decode, outcome_of
from openstackoid.bridge.audit.audit_log import OUT, AuditLine
from openstackoid.bridge.log import shown_method, shown_path
from openstackoid.bridge.message.head import Head
from openstackoid.routing import Destination
from openstackoid.routing.egress import ADMISSION_HEADER, sole_id
from openstackoid.scope import Issuer


class EgressAudit:
    """A request of the gateway of ``at`` on its way to a peer. ``issuer``: the cloud that issued the user's token."""

    def __init__(self, at: str, issuer: Issuer, sent: Destination, head: Head) -> None:
        self._at = at
        self._issuer = issuer
        self._sent = sent
        self._head = head
        self._answered = 0
        self._use: Admission | None = None

    def hear(self, status: int, headers: MultiMapping[str]) -> None:
        """Note the peer's answer, and its admission header."""
        self._answered = status
        told = headers.getall(ADMISSION_HEADER, [])
        self._use = decode(told[0]) if len(told) == 1 else None

    @property
    def admitted(self) -> bool:
        """Return whether the peer's gateway has named the user, and so a Keystone has accepted the token."""
        return self._use is not None and self._use.user is not None

    def line(self, started: float, status: int) -> AuditLine:
        """Return the line; ``status``: the client's, perhaps of the gateway's own answer."""
        use, sent = self._use, self._sent
        return AuditLine(
            time=started,
            gateway=self._at,
            direction=OUT,
            home=self._issuer,
            cloud=sent.endpoint.cloud,
            user=use.user if use else None,
            project=use.project if use else None,
            source=self._head.source,
            service=sent.frontend_endpoint.service,
            interface=sent.frontend_endpoint.interfaces[0],
            method=shown_method(self._head),
            path=shown_path(self._head.path),
            rule=use.rule if use else None,
            outcome=outcome_of(self._answered or status, use),
            status=status,
            request_id=sole_id(sent.headers),
        )
