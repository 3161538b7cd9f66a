# SPDX-License-Identifier: Apache-2.0
"""Redact texts. Pure, in linear time."""

import re
from urllib.parse import urlsplit

REMOVED = "..."
"""Stands in place of a removed part."""

# The older form of a scope in a token, quoted or not; or the newer form, with the base64url of a JSON object.
_SCOPE_MARK = re.compile(r"(?i:!SCOPE!|%21SCOPE%21)|(?P<newer>(?:~|(?i:%7E))e[yw][A-Za-z0-9_-]*)")
_ENDS_A_TOKEN = frozenset(" \t\r\n\"'`<>,;(){}[]")

# A path that is shown as it is, found by one match; others are taken apart.
_PLAIN_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]{0,36}){1,16}")
_HARMLESS = re.compile(r"[A-Za-z0-9._~-]{0,36}\Z")
_METHOD = re.compile(r"[A-Z]{1,16}\Z")
_BEFORE_A_TOKEN = "tokens"  # noqa: S105 (an end of a segment, as in Nova's /os-console-auth-tokens/{token})

_QUOTED = r"""(?:"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?)"""
_NAMES = ("pass", "password", "passwd", "passphrase", "pwd", "secret", "token", "credential", "signature", "_sig", "cookie")
_KEYS = tuple(f"{word}{joint}key" for word in ("api", "secret", "access") for joint in ("", "_", "-"))
_AUTHORIZATION = "authorization"
_SECRETS = (*_NAMES, *_KEYS, _AUTHORIZATION)
"""The ends of names, in lower case, of secret values."""

_SEPARATOR = re.compile("[=:]")
_AFTER_EQUALS = re.compile(rf"\s?(?:{_QUOTED}|[^\s\"'&,;]+)")
_AFTER_AUTHORIZATION = re.compile(rf"\s?(?:{_QUOTED}|(?:[A-Za-z0-9-]+ +)?[^\s\"',;]+)")
# In quotes, or long, or the last word of its line: behind a colon, our own messages go on.
_AFTER_COLON = re.compile(rf"\s?(?:[bu]?(?P<quoted>{_QUOTED})|[^\s\"',;]{{16,}}|[^\s\"']+$)", re.MULTILINE)

_PATTERNS = (
    # A private key, whole or cut short.
    ("private key", r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)", REMOVED),
    # Keystone's tokens: Fernet (its version and the first bytes of its time are these letters until 2106), and JWS.
    ("gaaaaa", r"gAAAAA[A-Za-z0-9_-]{10,}(?:=|%3[Dd])*", REMOVED),
    ("eyj", r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*", REMOVED),
    # A token that is bound to a peer's gateway.
    ("bound1.", r"bound1\.[A-Za-z0-9_-]{10,}", REMOVED),
    # user:password@ of a URL.
    ("://", r"(?<=://)[^/\s?#\"'<>]+@", f"{REMOVED}@"),
    ("basic ", r"\b([Bb]asic +)(?=[^\s\"',;]*[0-9=])[A-Za-z0-9+/_=.~-]{16,}", rf"\1{REMOVED}"),
    ("bearer ", r"\b([Bb]earer +)(?=[^\s\"',;]*[0-9=])[A-Za-z0-9+/_=.~-]{16,}", rf"\1{REMOVED}"),
    # 32 digits are an id; behind the word token they are a UUID token.
    ("token", r"([Tt][Oo][Kk][Ee][Nn][^A-Za-z0-9]{1,3})[0-9a-f]{32}", rf"\1{REMOVED}"),
    # Our only SQL statement with a password, which a database quotes when it refuses it.
    ("identified by", rf"(IDENTIFIED BY (?:PASSWORD )?){_QUOTED}", rf"\1{REMOVED}"),
)
_RULES = tuple((sign, re.compile(pattern, re.DOTALL), replacement) for sign, pattern, replacement in _PATTERNS)
"""The text, in lower case, that must be present to try a pattern: a line of a log is to cost microseconds."""


def redacted(text: str) -> str:
    """Return ``text`` with :data:`REMOVED` in place of apparent tokens, passwords and keys.

    Without a guarantee: a password within words looks like a word.
    """
    text = _without_scoped_tokens(text)
    lower = text.lower()
    for sign, pattern, replacement in _RULES:
        if sign in lower:
            text = pattern.sub(replacement, text)
    return _without_named(text)


def _without_named(text: str) -> str:
    """Remove the values of secret names: ``name=value``, ``"name": "value"``, ``Name: value``."""
    shown, at = [], 0
    for separator in _SEPARATOR.finditer(text):
        place, end = separator.span()
        name = text[max(at, place - 24) : place].rstrip(" \"'").lower()
        if place < at or not name.endswith(_SECRETS):
            continue
        if name.endswith(_AUTHORIZATION):
            value = _AFTER_AUTHORIZATION.match(text, end)
        elif separator.group() == "=":
            value = _AFTER_EQUALS.match(text, end)
        else:
            value = _AFTER_COLON.match(text, end)
        if value is not None:
            space = " " if text[end : end + 1].isspace() else ""
            quoted = separator.group() == ":" and value.groupdict().get("quoted") is not None
            shown += [text[at:end], space, f'"{REMOVED}"' if quoted else REMOVED]
            at = value.end()
    return "".join((*shown, text[at:])) if shown else text


def _without_scoped_tokens(text: str) -> str:
    """Remove any token before the mark of a scope; in the newer form, the scope with it."""
    marks = list(_SCOPE_MARK.finditer(text))
    if not marks:
        return text
    shown, at = [], 0
    for mark in marks:
        end = mark.start()
        while end > at and text[end - 1] not in _ENDS_A_TOKEN:
            end -= 1
        newer = mark["newer"] is not None
        shown += [text[at:end], REMOVED if newer or end < mark.start() else "", "" if newer else mark.group()]
        at = mark.end()
    return "".join((*shown, text[at:]))


def shown_path(path: str) -> str:
    """Return a path for a log: a segment that could be a secret becomes :data:`REMOVED`.

    That is one longer than a UUID, with characters that ids lack, or after ``tokens``. A secret in the form and the position of
    an id cannot be recognised.
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
    """Return a request's method, or ``-`` for an invalid one."""
    return method if _METHOD.match(method) else "-"


def shown_url(url: str) -> str:
    """Return a URL without user, password, query and fragment, and its path as :func:`shown_path` shows it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return REMOVED
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], path=shown_path(parts.path), query="", fragment="").geturl()
