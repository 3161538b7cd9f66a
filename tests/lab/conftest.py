# SPDX-License-Identifier: Apache-2.0
"""The lab of the tests, and its users."""

from collections.abc import Iterator
from typing import Any

import pytest

from examples.session import User
from lab.raised import raised


@pytest.fixture(scope="session")
def lab(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Raise the lab of the tests for all of them."""
    with raised("test", request.config) as status:
        yield status


@pytest.fixture
def one(lab: Any) -> User:
    """An ordinary member of CloudOne."""
    return User("CloudOne")


@pytest.fixture
def two(lab: Any) -> User:
    """An ordinary member of CloudTwo."""
    return User("CloudTwo")
