# SPDX-License-Identifier: Apache-2.0
"""Names of headers with tokens and other credentials, beside those that the decision reads."""

STORAGE, AUTHORIZATION = "x-storage-token", "authorization"
BEARER = "bearer "

PASSWORDS = ("x-auth-key", "x-storage-pass")
"""Credentials of Swift's first log-in: they are no tokens, and a token that is made of one is in the answer."""

FOR_OTHER_CLOUDS = ("x-target-auth-token",)
"""Tokens for a cloud that the service is to ask itself, as Mistral does."""

TOKEN_IN_BODY = ("/v2.0/tokens", "/v3/auth/OS-FEDERATION/saml2", "/v3/auth/OS-FEDERATION/saml2/ecp")
"""Paths of Keystone, beside ``/v3/auth/tokens``, to which a client posts a token."""
