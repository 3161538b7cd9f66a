# SPDX-License-Identifier: Apache-2.0
"""Line and column of a part of a YAML document, and the error that shows them."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import yaml

from openstackoid.mesh.errors import MeshError, Wrong

FAST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The loader of libyaml, if PyYAML was built with it."""

LARGE = 1_000_000
"""Characters from which a text gets libyaml's error messages: PyYAML's, which are better, would take most of a minute."""


def wrong_at(text: str, source: str, wrong: Wrong) -> MeshError:
    """Return the error for a wrong part of the document ``text``."""
    return MeshError(shown(text, source, mark_of(text, wrong.path), f"{wrong.place}: {wrong.what}"))


def mark_of(text: str, path: tuple[Any, ...]) -> Any:
    """Return the mark of the part at ``path``, or of its nearest parent in the text, or None."""
    # PyYAML first: tests and operators know its marks. But it refuses some texts that libyaml reads.
    for loader in (FAST,) if len(text) >= LARGE else (yaml.SafeLoader, FAST):
        with suppress(yaml.YAMLError, StopIteration):
            return _mark_of(text, path, loader)
    return None


def spot(mark: Any) -> str:
    """Return line and column of a mark, or an empty text."""
    return "" if mark is None else f":{mark.line + 1}:{mark.column + 1}"


def shown(text: str, source: str, mark: Any, what: str) -> str:
    """Return the message of an error, with the line at ``mark`` if there is one."""
    # A quoted text may hold escapes, which a terminal must not get.
    what = "".join(character if character.isprintable() else "?" for character in what)
    if mark is None:
        return f"{source}: {what}"
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    return f"{source}{spot(mark)}: {what}\n  {line}\n  {' ' * mark.column}^"


def _mark_of(text: str, path: tuple[Any, ...], loader: Any) -> Any:

    def meant(event: Any, events: Iterator[Any]) -> tuple[Any, Iterator[Any]]:
        """Return the event of an alias, and the events after it; any other event is returned itself."""
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
    """Return the mark of an entry of the current mapping or list, its value and the events after it, or None."""
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
    """Skip the rest of a node."""
    depth = int(isinstance(event, yaml.CollectionStartEvent))
    while depth:
        following = next(events)
        depth += isinstance(following, yaml.CollectionStartEvent) - isinstance(following, yaml.CollectionEndEvent)
