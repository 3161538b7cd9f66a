# SPDX-License-Identifier: Apache-2.0
"""A client that knows nothing of scopes but the headers that it is told to send."""

import json
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from examples.session import tls


def frontend(lab: Any, cloud: str) -> str:
    """Return where the gateway of a cloud listens, as ``lab status`` says it."""
    return str(next(row["frontend"] for row in lab["clouds"] if row["name"] == cloud))


def ask(url: str, **headers: str) -> tuple[int, str]:
    """Return status and body; in the names of headers an underscore stands for a hyphen."""
    request = Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urlopen(request, timeout=60, context=tls()) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def images(body: str) -> list[str]:
    """Return the ids in an answer of ``GET /v2/images``."""
    return [str(image["id"]) for image in json.loads(body)["images"]]
