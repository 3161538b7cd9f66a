# SPDX-License-Identifier: Apache-2.0
"""The request id of requests that leave for another cloud."""

from uuid import uuid4

import pytest

from openstackoid.routing import MARK, TRACE, marked_id
from openstackoid.routing.egress import GIVEN, given_id, is_request_id, sole_id

ID = "req-0a1b2c3d-0000-4000-8000-000000000000"


def test_a_generated_id_is_valid_for_services_and_unmarked_for_gateways() -> None:
    first, second = given_id(marked_id(uuid4())), given_id(marked_id(uuid4()))
    assert first != second
    for made in (first, second):
        assert is_request_id(made)
        assert made.startswith(GIVEN)
        assert not made.startswith((MARK, TRACE))


@pytest.mark.parametrize(
    "text", ["", "req-", "0a1b2c3d-0000-4000-8000-000000000000", ID.upper(), f"{ID}0", f"{ID} ", f"{ID}\n", f"x{ID}"]
)
def test_an_invalid_request_id_is_refused(text: str) -> None:
    assert not is_request_id(text)


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ((("X-OpenStack-Request-Id", ID),), ID),
        ((("x-openstack-request-id", ID), ("X-Other", "1")), ID),
        ((("X-OpenStack-Request-Id", ID), ("X-OpenStack-Request-Id", ID)), None),
        ((("X-OpenStack-Request-Id", "mine"),), None),
        ((), None),
    ],
)
def test_the_one_id_of_a_request(headers: tuple[tuple[str, str], ...], found: str | None) -> None:
    assert sole_id(headers) == found
