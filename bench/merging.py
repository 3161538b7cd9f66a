# SPDX-License-Identifier: Apache-2.0
"""A process that merges one list and prints the cost as JSON: ``python -m bench.merging WAY CLOUDS ITEMS``.

It makes the pages that clouds answer as they are asked for, and counts only the time of the merge, from an answer's bytes to the
body's, and the memory that it holds beyond that of an idle process.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from bench.errors import BenchError
from bench.meshes import two_clouds
from openstackoid.bridge.proxy.links import Links
from openstackoid.composition import Asker, Cursors, KnownMarkers, Listing, ListKind, builtin_kinds
from openstackoid.mesh import parse_mesh

SIZE = 1536
"""Bytes of an item."""

_PATHS = {
    "stream": ("network", "/v2.0/ports"),
    "links": ("network", "/v2.0/ports"),
    "pages": ("compute", "/v2.1/servers/detail"),
    "images": ("image", "/v2/images"),
}
_PAGED = ("pages", "images")
_MOST = 1000
_LATEST = 10**9 - 1
"""The time of the first item; as a text, it sorts behind all others."""
_ROOT = "http://127.0.0.1:10012/network"


class Cloud:
    """A cloud that has every n-th of so many items, in their order, with links to ``root``."""

    def __init__(self, kind: ListKind, number: int, clouds: int, items: int, root: str = _ROOT) -> None:
        self._kind = kind
        self._numbers = range(number, items, clouds)
        self._texts = _texts(root)

    def get(self, query: str) -> bytes:
        """Return a page."""
        pairs = parse_qs(query)
        limit = min(int(pairs["limit"][0]), _MOST)
        begin = self._numbers.index(UUID(pairs["marker"][0]).int) + 1 if "marker" in pairs else 0
        page = self._numbers[begin : begin + limit]
        before, after = self._texts
        items = ",".join(f"{before}{UUID(int=number)}{str(_LATEST - number).join(after)}" for number in page)
        link = '"next":"/next"' if self._kind.paging.next == "top" else f'"{self._kind.links}":[{{"rel":"next","href":"/next"}}]'
        return f'{{"{self._kind.collection}":[{items}]{"," + link if len(page) == limit else ""}}}'.encode()


def _texts(root: str) -> tuple[str, list[str]]:
    """Return the JSON of an item before its id, and behind it, in parts between the times of its creation and its hash."""
    port = {
        "id": "ID", "created": "AGE", "created_at": "AGE", "name": "a name", "os_hash_algo": "sha512", "os_hash_value": "AGE",
        "status": "ACTIVE", "device_id": str(UUID(int=1)), "tags": ["blue"],
        "fixed_ips": [{"subnet_id": str(UUID(int=2)), "ip_address": "10.0.0.7"}], "security_groups": [str(UUID(int=3))],
        "links": [{"rel": rel, "href": f"{root}/v2.1/x/ID"} for rel in ("self", "bookmark")],
        "addresses": {"net": [{"version": 4, "addr": "10.0.0.7", "OS-EXT-IPS:type": "fixed"}] * 4},
    }  # fmt: skip
    text = json.dumps(port)
    text = json.dumps(port | {"description": "x" * (SIZE - len(text) - 94)})
    before, rest = text.replace("/x/ID", "/x/1").split("ID", 1)
    return before, rest.split("AGE")


def main(way: str, clouds: int, items: int) -> dict[str, float]:
    """Merge a list of so many items, and return the items a second and the memory in MB."""
    kind = builtin_kinds().of(*_PATHS[way])
    if not isinstance(kind, ListKind):
        raise BenchError(f"{way}: no list")
    holders = {f"Cloud{number}": Cloud(kind, number, clouds, items) for number in range(clouds)}
    asker, rewrite = Asker("user", Cursors([bytes(range(64))]), KnownMarkers()), _rewriting() if way == "links" else None
    queries = ["sort_key=id&sort_dir=asc"] if way not in _PAGED else ["limit=1000"]
    idle, spent, count = _peak(), 0.0, 0
    while queries:
        began = time.process_time()
        listing = Listing(kind, queries.pop(), list(holders), " & ".join(holders), asker, rewrite=rewrite)
        body = []
        while requests := listing.wanted():
            spent += time.process_time() - began
            answers = [(request.cloud, holders[request.cloud].get(request.query)) for request in requests]
            began = time.process_time()
            for cloud, answer in answers:
                listing.answer(cloud, 200, answer)
            body.append(listing.chunks())
            if listing.is_unlimited:
                # It goes out at once; a page with a limit is sent once it is made.
                count += body.pop().count(b'"os_scope_cloud":')
        tail = listing.tail("http://gateway/list")
        spent += time.process_time() - began
        count += sum(part.count(b'"os_scope_cloud":') for part in body)
        queries += _next(kind, tail)
    if count != items:
        raise SystemExit(f"{count} items came of {items}")
    return {"items_rate": items / spent, "grown_mb": (_peak() - idle) / 1e6}


def _next(kind: ListKind, tail: bytes) -> list[str]:
    rest = json.loads(b"{" + tail[2:]) if tail.startswith(b"],") else {}
    if kind.paging.next == "top":
        return [rest["next"].partition("?")[2]] if "next" in rest else []
    links = rest.get(kind.links, [])
    return [link["href"].partition("?")[2] for link in links if link["rel"] == "next"]


def _rewriting() -> Callable[[str, Any], Any]:
    """Return a function that rewrites the links of a peer's items, as the Python service does."""
    mesh = parse_mesh(two_clouds(10010, 10012, 10011))
    here, there = (mesh.clouds[cloud].endpoint("network", "public") for cloud in ("CloudOne", "CloudTwo"))
    if here is None or there is None:
        raise BenchError("the mesh has no network service")
    links = Links(mesh, here, there, "gate:10000")
    return lambda _, item: links.rewritten(item, whole=False)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
