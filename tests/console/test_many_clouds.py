# SPDX-License-Identifier: Apache-2.0
"""With ten thousand clouds the first byte of each view comes within 300 ms: cold, and of a page that follows."""

import http.client
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

import psutil
import pytest

from console.pictures import views
from console.world import PASSWORD, World, running
from openstackoid.console.kept import BRIEFLY
from openstackoid.console.pages import VIEWS
from openstackoid.console.uses import TAIL
from openstackoid.console.watch import FRESH
from openstackoid.gateway import Folder
from unit.console.test_uses import line
from waiting import until

FIRST_BYTE = 0.3
"""Seconds."""

CLOUDS = 10_000
TRIES = 5
"""The fastest counts: another process may take the processor meanwhile. On a machine whose processors are never free, no try is
fast: there a page counts as its time of the processor, with the longest wait for the gateway."""

LONGEST_WAIT = 2.0
"""Seconds that the fastest try may take on such a machine: a page that waits uses no processor."""


@dataclass(frozen=True)
class Try:
    """One request for a page. ``took``: seconds until its first byte; ``needed``: of the processor, and for the gateway."""

    took: float
    needed: float
    page: str = ""

    @property
    def counted(self) -> float:
        return min(self.took, self.needed)


def fast(tries: Iterable[Try]) -> bool:
    """Return whether the fastest try is fast enough, and did not wait too long."""
    found = list(tries)
    return min(each.counted for each in found) < FIRST_BYTE and min(each.took for each in found) < LONGEST_WAIT


@dataclass(frozen=True)
class Large:
    """A world of ten thousand clouds, with the cookie of an operator, a traced request, and more audit lines than are shown."""

    world: World
    cookie: str
    traced: str

    def get(self, path: str) -> Try:
        """Return a page, and how long its first byte took."""
        console = psutil.Process(self.world.console.pid)
        connection = http.client.HTTPConnection("127.0.0.1", self.world.port, timeout=60)
        try:
            began, used = time.monotonic(), sum(console.cpu_times()[:2])
            connection.request("GET", path, headers={"Cookie": self.cookie})
            answer = connection.getresponse()
            took = time.monotonic() - began
            assert answer.status == 200
            needed = sum(console.cpu_times()[:2]) - used + BRIEFLY
            return Try(took, needed, answer.read().decode())
        finally:
            connection.close()


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Large]:
    with running(tmp_path_factory.mktemp("large"), more=CLOUDS - 3) as world:
        until(lambda: world.use("ada", "/image/v2/images", '{"image":"CloudTwo"}')[0] == 200)
        traced = world.use("ada", "/image/v2/images", '{"image":"CloudThree | CloudTwo"}')[1]
        with Folder(world.one.state).audit.open("a") as log:
            while log.tell() < 1.2 * TAIL:
                log.writelines(f"{json.dumps(use)}\n" for use in uses())
        yield Large(world, log_in(world), traced)


def uses() -> list[dict[str, object]]:
    """Return lines about users of a thousand clouds."""
    clouds = [f"Cloud{number:05}" for number in range(1000)]
    return [line(rule=f"{cloud}/staff", home=cloud, user={"id": f"id-{cloud}", "name": f"user-{cloud}"}) for cloud in clouds]


def log_in(world: World) -> str:
    """Return the cookie of an operator who has logged in."""
    connection = http.client.HTTPConnection("127.0.0.1", world.port, timeout=60)
    form = urlencode({"user": "ops", "password": PASSWORD, "project": "demo"})
    connection.request("POST", "/log-in", form, {"Content-Type": "application/x-www-form-urlencoded"})
    answer = connection.getresponse()
    cookie = answer.getheader("Set-Cookie")
    connection.close()
    assert (answer.status, cookie is not None) == (303, True)
    return str(cookie).partition(";")[0]


@pytest.mark.parametrize("name", views(""))
def test_the_first_byte_comes_within_300_ms(large: Large, name: str) -> None:
    path = views(large.traced)[name]
    fresh, kept = [large.get(path)], [large.get(path)]
    while not (fast(fresh) and fast(kept)) and len(fresh) < TRIES:
        time.sleep(FRESH + 0.5)
        fresh.append(large.get(path))
        kept.append(large.get(path))
    told = [", ".join(f"{each.counted:.3f} ({each.took:.3f})" for each in found) for found in (fresh, kept)]
    print(f"console: {path}: the first byte after {told[0]} s, and of a page that follows after {told[1]} s", flush=True)
    assert fast(fresh), told[0]
    assert fast(kept), told[1]


@pytest.mark.parametrize(
    ("tries", "enough"),
    [
        ([Try(0.2, 0.5)], True),
        ([Try(1.5, 0.2)], True),
        ([Try(5.0, 0.16)], False),
        ([Try(5.0, 0.16), Try(1.0, 0.4)], True),
        ([Try(1.0, 0.4)], False),
    ],
    ids=["fast", "on a busy machine", "waits", "waits once", "computes"],
)
def test_a_page_that_waits_or_computes_is_not_fast(tries: list[Try], enough: bool) -> None:
    assert fast(tries) == enough


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("clouds", "Clouds 1 to 50 of 10,000"),
        ("peers", "Peers 1 to 50 of 9,999"),
        ("uses", "Cloud00999/staff"),
        ("choose", "CloudOne | CloudTwo"),
        ("trace", 'svg class="waterfall"'),
    ],
)
def test_the_measured_views_have_what_they_show(large: Large, name: str, shown: str) -> None:
    path = views(large.traced)[name]
    if name == "trace":
        # The page does not wait for the gateways: it says that they are asked, and looks again.
        until(lambda: shown in large.get(path).page)
    assert shown in large.get(path).page


def test_each_view_is_measured() -> None:
    assert {path.partition("?")[0] for path in views("").values()} == set(VIEWS)
