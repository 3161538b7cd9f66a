# SPDX-License-Identifier: Apache-2.0
"""The decisions that a gateway can take on a request."""

from dataclasses import dataclass

from openstackoid.mesh import Endpoint
from openstackoid.routing.request import Headers


@dataclass(frozen=True, slots=True)
class Forward:
    """Send the request to an endpoint: to its backends when it is the gateway's own cloud, else to its frontend.

    ``path`` is the path under which the endpoint's frontend knows the request; ``headers`` are all headers to send.
    """

    endpoint: Endpoint
    local: bool
    path: str
    headers: Headers


@dataclass(frozen=True, slots=True)
class Relay:
    """Have the bridge ask Keystone of ``endpoint.cloud`` and adapt the answer.

    ``local``: the gateway's own Keystone is asked (only the body had to be changed). Otherwise the catalog in the answer is
    replaced by the gateway's own. ``validates``: a service here validates a foreign token, which vouches for itself; a 401 of
    the peer then means what Keystone says with 404. ``scope``: the wire form of the scope that the body's token carried, which
    the new token is to carry on; None where there was none.
    """

    endpoint: Endpoint
    local: bool
    path: str
    headers: Headers
    validates: bool = False
    body_token: str | None = None
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer with an error: HTTP status, its title, and one line that names the gateway and what is accepted."""

    status: int
    title: str
    message: str


Decision = Forward | Relay | Refuse
