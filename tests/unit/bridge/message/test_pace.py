# SPDX-License-Identifier: Apache-2.0
"""How long a body is waited for: each byte earns time, and waiting takes it."""

import pytest

from openstackoid.bridge.message.pace import GRACE, Pace


def test_a_body_without_a_byte_has_the_grace() -> None:
    assert Pace(500, 60).patience == GRACE
    assert Pace(500, 2).patience == 2, "no wait is longer than the time between two bytes"


def test_a_byte_now_and_then_is_given_up_after_the_grace() -> None:
    pace, waited = Pace(500, 60), 0.0
    while pace.patience >= 4:
        pace.take(1, 4)
        waited += 4
    assert waited <= GRACE


def test_a_body_at_the_rate_is_waited_for_without_end() -> None:
    pace = Pace(500, 60)
    for _ in range(10_000):
        pace.take(2000, 4)
    assert pace.patience == pytest.approx(GRACE)


def test_what_has_come_earns_a_pause_of_at_most_the_time_between_two_bytes() -> None:
    pace = Pace(500, 60)
    pace.take(1_000_000, 1)
    assert pace.patience == 60


def test_without_a_rate_only_the_time_between_two_bytes_is_bounded() -> None:
    pace = Pace(None, 60)
    pace.take(1, 59)
    assert pace.patience == 60
