# SPDX-License-Identifier: Apache-2.0
"""JSON documents of clouds: read so that they can be written again, and written."""

import json
import math
from collections.abc import Sequence
from typing import Any, NoReturn

from openstackoid.composition.errors import Failure, Fault

DEEPEST = 100
"""Objects and lists within each other, at most: a document that was read at one depth of the stack is written at another."""

LARGEST = 2**63
"""The end of the numbers that are added."""

MOST_VALUES, FEW_VALUES = 1_000_000, 20_000
"""The values of a list, and of any other document, at most: a list of ten thousand ports has 400,000.

Memory and time go with the values: a peer's object of seven bytes takes two hundred in memory.
"""

_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)

written = _ENCODER.encode
"""Return the JSON of a value, in ASCII."""


def has_more_values(body: bytes, most: int) -> bool:
    """Return whether a JSON document that is not parsed yet may have more values than this."""
    return sum(map(body.count, (b"{", b"[", b","))) > most


def parse(body: bytes) -> Any:
    """Return a JSON document that can be written again. Raises ``ValueError``, and ``RecursionError`` for one too deep."""
    return json.loads(body.decode("utf-8"), parse_constant=_refuse, parse_float=_finite)


def parse_object(cloud: str, body: bytes, most: int) -> dict[str, Any] | Failure:
    """Return the JSON object in an answer of at most so many bytes, or a failure that names the cloud."""
    if len(body) > most:
        return Failure(cloud, Fault.TOO_LARGE, detail=f"more than {most} bytes")
    if has_more_values(body, FEW_VALUES):
        return Failure(cloud, Fault.TOO_LARGE, detail=f"more than {FEW_VALUES} values")
    try:
        document = parse(body)
        written(document)
    except (ValueError, RecursionError):
        return Failure(cloud, Fault.NOT_JSON)
    if not isinstance(document, dict):
        return Failure(cloud, Fault.WRONG_SHAPE, detail="it is not an object")
    if not is_shallow(document):
        return Failure(cloud, Fault.WRONG_SHAPE, detail=TOO_DEEP)
    return document


TOO_DEEP = f"it is nested more than {DEEPEST} deep"


def is_shallow(value: Any, most: int = DEEPEST) -> bool:
    """Return whether no more objects and lists than this are within each other."""
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return most > 0 and all(is_shallow(each, most - 1) for each in inner)
    return True


def can_be_added(value: Any) -> bool:
    """Return whether all numbers of a shallow document can be added to those of others."""
    if isinstance(value, dict | list):
        return all(map(can_be_added, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, int | float) or -LARGEST < value < LARGEST


def counted(names: Sequence[str], name: str, one: Any, other: Any) -> Any:
    """Return the member ``name`` of two documents: the sum if it is one of ``names``, else the first one.

    ``metadata.total_count`` is a name of a member of an object.
    """
    if isinstance(one, dict) and isinstance(other, dict):
        inner = [each.removeprefix(f"{name}.") for each in names if each.startswith(f"{name}.")]
        return {key: counted(inner, key, value, other[key]) if key in other else value for key, value in one.items()}
    return one + other if name in names and isinstance(one, int) and isinstance(other, int) else one


def _refuse(text: str) -> NoReturn:
    raise ValueError(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number
