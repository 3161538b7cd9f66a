# SPDX-License-Identifier: Apache-2.0
"""A token that Keystone has accepted without a name is believed for a time; of many, the latest are."""

import pytest

from openstackoid.bridge.identity import accepted_tokens
from openstackoid.bridge.identity.accepted_tokens import AcceptedTokens


def test_a_token_is_believed_until_its_time_and_in_its_cloud() -> None:
    tokens = AcceptedTokens()
    tokens.add("CloudOne", "t", until=10)
    assert [tokens.has("CloudOne", "t", now) for now in (0, 9.9, 10)] == [True, True, False]
    assert not tokens.has("CloudTwo", "t", 0)
    assert not tokens.has("CloudOne", "other", 0)


def test_their_number_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accepted_tokens, "MOST", 2)
    tokens = AcceptedTokens()
    for name in ("a", "b", "a", "c"):
        tokens.add("CloudOne", name, until=10)
    assert [tokens.has("CloudOne", name, 0) for name in "abc"] == [True, False, True]
