# SPDX-License-Identifier: Apache-2.0
"""Flat records in, a tree out."""

from typing import Any

import pytest

from openstackoid.client.hops import Hop, Node, draw, hop_of, nest

ONE, TWO = "CloudOne", "CloudTwo"


def hop(gateway: str, cloud: str, service: str, start: float, seconds: float, **more: Any) -> Hop:
    """Return a hop that starts ``start`` seconds into the workflow."""
    route = "local" if gateway == cloud else "remote"
    fields = {"method": "GET", "path": f"/{service}", "status": 200, "route": route, "via": "token", **more}
    return Hop(gateway, cloud, service, started=1000.0 + start, seconds=seconds, **fields)


def shape(nodes: tuple[Node, ...]) -> list[Any]:
    return [[f"{node.hop.gateway}>{node.hop.cloud} {node.hop.service}", *shape(node.children)] for node in nodes]


BOOT = hop(ONE, ONE, "compute", 0.0, 1.0)
IMAGE = hop(ONE, TWO, "image", 0.2, 0.3)
IMAGE_THERE = hop(TWO, TWO, "image", 0.21, 0.28)
VALIDATION = hop(TWO, ONE, "identity", 0.22, 0.1, route="bridge")
VALIDATION_HOME = hop(ONE, ONE, "identity", 0.23, 0.05)
NETWORK = hop(ONE, ONE, "network", 0.6, 0.1)
TREE = [
    [
        "CloudOne>CloudOne compute",
        [
            "CloudOne>CloudTwo image",
            ["CloudTwo>CloudTwo image", ["CloudTwo>CloudOne identity", ["CloudOne>CloudOne identity"]]],
        ],
        ["CloudOne>CloudOne network"],
    ]
]


def test_a_hop_is_below_the_shortest_that_contains_it_in_any_order() -> None:
    records = [VALIDATION, NETWORK, IMAGE_THERE, BOOT, VALIDATION_HOME, IMAGE]
    assert shape(nest(records)) == TREE
    assert shape(nest(reversed(records))) == TREE


def test_a_hop_that_arrived_at_another_gateway_is_not_nested() -> None:
    """Both were asked at the same time by one client: the one in CloudTwo cannot have come out of CloudOne's service."""
    assert shape(nest([BOOT, IMAGE_THERE])) == [["CloudOne>CloudOne compute"], ["CloudTwo>CloudTwo image"]]


def test_hops_of_equal_length_are_below_each_other_one_way_only() -> None:
    here, there = hop(ONE, TWO, "image", 0.0, 0.1), hop(TWO, TWO, "image", 0.0, 0.1)
    assert shape(nest([there, here])) == [["CloudOne>CloudTwo image", ["CloudTwo>CloudTwo image"]]]
    twice = nest([hop(ONE, ONE, "image", 0.0, 0.1), hop(ONE, ONE, "image", 0.0, 0.1)])
    assert shape(twice) == [["CloudOne>CloudOne image", ["CloudOne>CloudOne image"]]]


def test_a_little_difference_of_clocks_is_forgiven_and_a_large_one_shows() -> None:
    for ahead, inside in ((0.004, True), (2.0, False)):
        there = hop(TWO, TWO, "image", 0.2 - ahead, 0.3)
        assert (len(nest([IMAGE, there])) == 1) is inside


def test_hops_after_the_answer_are_at_the_top_in_order_of_time() -> None:
    late = hop(ONE, ONE, "image", 3.0, 0.1)
    assert shape(nest([late, NETWORK])) == [["CloudOne>CloudOne network"], ["CloudOne>CloudOne image"]]
    assert nest([]) == ()


def test_the_drawing() -> None:
    assert draw(nest([BOOT, IMAGE, IMAGE_THERE, NETWORK])) == [
        "└── CloudOne compute: GET /compute 200, 1000 ms, scope in the token",
        "    ├── CloudOne -> CloudTwo image: GET /image 200, 300 ms, scope in the token",
        "    │   └── CloudTwo image: GET /image 200, 280 ms, scope in the token",
        "    └── CloudOne network: GET /network 200, 100 ms, scope in the token",
    ]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"via": "header"}, "GET /image 200, 100 ms, scope in X-Scope"),
        ({"via": "url"}, "scope in the URL"),
        ({"via": "recalled"}, "scope recalled by the request id"),
        ({"via": "none"}, "no scope"),
        ({"status": 0}, "GET /image no answer, 100 ms"),
        ({"route": "refuse", "status": 409}, "GET /image 409, 100 ms, scope in the token, refused"),
        ({"route": "bridge"}, "scope in the token, by the bridge"),
        ({"path": "/image/\x1b[2J?token=secret"}, "GET /image/?[2J 200, 100 ms"),
    ],
)
def test_a_line(more: dict[str, Any], said: str) -> None:
    line = hop(ONE, ONE, "image", 0.0, 0.1, **more).line()
    assert said in line
    assert "secret" not in line


RECORD = {
    "gateway": ONE,
    "cloud": TWO,
    "service": "image",
    "interface": "public",
    "method": "GET",
    "path": "/image",
    "status": 200,
    "started": 1000,
    "seconds": 0.5,
    "route": "remote",
    "via": "token",
}


def test_a_record_is_read() -> None:
    assert hop_of(RECORD) == hop(ONE, TWO, "image", 0.0, 0.5)


@pytest.mark.parametrize("wrong", [{"gateway": None}, {"status": "200"}, {"started": "now"}, {"path": 3}])
def test_an_invalid_record_is_none(wrong: dict[str, Any]) -> None:
    assert hop_of({**RECORD, **wrong}) is None
    assert hop_of([RECORD]) is None


@pytest.mark.parametrize("route", ["all", "otherwise"])
def test_the_legs_of_a_request_to_several_clouds_are_below_it_side_by_side(route: str) -> None:
    """Also where one lasts as long as another, at the same gateway."""
    whole = hop(ONE, TWO, "image", 0.0, 0.5, route=route)
    here, there = (hop(ONE, cloud, "image", 0.01, seconds, route="leg") for cloud, seconds in ((ONE, 0.4), (TWO, 0.2)))
    at_two = hop(TWO, TWO, "image", 0.02, 0.1)
    down = hop(ONE, "CloudThree", "image", 0.02, 0.1, route="leg", status=0)
    found = nest([whole, here, at_two, down, there])
    assert shape(found) == [
        [
            "CloudOne>CloudTwo image",
            ["CloudOne>CloudOne image"],
            ["CloudOne>CloudTwo image", ["CloudTwo>CloudTwo image"]],
            ["CloudOne>CloudThree image"],
        ]
    ]
    lines = draw(found)
    assert lines[1] == "    ├── CloudOne image: GET /image 200, 400 ms"
    assert lines[4] == "    └── CloudOne -> CloudThree image: GET /image no answer, 100 ms"
