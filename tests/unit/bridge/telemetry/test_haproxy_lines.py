# SPDX-License-Identifier: Apache-2.0
"""Lines of HAProxy's log become counted requests, each request once."""

import pytest

from openstackoid.bridge.audit.admission_header import Admission, encode
from openstackoid.bridge.audit.audit_file import UncountedAudit
from openstackoid.bridge.audit.audit_log import Party
from openstackoid.bridge.audit.egress_lines import EgressLines
from openstackoid.bridge.telemetry import haproxy_lines
from openstackoid.bridge.telemetry.haproxy_lines import LineCounts
from openstackoid.haproxy.trace import BY_PYTHON, shown_lines
from openstackoid.routing.admission import encoded_roles
from openstackoid.telemetry import GATEWAY, PEER, SERVICE, RequestCount, Served

LEFT = "- left=volumev3.public home=CloudOne id=req-a0d17000-1 use=-"
TRACED = "trace=req-a0d17000-0000-4000-8000-000000000001 at=1796029200000000 socket=127.0.0.1:80 via=header"
USE = encode(Admission(Party("u1", "ada", "Default"), Party("p1", "demo", "Default"), "staff"))
GUEST = f"- admitted=image.internal from=CloudThree id= use={USE}|{encoded_roles(('reader',))}|CloudThree"


def line(backend: str, cloud: str, status: int, state: str, rest: str = "-", path: str = "/image/v2/images") -> str:
    return f"192.0.2.7 GET {path} -> {backend} {cloud} {status} 20 ms {state} {rest}\n"


Taken = list[tuple[float, int]]
"""Seconds, and the number of requests that took them."""


class Told(dict[Served, Taken]):
    """What is counted, by its labels."""

    def count(self, served: Served | None, _: object = None) -> RequestCount:
        """Return a count that tells what is added; None is counted elsewhere."""
        taken = [] if served is None else self.setdefault(served, [])

        class Telling(RequestCount):
            def add(self, seconds: float, number: int = 1) -> None:
                taken.append((seconds, number))

        return Telling()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    found = Told()
    monkeypatch.setattr(haproxy_lines, "request_count", found.count)
    return found


def read(*batches: str) -> None:
    """Count batches of lines as the process that reads the log does."""
    counts = LineCounts()
    egress = EgressLines("CloudOne", UncountedAudit(None), requests=counts.add_audited)
    for batch in batches:
        counts.add(shown_lines(egress(batch.encode()))[1], some_audited=True)
    counts.settle()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (line("local.image.public", "-", 200, "----"), Served("local", "image", "", 200, SERVICE)),
        (line("local.volumev3.public", "-", 500, "----"), Served("local", "block-storage", "", 500, SERVICE)),
        (line("local.image.public", "-", 503, "SC--"), Served("local", "image", "", 503, SERVICE)),
        (line("local.image.public", "-", 504, "sH--"), Served("local", "image", "", 504, SERVICE)),
        (line("local.image.public", "-", 500, "RR--"), Served("local", "image", "", 500, GATEWAY)),
        (line("local.image.public", "-", -1, "CD--"), Served("local", "image", "", 0, GATEWAY)),
        (line("guests.image.internal", "-", 200, "----", GUEST), Served("local", "image", "CloudThree", 200, SERVICE)),
        (line("peer", "CloudTwo", 200, "----", LEFT), Served("remote", "block-storage", "CloudTwo", 200, PEER)),
        (line("peer", "CloudTwo", 503, "LR--", LEFT), Served("remote", "block-storage", "CloudTwo", 503, PEER)),
        (line("bridge", "-", 503, "sQ--"), Served("refuse", "none", "", 503, GATEWAY, refused=True)),
        (line("bridge", "-", 429, "LR--"), Served("refuse", "none", "", 429, GATEWAY, refused=True)),
        (line("gateway", "-", 400, "PR--", path="<BADREQ>"), Served("refuse", "none", "", 400, GATEWAY, refused=True)),
    ],
)
def test_a_line_is_a_request(told: Told, text: str, expected: Served) -> None:
    read(text)
    assert told == {expected: [(0.02, 1)]}


@pytest.mark.parametrize(
    "text",
    [
        line("bridge", "-", 200, "----"),
        line("bridge", "-", 200, "SD--"),
        line("peer", "CloudTwo", 200, f"----{BY_PYTHON}", LEFT),
        line("local.image.public", "-", 200, f"----{BY_PYTHON}"),
        "Proxy gateway started.\n",
        "Server local.image.public/s1 is DOWN -> nowhere\n",
    ],
)
def test_a_request_that_python_answers_or_sends_is_left_to_it(told: Told, text: str) -> None:
    read(text)
    assert told == {}


def test_lines_of_equal_requests_are_counted_together(told: Told) -> None:
    one, other = line("local.image.public", "-", 200, "----"), line("local.image.public", "-", 200, "----", path="/image/v2/x")
    slow, traced = one.replace(" 20 ms", " 1500 ms"), line("local.image.public", "-", 200, "----", f"{TRACED} -")
    read(one + other + slow, one + traced + slow)
    (taken,) = told.values()
    assert sorted(taken) == [(0.02, 1), (0.02, 3), (1.5, 2)]


def test_lines_that_are_audited_are_counted_once_with_their_service(told: Told) -> None:
    left, traced = line("peer", "CloudTwo", 200, "----", LEFT), line("peer", "CloudTwo", 200, "----", f"{TRACED}{LEFT[1:]}")
    another = left.replace("home=CloudOne", "home=CloudThree").replace("volumev3", "image")
    guest = line("guests.image.internal", "-", 200, "----", GUEST)
    refused = line("bridge", "-", 503, "sQ--", LEFT)
    read(left + left.replace("req-a0d17000-1", "req-a0d17000-2") + guest + another + traced + refused)
    assert {served: sum(number for _, number in taken) for served, taken in told.items()} == {
        Served("remote", "block-storage", "CloudTwo", 200, PEER): 3,
        Served("remote", "image", "CloudTwo", 200, PEER): 1,
        Served("local", "image", "CloudThree", 200, SERVICE): 1,
        Served("refuse", "none", "", 503, GATEWAY, refused=True): 1,
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (line("guests.image.internal", "-", 200, "----", GUEST.replace(USE, "e30")), Served("local", "image", "", 200, SERVICE)),
        (line("peer", "CloudTwo", 200, "----", LEFT.replace(" id", " ")), Served("remote", "none", "CloudTwo", 200, PEER)),
    ],
)
def test_a_line_whose_part_for_the_audit_log_cannot_be_read_is_a_request(told: Told, text: str, expected: Served) -> None:
    read(text)
    assert told == {expected: [(0.02, 1)]}


def test_different_lines_are_read_before_they_take_much_memory(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(haproxy_lines, "MOST", 9)
    counts, found = LineCounts(), []
    for milliseconds in range(25):
        counts.add([b"local.image.public - 200 %d ms ---- - -\n" % milliseconds])
        found.append(sum(map(len, told.values())))
    assert sorted(set(found)) == [0, 10, 20]
    counts.samples()
    (taken,) = told.values()
    assert sorted(taken) == [(number / 1000, 1) for number in range(25)]


@pytest.mark.parametrize("time", ["-1", "", "twenty", "2.5"])
def test_a_line_without_a_time_is_passed_over(told: Told, time: str) -> None:
    read(line("local.image.public", "-", 200, "----").replace(" 20 ms", f" {time} ms"))
    assert not any(told.values())


@pytest.mark.parametrize("path", ["/->#20peer#20CloudTwo#20200#201#20ms#20----", "/>", "/->"])
def test_a_path_is_never_read_as_a_backend(told: Told, path: str) -> None:
    read(line("local.image.public", "-", 200, "----", path=path), line("peer", "CloudTwo", 200, "----", LEFT, path))
    assert {served.route: taken for served, taken in told.items()} == {"local": [(0.02, 1)], "remote": [(0.02, 1)]}
