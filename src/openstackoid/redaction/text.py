# SPDX-License-Identifier: Apache-2.0
"""What may be shown of a text. Pure, and in time that grows with the length of the text and no faster."""

import re
from urllib.parse import urlsplit

REMOVED = "..."
"""Stands where something was taken out."""

_SCOPE_MARK = re.compile(r"!SCOPE!|%21SCOPE%21", re.IGNORECASE)
_ENDS_A_TOKEN = frozenset(" \t\r\n\"'`<>,;(){}[]")

# A path that is shown as it is, told by one look; the others are taken apart.
_PLAIN_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]{0,36}){1,16}")
_HARMLESS = re.compile(r"[A-Za-z0-9._~-]{0,36}\Z")
_METHOD = re.compile(r"[A-Z]{1,16}\Z")
_BEFORE_A_TOKEN = "tokens"  # noqa: S105 (an end of a segment, as in Nova's /os-console-auth-tokens/{token})

_NAMES = r"(?:pass(?:word|wd|phrase)?|pwd|secret|token|credential|signature|_sig|(?:api|secret|access)[_-]?key|cookie)"
_QUOTED = r"""(?:"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?)"""
_PATTERNS = tuple(
    (re.compile(pattern, flags), replacement)
    for pattern, replacement, flags in (
        # A private key, whole or cut short.
        (r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)", REMOVED, re.DOTALL),
        # Keystone's tokens: Fernet (its version and the first bytes of its time are these letters until 2106), and JWS.
        (r"gAAAAA[A-Za-z0-9_-]{10,}(?:=|%3[Dd])*", REMOVED, 0),
        (r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*", REMOVED, 0),
        # user:password@ of a URL.
        (r"(?<=://)[^/\s?#\"'<>]+@", f"{REMOVED}@", 0),
        # Headers that authenticate, to the end of their value.
        (rf"(authorization[\"']?\s?[:=]\s?)(?:{_QUOTED}|(?:[a-z0-9-]+ +)?[^\s\"',;]+)", rf"\1{REMOVED}", re.IGNORECASE),
        (r"\b((?:basic|bearer) +)(?=[^\s\"',;]*[0-9=])[A-Za-z0-9+/_=.~-]{16,}", rf"\1{REMOVED}", re.IGNORECASE),
        # name=value, "name": "value", name: a long value, name: value at the end of a line.
        (rf"({_NAMES}[\"']?\s?=\s?)(?:{_QUOTED}|[^\s\"'&,;]+)", rf"\1{REMOVED}", re.IGNORECASE),
        (rf"({_NAMES}[\"']?\s?:\s?[bu]?){_QUOTED}", rf'\1"{REMOVED}"', re.IGNORECASE),
        (rf"({_NAMES}[\"']?\s?:\s?)[^\s\"',;]{{16,}}", rf"\1{REMOVED}", re.IGNORECASE),
        (r"((?:password|passwd|secret): ?)(?!\.\.\.)[^\s\"']+$", rf"\1{REMOVED}", re.IGNORECASE | re.MULTILINE),
        # An id of 32 digits is one; behind the word token it is Keystone's old kind of token.
        (r"(token[^A-Za-z0-9]{1,3})[0-9a-f]{32}", rf"\1{REMOVED}", re.IGNORECASE),
        # The one SQL statement of ours that holds a password, which a database quotes when it refuses it.
        (rf"(IDENTIFIED BY (?:PASSWORD )?){_QUOTED}", rf"\1{REMOVED}", re.IGNORECASE),
    )
)


def redacted(text: str) -> str:
    """Return ``text`` with :data:`REMOVED` in the place of all that looks like a token, a password or a key.

    A net, not a promise: a password in the midst of words looks like a word.
    """
    text = _without_scoped_tokens(text)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def _without_scoped_tokens(text: str) -> str:
    """Take out what stands before the mark of a scope, however that token is made; the scope is no secret."""
    marks = list(_SCOPE_MARK.finditer(text))
    if not marks:
        return text
    shown, at = [], 0
    for mark in marks:
        end = mark.start()
        while end > at and text[end - 1] not in _ENDS_A_TOKEN:
            end -= 1
        shown += [text[at:end], REMOVED if end < mark.start() else "", mark.group()]
        at = mark.end()
    return "".join((*shown, text[at:]))


def shown_path(path: str) -> str:
    """Return a path as a log may hold it: a segment that could be a secret becomes :data:`REMOVED`.

    That is one which is longer than a UUID, or has other characters than ids have, or follows ``tokens``. A secret that is
    made like an id, and stands where ids stand, cannot be told from one.
    """
    if _PLAIN_PATH.fullmatch(path) and f"{_BEFORE_A_TOKEN}/" not in path:
        return path
    before, shown = "", []
    for segment in path.split("/")[:16]:
        harmless = _HARMLESS.match(segment) is not None and not (segment and before.endswith(_BEFORE_A_TOKEN))
        shown.append(segment if harmless else REMOVED)
        before = segment or before
    return "/".join(shown)


def shown_method(method: str) -> str:
    """Return a request's method, or ``-`` for one that is not written as methods are."""
    return method if _METHOD.match(method) else "-"


def shown_url(url: str) -> str:
    """Return a URL without user, password, query and fragment, and its path as :func:`shown_path` shows it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return REMOVED
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], path=shown_path(parts.path), query="", fragment="").geturl()
