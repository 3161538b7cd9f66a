# SPDX-License-Identifier: Apache-2.0
"""HAProxy is told of a bounded number of tokens that one other cloud accepts."""

from types import SimpleNamespace
from typing import Any

import pytest

from openstackoid.bridge.message.head import Head
from openstackoid.bridge.proxy import accepted_shares
from openstackoid.bridge.proxy.accepted_shares import AcceptedShares
from openstackoid.bridge.proxy.forward import ForwardLeg
from openstackoid.bridge.proxy.leg import SUBJECT_ACCEPTED, TOKEN_ACCEPTED
from openstackoid.mesh import Listener
from openstackoid.scope import Issuer


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    monkeypatch.setattr(accepted_shares, "SHARE", 2)
    return [0.0]


def test_a_cloud_has_its_share_and_the_own_one_all(clock: list[float]) -> None:
    shares = AcceptedShares("CloudOne", lambda: clock[0])
    assert [shares.take("CloudTwo", token) for token in "abcab"] == [True, True, False, True, True]
    assert [shares.take("CloudThree", token) for token in "abc"] == [True, True, False]
    assert all(shares.take("CloudOne", str(number)) for number in range(10))


def test_a_place_is_free_when_haproxy_has_forgotten_a_token_that_is_not_used(clock: list[float]) -> None:
    shares = AcceptedShares("CloudOne", lambda: clock[0])
    assert shares.take("CloudTwo", "a")
    clock[0] = 300
    assert shares.take("CloudTwo", "b")
    clock[0] = 600
    assert [shares.take("CloudTwo", token) for token in "cab"] == [True, False, True]


def test_all_clouds_together_have_as_many_as_the_table(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accepted_shares, "ACCEPTED_TOKENS", 3)
    shares = AcceptedShares("CloudOne", lambda: clock[0])
    for cloud in ("CloudTwo", "CloudThree", "CloudFour"):
        assert [shares.take(cloud, token) for token in "ab"] == [True, True]
    assert shares.take("CloudTwo", "c"), "those of CloudTwo were the oldest"


def test_a_request_with_a_token_beyond_the_share_speaks_for_its_source_alone(clock: list[float]) -> None:
    context: Any = SimpleNamespace(accepted=AcceptedShares("CloudOne", lambda: clock[0]))
    told = []
    for token in "abc":
        head = Head("GET", Listener("127.0.0.1", 1), "/", None, (("X-Auth-Token", f"{token}~e"),))
        incoming: Any = SimpleNamespace(head=head)
        plan: Any = None
        leg = ForwardLeg(context, incoming, plan, Issuer("CloudTwo"))
        leg.accept("CloudTwo")
        told.append(leg.accepted)
    assert told == [TOKEN_ACCEPTED, TOKEN_ACCEPTED, SUBJECT_ACCEPTED]
    assert context.accepted.take("CloudTwo", "a")
