# SPDX-License-Identifier: Apache-2.0
"""Which WebSocket gives way when the last place is taken."""

from contextlib import ExitStack

from openstackoid.bridge.proxy.open_websockets import OpenWebSockets, Place


def test_of_the_client_with_most_the_one_that_is_silent_for_longest_gives_way() -> None:
    now = [0.0]
    sockets = OpenWebSockets(clock=lambda: now[0])
    with ExitStack() as stack:
        places: list[Place] = []
        for client in ("few", "many", "many", "many"):
            now[0] += 1
            places.append(stack.enter_context(sockets.place(client, 5)))
        now[0] += 1
        sockets.heard(places[1])
        assert not any(place.taken.is_set() for place in places)
        places.append(stack.enter_context(sockets.place("another", 5)))
        assert [place.taken.is_set() for place in places] == [False, False, True, False, False]
        places.append(stack.enter_context(sockets.place("another", 5)))
        assert sum(place.taken.is_set() for place in places) == 2
        assert not places[0].taken.is_set()


def test_a_place_that_was_left_is_free() -> None:
    sockets = OpenWebSockets()
    for _ in range(9):
        with sockets.place("one", 2) as place:
            assert not place.taken.is_set()
