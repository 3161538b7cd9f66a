# SPDX-License-Identifier: Apache-2.0
"""The shares of the Python service's places."""

import pytest

from openstackoid.bridge.identity.questions import MOST_QUESTIONS
from openstackoid.mesh import Limits
from openstackoid.routing.places import AT_LEAST, Places


def test_by_default() -> None:
    shares = {"source": 125, "peer": 250, "of_token": 125, "unknown": 24}
    assert Places.of(Limits()) == Places(accepted=452, unaccepted=48, sockets=50, sockets_and_ended=200, **shares)


@pytest.mark.parametrize("bridge", [2, 3, 10, 100, 10_000])
def test_nobody_has_all_places_but_where_there_are_few_and_each_kind_has_one(bridge: int) -> None:
    places = Places.of(Limits(bridge=bridge))
    assert places.accepted + places.unaccepted == bridge
    assert min(places.accepted, places.unaccepted) >= 1
    assert max(places.source, places.of_token) <= max(AT_LEAST, bridge / 4)
    assert places.peer <= max(AT_LEAST, bridge / 2)


def test_the_operator_says_how_many_are_for_requests_without_an_accepted_token() -> None:
    assert Places.of(Limits(bridge=100, unaccepted=30)).unaccepted == 30
    assert Places.of(Limits(bridge=20, unaccepted=30)).unaccepted == 10, "at most half"


def test_made_up_tokens_cannot_take_all_questions_that_one_keystone_is_asked() -> None:
    assert Places.of(Limits(bridge=10_000)).unaccepted < MOST_QUESTIONS
