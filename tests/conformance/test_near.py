# SPDX-License-Identifier: Apache-2.0
"""``around`` and ``nearest`` by a real HAProxy and the Python service: written, measured and missing times."""

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from conformance.branches import CLOUDS, Branches, branches
from openstackoid.scope import split_token

TIMES = {cloud: float(number) for number, cloud in enumerate(CLOUDS, start=10)} | {"Lacks": 1.5, "Other": 3.0, "Serves": 7.0}
PAGE = "/.openstackoid/round-trips"


@pytest.fixture(scope="module")
def written() -> Iterator[Branches]:
    """The gateway of Home, in whose description all times stand."""
    with branches({("Home", cloud): time for cloud, time in TIMES.items()}) as running:
        yield running


@pytest.fixture(scope="module")
def measuring() -> Iterator[Branches]:
    """The gateway of Home, which finds the times out."""
    with branches() as running:
        yield running


def scopes(running: Branches) -> list[str]:
    """Return the expressions for images that the clouds were sent."""
    texts = (split_token(seen.header("x-auth-token"))[1] for seen in running.seen)
    return [json.loads(text)["image"] for text in texts if text is not None]


def in_token(scope: str) -> str:
    return f"tok~{base64.urlsafe_b64encode(scope.encode()).decode().rstrip('=')}"


def test_the_nearest_is_asked_first_and_each_cloud_gets_the_plain_scope(written: Branches) -> None:
    got = written.ask("GET", "/image/v2/images/x", "image=around(Lacks, 1ms) | around(Home, 8ms)")
    assert (got.status, json.loads(got.body)) == (200, {"id": "of-Home"})
    assert written.asked() == ["Lacks", "Home"]
    assert scopes(written)[0] == "Lacks | Home | Other | Serves"


def test_clouds_within_the_time_and_no_others(written: Branches) -> None:
    got = written.ask("GET", "/network/v2.0/networks/x", "network=around(Home, 1ms)")
    assert (got.status, written.asked()) == (200, ["Home"])
    assert written.ask("GET", "/dns/v2/zones/x", "dns=around(Home, 2ms)").status == 503
    assert written.asked() == ["Lacks"], "Home's dns is down, and Lacks is the only other one"
    got = written.ask("GET", "/dns/v2/zones/x", "dns=around(Home, 3ms)")
    assert (got.status, written.asked()) == (200, ["Lacks", "Other"])


def test_an_error_and_the_peers_have_the_plain_clouds(written: Branches) -> None:
    got = written.ask("GET", "/dns/v2/zones/x", "dns=around(Home, 2ms)")
    assert "no cloud of Home | Lacks has the answer" in got.message


@pytest.mark.parametrize("carrier", ["header", "json", "token", "url"])
def test_each_carrier_has_it(carrier: str, written: Branches) -> None:
    scope, path = "image=around(Lacks,1ms)|nearest(Other)", "/image/v2/images"
    headers: dict[str, Any] = {}
    text = json.dumps({"image": scope.partition("=")[2]})
    if carrier == "url":
        path = f"/image/scope/{scope.replace('|', ';')}/v2/images"
    if carrier == "token":
        headers = {"X_Auth_Token": in_token(text)}
    got = written.ask("GET", path, {"header": scope, "json": text}.get(carrier), **headers)
    assert (got.status, json.loads(got.body)["by"]) == (200, "Lacks")
    assert scopes(written) == ["Lacks | Other | Home"]


def test_all_of_them_are_asked_at_once(written: Branches) -> None:
    got = written.ask("GET", "/network/v2.0/networks", "all(around(Home, 8ms))")
    assert got.status == 200
    assert sorted(written.asked()) == ["Home", "Lacks", "Other", "Serves"]
    assert {item["os_scope_cloud"] for item in json.loads(got.body)["networks"]} == {"Home", "Other", "Serves"}


@pytest.mark.parametrize("scope", ["around(Home, {}) & Serves", "around(Home, {}) & around(Serves, 1ms)"])
@pytest.mark.parametrize("time", ["1ms", "8ms"])
def test_a_list_with_another_cloud_is_the_same_however_near_it_is(time: str, scope: str, written: Branches) -> None:
    got = written.ask("GET", "/network/v2.0/networks", f"network={scope.format(time)}")
    assert got.status == 200, got
    assert {item["os_scope_cloud"] for item in json.loads(got.body)["networks"]} == {"Home", "Serves"}


def test_eight_clouds_are_asked_at_most(written: Branches) -> None:
    got = written.ask("GET", "/image/v2/images/x", "image=nearest(Lacks)")
    assert got.status == 200
    page = json.loads(written.ask("GET", PAGE, None).body)
    assert [row["name"] for row in page["clouds"]][:3] == ["Lacks", "Other", "Serves"]
    assert len(page["clouds"]) == len(CLOUDS)


def test_a_workflow_keeps_its_clouds(written: Branches) -> None:
    got = written.ask("POST", "/network/v2.0/networks", "network=around(Other, 1ms) | nearest(Home)", b"{}")
    assert (got.status, written.asked()) == (201, ["Other"])
    (seen,) = written.seen
    assert json.loads(split_token(seen.header("x-auth-token"))[1] or "")["network"] == "Other"


@pytest.mark.parametrize(
    ("scope", "message"),
    [
        ("image=around(Nowhere, 1ms)", "unknown cloud 'Nowhere'"),
        ("image=around(Home)", "',' and a time, as in around(CloudOne, 10ms), is expected here"),
        ("image=near(Home)", "there is no function 'near'; around, nearest, all are accepted"),
    ],
)
def test_a_fault_is_answered_with_400(scope: str, message: str, written: Branches) -> None:
    got = written.ask("GET", "/image/v2/images", scope)
    assert (got.status, written.asked()) == (400, [])
    assert message in got.message


def test_the_times_are_measured_on_the_way_to_the_peers_gateways(measuring: Branches) -> None:
    measuring.down |= {"Silent"}
    until, names = time.monotonic() + 30, set[str]()
    # An answer that comes later than in a second counts the next time.
    while not {"Serves", "Other", "Lacks"} <= names and time.monotonic() < until:
        page = json.loads(measuring.ask("GET", PAGE, None).body)
        names = {row["name"] for row in page["clouds"]}
    assert {"Serves", "Other", "Lacks"} <= names
    assert (page["gateway"], page["from"]) == ("Home", "Home")
    assert not names & {"Refuses", "Silent"}, "they do not answer, so their times are not known"
    assert all(0 < row["milliseconds"] < 1000 for row in page["clouds"])
    times = [row["milliseconds"] for row in page["clouds"]]
    assert times == sorted(times)
    got = measuring.ask("GET", "/network/v2.0/networks/x", "network=around(Home, 1s)")
    assert (got.status, measuring.asked()) == (200, ["Home"])
    assert not any(name.startswith("x-openstackoid") for name in got.headers)


def test_a_gateway_that_tells_no_times_is_alone(measuring: Branches) -> None:
    page = json.loads(measuring.ask("GET", f"{PAGE}?from=Other", None).body)
    assert {row["name"] for row in page["clouds"]} <= {"Home"}
    assert measuring.ask("GET", "/image/v2/images", "image=around(Serves, 0.001ms)").status == 200
    assert measuring.asked() == ["Serves"]


@pytest.mark.parametrize(("query", "message"), [("from=Nowhere", "from: unknown cloud"), ("to=Home", "from=CLOUD is accepted")])
def test_the_page_knows_one_query(query: str, message: str, measuring: Branches) -> None:
    got = measuring.ask("GET", f"{PAGE}?{query}", None)
    assert got.status == 400
    assert message in got.message
