# SPDX-License-Identifier: Apache-2.0
"""Each assumption has a reason, and what the gateway does is the gateway's own."""

from bench.simulation.assumptions import Assumptions
from openstackoid.mesh import Timeouts
from openstackoid.policy import Policy


def test_each_has_a_value_and_a_reason() -> None:
    rows = Assumptions().rows()
    assert len({name for name, *_ in rows}) == len(rows) > 20
    assert all(value and len(why) > 10 for _, value, why in rows)


def test_the_value_stands_with_its_unit() -> None:
    assert ["sites", "10,000", "the scale of the issue"] in Assumptions().rows()
    assert next(value for name, value, _ in Assumptions().rows() if name == "fibre_km_s") == "200,000 km/s"


def test_what_the_gateway_does_is_its_default() -> None:
    assumed = Assumptions()
    assert (assumed.connect_s, assumed.server_s, assumed.check_s) == (
        Timeouts().connect,
        Timeouts().server,
        Timeouts().check,
    )
    assert assumed.believed_s == Policy().seconds
