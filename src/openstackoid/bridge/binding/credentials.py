# SPDX-License-Identifier: Apache-2.0
"""Names of headers with tokens and other credentials, beside those that the decision reads."""

STORAGE, AUTHORIZATION = "x-storage-token", "authorization"
BEARER = "bearer "

PASSWORDS = ("x-auth-key", "x-storage-pass")
"""Credentials of Swift's first log-in: they are no tokens, and a token that is made of one is in the answer."""
