# SPDX-License-Identifier: Apache-2.0
"""*Clouds and services* and *Peers*: paged, filtered, ordered; cheap with ten thousand clouds."""

import asyncio

import pytest

from cpu_time import least_cpu_time
from openstackoid.console.checks import Checked
from openstackoid.console.clouds import Query, clouds_view
from openstackoid.console.history import History
from openstackoid.console.paging import SIZE, paged
from openstackoid.console.peers import peers_view
from openstackoid.console.rendering import rendered
from openstackoid.peering.way import Result
from unit.bridge.stage import played
from unit.console.seen import MARKUP, Watched, console, facts, look, told

MANY = {f"Cloud{number:05}": ("up", "down", "unknown")[number % 3] for number in range(10_000)}
PEERS = {"CloudTwo": "up", "CloudThree": "down", "CloudFour": "unknown"}
TIMES = {"CloudTwo": 38.2, "CloudThree": 4.5}


@pytest.mark.parametrize(
    ("asked", "number"), [("1", 1), ("3", 3), ("99", 3), ("0", 1), ("-1", 1), ("x", 1), ("٣", 1), ("9" * 20, 1)]
)
def test_a_page_that_is_none_is_the_nearest_or_the_first(asked: str, number: int) -> None:
    assert paged(range(2 * SIZE + 1), asked).number == number


def test_the_positions_of_the_last_page() -> None:
    page = paged(range(2 * SIZE + 1), "3")
    assert (page.first, page.last, page.total, page.pages) == (101, 101, 101, 3)
    assert (paged([], "1").first, paged([], "1").last) == (0, 0)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        (Query(), ["CloudOne", "CloudTwo", "CloudThree", "CloudFour"]),
        (Query(name="t"), ["CloudTwo", "CloudThree"]),
        (Query(state="down"), ["CloudThree"]),
        (Query(state="unwell"), ["CloudThree", "CloudFour"]),
        (Query(order="distance"), ["CloudOne", "CloudThree", "CloudTwo", "CloudFour"]),
        (Query(order="state"), ["CloudThree", "CloudFour", "CloudOne", "CloudTwo"]),
    ],
)
def test_clouds_are_filtered_and_ordered(query: Query, names: list[str]) -> None:
    view = clouds_view(look(facts(told(PEERS))), TIMES, query)
    assert [row.name for row in view.page.rows] == names


def test_a_query_with_unknown_values_is_that_without_them() -> None:
    assert Query.of({"state": "x", "order": "y", "name": " a "}) == Query("a", "", "name", "1")


def test_a_service_of_this_cloud_has_the_time_since_which_it_is_down() -> None:
    since = History()
    since.note({("service", "image"): "up"}, 100.0)
    since.note({("service", "image"): "down"}, 200.0)
    home = clouds_view(look(facts(told({}, {"image": "down"})), since=since), {}, Query()).page.rows[0]
    image = next(service for service in home.services if service.name == "image")
    assert (home.state, image.state, image.since and image.since.at, home.since) == ("partly", "down", 200.0, image.since)


def test_a_python_service_that_does_not_answer_leaves_the_described_clouds_unknown() -> None:
    view = clouds_view(look(facts(None)), {}, Query())
    assert [(row.name, row.home, row.state) for row in view.page.rows] == [
        ("CloudOne", True, "unknown"),
        ("CloudThree", False, "unknown"),
        ("CloudTwo", False, "unknown"),
    ]


def test_a_blocked_peer_is_no_peer_that_is_down() -> None:
    blocked = facts(told({"CloudTwo": "down"}), blocked=frozenset({"CloudTwo"}))
    (row,) = peers_view(look(blocked), Query(), lambda _: None, lambda _: False).page.rows
    assert (row.cloud.state, row.why) == ("blocked", "its operator here has blocked it")
    assert row.todo == "to end the block: openstackoid peer unblock CloudTwo --cloud CloudOne --config FILE"


def test_a_peer_has_the_reason_of_its_last_check() -> None:
    results = (Result(True, "named"), Result(False, "another description", "compare them", same=False))
    rows = peers_view(look(facts(told(PEERS))), Query(), lambda _: Checked(1.0, results), lambda _: False).page.rows
    assert [row.cloud.name for row in rows] == ["CloudTwo", "CloudThree", "CloudFour"]
    assert (rows[0].why, rows[0].todo, rows[0].checked and rows[0].checked.same) == (
        "another description",
        "compare them",
        "differs",
    )


def test_a_peer_that_was_not_checked_has_state_reason_and_remedy_of_the_view_now() -> None:
    answer = {"reached": True, "fault": "", "same": False, "ahead": 0.0}
    page = told({"CloudTwo": "up", "CloudThree": "down"})
    found = look(facts(page | {"peers": {"CloudTwo": answer}}))
    rows = peers_view(found, Query(), lambda _: None, lambda _: False).page.rows
    assert found.status is not None
    assert [(row.cloud.state, row.why, row.todo) for row in rows] == [
        (item.state, item.detail, item.todo) for item in found.status.items if item.of == "peer"
    ]
    assert [row.cloud.state for row in rows] == ["warning", "down"]


@pytest.mark.parametrize("path", ["/clouds?state=unwell&order=distance&page=120", "/peers?page=99", "/"])
def test_a_page_of_ten_thousand_clouds_costs_little(path: str) -> None:
    """A tenth of a second of CPU time with the client's part, of the 300 ms that the first byte may take."""
    watched = Watched(look(facts(told(MANY))), distances=dict.fromkeys(MANY, 1.0))
    with asyncio.Runner() as runner:
        served = console(watched)
        client = runner.run(served.__aenter__())

        async def ask() -> None:
            assert (await client.get(path)).status == 200

        assert least_cpu_time(lambda: runner.run(ask()), 0.1) < 0.1
        runner.run(served.__aexit__(None, None, None))


@played
async def test_the_views_page_ten_thousand_clouds() -> None:
    async with console(Watched(look(facts(told(MANY))), distances={"Cloud00001": 12.0})) as client:
        clouds = await (await client.get("/clouds?page=2&state=down")).text()
        peers = await (await client.get("/peers?page=200")).text()
        now = await (await client.get("/")).text()
    assert clouds.count("<tr>") == SIZE + 1
    assert "Clouds 51 to 100 of 3,333" in clouds
    assert 'href="/clouds?page=3&amp;state=down"' in clouds
    assert "Peers 9,951 to 10,000 of 10,000" in peers
    assert "a peer is checked when its page is opened" in peers
    assert "and 3,327 more" in now
    assert len(now) < 60_000


@played
async def test_services_of_a_peer_have_no_state_and_the_view_says_who_knows_it() -> None:
    async with console(Watched(look(facts(told({"CloudTwo": "up"}))))) as client:
        page = await (await client.get("/clouds")).text()
        row = page[page.index('<a href="/peers/CloudTwo">CloudTwo</a>') :].partition("</tr>")[0]
        assert '<ul class="chips"><li>image</li></ul>' in row
        assert "The services of another cloud have no state here: its own gateway checks them" in page
        assert (await client.get("/peers/CloudTwo")).status == 200


@played
async def test_no_name_of_a_cloud_is_markup() -> None:
    async with console(Watched(look(facts(told({MARKUP: "down"}))), distances={MARKUP: 3.0})) as client:
        for path in ("/clouds", "/peers", f"/clouds?name={MARKUP}", f"/peers/{MARKUP}"):
            page = await (await client.get(path)).text()
            assert MARKUP not in page, path


@played
async def test_a_peer_that_is_not_described_is_404() -> None:
    async with console() as client:
        answer = await client.get("/peers/CloudNine")
        assert (answer.status, "There is no such page." in await answer.text()) == (404, True)


def test_the_templates_name_each_value_that_they_show() -> None:
    """A misspelt one is an error, not an empty text."""
    with pytest.raises(Exception, match="undefined"):
        rendered("fault.html")
