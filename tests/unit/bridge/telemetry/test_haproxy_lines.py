# SPDX-License-Identifier: Apache-2.0
"""Lines of HAProxy's log become counted requests, each request once."""

import pytest

from openstackoid.bridge.telemetry import haproxy_lines
from openstackoid.bridge.telemetry.haproxy_lines import count_lines
from openstackoid.haproxy.trace import BY_PYTHON
from openstackoid.telemetry import GATEWAY, PEER, SERVICE, Served

LEFT = "- left=volumev3.public home=CloudOne id=req-a0d17000-1 use=-"
GUEST = "- admitted=image.internal from=CloudThree id= use=a|b|CloudThree"


def line(backend: str, cloud: str, status: int, state: str, rest: str = "-", path: str = "/image/v2/images") -> str:
    return f"192.0.2.7 GET {path} -> {backend} {cloud} {status} 20 ms {state} {rest}\n"


def counted(monkeypatch: pytest.MonkeyPatch, *lines: str) -> list[Served]:
    found: list[Served] = []
    monkeypatch.setattr(haproxy_lines, "count_request", found.append)
    count_lines("".join(lines).encode())
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (line("local.image.public", "-", 200, "----"), Served("local", "image", "", 200, 0.02, SERVICE)),
        (line("local.volumev3.public", "-", 500, "----"), Served("local", "block-storage", "", 500, 0.02, SERVICE)),
        (line("local.image.public", "-", 503, "SC--"), Served("local", "image", "", 503, 0.02, SERVICE)),
        (line("local.image.public", "-", 504, "sH--"), Served("local", "image", "", 504, 0.02, SERVICE)),
        (line("local.image.public", "-", 500, "RR--"), Served("local", "image", "", 500, 0.02, GATEWAY)),
        (line("local.image.public", "-", -1, "CD--"), Served("local", "image", "", 0, 0.02, GATEWAY)),
        (line("guests.image.internal", "-", 200, "----", GUEST), Served("local", "image", "CloudThree", 200, 0.02, SERVICE)),
        (line("peer", "CloudTwo", 200, "----", LEFT), Served("remote", "block-storage", "CloudTwo", 200, 0.02, PEER)),
        (line("peer", "CloudTwo", 503, "LR--", LEFT), Served("remote", "block-storage", "CloudTwo", 503, 0.02, PEER)),
        (line("bridge", "-", 503, "sQ--"), Served("refuse", "none", "", 503, 0.02, GATEWAY, refused=True)),
        (line("bridge", "-", 429, "LR--"), Served("refuse", "none", "", 429, 0.02, GATEWAY, refused=True)),
        (line("gateway", "-", 400, "PR--", path="<BADREQ>"), Served("refuse", "none", "", 400, 0.02, GATEWAY, refused=True)),
    ],
)
def test_a_line_is_a_request(monkeypatch: pytest.MonkeyPatch, text: str, expected: Served) -> None:
    assert counted(monkeypatch, text) == [expected]


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
def test_a_request_that_python_answers_or_sends_is_left_to_it(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    assert counted(monkeypatch, text) == []


def test_equal_lines_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = line("local.image.public", "-", 200, "----"), line("local.image.public", "-", 200, "----", path="/image/v2/x")
    assert [served.number for served in counted(monkeypatch, one, other, one)] == [3]


def test_a_path_is_never_read_as_a_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = line("local.image.public", "-", 200, "----", path="/->#20peer#20CloudTwo#20200#201#20ms#20----")
    assert [served.route for served in counted(monkeypatch, odd)] == ["local"]
