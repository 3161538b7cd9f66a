# SPDX-License-Identifier: Apache-2.0
"""The clouds of the items in merged lists, as answers say them: the commands of ``openstack`` keep no attribute of ours."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import requests

from openstackoid.client.hops import printable

CLOUD = "os_scope_cloud"
_NAMED_BY = (
    *("id", "uuid", "name", "zoneName", "network_id", "subdir", "namespace", "binary", "type"),
    *("hostname", "secret_ref", "container_ref", "order_ref"),
)
"""The attributes that name an item; of those it has, a command shows one at least."""


_IDS = ("id", "uuid")


class MergedItems:
    """Clouds by the name of a collection and a name of an item, in the order of answers; and the cloud of parts of an item."""

    def __init__(self) -> None:
        self._clouds: dict[tuple[str, str], list[str]] = {}
        self._by_id: dict[str, set[str]] = {}
        self._of_parts: set[str] = set()

    def read(self, response: requests.Response) -> None:
        """Take the items of an answer with a list, or with one item; or that with a part of an item, which names no cloud."""
        content = response.content or b""
        if f'"{CLOUD}"'.encode() not in content:
            self._part(response.url or "")
            return
        try:
            document = json.loads(content)
        except ValueError:
            return
        for item in _items(document):
            self._own(item)
        # Swift's lists are in no document.
        for collection, items in [("", document)] if isinstance(document, list) else _lists(document):
            self._take(collection, items)

    def clouds(self, collection: str, shown: Sequence[Sequence[Any]]) -> list[str]:
        """Return the cloud of each row that a command shows, by the first of its columns that names items; ``""`` if unknown."""
        for names in zip(*shown, strict=True):
            texts = list(map(str, names))
            found = [self._clouds.get((collection, text), []) for text in texts]
            if all(found):
                return list(_of_each(texts, found))
        return [""] * len(shown)

    def cloud_of_parts(self) -> str:
        """Return the cloud of the items of which answers had parts; ``""`` if it is unknown, or there are several."""
        return next(iter(self._of_parts)) if len(self._of_parts) == 1 else ""

    def forget(self) -> None:
        """Forget all items: those of the next command in an interactive session are others."""
        self._clouds.clear()
        self._by_id.clear()
        self._of_parts.clear()

    def _own(self, item: Mapping[str, Any]) -> None:
        """Note the cloud of an item by its ids."""
        cloud = item.get(CLOUD)
        if isinstance(cloud, str):
            for name in _IDS:
                if isinstance(item.get(name), str):
                    self._by_id.setdefault(item[name], set()).add(printable(cloud))

    def _part(self, url: str) -> None:
        """Note the cloud of the item of which an answer had a part: its id stands in the path, before the part."""
        *above, _ = urlsplit(url).path.split("/")
        for segment in reversed(above):
            if segment in self._by_id:
                self._of_parts |= self._by_id[segment]
                return

    def _take(self, collection: str, items: list[Any]) -> None:
        for item in items:
            cloud = item.get(CLOUD) if isinstance(item, dict) else None
            if not isinstance(cloud, str):
                continue
            # A keypair stands in a document of its own.
            named = any(attribute in item for attribute in _NAMED_BY)
            inner = item if named else next((value for value in item.values() if isinstance(value, dict)), item)
            for attribute in _NAMED_BY:
                if attribute in inner:
                    self._clouds.setdefault((collection, str(inner[attribute])), []).append(printable(cloud))


def _lists(document: Any) -> Iterator[tuple[str, list[Any]]]:
    members = document.items() if isinstance(document, Mapping) else ()
    return ((name, value) for name, value in members if isinstance(value, list))


def _items(document: Any) -> Iterator[Mapping[str, Any]]:
    """Return the objects of a document that may be items: it, its members, and those of its lists."""
    if isinstance(document, Mapping):
        yield document
        yield from (value for value in document.values() if isinstance(value, Mapping))
        yield from (item for _, items in _lists(document) for item in items if isinstance(item, Mapping))


def _of_each(names: list[str], found: list[list[str]]) -> Iterator[str]:
    """Return the cloud of each name; those of items with the same name are told apart by their order."""
    shown, before = Counter(names), Counter[str]()
    for name, clouds in zip(names, found, strict=True):
        if len(set(clouds)) == 1:
            yield clouds[0]
        else:
            yield clouds[before[name]] if len(clouds) == shown[name] else ""
        before[name] += 1
