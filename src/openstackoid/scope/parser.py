# SPDX-License-Identifier: Apache-2.0
"""Parse a :class:`Scope` from text, strictly: a scope is user input at every hop.

The text is one flat JSON object, ``{"<service>": "<clouds>", ...}``. Python's ``json`` accepts duplicate keys and gives no
positions, so it decodes only the inside of strings here.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple, NoReturn

from openstackoid.redaction import redacted
from openstackoid.scope.errors import ScopeError
from openstackoid.scope.expression import Cloud, Expression, Otherwise
from openstackoid.scope.expression_parser import MOST_NEAR, NAME, parse_expression, refuse_unserved
from openstackoid.scope.known_names import LISTED, suggestion
from openstackoid.scope.model import EVERY_OTHER, IDENTITY, Scope
from openstackoid.scope.services import official_names, official_service_type

MAX_LENGTH = 2048
"""The longest scope, in characters. With a token it must fit uWSGI's default of 4 KiB for all headers."""

CLOUD_NAME = re.compile(NAME + r"\Z")
_COMPOUND = re.compile(r"[|;&+%()\"']")
_NEAR = re.compile(r"(?:around|nearest)[ \t\r\n]*\(")
_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
_EXAMPLE = '{"image": "CloudTwo"} or CloudOne | CloudTwo'
_SHOWN = 12
_LONGEST_SHOWN = 64
_LONGEST_CLOUD = "x" * 64


class Name(NamedTuple):
    """A string of the scope and its position, quotes included. ``is_bare``: of an expression without a service."""

    value: str
    start: int
    end: int
    is_bare: bool = False


def parse_json(
    text: str,
    *,
    services: Collection[str] | None = None,
    clouds: Collection[str] | None = None,
    offers: Mapping[str, Collection[str]] | None = None,
) -> Scope:
    """Parse a JSON object; its services become official types.

    ``services``: the service types of the mesh, accepted with their aliases and project names; None accepts any official
    service. ``clouds``: the accepted clouds; None accepts any well-formed name. ``offers``: the service types of each cloud, to
    refuse entries that it cannot serve.

    A gateway passes both as :class:`~openstackoid.scope.known_names.KnownNames`, so that an error costs microseconds. Raises
    :class:`ScopeError` for the first wrong part.
    """
    if len(text) > MAX_LENGTH:
        raise ScopeError(f"too large: {len(text)} characters, at most {MAX_LENGTH} are accepted", text, MAX_LENGTH)
    return scope_of(text, _Reader(text).pairs(), services=services, clouds=clouds, offers=offers)


def read_header(text: str) -> Scope:
    """Return a completed scope in the form of :meth:`Scope.to_header`, as a gateway has written it; no name is checked.

    Raises ``ValueError`` for a text that no gateway has written.
    """
    entries = json.loads(text)
    if not isinstance(entries, dict) or not entries or not all(isinstance(value, str) for value in entries.values()):
        raise ValueError("a scope is a JSON object of texts")
    return Scope(tuple((service, _read_expression(value)) for service, value in entries.items()))


def _read_expression(text: str) -> Expression:
    def fail(reason: str, _start: int, _end: int) -> NoReturn:
        raise ValueError(reason)

    return parse_expression(text, lambda *_: None, fail) if is_compound(text) else Cloud(text)


def scope_of(
    text: str,
    pairs: Iterable[tuple[Name, Name]],
    *,
    services: Collection[str] | None,
    clouds: Collection[str] | None,
    offers: Mapping[str, Collection[str]] | None,
) -> Scope:
    """Return the scope of the names in ``text``, in any form; see :func:`parse_json`."""
    entries: dict[str, Expression] = {}
    written: dict[str, str] = {}
    near = 0
    for service_name, cloud_name in pairs:
        service = _service(service_name, text, services)
        if service in entries:
            also = "" if written[service] == service_name.value else f" (as '{written[service]}')"
            _fail(f"the service '{service_name.value}' is named twice{also}; name it once", text, service_name)
        near += len(_NEAR.findall(cloud_name.value))
        if near > MOST_NEAR:
            _fail(f"{MOST_NEAR} 'around' and 'nearest' in one scope at most are accepted", text, cloud_name)
        entries[service] = _expression(service, cloud_name, text, clouds, None if service == EVERY_OTHER else offers)
        written[service] = service_name.value
    scope = Scope(tuple(entries.items()))
    travelling = len(scope.completed(_LONGEST_CLOUD).to_header())
    if travelling > MAX_LENGTH:
        raise ScopeError(f"too large: {travelling} characters once it is completed, at most {MAX_LENGTH} are accepted", text)
    return scope


def _check_offer(service: str, name: Name, text: str, offers: Mapping[str, Collection[str]] | None) -> None:
    if offers is not None and service not in offers.get(name.value, ()):
        _fail(f"{name.value} has no service '{service}'{_served_by(service, offers)}", text, name)


def _served_by(service: str, offers: Mapping[str, Collection[str]]) -> str:
    """Name the clouds with the service, in a small mesh."""
    if len(offers) > LISTED:
        return ""
    having = sorted(cloud for cloud, has in offers.items() if service in has)
    return f"; served by: {', '.join(having) or 'no cloud'}"


class _Reader:
    """Reads the tokens of one flat JSON object with their positions."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def pairs(self) -> Iterator[tuple[Name, Name]]:
        """Yield each entry once it is read; the first wrong one ends the reading."""
        self._skip()
        if self._here() != "{":
            self._unexpected("a JSON object, or clouds with '|' and '&', is expected,", f"for example {_EXAMPLE}")
        self._take("{")
        if self._here() == "}":
            raise ScopeError("the scope is empty; name a service and its cloud, or leave the scope out", self.text, self.at)
        while True:
            service = self._string("a service in double quotes")
            if self._here() != ":":
                self._unexpected("':' is expected", "between a service and its cloud")
            self._take(":")
            yield service, self._string("a cloud's name in double quotes")
            if self._here() != ",":
                break
            self._take(",")
        if self._here() != "}":
            self._unexpected("',' or '}' is expected", "after a cloud")
        self._take("}")
        if self._here():
            self._unexpected("the end is expected", "after the closing '}'")

    def _skip(self) -> None:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _here(self) -> str:
        return self.text[self.at : self.at + 1]

    def _take(self, character: str) -> None:
        self.at += len(character)
        self._skip()

    def _unexpected(self, expected: str, where: str) -> NoReturn:
        found = repr(self._here()) if self._here() else "the end"
        raise ScopeError(f"{expected} {where}, not {found}", self.text, self.at)

    def _string(self, expected: str) -> Name:
        match = _STRING.match(self.text, self.at)
        if match is None:
            if self._here() == '"':
                raise ScopeError("a string that is not closed, or holds a control character", self.text, self.at)
            self._unexpected(f"{expected} is expected", "here")
        start = self.at
        self.at = match.end()
        self._skip()
        return Name(json.loads(match.group()), start, match.end())


def _fail(reason: str, text: str, name: Name) -> NoReturn:
    raise ScopeError(reason, text, name.start, name.end)


def _service(name: Name, text: str, services: Collection[str] | None) -> str:
    """Return the official type (or the mesh's own) for a service as a user wrote it."""
    if not name.value:
        _fail("a service without a name", text, name)
    if name.value == EVERY_OTHER:
        return EVERY_OTHER
    official = official_service_type(name.value)
    if services is None:
        if official is None:
            _fail(f"unknown service {_quoted(name.value)}; {suggestion(name.value, official_names())}", text, name)
        return official
    if name.value in services:
        return name.value
    if official is None or official not in services:
        _fail(f"unknown service {_quoted(name.value)}; {suggestion(name.value, services)}", text, name)
    return official


def is_compound(text: str) -> bool:
    """Return whether the text of an entry is more than a name."""
    return _COMPOUND.search(text) is not None


def _expression(
    service: str, name: Name, text: str, clouds: Collection[str] | None, offers: Mapping[str, Collection[str]] | None
) -> Expression:
    """Return the expression of an entry; most are one cloud's name."""
    is_known = clouds is not None and name.value in clouds
    if not name.is_bare and (is_known or not is_compound(name.value)):
        if not is_known:
            _check_cloud(name, text, clouds)
        _check_offer(service, name, text, offers)
        return Cloud(name.value)
    # Of a JSON string with escapes, the whole is shown.
    shift = text.find(name.value, name.start, name.end)

    def part(value: str, start: int, end: int) -> Name:
        return Name(value, *((name.start, name.end) if shift < 0 else (shift + start, shift + end)))

    def fail(reason: str, start: int, end: int) -> NoReturn:
        _fail(reason, text, part("", start, end))

    def check(value: str, start: int, end: int) -> None:
        if clouds is None or value not in clouds:
            _check_cloud(part(value, start, end), text, clouds)
        _check_offer(service, part(value, start, end), text, offers)

    expression = parse_expression(name.value, check, fail)
    if service == IDENTITY and not isinstance(expression, Cloud):
        _fail("identity is one cloud, the issuer of the token; name one", text, name)
    refuse_unserved(name.value, expression, fail)
    if isinstance(expression, Cloud):
        return Otherwise((expression,)) if service == EVERY_OTHER else expression
    return expression


def _check_cloud(name: Name, text: str, clouds: Collection[str] | None) -> None:
    if not name.value:
        _fail("a cloud without a name", text, name)
    if clouds is not None and name.value in clouds:
        return
    if CLOUD_NAME.match(name.value) is None:
        _fail(
            f"{_quoted(name.value)} cannot be a cloud's name; letters, digits, '.', '_' and '-' are accepted, 64 at most",
            text,
            name,
        )
    if clouds is not None:
        _fail(f"unknown cloud {_quoted(name.value)}; {suggestion(name.value, clouds)}", text, name)


def _quoted(value: str) -> str:
    """Return a user's word, safe to print; of one longer than any name, which may be a token, only the beginning."""
    beginning = value[: _LONGEST_SHOWN + 1]
    shown = redacted("".join(character if character.isprintable() else "?" for character in beginning))
    return f"'{shown[:_SHOWN]}...'" if len(value) > _LONGEST_SHOWN else f"'{shown}'"
