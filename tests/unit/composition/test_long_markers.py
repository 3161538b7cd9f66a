# SPDX-License-Identifier: Apache-2.0
"""Markers and names that are too long for the link to another page."""

import pytest

from openstackoid.composition import CompositionError
from unit.composition.clouds import FakeCloud, Gateway, gateway, list_kind


@pytest.mark.parametrize("name", ["database-instances", "queues", "containers", "networks"])
def test_a_long_marker_is_refused_in_words(name: str) -> None:
    gate = gateway(list_kind(name), [5, 5, 5])
    gate.get(f"limit=1&marker={'!' * 1024}")
    for marker in ("!" * 1025, "é" * 513):
        with pytest.raises(CompositionError, match=r"marker: it has more than 1024 bytes; .* is accepted, or the id") as raised:
            gate.get(f"limit=1&marker={marker}")
        assert raised.value.status == 400


def test_names_that_are_too_long_for_a_link_are_refused_in_words() -> None:
    kind = list_kind("queues")
    names = [f"C{number}" for number in range(8)]
    clouds = {cloud: FakeCloud(kind, [{"name": f"{n}{'n' * 1000}{cloud}"} for n in range(6)]) for cloud in names}
    with pytest.raises(CompositionError, match="too long for a link to another page of 8 clouds; a scope of fewer") as raised:
        Gateway(kind, clouds).get("limit=20")
    assert raised.value.status == 400
    fewer = Gateway(kind, {cloud: clouds[cloud] for cloud in names[:3]}).get("limit=5")
    assert (len(fewer.items), fewer.link("next") is not None) == (5, True)
