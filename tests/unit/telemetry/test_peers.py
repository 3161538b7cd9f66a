# SPDX-License-Identifier: Apache-2.0
"""Whose clock is wrong, by the clocks of peers."""

import pytest

from openstackoid.telemetry import CLOCKS, clocks_off


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        ({}, (False, ())),
        ({"CloudTwo": CLOCKS}, (False, ())),
        ({"CloudTwo": -60}, (False, ("CloudTwo",))),
        ({"CloudTwo": 60, "CloudThree": 0}, (False, ("CloudTwo",))),
        ({"CloudTwo": 60, "CloudThree": 61}, (True, ())),
        ({"CloudTwo": 60, "CloudThree": 61, "CloudFour": 0}, (True, ())),
        ({"CloudTwo": 60, "CloudThree": 0, "CloudFour": -60, "CloudFive": 0}, (False, ("CloudFour", "CloudTwo"))),
    ],
)
def test_the_majority_has_the_time(ahead: dict[str, float], expected: tuple[bool, tuple[str, ...]]) -> None:
    assert clocks_off(ahead) == expected
