# SPDX-License-Identifier: Apache-2.0
"""The metrics of peers have bounds, within which faults come first."""

from openstackoid.bridge.audit.losses import Losses
from openstackoid.bridge.telemetry.state import GatewayState
from openstackoid.telemetry import MOST_PEERS, PeerAnswer, TokenAnswers
from unit.bridge.pages.test_reachability import peers


def test_of_more_peers_than_a_scrape_tells_those_with_a_fault_are_told_and_clocks_in_their_order() -> None:
    mesh = peers(1, 1)
    known = {f"Peer{number}": PeerAnswer(True, same=True, ahead=0.0) for number in range(MOST_PEERS + 2)}
    known |= {
        f"Peer{MOST_PEERS}": PeerAnswer(True, same=False, ahead=60.0),
        f"Peer{MOST_PEERS + 1}": PeerAnswer(False, "it is away"),
    }
    state = GatewayState("CloudOne", lambda: mesh, lambda: 0, lambda: 0, Losses(), peers=lambda: known)
    told = {
        metric.name: {one.labels["peer"]: one.value for one in metric.samples}
        for metric in state.metrics()
        if "_peer_" in metric.name
    }
    reached, same, ahead = (
        told[f"openstackoid_peer_{name}"] for name in ("reachable", "description_same", "clock_ahead_seconds")
    )
    assert {len(reached), len(ahead)} == {MOST_PEERS}
    assert same[f"Peer{MOST_PEERS}"] == 0
    assert reached[f"Peer{MOST_PEERS + 1}"] == 0
    assert set(ahead.values()) == {0.0}, "one fault among many does not outweigh them"


def test_a_wrong_certificate_is_told_and_a_peer_that_is_away_has_none() -> None:
    known = {
        "Good": PeerAnswer(True, same=True),
        "Wrong": PeerAnswer(False, "its certificate has expired", certificate=True),
        "Away": PeerAnswer(False, "it is away"),
    }
    mesh = peers(1, 1)
    state = GatewayState("CloudOne", lambda: mesh, lambda: 0, lambda: 0, Losses(), peers=lambda: known)
    (metric,) = (metric for metric in state.metrics() if metric.name == "openstackoid_peer_certificate_good")
    assert {sample.labels["peer"]: sample.value for sample in metric.samples} == {"Good": 1, "Wrong": 0}


def test_questions_about_tokens_are_told() -> None:
    mesh = peers(1, 1)
    state = GatewayState("CloudOne", lambda: mesh, lambda: 0, lambda: 0, Losses(), tokens=lambda: TokenAnswers(9, 5))
    told = {sample.name: sample.value for metric in state.metrics() for sample in metric.samples}
    assert (told["openstackoid_token_questions_recent"], told["openstackoid_token_questions_slow"]) == (9, 5)
