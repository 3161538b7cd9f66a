# SPDX-License-Identifier: Apache-2.0
"""Names of headers with tokens and other credentials, beside those that the decision reads."""

from openstackoid.routing import TOKENS_PATH, folded_path

STORAGE, AUTHORIZATION = "x-storage-token", "authorization"
BEARER = "bearer "

PASSWORDS = ("x-auth-key", "x-storage-pass")
"""Credentials of Swift's first log-in: they are no tokens, and a token that is made of one is in the answer."""

FOR_OTHER_CLOUDS = ("x-target-auth-token",)
"""Tokens for a cloud that the service is to ask itself, as Mistral does."""

_IN_PATH = "/v2.0/tokens"

_TOKEN_IN_BODY = ("/v2.0/tokens", "/v3/auth/os-federation/saml2", "/v3/auth/os-federation/saml2/ecp")


def takes_token_in_path(called: str) -> bool:
    """Return whether Keystone's second API may read a token in the path: at or below ``/v2.0/tokens``."""
    return f"{folded_path(called)}/".startswith(f"{_IN_PATH}/")


def takes_token_in_body(called: str) -> bool:
    """Return whether a client may post a token to a path of Keystone by which no gateway reads it.

    So are all but ``/v3/auth/tokens``, and other spellings of that.
    """
    folded = folded_path(called)
    return folded in _TOKEN_IN_BODY or (folded == TOKENS_PATH and called != TOKENS_PATH)
