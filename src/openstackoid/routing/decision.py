# SPDX-License-Identifier: Apache-2.0
"""The decision on a request: the plan, and all facts that led to it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from openstackoid.composition import Kind
from openstackoid.mesh import Endpoint
from openstackoid.routing.request import Headers
from openstackoid.routing.workflows import Workflow
from openstackoid.scope import Issuer, Scope, ScopeError

Route = Literal["local", "remote", "bridge", "otherwise", "all", "refuse"]


@dataclass(frozen=True, slots=True)
class Credentials:
    """The user of a request: the bare token and its issuer, with a service token if one was sent.

    ``service_token``: the bare token of the sending service, issued by ``service_issuer``, or None.
    """

    issuer: Issuer
    token: str = field(repr=False)
    service_token: str | None = field(default=None, repr=False)
    service_issuer: Issuer | None = None


@dataclass(frozen=True, slots=True)
class Destination:
    """One endpoint that gets the request.

    ``frontend_endpoint``: the endpoint that the client used; links in the answer are rewritten to name it. ``path``: the path at
    the frontend of ``endpoint``. ``headers``: all headers to send.
    """

    endpoint: Endpoint
    frontend_endpoint: Endpoint
    path: str
    headers: Headers = field(repr=False)

    @property
    def local(self) -> bool:
        """Whether the endpoint is of this cloud, so that its backend gets the request instead of its frontend."""
        return self.endpoint.cloud == self.frontend_endpoint.cloud


@dataclass(frozen=True, slots=True)
class Single(Destination):
    """Send the request to one endpoint, and stream the answer back.

    ``rewrite_links``: rewrite links in the body, too; headers always are. ``user``: the user of a scoped token. ``remember``:
    the workflow to store before sending, once a Keystone has accepted the token of ``user``.
    """

    rewrite_links: bool = False
    user: Credentials | None = None
    remember: Workflow | None = None

    @property
    def guest(self) -> Credentials | None:
        """The user of another cloud that the policy must allow first, or None."""
        return self.user if self.user is not None and self.local and self.user.issuer != self.endpoint.cloud else None


@dataclass(frozen=True, slots=True)
class Relay(Destination):
    """Have the bridge send the request and adapt the answer, a small JSON document.

    An answer of this cloud's Keystone is unchanged; in a peer's, the catalog becomes the gateway's own. ``validates``: a service
    of this cloud validates a foreign token, which validates itself; a peer's 401 becomes Keystone's 404. ``body_token``: the
    bare token for the body. ``scope``: the header form of the scope for the new token.
    """

    validates: bool = False
    body_token: str | None = field(default=None, repr=False)
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer with an error: HTTP status, title, and one line that names the gateway and the accepted values.

    ``fault``: the error of a malformed scope, which has its text and the position.
    """

    status: int
    title: str
    message: str
    fault: ScopeError | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Turn:
    """The plan for one of several clouds that may serve a request, or for an expression of several; ``cloud`` is its text."""

    cloud: str
    plan: "Single | Refuse | Otherwise | All"


@dataclass(frozen=True, slots=True)
class Otherwise:
    """Send the request to the first of several clouds that can serve it.

    ``expression``: the clouds as the scope names them. ``turns``: two at least, in that order; each of one cloud, or of several
    at once.
    """

    expression: str
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class All:
    """Send the request to several clouds at once, and make one answer of theirs; one to a single resource, to its cloud alone.

    ``expression``: the clouds as the scope names them. ``branches``: two at least, in that order; each of one cloud, or of
    several in turn. A request for one resource has a branch for each cloud.
    """

    expression: str
    kind: Kind
    branches: tuple[Turn, ...]


def singles(plan: "Single | Refuse | Otherwise | All") -> Iterator[tuple[str, Single | Refuse]]:
    """Return the plan for each cloud, in the order of the scope."""
    match plan:
        case Otherwise(turns=turns) | All(branches=turns):
            for turn in turns:
                yield from singles(turn.plan) if isinstance(turn.plan, Otherwise | All) else ((turn.cloud, turn.plan),)
        case _:
            yield plan.endpoint.cloud if isinstance(plan, Single) else "", plan


Plan = Single | Relay | Refuse | Otherwise | All
"""The ways to serve a request."""


class ScopeSource(StrEnum):
    """The part of a request that holds the scope. ``RECALLED``: the store, by the request id."""

    TOKEN = "token"  # noqa: S105
    HEADER = "header"
    URL = "url"
    RECALLED = "recalled"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Decision:
    """The plan for a request, and the facts behind it.

    ``scope``: the completed scope, or None where the request is refused before it is known. ``issuer``: the issuer of the user's
    token, according to the request. ``source``: the part of the request with the scope.
    """

    plan: Plan
    scope: Scope | None
    issuer: Issuer
    source: ScopeSource

    @property
    def route(self) -> Route:
        """Return the route: to this cloud, to a peer, nowhere, or by the Python service to a Keystone or to several clouds."""
        match self.plan:
            case Single(local=local):
                return "local" if local else "remote"
            case Relay():
                return "bridge"
            case Otherwise():
                return "otherwise"
            case All():
                return "all"
            case Refuse():
                return "refuse"


class MoreInput:
    """Input that the decision needs before it can be taken."""


@dataclass(frozen=True, slots=True)
class ReadBody(MoreInput):
    """Read the JSON document in the body."""


@dataclass(frozen=True, slots=True)
class ReadStore(MoreInput):
    """Read the scope of the request's workflow from the store."""


@dataclass(frozen=True, slots=True)
class ReadTimes(MoreInput):
    """Find out the round-trip times from the gateways of these clouds to others."""

    centers: tuple[str, ...]
