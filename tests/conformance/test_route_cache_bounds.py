# SPDX-License-Identifier: Apache-2.0
"""How many routes HAProxy keeps, and for which mesh."""

import re

from conformance.case import auth, plain
from conformance.gateway import forgetful, running_gateways
from conformance.route_cache import COMPLETE, alone, ask, entries
from openstackoid.bridge.proxy.route_teacher import SHARE
from openstackoid.haproxy.route_cache import CAPACITY, CAPACITY_BEFORE_2_9


def test_a_route_that_another_thread_has_removed_is_asked_for_again() -> None:
    """A route has its mark and its peer in one entry: none is found without the other."""
    taught = (auth("a"), plain('{"image":"CloudTwo"}'))

    def without_peers(text: str) -> str:
        return "" if text.startswith("GET|") and "|s1|" in text else text

    with running_gateways("CloudOne", edit_haproxy=without_peers, taught=[taught]) as (gateway,):
        assert entries(gateway) == 0
        assert ask(gateway, *taught) == ("CloudTwo", f"a!SCOPE!{COMPLETE}")


def spelt(number: int) -> str:
    """Return the same scope in a spelling of its own."""
    return '{"image":"CloudTwo"' + " " * number + "}"


def test_the_cache_is_bounded_and_the_oldest_goes() -> None:
    """With fewer slots, so that it is soon full. One source fills its share, in which its own oldest route goes."""
    assert (CAPACITY, CAPACITY_BEFORE_2_9, SHARE) == (16_384, 1_000, 4)

    def small(text: str) -> str:
        return forgetful(text.replace(f'"{CAPACITY} ', '"40 ').replace(f'"{CAPACITY_BEFORE_2_9} ', '"40 '))

    with running_gateways("CloudOne", edit_haproxy=small) as (gateway,):
        for number in range(25):
            assert ask(gateway, auth("a"), plain(spelt(number))) == ("CloudTwo", f"a!SCOPE!{COMPLETE}")
            assert entries(gateway) == min(number + 1, 10)
        assert alone(gateway, auth("a"), plain(spelt(24))) == ("CloudTwo", f"a!SCOPE!{COMPLETE}")
        assert alone(gateway, auth("a"), plain(spelt(14))) == 503


def test_an_haproxy_of_another_mesh_keeps_no_taught_route() -> None:
    """HAProxy is replaced before the Python service reads the new description, and both decide for a moment."""

    def other(text: str) -> str:
        return forgetful(re.sub(r"(OPENSTACKOID_ROUTES \"[0-9]+ )[0-9a-f]+", r"\g<1>0123456789abcdef", text))

    with running_gateways("CloudOne", edit_haproxy=other) as (gateway,):
        for _ in range(2):
            assert ask(gateway, auth("a"), plain('{"image":"CloudTwo"}')) == ("CloudTwo", f"a!SCOPE!{COMPLETE}")
        assert entries(gateway) == 0
