# SPDX-License-Identifier: Apache-2.0
"""The short form of a scope, ``image=CloudTwo,compute=CloudOne``, and the entry point for both forms.

In a URL it is one path segment, ``<identity>/scope/<form>/v3``. Clients encode the braces and quotes of JSON differently, but
these characters are plain in a path (RFC 3986, section 3.3).
"""

import re
from collections.abc import Collection, Iterator, Mapping
from urllib.parse import unquote

from openstackoid.scope.errors import ScopeError
from openstackoid.scope.model import EVERY_OTHER, Scope
from openstackoid.scope.parser import MAX_LENGTH, Name, parse_json, scope_of
from openstackoid.scope.services import official_service_type

MARKER = "/scope/"
"""The segment between a frontend's root and the form. No OpenStack service uses it."""
_EXAMPLE = "image=CloudTwo,compute=CloudOne"
_BEGINS_SHORT = re.compile(r"[ \t\r\n]*[A-Za-z0-9*(\"']")
_BARE = re.compile(r"[ \t\r\n]*[A-Za-z0-9(\"'][A-Za-z0-9._\-|;&+%()\"', \t\r\n]*\Z")
"""An expression without a service."""
_BEGINS_BARE = re.compile(r"[ \t\r\n]*[A-Za-z0-9(\"'|;&+][^=]*\Z")
"""An expression without a service in which a character may be wrong."""
_FIRST_WORD = re.compile(r"[A-Za-z0-9._-]*")
_BLANK = " \t\r\n"


def parse(
    text: str,
    *,
    services: Collection[str] | None = None,
    clouds: Collection[str] | None = None,
    offers: Mapping[str, Collection[str]] | None = None,
) -> Scope:
    """Parse a user's scope, in the short form or as a JSON object; the first character distinguishes them.

    Ignores white space around names. Arguments and errors are those of :func:`openstackoid.scope.parse_json`.
    """
    if _BEGINS_SHORT.match(text) is None:
        return parse_json(text, services=services, clouds=clouds, offers=offers)
    return _parse_short(text, _pairs(text, _BLANK), services=services, clouds=clouds, offers=offers)


def parse_url_form(
    segment: str,
    *,
    services: Collection[str] | None = None,
    clouds: Collection[str] | None = None,
    offers: Mapping[str, Collection[str]] | None = None,
) -> Scope:
    """Parse a path segment, percent-encoded or not; arguments as for :func:`parse`.

    The offsets of a :class:`ScopeError` are those of the decoded segment.
    """
    text = unquote(segment)
    return _parse_short(text, _pairs(text, ""), services=services, clouds=clouds, offers=offers)


def _parse_short(
    text: str,
    pairs: Iterator[tuple[Name, Name]],
    *,
    services: Collection[str] | None,
    clouds: Collection[str] | None,
    offers: Mapping[str, Collection[str]] | None,
) -> Scope:
    if len(text) > MAX_LENGTH:
        raise ScopeError(f"too large: {len(text)} characters, at most {MAX_LENGTH} are accepted", text, MAX_LENGTH)
    return scope_of(text, pairs, services=services, clouds=clouds, offers=offers)


def _pairs(text: str, blank: str) -> Iterator[tuple[Name, Name]]:
    """Yield services and clouds, without the characters of ``blank`` around a name.

    An expression without a service is for every service but identity.
    """
    whole = _name(text, 0, blank)
    if _BARE.match(text) is not None or (_BEGINS_BARE.match(text) is not None and not _begins_with_service(whole.value)):
        if official_service_type(whole.value) is not None:
            raise ScopeError(f"service=cloud is expected here, for example {_EXAMPLE}", text, whole.start, whole.end)
        yield Name(EVERY_OTHER, 0, 1), whole._replace(is_bare=True)
        return
    at = 0
    for entry in _entries(text) if "(" in text else text.split(","):
        service, mark, cloud = entry.partition("=")
        end = at + len(entry)
        if not mark:
            raise ScopeError(f"service=cloud is expected here, for example {_EXAMPLE}", text, at, end)
        middle = at + len(service)
        yield _name(service, at, blank), _name(cloud, middle + 1, blank)
        at = end + 1


def _begins_with_service(text: str) -> bool:
    """Return whether the first word is a service's, as in ``image:CloudTwo``, in which ``=`` is missing."""
    word = _FIRST_WORD.match(text)
    return word is not None and official_service_type(word[0]) is not None


def _entries(text: str) -> Iterator[str]:
    """Yield the parts between commas that are not in parentheses, as that in ``around(CloudOne, 10ms)`` is."""
    start, depth = 0, 0
    for at, character in enumerate(text):
        depth += (character == "(") - (character == ")" and depth > 0)
        if character == "," and depth == 0:
            yield text[start:at]
            start = at + 1
    yield text[start:]


def _name(written: str, start: int, blank: str) -> Name:
    value = written.lstrip(blank)
    start += len(written) - len(value)
    value = value.rstrip(blank)
    return Name(value, start, start + len(value))
