# SPDX-License-Identifier: Apache-2.0
"""A document of YAML, read in one pass: what it says, and where in it something stands.

Descriptions of thousands of clouds are read from the events of libyaml, straight into plain values; trees of nodes, as PyYAML
makes them, would take ten times as long and a gigabyte. What is unusual or wrong is left to PyYAML, for its words.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Any

import yaml

from openstackoid.mesh.errors import MeshError, Wrong

Take = Callable[[Any, Any], Any]
"""Takes the name of a cloud and what is said of it, and returns what is to stand in its place."""

_FAST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVERS = yaml.SafeLoader.yaml_implicit_resolvers
_TEXT, _MERGE, _DEFAULT = (f"tag:yaml.org,2002:{kind}" for kind in ("str", "merge", "value"))
_LARGE = 1_000_000
"""Characters of a text from which on libyaml's words for what is no YAML must do: to hear PyYAML's takes most of a minute."""

_TOO_DEEP = "a part of it is nested too deeply, or stands inside itself"


class _UnusualError(Exception):
    """Something that the quick reader leaves to PyYAML."""


def read(text: str, source: str, take: Take) -> Any:
    """Return what the document says, with what ``take`` makes of each entry of ``clouds`` in its place.

    ``source`` names the text in errors. Raises :class:`MeshError` for what is no YAML and for keys that stand twice, and what
    ``take`` raises.
    """
    try:
        return _Reader(text, take).document()
    except Wrong:
        raise
    except yaml.MarkedYAMLError as error:
        if len(text) >= _LARGE:
            raise error_at(text, source, error.problem_mark, f"not YAML: {error.problem}") from None
    except _TwiceError as error:
        raise error_at(text, source, error.mark, f"'{error.key}' stands twice; name it once") from None
    except (_UnusualError, yaml.YAMLError, RecursionError):
        pass
    data = _read_slowly(text, source)
    if isinstance(data, dict) and isinstance(data.get("clouds"), dict):
        data["clouds"] = {name: take(name, said) for name, said in data["clouds"].items()}
    return data


def wrong_at(text: str, source: str, wrong: Wrong) -> MeshError:
    """Return the error for what is wrong at a place of the document ``text``."""
    mark = None
    # PyYAML first, whose places are what tests and operators know; but it may refuse what libyaml reads.
    for loader in (_FAST,) if len(text) >= _LARGE else (yaml.SafeLoader, _FAST):
        with suppress(yaml.YAMLError, StopIteration):
            mark = _mark_of(text, wrong.path, loader)
            break
    return error_at(text, source, mark, f"{wrong.place}: {wrong.what}")


def error_at(text: str, source: str, mark: Any, what: str) -> MeshError:
    """Return the error that shows the line of ``mark``, if there is one."""
    # A quoted text may hold escapes, which are for no terminal.
    what = "".join(character if character.isprintable() else "?" for character in what)
    if mark is None:
        return MeshError(f"{source}: {what}")
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    return MeshError(f"{source}:{mark.line + 1}:{mark.column + 1}: {what}\n  {line}\n  {' ' * mark.column}^")


class _TwiceError(Exception):
    def __init__(self, key: str, mark: Any) -> None:
        super().__init__(key)
        self.key = key
        self.mark = mark


class _Reader:
    """Reads one document from the events of a parser."""

    def __init__(self, text: str, take: Take) -> None:
        self._parser = _FAST(text)
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
            said: dict[str, Any] = {}
            while (key := self._key(said)) is not None:
                event = self._next()
                if key == "clouds" and type(event) is yaml.MappingStartEvent:
                    said[key] = self._mapping(event, self._take)
                else:
                    said[key] = self._value(event)
            self._next()
            if type(self._next()) is not yaml.StreamEndEvent:
                raise _UnusualError
        finally:
            self._parser.dispose()
        return said

    def _key(self, said: dict[str, Any]) -> str | None:
        """Return the next key of a mapping, or None at its end."""
        event = self._next()
        if type(event) is yaml.MappingEndEvent:
            return None
        key = self._scalar(event) if type(event) is yaml.ScalarEvent else None
        if not isinstance(key, str) or event.anchor is not None:
            raise _UnusualError
        if key in said:
            raise _TwiceError(key, event.start_mark)
        return key

    def _mapping(self, start: Any, take: Take | None = None) -> dict[str, Any]:
        if start.tag is not None:
            raise _UnusualError
        said: dict[str, Any] = {}
        while (key := self._key(said)) is not None:
            value = self._value(self._next())
            said[key] = value if take is None else take(key, value)
        return said

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
        value = event.value
        # Only what begins as a number, a truth value and the like do can be one.
        return _plain(value) if event.implicit[0] and value[:1] in _RESOLVERS else value


@lru_cache(maxsize=1024)
def _plain(value: str) -> Any:
    """Return what a plain scalar means. Raises :class:`_UnusualError` for what has a meaning of its own."""
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
    """Return what the document says as PyYAML reads it, whatever it makes use of."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
        _refuse_duplicates(root, {})
    except _TwiceError as error:
        raise error_at(text, source, error.mark, f"'{error.key}' stands twice; name it once") from None
    except yaml.MarkedYAMLError as error:
        raise error_at(text, source, error.problem_mark, f"not YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError, LookupError, AttributeError) as error:
        # That "!!bool x" is none, PyYAML says with a KeyError.
        untrue = isinstance(error, LookupError | AttributeError)
        why = "a value is not what its tag says" if untrue else str(error).splitlines()[0]
        raise MeshError(f"{source}: not YAML: {why}") from None
    except RecursionError:
        raise MeshError(f"{source}: {_TOO_DEEP}") from None
    return data


def _refuse_duplicates(node: yaml.Node | None, done: dict[int, bool]) -> None:
    """YAML readers take the last of two equal keys without a word; here it is an error.

    Aliases make millions of parts of a few lines, so that each is looked at once: ``done`` says whether to its end. Raises
    ``RecursionError`` for one that stands inside itself.
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
                raise _TwiceError(key.value, key.start_mark)
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else None)
            _refuse_duplicates(value, done)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_duplicates(item, done)
    done[id(node)] = True


def _mark_of(text: str, path: tuple[Any, ...], loader: Any) -> Any:
    """Return where the part that ``path`` names stands, or its nearest parent that is written down."""

    def meant(event: Any, events: Iterator[Any]) -> tuple[Any, Iterator[Any]]:
        """Return what an alias stands for, and the events behind it; of any other event, itself."""
        if type(event) is not yaml.AliasEvent:
            return event, events
        events = _nodes(text, loader)
        for found in events:
            if getattr(found, "anchor", None) == event.anchor and type(found) is not yaml.AliasEvent:
                return found, events
        return event, events

    events = _nodes(text, loader)
    event = next(events)
    mark = event.start_mark
    for part in path:
        found = _part(*meant(event, events), part)
        if found is None:
            break
        mark, event, events = found
    event, _ = meant(event, events)
    return event.start_mark if type(event) is yaml.ScalarEvent else mark


def _nodes(text: str, loader: Any) -> Iterator[Any]:
    """Return the events of a document from its first node on."""
    events = iter(yaml.parse(text, Loader=loader))
    for event in events:
        if type(event) is yaml.DocumentStartEvent:
            break
    return events


def _part(event: Any, events: Iterator[Any], part: Any) -> tuple[Any, Any, Iterator[Any]] | None:
    """Return where an entry of the mapping or list that has begun stands, its value and what follows; None if it has none."""
    if type(event) is yaml.MappingStartEvent:
        while type(key := next(events)) is not yaml.MappingEndEvent:
            if type(key) is yaml.ScalarEvent and key.value == str(part):
                return key.start_mark, next(events), events
            _pass_over(key, events)
            _pass_over(next(events), events)
    elif type(event) is yaml.SequenceStartEvent and isinstance(part, int):
        number = 0
        while type(item := next(events)) is not yaml.SequenceEndEvent:
            if number == part:
                return item.start_mark, item, events
            _pass_over(item, events)
            number += 1
    return None


def _pass_over(event: Any, events: Iterator[Any]) -> None:
    """Go on to the end of a node that has begun."""
    depth = int(isinstance(event, yaml.CollectionStartEvent))
    while depth:
        following = next(events)
        depth += isinstance(following, yaml.CollectionStartEvent) - isinstance(following, yaml.CollectionEndEvent)
