# SPDX-License-Identifier: Apache-2.0
"""The decisions that a gateway can take on a request."""

from dataclasses import dataclass, field

from openstackoid.mesh import Endpoint
from openstackoid.routing.request import Headers
from openstackoid.routing.workflows import Workflow


@dataclass(frozen=True, slots=True)
class Guarded:
    """The user of a request: the cloud that has issued the user's bare token, and a service that vouches for it.

    ``service_token`` is the bare token of the service that sends the request, issued by ``service_issuer``; None where there is
    none.
    """

    issuer: str
    token: str = field(repr=False)
    service_token: str | None = field(default=None, repr=False)
    service_issuer: str = ""


@dataclass(frozen=True, slots=True)
class Forward:
    """Send the request to an endpoint: to its backends when it is the gateway's own cloud, else to its frontend.

    ``frontend_endpoint`` is the endpoint of the gateway that the client spoke to: links in the headers of the answer are
    rewritten to name it, and with ``rewrite_links`` those in its body, too. ``path``: the one under which the endpoint's frontend
    knows the request. ``headers``: all headers to send. ``remember``: the workflow to store before the request is sent, once
    the token of ``user`` is accepted by its Keystone; ``recalled``: the scope came out of the store. ``guard``: the request goes
    to a service of this cloud with a token that another has issued, so the policy says whether it may.
    """

    endpoint: Endpoint
    frontend_endpoint: Endpoint
    local: bool
    path: str
    headers: Headers = field(repr=False)
    rewrite_links: bool = False
    remember: Workflow | None = None
    recalled: bool = False
    guard: Guarded | None = None
    user: Guarded | None = None


@dataclass(frozen=True, slots=True)
class Relay:
    """Have the bridge send the request and adapt the answer, a small JSON document.

    ``local``: the gateway's own Keystone is asked, because the body had to be changed; then the answer stays as it is.
    ``frontend_endpoint`` is the endpoint of the gateway that the client spoke to.
    A peer's Keystone has the catalog in its answer replaced by the gateway's own. ``validates``: a service here validates a
    foreign token, which vouches for itself; a 401 of the peer then means what Keystone says with 404. ``body_token`` is the bare
    token to put into the body, and ``scope`` the wire form of the scope that it carried, which the new token is to carry on.
    """

    endpoint: Endpoint
    frontend_endpoint: Endpoint
    local: bool
    path: str
    headers: Headers = field(repr=False)
    validates: bool = False
    body_token: str | None = field(default=None, repr=False)
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer with an error: HTTP status, its title, and one line that names the gateway and what is accepted."""

    status: int
    title: str
    message: str


@dataclass(frozen=True, slots=True)
class ReadBody:
    """Read the body, and ask again with the JSON document in it: whether the request may begin depends on it."""


@dataclass(frozen=True, slots=True)
class ReadStore:
    """Read the scope of the request's workflow from the store, and ask again: it decides."""


Decision = Forward | Relay | Refuse | ReadBody | ReadStore
