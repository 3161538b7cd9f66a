# SPDX-License-Identifier: Apache-2.0
"""JSON documents of clouds: read so that they can be written again, and written."""

import json
import math
from typing import Any, NoReturn

from openstackoid.composition.errors import Failure, Fault

_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)

written = _ENCODER.encode
"""Return the JSON of a value, in ASCII."""


def parse(body: bytes) -> Any:
    """Return a JSON document that can be written again. Raises ``ValueError``, and ``RecursionError`` for one too deep."""
    return json.loads(body.decode("utf-8"), parse_constant=_refuse, parse_float=_finite)


def parse_object(cloud: str, body: bytes, most: int) -> dict[str, Any] | Failure:
    """Return the JSON object in an answer of at most so many bytes, or a failure that names the cloud."""
    if len(body) > most:
        return Failure(cloud, Fault.TOO_LARGE, detail=f"more than {most} bytes")
    try:
        document = parse(body)
        written(document)
    except (ValueError, RecursionError):
        return Failure(cloud, Fault.NOT_JSON)
    if not isinstance(document, dict):
        return Failure(cloud, Fault.WRONG_SHAPE, detail="it is not an object")
    return document


def _refuse(text: str) -> NoReturn:
    raise ValueError(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number
