# SPDX-License-Identifier: Apache-2.0
"""*Now* says what ``openstackoid status`` says, with the time of a change and a remedy."""

import pytest

from openstackoid.console.history import History
from openstackoid.console.now import SHOWN, groups
from openstackoid.gateway.status import Facts
from unit.bridge.stage import played
from unit.console.seen import MARKUP, Watched, console, facts, look, told

PEERS = {"CloudTwo": "up", "CloudThree": "down"}


def test_the_worst_item_of_a_group_stands_first() -> None:
    status = look(facts(told({"Cloud1": "up", "Cloud2": "unknown", "Cloud3": "down"}))).status
    assert status is not None
    gateway, services, peers = groups(status)
    assert (gateway.state, services.state, peers.state) == ("up", "up", "down")
    assert [item.name for item in peers.items] == ["Cloud3", "Cloud2", "Cloud1"]
    assert peers.counts == (("down", 1), ("unknown", 1), ("up", 1))


def test_of_many_peers_a_part_is_shown() -> None:
    status = look(facts(told({f"Cloud{number}": "up" for number in range(100)}))).status
    assert status is not None
    assert (len(groups(status)[2].items), groups(status)[2].more) == (SHOWN, 100 - SHOWN)


@pytest.mark.parametrize(
    "found",
    [
        Facts(look(facts(None)).facts.place, running=False),  # type: ignore[union-attr]
        facts(None),
        facts(told(PEERS), haproxy=False),
        facts(told(PEERS), supervised={"restarts": {"python": 2}, "reload": {"fault": "line 3"}}),
        facts(told(PEERS), ends=(("one.pem", 10.0), ("two.pem", 1000.0 + 86400))),
        facts(told(PEERS, store="down", audit={"state": "down", "lost": {"audit": 2}, "since": "then"})),
        facts(told(PEERS, {"image": "down"}), blocked=frozenset({"CloudTwo"})),
    ],
)
def test_what_is_down_has_a_remedy(found: Facts) -> None:
    status = look(found).status
    assert status is not None
    wrong = [item for item in status.items if item.state not in ("up", "unknown")]
    assert wrong
    assert [item.name for item in wrong if not item.todo or "{" in item.todo] == []


@played
async def test_the_view_names_the_culprit_that_status_names() -> None:
    watched = Watched(look(facts(told(PEERS, {"image": "down"}))))
    assert watched.shown.status is not None
    async with console(watched) as client:
        page = await (await client.get("/")).text()
    assert watched.shown.status.culprits == ("service (image)", "peer (CloudThree)")
    assert "<strong>CloudOne: down:</strong>\nservice (image), peer (CloudThree)" in page
    assert 'href="/peers/CloudThree"' in page


@played
async def test_a_gateway_that_does_not_run_is_one_line_with_the_remedy() -> None:
    watched = Watched(look(Facts(look(facts(None)).facts.place, running=False)))  # type: ignore[union-attr]
    async with console(watched) as client:
        for path in ("/", "/clouds", "/peers", "/choose"):
            answer = await client.get(path)
            page = await answer.text()
            assert (answer.status, "No gateway runs for CloudOne in /state.</strong> Do: start it:" in page) == (200, True), path


@played
async def test_a_state_has_a_sign_and_a_word() -> None:
    async with console() as client:
        page = await (await client.get("/")).text()
    assert '<span class="sign" aria-hidden="true">✗</span>down</span>' in page
    assert '<span class="sign" aria-hidden="true">✓</span>up</span>' in page


@played
async def test_changes_are_shown_with_their_times_and_no_markup() -> None:
    since = History()
    since.note({("peer", MARKUP): "up", ("peer", "CloudThree"): "up"}, 100.0)
    since.note({("peer", MARKUP): "down", ("peer", "CloudThree"): "unknown"}, 200.0)
    assert [(change.name[1], change.after) for change in since.changes] == [(MARKUP, "down")]
    async with console(Watched(look(facts(told({MARKUP: "down"})), since=since))) as client:
        page = await (await client.get("/")).text()
    assert MARKUP not in page
    assert "&lt;script&gt;" in page
    assert '<time datetime="1970-01-01T00:03:20Z">' in page


def test_a_state_holds_since_the_console_has_seen_it_begin() -> None:
    since = History()
    since.note({("peer", "A"): "down"}, 10.0)
    since.note({("peer", "A"): "down"}, 20.0)
    assert (since.states["peer", "A"].at, since.states["peer", "A"].changed) == (10.0, False)
    since.note({("peer", "A"): "up"}, 30.0)
    assert (since.states["peer", "A"].at, since.states["peer", "A"].changed) == (30.0, True)
    since.note({}, 40.0)
    assert since.states == {}
