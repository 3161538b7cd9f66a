# SPDX-License-Identifier: Apache-2.0
"""A traced client: a fresh id for each request, and the slowest cloud of the last one, by its trace."""

import json
import re

import pytest

from bench.errors import BenchError
from bench.lab import traced
from bench.lab.client import Client
from bench.lab.traced import Traced
from openstackoid.routing.workflows import TRACE_ID
from tools.bench.lab.serving import serving

LEGS = {"CloudOne": 0.004, "CloudTwo": 0.009}


def hop(route: str, seconds: float) -> dict[str, object]:
    return {"route": route, "seconds": seconds}


def test_the_slowest_cloud_is_read_from_the_trace_of_the_last_request() -> None:
    ids: list[str] = []
    pages = 0

    def answer(_: str, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
        nonlocal pages
        if "/trace/" not in path:
            ids.append(next(value for name, value in headers.items() if name.lower() == "x-openstack-request-id"))
            return 200, b"{}"
        pages += 1
        assert path == f"/.openstackoid/trace/{ids[-1]}", "the page is the gateway's, not the service's"
        hops = [hop("leg", seconds) for seconds in LEGS.values()] if pages > 1 else []
        return 200, json.dumps({"hops": [*hops, hop("all", 0.012)]}).encode()

    with serving(answer) as served:
        client = Traced(served.url)
        for _ in range(2):
            client.ask("GET", "/v2/images", {"X-Auth-Token": "t"})
            assert client.slowest_leg() == 0.009
        client.close()
    assert len(set(ids)) == 2
    assert all(re.fullmatch(TRACE_ID, id) for id in ids)
    assert pages == 3, "the first page came before the record"


def test_a_trace_without_several_clouds_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traced, "_PATIENCE", 0.0)
    with serving(lambda *_: (200, b'{"hops": []}')) as served:
        client = Traced(served.url)
        client.ask("GET", "/v2/images", {})
        with pytest.raises(BenchError, match=r"^the trace of req-7472ace0-\S+ has no request to one of several clouds$"):
            client.slowest_leg()
        client.close()


def test_another_client_has_no_slowest_cloud() -> None:
    assert Client("http://127.0.0.1:1").slowest_leg() == 0
