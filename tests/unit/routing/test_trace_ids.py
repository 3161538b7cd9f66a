# SPDX-License-Identifier: Apache-2.0
"""Which request ids are traced."""

from uuid import uuid4

import pytest

from openstackoid.routing.workflows import is_traced


def test_an_id_of_the_client_is_traced() -> None:
    assert is_traced(f"req-7472ace0-{str(uuid4()).partition('-')[2]}")


@pytest.mark.parametrize(
    "request_id",
    [
        "",
        "req-2c1d8a64-9d0e-4b57-8f3a-6f1e0b7c5d92",
        "req-7472ace0-1111-2222-3333-44445555666",
        "req-7472ace0-1111-2222-3333-444455556666\n",
        "req-7472ace0-1111-2222-3333-44445555666G",
        "x req-7472ace0-1111-2222-3333-444455556666",
    ],
)
def test_no_other_is(request_id: str) -> None:
    assert not is_traced(request_id)
