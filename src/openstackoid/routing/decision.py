# SPDX-License-Identifier: Apache-2.0
"""The decision on a request: the plan to carry out, and all that was found on the way to it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from openstackoid.mesh import Endpoint
from openstackoid.routing.request import Headers
from openstackoid.routing.workflows import Workflow
from openstackoid.scope import Issuer, Scope

Route = Literal["local", "remote", "bridge", "refuse"]


@dataclass(frozen=True, slots=True)
class Credentials:
    """The user of a request: the bare token with the cloud that issued it, and a service token that vouches for the user.

    ``service_token`` is the bare token of the service that sends the request, issued by ``service_issuer``; None where there is
    none.
    """

    issuer: Issuer
    token: str = field(repr=False)
    service_token: str | None = field(default=None, repr=False)
    service_issuer: Issuer | None = None


@dataclass(frozen=True, slots=True)
class Destination:
    """One endpoint that is sent the request.

    ``frontend_endpoint``: the endpoint of this gateway that the client used; links in the answer are rewritten to name it.
    ``path``: the one by which the frontend of ``endpoint`` knows the request. ``headers``: all headers to send.
    """

    endpoint: Endpoint
    frontend_endpoint: Endpoint
    path: str
    headers: Headers = field(repr=False)

    @property
    def local(self) -> bool:
        """Return whether the endpoint is of the gateway's own cloud: its backends are sent the request, not its frontend."""
        return self.endpoint.cloud == self.frontend_endpoint.cloud


@dataclass(frozen=True, slots=True)
class Single(Destination):
    """Send the request to one endpoint, and stream the answer back.

    ``rewrite_links``: links in the body are rewritten, too; those in headers always are. ``user``: the user whose token has a
    scope. ``remember``: the workflow to store before the request is sent, once a Keystone has accepted the token of ``user``.
    """

    rewrite_links: bool = False
    user: Credentials | None = None
    remember: Workflow | None = None

    @property
    def guest(self) -> Credentials | None:
        """Return the user of another cloud that the policy must allow before a service of this cloud sees the request."""
        return self.user if self.user is not None and self.local and self.user.issuer != self.endpoint.cloud else None


@dataclass(frozen=True, slots=True)
class Relay(Destination):
    """Have the bridge send the request and adapt the answer, a small JSON document.

    The answer of this cloud's own Keystone stays as it is; the catalog in that of a peer's is replaced by the gateway's own.
    ``validates``: a service of this cloud validates a foreign token, which vouches for itself; a 401 of the peer then means what
    Keystone says with 404. ``body_token``: the bare token to put into the body. ``scope``: the header form of the scope that the
    new token is to carry.
    """

    validates: bool = False
    body_token: str | None = field(default=None, repr=False)
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer with an error: HTTP status, its title, and one line that names the gateway and what is accepted."""

    status: int
    title: str
    message: str


Plan = Single | Relay | Refuse
"""The ways to serve a request. A kind that asks several clouds holds the plan for each of them."""


class ScopeSource(StrEnum):
    """The part of a request that said the scope. ``RECALLED``: the store did, by the request id."""

    TOKEN = "token"  # noqa: S105
    HEADER = "header"
    URL = "url"
    RECALLED = "recalled"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Decision:
    """The plan for a request, and what led to it.

    ``scope``: the completed scope that was followed; None where the request is refused before it is known. ``issuer``: the cloud
    that issued the user's token, as far as the request says. ``source``: how the scope came with the request.
    """

    plan: Plan
    scope: Scope | None
    issuer: Issuer
    source: ScopeSource

    @property
    def route(self) -> Route:
        """Return the way of the request: to this cloud, to a peer, by the Python service to a Keystone, or nowhere."""
        match self.plan:
            case Single(local=local):
                return "local" if local else "remote"
            case Relay():
                return "bridge"
            case Refuse():
                return "refuse"


class MoreInput:
    """A request of the decision: read one thing more, and decide again."""


@dataclass(frozen=True, slots=True)
class ReadBody(MoreInput):
    """Read the JSON document in the body: whether the request may begin depends on it."""


@dataclass(frozen=True, slots=True)
class ReadStore(MoreInput):
    """Read the scope of the request's workflow from the store."""
