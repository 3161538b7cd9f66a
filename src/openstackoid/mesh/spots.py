# SPDX-License-Identifier: Apache-2.0
"""Where in a document of YAML something stands, and the error that shows it."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import yaml

from openstackoid.mesh.errors import MeshError, Wrong

FAST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The loader of libyaml, where PyYAML was built with it."""

LARGE = 1_000_000
"""Characters of a text from which on libyaml's words for what is no YAML must do: to hear PyYAML's takes most of a minute."""


def wrong_at(text: str, source: str, wrong: Wrong) -> MeshError:
    """Return the error for what is wrong at a place of the document ``text``."""
    mark = None
    # PyYAML first, whose places are what tests and operators know; but it may refuse what libyaml reads.
    for loader in (FAST,) if len(text) >= LARGE else (yaml.SafeLoader, FAST):
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
