# SPDX-License-Identifier: Apache-2.0
"""How much a peer's users may ask for, in a second and in a longer time."""

from hypothesis import given
from hypothesis import strategies as st

from openstackoid.bridge.identity.limits import RATE_SECONDS, Limits, SetAside
from openstackoid.policy import Budget, PeerPolicy


def test_without_limits_no_request_is_refused() -> None:
    limits = Limits()
    assert all(limits.take("CloudTwo", PeerPolicy("CloudTwo"), 0.0) is None for _ in range(1000))


def test_a_rate_lets_a_second_of_requests_through_at_once_and_then_one_at_a_time() -> None:
    limits, peer = Limits(), PeerPolicy("CloudTwo", rate=4)
    assert [limits.take("CloudTwo", peer, 10.0) for _ in range(5)] == [None, None, None, None, 0.25]
    assert limits.take("CloudTwo", peer, 10.2) is not None
    assert limits.take("CloudTwo", peer, 10.26) is None
    assert limits.take("CloudTwo", peer, 10.3) is not None


def test_a_rate_below_one_a_second() -> None:
    limits, peer = Limits(), PeerPolicy("CloudTwo", rate=0.5)
    assert limits.take("CloudTwo", peer, 0.0) is None
    assert limits.take("CloudTwo", peer, 1.0) == 1.0
    assert limits.take("CloudTwo", peer, 2.0) is None


def test_a_budget_begins_anew_when_its_time_is_over() -> None:
    limits, peer = Limits(), PeerPolicy("CloudTwo", budget=Budget(2, 100))
    assert [limits.take("CloudTwo", peer, at) for at in (5.0, 50.0, 60.0, 104.0)] == [None, None, 45.0, 1.0]
    assert limits.take("CloudTwo", peer, 105.0) is None


def test_a_request_over_the_rate_uses_no_budget() -> None:
    limits, peer = Limits(), PeerPolicy("CloudTwo", rate=1, budget=Budget(2, 100))
    told = [limits.take("CloudTwo", peer, at) for at in (0.0, 0.1, 0.2, 1.0, 2.0)]
    assert [wait is None for wait in told] == [True, False, False, True, False]


def test_each_cloud_has_its_own_count_also_where_the_policy_names_every_cloud() -> None:
    limits, peer = Limits(), PeerPolicy("*", rate=1)
    assert limits.take("CloudTwo", peer, 0.0) is None
    assert limits.take("CloudThree", peer, 0.0) is None
    assert limits.take("CloudTwo", peer, 0.0) is not None


@given(st.floats(0.1, 50), st.lists(st.floats(0, 3), max_size=200))
def test_never_more_than_a_rate_allows(rate: float, pauses: list[float]) -> None:
    limits, peer, now, taken = Limits(), PeerPolicy("CloudTwo", rate=rate), 0.0, 0
    for pause in pauses:
        now += pause
        taken += limits.take("CloudTwo", peer, now) is None
    assert taken <= max(1.0, rate) + now * rate + 1e-6


def test_a_share_of_what_is_left_is_set_aside_and_spent() -> None:
    limits, peer = Limits(), PeerPolicy("CloudTwo", budget=Budget(41, 100))
    assert limits.take("CloudTwo", peer, 5.0) is None
    assert limits.set_aside("CloudTwo", peer, 15.0) == SetAside(4, 90.0)
    assert [limits.take("CloudTwo", peer, 20.0) is None for _ in range(37)] == [True] * 36 + [False]
    assert limits.set_aside("CloudTwo", peer, 20.0).requests == 0
    assert limits.take("CloudTwo", peer, 105.0) is None


def test_many_users_with_one_request_each_have_most_of_a_budget() -> None:
    limits, peer = Limits(), PeerPolicy("CloudTwo", budget=Budget(1000, 600))
    served = 0
    while limits.take("CloudTwo", peer, 5.0) is None:
        served += 1
        limits.set_aside("CloudTwo", peer, 5.0)
    assert served == 750
    assert limits.take("CloudTwo", peer, 605.0) is None
    assert limits.set_aside("CloudTwo", peer, 605.0).requests == 99


def test_requests_at_a_rate_are_not_set_aside_for_long() -> None:
    limits, peer = Limits(), PeerPolicy("CloudTwo", rate=41, budget=Budget(10**6, 1000))
    assert limits.take("CloudTwo", peer, 5.0) is None
    assert limits.set_aside("CloudTwo", peer, 5.0) == SetAside(4, RATE_SECONDS)
    assert [limits.take("CloudTwo", peer, 5.0) is None for _ in range(37)] == [True] * 36 + [False]


def test_without_limits_any_number_is_set_aside() -> None:
    limits, peer = Limits(), PeerPolicy("CloudTwo")
    assert limits.take("CloudTwo", peer, 5.0) is None
    assert limits.set_aside("CloudTwo", peer, 5.0).requests is None
