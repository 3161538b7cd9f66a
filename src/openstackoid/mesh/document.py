# SPDX-License-Identifier: Apache-2.0
"""The only reader of YAML: descriptions, the package's rules, and files of accounts.

Descriptions of thousands of clouds are read from libyaml's events into plain values; PyYAML's trees would take ten times as long
and a gigabyte. PyYAML reads unusual and wrong texts, for its error messages.
"""

from collections import deque
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import yaml

from openstackoid.mesh import spots
from openstackoid.mesh.errors import DocumentError, Wrong
from openstackoid.mesh.spots import shown, spot

Take = Callable[[Any, Any], Any]
"""Takes name and entry of a cloud, and returns the value in its place."""

_RESOLVERS = yaml.SafeLoader.yaml_implicit_resolvers
_TEXT, _MERGE, _DEFAULT = (f"tag:yaml.org,2002:{kind}" for kind in ("str", "merge", "value"))
_TOO_DEEP = "a part of it is nested too deeply, or contains itself"
_NOT_YAML = "not YAML"


class _UnusualError(Exception):
    """A part that the quick reader leaves to PyYAML."""


def read(text: str, source: str, take: Take | None = None) -> Any:
    """Return the document, with the values of ``take`` in place of the entries of ``clouds``.

    ``source`` names the text in errors. Raises :class:`DocumentError` for invalid YAML and for a repeated key, and the errors of
    ``take``.
    """
    fault: yaml.YAMLError | None = None
    try:
        return _Reader(text, take).document()
    except Wrong:
        # Invalid YAML further on is the first fault.
        fault = _fault(text)
        if fault is None:
            raise
    except _RefusedError as error:
        raise _error(text, source, error.mark, error.what, error.plain) from None
    except yaml.YAMLError as error:
        fault = error
    except (_UnusualError, RecursionError, UnicodeError):
        pass
    if isinstance(fault, yaml.MarkedYAMLError) and len(text) >= spots.LARGE:
        raise _error(text, source, fault.problem_mark, f"{_NOT_YAML}: {fault.problem}")
    data = _read_slowly(text, source)
    if take is not None and isinstance(data, dict) and isinstance(data.get("clouds"), dict):
        data["clouds"] = {name: take(name, entry) for name, entry in data["clouds"].items()}
    return data


def _error(text: str, source: str, mark: Any, what: str, plain: str = _NOT_YAML) -> DocumentError:
    return DocumentError(shown(text, source, mark, what), spot(mark), plain)


def _fault(text: str) -> yaml.YAMLError | None:
    """Return the fault of invalid YAML, or None."""
    try:
        deque(yaml.parse(text, Loader=spots.FAST), maxlen=0)
    except yaml.YAMLError as error:
        return error
    return None


class _RefusedError(Exception):
    """A part that YAML allows and this reader refuses. ``plain``: the reason, without a quote."""

    def __init__(self, what: str, plain: str, mark: Any) -> None:
        super().__init__(what)
        self.what = what
        self.plain = plain
        self.mark = mark


def _twice(key: Any) -> _RefusedError:
    return _RefusedError(f"'{key.value}' is there twice; name it once", "a key is there twice; name it once", key.start_mark)


def _check_text(scalar: Any) -> None:
    """Refuse half a surrogate pair, which escapes can make and no file can hold."""
    if not scalar.value.isascii() and any("\ud800" <= character <= "\udfff" for character in scalar.value):
        what = "half a character; whole ones are accepted"
        raise _RefusedError(what, what, scalar.start_mark)


class _Reader:
    """Reads one document from the events of a parser."""

    def __init__(self, text: str, take: Take | None) -> None:
        self._parser = spots.FAST(text)
        self._next = self._parser.get_event
        self._take = take
        self._anchored: dict[str, Any] = {}

    def document(self) -> Any:
        try:
            self._next()
            if type(self._next()) is not yaml.DocumentStartEvent:
                raise _UnusualError
            start = self._next()
            if type(start) is not yaml.MappingStartEvent or start.tag is not None:
                raise _UnusualError
            found: dict[str, Any] = {}
            while (key := self._key(found)) is not None:
                event = self._next()
                if key == "clouds" and type(event) is yaml.MappingStartEvent:
                    found[key] = self._mapping(event, self._take)
                else:
                    found[key] = self._value(event)
            self._next()
            if type(self._next()) is not yaml.StreamEndEvent:
                raise _UnusualError
        finally:
            self._parser.dispose()
        return found

    def _key(self, found: dict[str, Any]) -> str | None:
        """Return the next key of a mapping, or None at its end."""
        event = self._next()
        if type(event) is yaml.MappingEndEvent:
            return None
        key = self._scalar(event) if type(event) is yaml.ScalarEvent else None
        if not isinstance(key, str) or event.anchor is not None:
            raise _UnusualError
        if key in found:
            raise _twice(event)
        return key

    def _mapping(self, start: Any, take: Take | None = None) -> dict[str, Any]:
        if start.tag is not None:
            raise _UnusualError
        found: dict[str, Any] = {}
        while (key := self._key(found)) is not None:
            value = self._value(self._next())
            found[key] = value if take is None else take(key, value)
        return found

    def _value(self, event: Any) -> Any:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            value = self._scalar(event)
        elif kind is yaml.MappingStartEvent:
            value = self._mapping(event)
        elif kind is yaml.SequenceStartEvent and event.tag is None:
            value = []
            while type(item := self._next()) is not yaml.SequenceEndEvent:
                value.append(self._value(item))
        elif kind is yaml.AliasEvent and event.anchor in self._anchored:
            return self._anchored[event.anchor]
        else:
            raise _UnusualError
        if event.anchor is not None:
            if event.anchor in self._anchored:
                raise _UnusualError
            self._anchored[event.anchor] = value
        return value

    @staticmethod
    def _scalar(event: Any) -> Any:
        if event.tag is not None:
            raise _UnusualError
        _check_text(event)
        value = event.value
        # Only such a text can be a number, a truth value and so on.
        return _plain(value) if event.implicit[0] and value[:1] in _RESOLVERS else value


@lru_cache(maxsize=1024)
def _plain(value: str) -> Any:
    """Return the value of a plain scalar. Raises :class:`_UnusualError` for words with a meaning in a mapping."""
    loader = yaml.SafeLoader("")
    tag: str = loader.resolve(yaml.ScalarNode, value, (True, False))  # type: ignore[no-untyped-call]
    if tag == _TEXT:
        return value
    if tag in (_MERGE, _DEFAULT):
        raise _UnusualError
    try:
        return loader.construct_object(yaml.ScalarNode(tag, value))
    except (yaml.YAMLError, ValueError, LookupError, AttributeError):
        raise _UnusualError from None


def _read_slowly(text: str, source: str) -> Any:
    """Return the document as PyYAML reads it."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
        _refuse(root, {})
    except _RefusedError as error:
        raise _error(text, source, error.mark, error.what, error.plain) from None
    except yaml.MarkedYAMLError as error:
        raise _error(text, source, error.problem_mark, f"{_NOT_YAML}: {error.problem}") from None
    except (yaml.YAMLError, ValueError, LookupError, AttributeError) as error:
        # For "!!bool x" PyYAML raises a KeyError.
        untrue = isinstance(error, LookupError | AttributeError)
        why = "a value does not match its tag" if untrue else str(error).splitlines()[0]
        raise _error(text, source, None, f"{_NOT_YAML}: {why}") from None
    except RecursionError:
        raise _error(text, source, None, _TOO_DEEP) from None
    return data


def _refuse(node: yaml.Node | None, done: dict[int, bool]) -> None:
    """Refuse repeated keys, of which YAML readers take the last, and half a surrogate pair.

    Aliases make millions of parts of a few lines, so each is checked once (``done``: whether to its end). Raises
    ``RecursionError`` for a part inside itself.
    """
    if id(node) in done:
        if not done[id(node)]:
            raise RecursionError
        return
    done[id(node)] = False
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise _twice(key)
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else None)
            _refuse(key, done)
            _refuse(value, done)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse(item, done)
    elif isinstance(node, yaml.ScalarNode):
        _check_text(node)
    done[id(node)] = True
