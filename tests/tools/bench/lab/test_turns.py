# SPDX-License-Identifier: Apache-2.0
"""Ways in turns: the order changes, connections stand before the clock starts, and wrong answers are found out."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import pytest

from bench.errors import BenchError
from bench.lab.client import Client
from bench.lab.place import Place
from bench.lab.processes import Processes
from bench.lab.turns import drawn, one_round, warm
from bench.lab.ways import Question, Way, plain
from openstackoid.lab.lab import Lab
from tools.bench.lab.serving import Served, serving

PLACE = Place(cast(Lab, None), Processes((os.getpid(),), (), {}))


@pytest.fixture
def served() -> Iterator[Served]:
    with serving(lambda method, path, headers: (200 if headers.get("X-Auth-Token") == "mine" else 401, b"bytes")) as running:
        yield running


@pytest.fixture
def clients(served: Served) -> Iterator[dict[str, Client]]:
    known = {key: Client(served.url) for key in ("straight", "through", "across")}
    yield known
    for client in known.values():
        client.close()


def question(clients: dict[str, Client], *, digest: str | None = None, length: int | None = None) -> Question:
    ways = [Way(key, key, client, f"/{key}", plain, None, os.getpid(), digest) for key, client in clients.items()]
    return Question("images", "Images", tuple(ways), repeats=3, length=length)


def test_each_order_is_drawn_anew() -> None:
    orders = {tuple(drawn("abcdef")) for _ in range(50)}
    assert len(orders) > 10
    assert all(sorted(order) == list("abcdef") for order in orders)


def test_all_ways_take_turns_and_connections_stand_before(served: Served, clients: dict[str, Client]) -> None:
    samples = one_round(question(clients), PLACE, "mine")
    assert set(samples) == {"straight", "through", "across"}
    assert all(sample.took > 0 and sample.connect == 0 for sample in samples.values())
    assert all(sample.haproxy > 0 and sample.service > 0 for sample in samples.values())
    paths = [path.rpartition("/")[2] for _, path in served.asked]
    assert paths[:3] == ["straight", "through", "across"], "what is not counted"
    assert [set(paths[at : at + 3]) for at in (3, 6, 9)] == [{"straight", "through", "across"}] * 3
    assert len(paths) == 12
    assert served.connections == 3


def test_an_answer_that_is_not_the_right_one_ends_it(clients: dict[str, Client]) -> None:
    with pytest.raises(BenchError, match=r"^straight: 401, not 200: bytes$"):
        warm(question(clients), "another's")
    with pytest.raises(BenchError, match=r"^straight: Images: these are not the bytes that were uploaded$"):
        warm(question(clients, digest=hashlib.sha256(b"others").hexdigest()), "mine")
    warm(question(clients, digest=hashlib.sha256(b"bytes").hexdigest()), "mine")
    with pytest.raises(BenchError, match=r"^(straight|through|across): Images: 5 bytes, not 64$"):
        one_round(question(clients, length=64), PLACE, "mine")


def test_a_document_is_asked_first_where_a_way_has_one(served: Served, clients: dict[str, Client]) -> None:
    asked = question({"straight": clients["straight"]}, length=5)
    (way,) = asked.ways
    samples = one_round(replace(asked, ways=(replace(way, before="/document"),)), PLACE, "mine")
    assert [path.rpartition("/")[2] for _, path in served.asked] == ["document", "straight"] * 4
    assert samples["straight"].took > 0
