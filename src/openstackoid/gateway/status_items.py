# SPDX-License-Identifier: Apache-2.0
"""The items of a gateway's status, and those of services and peers: they come from the Python service's page about the mesh."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from openstackoid.routing import IDENTITY
from openstackoid.telemetry import GATEWAY, PEER, SERVICE, SLOW_ANSWER, WINDOW, PeerAnswer, TokenAnswers, clocks_off, remedies

SLOW = 1.0
"""Seconds of HAProxy's check of a service from which the service is slow. ``OpenStackoidServiceSlow`` has the same."""

OLD = 15.0
"""Seconds from which the age of a peer's answer is told: there are more peers than are asked at a time."""

State = Literal["up", "down", "warning", "unknown", "blocked"]


@dataclass(frozen=True, slots=True)
class Item:
    """A part of a gateway, a service or a peer, with its state.

    ``of``: whose part it is; ``detail``: why it is not up; ``todo``: the remedy; ``follows``: the part whose fault causes it.
    """

    of: str
    name: str
    state: State
    detail: str = ""
    todo: str = ""
    follows: str = ""


def of_clouds(told: Mapping[str, Any], blocked: frozenset[str]) -> Iterator[Item]:
    """Yield services and peers, and the own clock, by the page about the mesh; ``blocked`` clouds are cut off."""
    answers = {name: PeerAnswer(**answer) for name, answer in told.get("peers", {}).items() if name not in blocked}
    ours, theirs = clocks_off({name: answer.ahead for name, answer in answers.items() if answer.ahead is not None})
    if ours:
        yield Item(GATEWAY, "clock", "warning", "it differs from those of most peers", remedies.CLOCK_OFF)
    for page in told["clouds"]:
        if page["home"]:
            checks = told.get("checks", {})
            tokens = TokenAnswers.of(told.get("tokens", {}))
            for service in page["services"]:
                name = service["type"]
                yield _service(name, service["health"], checks.get(name), tokens if name == IDENTITY else TokenAnswers())
        elif page["name"] in blocked:
            yield blocked_peer(page["name"])
        else:
            yield _peer(page["name"], page["health"], answers.get(page["name"]), clock=page["name"] in theirs)


def blocked_peer(name: str) -> Item:
    """Return the item of a peer that the operator has cut off."""
    return Item(PEER, name, "blocked", "by the operator", remedies.PEER_BLOCKED)


def _service(name: str, health: State, seconds: float | None, tokens: TokenAnswers) -> Item:
    if health == "up" and seconds is not None and seconds > SLOW:
        return Item(SERVICE, name, "warning", f"slow: HAProxy's check of it takes {seconds:.1f} s", remedies.SERVICE_SLOW)
    if health != "down" and tokens.are_slow:
        detail = f"slow for tokens: of {tokens.asked} questions in {WINDOW} s, {tokens.slow} took {SLOW_ANSWER:g} s or longer"
        return Item(SERVICE, name, "warning", detail, remedies.SERVICE_SLOW)
    if health == "down":
        return Item(SERVICE, name, health, "HAProxy's check of it fails", remedies.SERVICE_DOWN)
    return Item(SERVICE, name, health)


def _peer(name: str, health: State, answer: PeerAnswer | None, *, clock: bool) -> Item:
    if health == "down" or (answer is not None and not answer.reached):
        why = answer.fault if answer is not None and not answer.reached else "its gateway does not answer"
        return Item(PEER, name, "down", _aged(why, answer), remedies.PEER_UNREACHABLE)
    if answer is None:
        return Item(PEER, name, health)
    faults = {}
    if answer.fault:
        faults[f"its gateway {answer.fault}"] = remedies.PEER_UNREACHABLE
    if answer.same is False:
        faults["it has another description of the clouds"] = remedies.PEER_DESCRIPTION_DIFFERS
    if clock:
        faults[f"its clock and this one differ by {abs(answer.ahead or 0):.0f} s"] = remedies.PEER_CLOCK_OFF
    return Item(PEER, name, "warning" if faults else "up", _aged("; ".join(faults), answer), "; ".join(faults.values()))


def _aged(detail: str, answer: PeerAnswer | None) -> str:
    """Return the detail of a peer, with the age of an old answer."""
    if answer is None or answer.age < OLD:
        return detail
    return f"{detail}{', ' if detail else ''}asked {answer.age:.0f} s ago"
