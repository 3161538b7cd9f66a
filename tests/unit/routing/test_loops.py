# SPDX-License-Identifier: Apache-2.0
"""Gateways recognise each other's requests; their treatment is in the table of cases (``cases_paths.py``)."""

import pytest

from openstackoid.mesh import Listener
from openstackoid.routing import Request
from openstackoid.routing.loops import came_through, passed


def request(*values: str) -> Request:
    return Request("GET", Listener("one", 80), "/", tuple(("Via", value) for value in values))


@pytest.mark.parametrize(
    ("values", "cloud"),
    [
        ((), None),
        (("1.1 fred",), None),
        (("1.1 fred (openstack)",), None),
        (("(openstackoid)",), None),
        (("1.1 a b (openstackoid)",), None),
        (("1.1 Cloud-3.b (openstackoid)",), "Cloud-3.b"),
        (("HTTP/1.1  CloudTwo  (openstackoid)",), "CloudTwo"),
        (("1.1 One (openstackoid), 1.0 fred (x)", "1.1 Two (openstackoid) , 1.1 x"), "Two"),
    ],
)
def test_the_last_gateway_counts(values: tuple[str, ...], cloud: str | None) -> None:
    assert came_through(request(*values)) == cloud


def test_the_via_header_names_the_last_gateway() -> None:
    assert came_through(request("1.0 fred", passed("CloudOne"))) == "CloudOne"
