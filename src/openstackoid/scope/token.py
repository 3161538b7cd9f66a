# SPDX-License-Identifier: Apache-2.0
"""A scope inside a token: ``<token>!SCOPE!<json>``, the only carrier that every service hands on unchanged."""

SEPARATOR = "!SCOPE!"


def split_token(value: str) -> tuple[str, str | None]:
    """Return the token and the text of its scope, or None where it carries none. Nothing is checked here."""
    token, separator, text = value.partition(SEPARATOR)
    return token, text if separator else None


def join_token(token: str, wire: str) -> str:
    """Return ``token`` with a scope's wire form behind it."""
    return f"{token}{SEPARATOR}{wire}"
