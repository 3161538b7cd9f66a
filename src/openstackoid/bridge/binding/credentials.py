# SPDX-License-Identifier: Apache-2.0
"""Names of headers with tokens and other credentials, beside those that the decision reads."""

from urllib.parse import unquote

from openstackoid.routing import TOKENS_PATH, folded_path
from openstackoid.routing.scoped_url import OBJECT_STORE

STORAGE, AUTHORIZATION = "x-storage-token", "authorization"

_BEARER = "bearer"
_OAUTH, _OF_S3 = "oauth", ("aws", "aws4-hmac-sha256")
_WITHOUT_SECRETS = (*_OF_S3, "negotiate", _OAUTH)
"""Schemes of ``Authorization`` whose values are signatures, or tickets for one server alone."""

_SECRETS_THEMSELVES = "plaintext"
"""The signature method of OAuth1 whose signature is the two secrets (RFC 5849, section 3.4.4)."""

PASSWORDS = ("x-auth-key", "x-storage-pass")
"""Credentials of Swift's first log-in: they are no tokens, and a token that is made of one is in the answer."""

FOR_OTHER_CLOUDS = ("x-target-auth-token",)
"""Tokens for a cloud that the service is to ask itself, as Mistral does."""

_IN_PATH = "/v2.0/tokens"

_TOKEN_IN_BODY = ("/v2.0/tokens", "/v3/auth/os-federation/saml2", "/v3/auth/os-federation/saml2/ecp")


def scheme_and_credential(value: str) -> tuple[str, str]:
    """Return the parts of a value of ``Authorization``, the scheme in lower case; one word alone is a credential."""
    words = value.split(maxsplit=1)
    return (words[0].lower(), words[1].strip()) if len(words) == 2 else ("", value.strip())


def bearer_token(value: str) -> str | None:
    """Return the token of a value of ``Authorization: Bearer``; None for another scheme."""
    scheme, credential = scheme_and_credential(value)
    return credential if scheme == _BEARER else None


def possible_token(value: str) -> str | None:
    """Return what may be a token in a value of ``Authorization``: all but signatures and passwords."""
    scheme, credential = scheme_and_credential(value)
    return None if scheme in (*_WITHOUT_SECRETS, "basic") else credential


def can_leave(value: str, service: str) -> bool:
    """Return whether a value of ``Authorization`` may go to a peer's ``service``: a token that can be bound, or no secret.

    A signature of S3 is for an object store: Keystone gives a token to those who show it one.
    """
    scheme, credential = scheme_and_credential(value)
    if scheme in _OF_S3:
        return service == OBJECT_STORE
    if scheme == _OAUTH and _SECRETS_THEMSELVES in unquote(credential).lower():
        return False
    return not credential or scheme == _BEARER or scheme in _WITHOUT_SECRETS


def takes_token_in_path(called: str) -> bool:
    """Return whether Keystone's second API may read a token in the path: at or below ``/v2.0/tokens``."""
    return f"{folded_path(called)}/".startswith(f"{_IN_PATH}/")


def takes_token_in_body(called: str) -> bool:
    """Return whether a client may post a token to a path of Keystone by which no gateway reads it.

    So are all but ``/v3/auth/tokens``, and other spellings of that.
    """
    folded = folded_path(called)
    return folded in _TOKEN_IN_BODY or (folded == TOKENS_PATH and called != TOKENS_PATH)
