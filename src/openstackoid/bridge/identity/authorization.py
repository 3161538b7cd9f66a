# SPDX-License-Identifier: Apache-2.0
"""Authorize requests with a token of another cloud: no service sees such a request before the policy has allowed it.

A service here validates the token as well, and gets its user as mapped to this cloud (see ``proxy.relay``). But a
service does not know by which rule it was reached, keeps its answer for minutes, and some ask late. So each request is judged
here first: the peer, the service, the method and the path; the rate and budget of its users; and the user.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote

from openstackoid.binding import is_bound
from openstackoid.bridge.audit.admission_header import Admission
from openstackoid.bridge.audit.audit_log import ALLOWED, IN, REFUSED, AuditLine, Party
from openstackoid.bridge.errors import AnswerError, token_not_accepted
from openstackoid.bridge.identity.accepted_tokens import AcceptedTokens
from openstackoid.bridge.identity.limits import Limits, SetAside
from openstackoid.bridge.identity.readers import Reader
from openstackoid.bridge.identity.token_record import TokenRecord, TokenRefusedError, record_claims
from openstackoid.bridge.identity.token_validation import Asked, TokenValidator
from openstackoid.bridge.log import shown_method, shown_path
from openstackoid.bridge.message.head import Head
from openstackoid.bridge.upstream.target import target_of
from openstackoid.bridge.upstream.upstream import Upstream
from openstackoid.mesh import Cloud, Endpoint, Mesh
from openstackoid.policy import Denial, DomainScoped, Grant, Principal, Use, grant, local_project, may_enter
from openstackoid.routing import IDENTITY, TOKENS_PATH, Credentials, Destination, OwnProject, called_path, own_identity
from openstackoid.routing.dispatched_method import form_body, method_override
from openstackoid.routing.egress import sole_id
from openstackoid.routing.reading import is_visible
from openstackoid.routing.scoped_url import OBJECT_STORE
from openstackoid.scope import Issuer
from openstackoid.store import Owner, owner_of

_MADE_BY_KEYSTONE = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}")
SERVICE_ROLE = "service"
"""The role by which keystonemiddleware knows the token of a service (``service_token_roles``)."""
UNNAMED, VOUCHED = " unnamed", " vouched"
"""The owners, no user's ids, of all workflows of a cloud whose tokens Keystone accepts without saying who the user is (403: it
has checked the token before it refuses the answer), and of those that only a service token vouches for."""


@dataclass(slots=True)
class Entry:
    """One request with a token of another cloud, as far as its authorization came: the content of its audit line."""

    credentials: Credentials
    frontend_endpoint: Endpoint
    use: Use
    principal: Principal | None = None
    grant: Grant | None = None
    denial: Denial | None = None

    def line(self, head: Head, status: int, reason: str | None) -> AuditLine:
        """Return the audit line; ``status``: the client's."""
        here, principal, allowed = self.frontend_endpoint, self.principal, self.grant is not None
        rule = self.grant.rule if self.grant else self.denial.rule if self.denial else None
        return AuditLine(
            time=time.time(),
            gateway=here.cloud,
            direction=IN,
            home=self.credentials.issuer,
            user=None if principal is None else party(principal.user),
            project=None if principal is None else party(principal.project),
            roles=self.grant.roles if self.grant else (),
            sender=head.sender,
            source=head.source,
            service=here.service,
            interface=here.interfaces[0],
            method=shown_method(head),
            path=shown_path(head.path),
            rule=rule,
            outcome=ALLOWED if allowed else REFUSED,
            status=status,
            reason=reason,
            request_id=sole_id(head.headers),
        )

    def admission(self) -> Admission:
        """Return the admission for the sending gateway."""
        principal, rule = self.principal, None if self.grant is None else self.grant.rule
        return (
            Admission(None, None, rule) if principal is None else Admission(party(principal.user), party(principal.project), rule)
        )

    def own_project(self, sent: Destination) -> OwnProject | None:
        """Return the user's project, where it has another id here than at home; None where it has the same."""
        if self.principal is None or self.grant is None:
            return None
        theirs = self.principal.project
        ours = local_project(self.credentials.issuer, theirs, self.grant)
        # A peer could call a project like a route, and have a path that was judged become another one.
        if ours.id == theirs.id or _MADE_BY_KEYSTONE.fullmatch(theirs.id) is None:
            return None
        return OwnProject(sent.endpoint, theirs.id, ours.id)


class Authorizer:
    """Authorizes requests with a token of another cloud. It outlives the mesh: answers about tokens, and the counts.

    ``record``: the claims that were told of tokens, to the authorizer and to services.
    """

    def __init__(self, upstream: Upstream, record: TokenRecord, clock: Callable[[], float] = time.monotonic) -> None:
        self.upstream = upstream
        self.record = record
        self._at = upstream.at
        self._clock = clock
        self.validator = TokenValidator(upstream, clock)
        self._limits = Limits()
        self._unnamed = AcceptedTokens()

    async def authorize(self, entry: Entry, head: Head, sent: Destination, *, mesh: Mesh, readers: Mapping[str, Reader]) -> None:
        """Return when the request may go on. ``entry`` is filled in on the way, also where the request is refused.

        Raises :class:`AnswerError`: 403 where the policy says no, 401 where the token's cloud does, or where the claims of the
        token have changed, 429 beyond the limits, and 502 to 504 where that cloud cannot be asked.
        """
        here = mesh.clouds[self._at]
        issuer = entry.credentials.issuer
        self._refuse_another_method(entry, head)
        self._check(entry, may_enter(here.policy, issuer, head.sender, entry.use))
        try:
            entry.principal = await self._principal(entry.credentials, head, sent, mesh, readers)
            self._count(here, issuer)
            judged = grant(here.policy, issuer, entry.principal, entry.use)
            if isinstance(judged, Denial):
                self._check(entry, judged)
                return
            await record_claims(self.record, here, issuer, entry.credentials.token, principal=entry.principal, granted=judged)
        except TokenRefusedError as refused:
            entry.denial = Denial(refused.rule, refused.reason)
            if refused.status == 401:
                refused.headers.update(_where_to_log_in(here, sent))
            raise
        entry.grant = judged

    async def judge_user(
        self, credentials: Credentials, head: Head, mesh: Mesh, readers: Mapping[str, Reader]
    ) -> tuple[Principal | None, Grant | Denial | None]:
        """Return the user of a token, and the grant or denial of this cloud's policy; no grant for a user of this cloud.

        Where the policy accepts no user of the token's cloud, that cloud is not asked, and the user is None.

        Raises :class:`AnswerError` as :meth:`authorize` does: where the token is not accepted, where its cloud cannot be
        asked, and beyond the limits.
        """
        here, issuer = mesh.clouds[self._at], credentials.issuer
        denial = None if issuer == self._at else may_enter(here.policy, issuer, head.sender, None)
        if denial is not None:
            return None, denial
        principal = await self.validator.of(credentials.token, self._asked(mesh, issuer, "public", readers.get(issuer)), head)
        if principal is None:
            raise token_not_accepted(self._at, issuer)
        if issuer == self._at:
            return principal, None
        self._count(here, issuer)
        return principal, grant(here.policy, issuer, principal, None)

    def set_aside(self, here: Cloud, issuer: str) -> SetAside:
        """Return the requests of users of ``issuer`` that HAProxy may let in, behind one that was let in here."""
        peer = here.policy.of(issuer)
        return SetAside(0, 0.0) if peer is None else self._limits.set_aside(issuer, peer, self._clock())

    def _refuse_another_method(self, entry: Entry, head: Head) -> None:
        """Refuse a request that the service might dispatch by another method than the judged one."""
        override = method_override(head.query, head.headers)
        if override is not None:
            message = f"a user of another cloud cannot override the method; {override} is not accepted"
            raise AnswerError(400, f"gateway of {self._at}: {message}")
        service = entry.frontend_endpoint.service
        form = form_body(service, head.method, head.headers)
        if form is not None:
            said = f"the Content-Type {form.partition(';')[0]}" if form else "a body without a Content-Type"
            message = f"{said} is not accepted from another cloud's user, for {service} may take a method from a form"
            raise AnswerError(415, f"gateway of {self._at}: {message}; application/json is accepted")

    def _count(self, here: Cloud, issuer: str) -> None:
        """Count a request of a known user: requests with invented tokens do not use up the share of others."""
        peer = here.policy.of(issuer)
        wait = None if peer is None else self._limits.take(issuer, peer, self._clock())
        if wait is not None:
            message = f"gateway of {self._at}: users of {issuer} have sent more requests than the policy here allows"
            raise AnswerError(429, message, headers={"Retry-After": str(max(1, round(wait)))})

    def _check(self, entry: Entry, denial: Denial | None) -> None:
        if denial is not None:
            entry.denial = denial
            raise AnswerError(403, f"gateway of {self._at}: {denial.reason}")

    async def _principal(
        self, credentials: Credentials, head: Head, sent: Destination, mesh: Mesh, readers: Mapping[str, Reader]
    ) -> Principal:
        issuer, interface = credentials.issuer, sent.frontend_endpoint.interfaces[0]
        asked = self._asked(mesh, issuer, interface, readers.get(issuer))
        principal = await self.validator.of(credentials.token, asked, head)
        if principal is None and asked.asks_late(credentials.token) and await self._vouching(credentials, head, interface, mesh):
            principal = await self.validator.of(credentials.token, replace(asked, late=True), head)
        if principal is None:
            by = head.sender if is_bound(credentials.token) and head.sender != issuer else None
            raise token_not_accepted(self._at, issuer, sent_on_by=by, headers=_where_to_log_in(mesh.clouds[self._at], sent))
        return principal

    async def _vouching(self, credentials: Credentials, head: Head, interface: str, mesh: Mesh) -> Issuer | None:
        """Return the issuer of the good service token that the request has, or None: an expired user token may come with one."""
        token, issuer = credentials.service_token, credentials.service_issuer
        if token is None or issuer is None or not is_visible(token):
            return None
        principal = await self.validator.of(token, self._asked(mesh, issuer, interface), head)
        if principal is None or issuer == self._at:
            return issuer if principal is not None and SERVICE_ROLE in principal.roles else None
        here = mesh.clouds[self._at]
        judged = grant(here.policy, issuer, principal, None)
        if isinstance(judged, Denial) or SERVICE_ROLE not in judged.roles:
            return None
        await record_claims(self.record, here, issuer, token, principal=principal, granted=judged)
        return issuer

    async def accepts_service(self, credentials: Credentials, head: Head, sent: Destination, mesh: Mesh) -> bool:
        """Return whether the policy here accepts the service token of a request; one that its cloud refuses is let through."""
        token, issuer = credentials.service_token, credentials.service_issuer
        if token is None or issuer is None or issuer == self._at or not is_visible(token):
            return True
        interface = sent.frontend_endpoint.interfaces[0]
        told = await self.validator.of(token, self._asked(mesh, issuer, interface), head)
        return told is None or not isinstance(grant(mesh.clouds[self._at].policy, issuer, told, None), Denial)

    def _asked(self, mesh: Mesh, cloud: str, interface: str, reader: Reader | None = None) -> Asked:
        here = mesh.clouds[self._at]
        identity = mesh.clouds[cloud].endpoint(IDENTITY, interface)
        if identity is None:
            raise AnswerError(400, f"gateway of {self._at}: {cloud} has no service 'identity', which the scope asks of it")
        target = target_of(mesh, self._at, identity, identity.frontend.prefix + TOKENS_PATH)
        return Asked(identity, target, here.policy.seconds, here.timeouts, reader)

    async def owner(
        self, user: Credentials, entry: Entry | None, head: Head, sent: Destination, *, mesh: Mesh, readers: Mapping[str, Reader]
    ) -> Owner:
        """Return the owner of the workflow that a request of ``user`` begins, once a Keystone has accepted the user's token.

        ``entry``: filled in by :meth:`authorize`, where it was called. Raises :class:`AnswerError`: 401 where the
        token is not accepted and no good service token vouches for it, and 502 to 504 where its cloud cannot be asked.
        """
        if entry is not None and entry.principal is not None:
            return owner_of(self._at, user.issuer, entry.principal.user.id)
        began = self._clock()
        if self._unnamed.has(user.issuer, user.token, began):
            return owner_of(self._at, user.issuer, UNNAMED)
        here, interface = mesh.clouds[self._at], sent.frontend_endpoint.interfaces[0]
        asked = self._asked(mesh, user.issuer, interface, readers.get(user.issuer))
        try:
            principal = await self.validator.of(user.token, asked, head)
        except AnswerError as error:
            if error.status != 403:
                raise
            self._unnamed.add(user.issuer, user.token, began + here.policy.seconds)
            return owner_of(self._at, user.issuer, UNNAMED)
        vouching = await self._vouching(user, head, interface, mesh) if principal is None else None
        if vouching is not None:
            if asked.reader is None:
                return owner_of(self._at, vouching, VOUCHED)
            principal = await self.validator.of(user.token, replace(asked, late=True), head)
        if principal is None:
            raise token_not_accepted(self._at, user.issuer, headers=_where_to_log_in(here, sent))
        return owner_of(self._at, user.issuer, principal.user.id)


def party(owned: DomainScoped) -> Party:
    """Return a user or project as audit lines name it."""
    return Party(owned.id, owned.name, owned.domain.name)


def entry_of(credentials: Credentials, sent: Destination, head: Head) -> Entry:
    """Return the request to authorize."""
    frontend_endpoint = sent.frontend_endpoint
    if frontend_endpoint.service == OBJECT_STORE:
        # To Swift, a name may have empty segments: `c/` and `c` are an object and a container.
        path = unquote(head.path[len(frontend_endpoint.frontend.prefix) :])
    else:
        path = called_path(frontend_endpoint, head.path)
    return Entry(credentials, frontend_endpoint, Use(frontend_endpoint.service, head.method, path))


def refused_entry(refused: TokenRefusedError, sent: Destination, head: Head) -> Entry:
    """Return the audit entry for a service's validation of a token whose claims were refused."""
    credentials = Credentials(Issuer(sent.endpoint.cloud), "")
    use = Use(IDENTITY, head.method, head.path)
    return Entry(credentials, sent.frontend_endpoint, use, refused.principal, denial=Denial(refused.rule, refused.reason))


def _where_to_log_in(here: Cloud, sent: Destination) -> dict[str, str]:
    frontend = own_identity(here, sent.frontend_endpoint)
    return {} if frontend is None else {"WWW-Authenticate": f'Keystone uri="{frontend.root()}"'}
