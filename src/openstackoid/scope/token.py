# SPDX-License-Identifier: Apache-2.0
"""A scope inside a token, the only carrier that every service passes on unchanged: ``<token>~<base64url of the scope's text>``.

No client quotes these characters, and no token of Keystone has a tilde. Gateways of wire version 1 know only the older form
``<token>!SCOPE!<json>``, which clients that quote a token destroy.
"""

import re

from openstackoid import base64url
from openstackoid.scope.errors import ScopeError

MARK = "~"
SEPARATOR = "!SCOPE!"
"""The mark of the older form."""

WIRE = 2
"""The wire version of this release: 1 reads the older form alone, 2 reads both."""

BOUND = "bound1."
"""How a token begins that is bound to the gateway of one peer (:mod:`openstackoid.binding`); none of Keystone's does."""

FORM = "<token>~<base64url of the scope, without padding>"

_QUOTED_MARK = re.compile(r"%(?:25)*7E", re.IGNORECASE)
_QUOTED_SEPARATOR = re.compile(r"%(?:25)*21SCOPE|SCOPE%(?:25)*21", re.IGNORECASE)
_QUOTED_JSON = re.compile(r"%(?:25)*7B", re.IGNORECASE)
_OUTSIDE = re.compile(r"[^A-Za-z0-9_-]")
# The beginning of a JSON object in base64url: "{" and a quotation mark or white space.
_JSON = re.compile(r"~e[yw]")


def split_token(value: str) -> tuple[str, str | None]:
    """Return the token and the text of its scope, a JSON object, or None without a scope.

    Raises :class:`ScopeError` for two scopes, and for one that is quoted or badly encoded.
    """
    token, separator, text = value.partition(SEPARATOR)
    if separator:
        if MARK in token:
            raise ScopeError("two scopes in one token; one is accepted", MARK)
        if _QUOTED_JSON.match(text):
            raise _quoted()
        _refuse_quoted(token)
        return token, text
    token, mark, encoded = value.partition(MARK)
    _refuse_quoted(token)
    return token, _decoded(encoded) if mark else None


def join_token(token: str, text: str, wire: int = WIRE) -> str:
    """Return ``token`` with the text of a scope, for a reader of the wire version ``wire``."""
    if wire < WIRE:
        return f"{token}{SEPARATOR}{text}"
    return f"{token}{MARK}{base64url.encoded(text.encode())}"


def is_marked(value: str) -> bool:
    """Return whether a token has the mark of a scope; the scope is not checked."""
    return MARK in value or SEPARATOR in value


def holds_scope(value: str) -> bool:
    """Return whether the value of any header contains a scope."""
    quoted = _QUOTED_SEPARATOR.search(value)
    return SEPARATOR in value or _JSON.search(value) is not None or quoted is not None


def _refuse_quoted(token: str) -> None:
    """Refuse a mark that a client has quoted, which would be a token without a scope."""
    if _QUOTED_SEPARATOR.search(token) or _QUOTED_MARK.search(token):
        raise _quoted()


def _quoted() -> ScopeError:
    return ScopeError(f"percent-encoded by a client; clients leave this form as it is: {FORM}", SEPARATOR)


def _decoded(encoded: str) -> str:
    """Return the text of a scope. Raises :class:`ScopeError` for an encoding that :func:`join_token` does not make."""
    outside = _OUTSIDE.search(encoded)
    if outside is not None:
        what = "two scopes in one token; one" if outside.group() == MARK else "not base64url without padding; A-Z a-z 0-9 - _"
        raise ScopeError(f"{what} is accepted", encoded, outside.start())
    try:
        data = base64url.decoded(encoded)
        text = data.decode("utf-8")
    except ValueError:
        raise ScopeError("not UTF-8 in base64url", encoded) from None
    if base64url.encoded(data) != encoded:
        raise ScopeError("base64url with stray bits at its end", encoded, len(encoded) - 1)
    if not text.startswith("{"):
        raise ScopeError('a JSON object in base64url is expected, for example that of {"image":"CloudTwo"}', encoded)
    return text
