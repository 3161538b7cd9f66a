# SPDX-License-Identifier: Apache-2.0
"""Answers with their headers, and the links in them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from examples.session import tls


@dataclass(frozen=True)
class Got:
    """An answer."""

    status: int
    headers: dict[str, str]
    document: Any


def ask(url: str, headers: dict[str, str], method: str = "GET", body: bytes | None = None) -> Got:
    """Return the answer to a request; redirects are followed."""
    request = Request(url, data=body, headers=headers, method=method)
    try:
        answer = urlopen(request, timeout=60, context=tls())
    except HTTPError as error:
        answer = error
    with answer:
        content = answer.read()
        kind = answer.headers.get("Content-Type", "")
        document = json.loads(content) if content and kind.startswith("application/json") else None
        return Got(answer.status, {name.lower(): value for name, value in answer.headers.items()}, document)


def links_in(value: Any) -> Iterator[tuple[str, str]]:
    """Yield relation and URL of every link in a document; Nova's bookmarks lead nowhere in any cloud."""
    match value:
        case {"rel": str(relation), "href": str(url)}:
            yield relation, url
        case dict():
            for key, item in value.items():
                if isinstance(item, str) and item.startswith("http"):
                    yield key, item
                yield from links_in(item)
        case list():
            for item in value:
                yield from links_in(item)
