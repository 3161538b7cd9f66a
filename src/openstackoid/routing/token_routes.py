# SPDX-License-Identifier: Apache-2.0
"""Keystone's routes that issue a token, or are a step towards one, at a URL with a scope in it.

The token carries the scope on, or the request is refused: a token without it would lead to the home cloud. A lab test compares
the list with the routes of a real Keystone.
"""

from dataclasses import dataclass, replace

from openstackoid.routing.normal_path import folded_path

TOKENS_PATH = "/v3/auth/tokens"
CATALOG_PATH = "/v3/auth/catalog"

_AS_HEADER = "ask without the scope, and send the token as X-Auth-Token with the scope in X-Scope"
_EXCHANGE = "log in without the scope, and exchange the token by POST /v3/auth/tokens at a URL with it"
_IN_BROWSER = (
    "single sign-on in a browser works without a scope: in the dashboard, choose a region without a scope, or log in with"
    f" user name and password; in a program, {_EXCHANGE}"
)
_ELSEWHERE = "ask without the scope: the token comes from another Keystone"
_SIGNED = "ask without the scope, and send the scope in X-Scope with each signed request"


@dataclass(frozen=True, slots=True)
class TokenRoute:
    """``path`` below the root, in which ``*`` is any one segment. ``instead``: the alternative where it cannot carry a scope."""

    methods: tuple[str, ...]
    path: str
    instead: str | None = None

    def serves(self, method: str, called: str) -> bool:
        """Return whether a request is to this route; ``called`` is a path as ``called_path`` returns it."""
        if method not in self.methods:
            return False
        wanted, parts = self.path.split("/"), called.split("/")
        return len(wanted) == len(parts) and all(name in ("*", part) for name, part in zip(wanted, parts, strict=True))


_POST, _ANY = ("POST",), ("GET", "HEAD", "POST")

TOKEN_ROUTES = (
    TokenRoute(_POST, TOKENS_PATH),
    TokenRoute(_POST, "/v3/ec2tokens"),
    TokenRoute(_ANY, "/v3/OS-FEDERATION/identity_providers/*/protocols/*/auth"),
    TokenRoute(_POST, "/v3/s3tokens", _SIGNED),
    TokenRoute(_POST, "/v3/OS-OAUTH2/token", _AS_HEADER),
    TokenRoute(_POST, "/v3/OS-OAUTH1/request_token", _AS_HEADER),
    TokenRoute(_POST, "/v3/OS-OAUTH1/access_token", _AS_HEADER),
    TokenRoute(("PUT",), "/v3/OS-OAUTH1/authorize/*", _AS_HEADER),
    TokenRoute(_ANY, "/v3/auth/OS-FEDERATION/websso/*", _IN_BROWSER),
    TokenRoute(_ANY, "/v3/auth/OS-FEDERATION/identity_providers/*/protocols/*/websso", _IN_BROWSER),
    TokenRoute(_POST, "/v3/auth/OS-FEDERATION/saml2", _ELSEWHERE),
    TokenRoute(_POST, "/v3/auth/OS-FEDERATION/saml2/ecp", _ELSEWHERE),
    # Of releases before Queens.
    TokenRoute(_POST, "/v2.0/tokens", "log in by POST /v3/auth/tokens"),
    TokenRoute(_POST, "/v2.0/ec2tokens", "log in by POST /v3/ec2tokens"),
    TokenRoute(_POST, "/v2.0/s3tokens", _SIGNED),
)

_FOLDED_ROUTES = tuple(replace(route, path=route.path.lower()) for route in TOKEN_ROUTES)


def token_route(method: str, called: str) -> TokenRoute | None:
    """Return the route of a request, or None for requests that get no token."""
    return next((route for route in TOKEN_ROUTES if route.serves(method, called)), None)


def possible_token_route(method: str, called: str) -> TokenRoute | None:
    """Return the route that some server may read a request as, or None."""
    folded = folded_path(called)
    return next((route for route in _FOLDED_ROUTES if route.serves(method, folded)), None)
