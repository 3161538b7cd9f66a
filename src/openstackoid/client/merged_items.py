# SPDX-License-Identifier: Apache-2.0
"""The clouds of the items in merged lists, as answers say them: the commands of ``openstack`` keep no attribute of ours."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import requests
from cliff.columns import FormattableColumn

from openstackoid.client.hops import printable

CLOUD, CLOUDS = "os_scope_cloud", "os_scope_clouds"
CLOUD_HEADER = "X-Scope-Cloud"
"""The header with which a gateway names the one cloud of an answer."""
_NAMED_BY = (
    *("id", "uuid", "name", "zoneName", "network_id", "subdir", "namespace", "binary", "type", "hostname", "host_name"),
    *("secret_ref", "container_ref", "order_ref", "secret_store_ref", "notification_uuid", "alarm_id", "metric_id", "property"),
    *("module_id", "mapping_id", "threshold_id", "field_id", "script_id", "backup_id", "job_id", "session_id", "action_id"),
)
"""The attributes that name an item; of those it has, a command shows one at least."""
_ELSE_BY = (
    *("tenant_id", "project_id", "alias", "resource_id", "client_id", "instance_id", "service_id", "group_id"),
    *("resource_type", "subnet_id", "version", "functions"),
)
"""The attributes that name an item without any of those."""


class MergedItems:
    """Clouds by a name of an item and the name of its collection, in the order of answers; and those that whole answers name."""

    def __init__(self) -> None:
        self._clouds: dict[str, dict[str, list[str]]] = {}
        self._of_parts: set[str] = set()
        self._of_documents: set[str] = set()
        self._of_items: set[str] = set()

    def read(self, response: requests.Response) -> None:
        """Take the cloud of an answer about a part of an item, or the items of an answer with a list, or with one item."""
        said = printable(response.headers.get(CLOUD_HEADER, ""))
        if said:
            self._of_parts.add(said)
        content = response.content or b""
        if not said and f'"{CLOUD}'.encode() not in content:
            return
        try:
            document = json.loads(content)
        except ValueError:
            return
        every = _clouds_of(document) or said
        for item in _items(document):
            self._note(item)
        # Swift's lists are in no document.
        for collection, items in [("", document)] if isinstance(document, list) else _lists(document):
            self._take(collection, items, every)

    def clouds(self, collection: str | None, shown: Sequence[Sequence[Any]]) -> list[str]:
        """Return the cloud of each row that a command shows, ``""`` if unknown.

        A row is found by the first of the columns that name most items of the collection; None for those of all collections.
        """
        best: list[str] = [""] * len(shown)
        most = 0
        for names in zip(*shown, strict=True):
            texts = list(map(_text, names))
            found = [self._found(collection, text) for text in texts]
            count = sum(map(bool, found))
            if count > most:
                best, most = list(_of_each(texts, found, certain=collection is not None)), count
        return best

    def cloud_of_parts(self) -> str:
        """Return the cloud of the items of which answers had parts; ``""`` if it is unknown, or there are several."""
        return _only(self._of_parts)

    def cloud_of_all(self) -> str:
        """Return the cloud of all that the command has read, or the clouds of a document of several; ``""`` if unknown."""
        return _only(self._of_parts or self._of_documents or self._of_items)

    def forget(self) -> None:
        """Forget all items: those of the next command in an interactive session are others."""
        for noted in (self._clouds, self._of_parts, self._of_documents, self._of_items):
            noted.clear()

    def _note(self, item: Mapping[str, Any]) -> None:
        """Note the cloud that an item says, or the clouds that a document says."""
        cloud = item.get(CLOUD)
        if isinstance(cloud, str):
            self._of_items.add(printable(cloud))
        elif every := _clouds_of(item):
            self._of_documents.add(every)
            self._add("", item, every)

    def _take(self, collection: str, items: list[Any], every: str) -> None:
        """Note the clouds of the items of a list; ``every``: those of its document."""
        for item in items:
            cloud = item.get(CLOUD) or every if isinstance(item, dict) else None
            if isinstance(cloud, str) and cloud:
                # A keypair stands in a document of its own.
                named = any(attribute in item for attribute in (*_NAMED_BY, *_ELSE_BY))
                inner = item if named else next((value for value in item.values() if isinstance(value, dict)), item)
                self._add(collection, inner, printable(cloud))

    def _add(self, collection: str, item: Mapping[str, Any], cloud: str) -> None:
        named = [name for name in _NAMED_BY if name in item] or [name for name in _ELSE_BY if name in item]
        for attribute in named:
            self._clouds.setdefault(str(item[attribute]), {}).setdefault(collection, []).append(cloud)

    def _found(self, collection: str | None, name: str) -> list[str]:
        collections = self._clouds.get(name, {})
        if collection is not None:
            return collections.get(collection, [])
        return [cloud for clouds in collections.values() for cloud in clouds]


def _text(cell: Any) -> str:
    """Return a cell as the answer had it: a command may show a project's name in place of its id."""
    return str(cell.machine_readable() if isinstance(cell, FormattableColumn) else cell)


def _only(clouds: set[str]) -> str:
    return next(iter(clouds)) if len(clouds) == 1 else ""


def _clouds_of(document: Any) -> str:
    """Return the clouds that a document of several says, as one text; ``""`` for another."""
    clouds = document.get(CLOUDS) if isinstance(document, Mapping) else None
    if not isinstance(clouds, list):
        return ""
    return ", ".join(printable(cloud) for cloud in clouds if isinstance(cloud, str))


def _lists(document: Any) -> Iterator[tuple[str, list[Any]]]:
    members = document.items() if isinstance(document, Mapping) else ()
    return ((name, value) for name, value in members if isinstance(value, list))


def _items(document: Any) -> Iterator[Mapping[str, Any]]:
    """Return the objects of a document that may be items: it, its members, and those of its lists."""
    if isinstance(document, Mapping):
        yield document
        yield from (value for value in document.values() if isinstance(value, Mapping))
        yield from (item for _, items in _lists(document) for item in items if isinstance(item, Mapping))


def _of_each(names: list[str], found: list[list[str]], *, certain: bool) -> Iterator[str]:
    """Return the cloud of each name; those of items with the same name are told apart by their order.

    ``certain``: each row is of an item that was read, so that one of them stands for all rows with its name.
    """
    shown, before = Counter(names), Counter[str]()
    for name, clouds in zip(names, found, strict=True):
        if len(set(clouds)) == 1 and (certain or len(clouds) >= shown[name]):
            yield clouds[0]
        else:
            yield clouds[before[name]] if len(clouds) == shown[name] else ""
        before[name] += 1
