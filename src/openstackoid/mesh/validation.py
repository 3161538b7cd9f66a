# SPDX-License-Identifier: Apache-2.0
"""Validation of what was read from YAML by a schema of pydantic, with plain words for the faults."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from openstackoid.mesh.errors import Wrong

Schema = TypeVar("Schema", bound=BaseModel)

_WORDS = {
    "model_type": "a mapping of keys to values is accepted",
    "dict_type": "a mapping of keys to values is accepted",
    "dataclass_type": "a mapping of keys to values is accepted",
    "list_type": "a list is accepted",
    "tuple_type": "a list is accepted",
    "bool_type": "true or false is accepted",
    "bool_parsing": "true or false is accepted",
    "string_type": "text is accepted",
    "missing": "this key is missing",
    "too_short": "at least one entry is needed",
}
"""Plain words for error types of pydantic."""

_UNKNOWN_KEY = ("extra_forbidden", "unexpected_keyword_argument")
"""The same fault in a model and in a dataclass."""


def validated(
    schema: type[Schema], above: tuple[Any, ...], value: Any, unknown: Callable[[tuple[Any, ...]], str] | None = None
) -> Schema:
    """Validate ``value`` by ``schema``, at ``above``. Raises :class:`Wrong`.

    ``unknown`` returns the words for an unknown key at a path.
    """
    try:
        return schema.model_validate(value)
    except ValidationError as error:
        # A misspelt key is also a missing one; the misspelt one tells the operator more.
        first = min(error.errors(include_url=False, include_context=False), key=lambda found: found["type"] not in _UNKNOWN_KEY)
        path = (*above, *(part for part in first["loc"] if not str(part).startswith("[")))
        is_unknown = first["type"] in _UNKNOWN_KEY
        what = unknown(path) if is_unknown and unknown else _WORDS.get(first["type"], first["msg"])
        raise Wrong(path, what.removeprefix("Value error, ")) from None


def unknown_key(place: Any) -> str:
    """Return the words for an unknown key of a model or dataclass, with the accepted keys."""
    names = place.model_fields if issubclass(place, BaseModel) else [field.name for field in fields(place)]
    return f"unknown key; accepted: {', '.join(names)}"
