# SPDX-License-Identifier: Apache-2.0
"""Two real clouds for the tests, in a lab of their own beside the user's: CloudOne by path prefixes, CloudTwo by ports."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from environment import FOR_DOWNLOADS
from examples.session import User, lab_status, openstackoid

INSTANCE = {"OPENSTACKOID_LAB": "test", "OPENSTACKOID_LAB_CLOUDS": "CloudOne:cinder+swift,CloudTwo:ports+cinder+swift"}


@pytest.fixture(scope="session")
def lab(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Raise the lab and yield what it says of itself; take it down, and keep its files for the next run."""
    before = {name: os.environ.get(name) for name in INSTANCE}
    os.environ.update(INSTANCE)
    capture = request.config.pluginmanager.getplugin("capturemanager")
    assert capture is not None
    try:
        with capture.global_and_fixture_disabled():
            print("\n== raising two real clouds for the tests (the first time on a machine takes minutes)", flush=True)
            with pytest.MonkeyPatch.context() as patch:
                for name, needed in FOR_DOWNLOADS.items():
                    patch.setenv(name, needed)
                raised = openstackoid("lab", "up", quiet=False)
        assert raised.code == 0, "the lab did not start; its own words are above"
        yield lab_status()
    finally:
        openstackoid("lab", "down")
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@pytest.fixture
def one(lab: Any) -> User:
    """An ordinary member of CloudOne."""
    return User("CloudOne")


@pytest.fixture
def two(lab: Any) -> User:
    """An ordinary member of CloudTwo."""
    return User("CloudTwo")
