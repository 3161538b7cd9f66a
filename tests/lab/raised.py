# SPDX-License-Identifier: Apache-2.0
"""Two real clouds for a run of tests, beside the user's own lab: CloudOne by path prefixes, CloudTwo by ports."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from environment import FOR_DOWNLOADS
from examples.session import lab_status, openstackoid
from leftovers import entered

_CLOUDS = "CloudOne:cinder+swift,CloudTwo:ports+cinder+swift"


@contextmanager
def raised(name: str, config: pytest.Config) -> Iterator[Any]:
    """Raise the lab of this name and yield its status; take it down in the end, and keep its files for the next run."""
    capture = config.pluginmanager.getplugin("capturemanager")
    assert capture is not None
    with entered(name), pytest.MonkeyPatch.context() as instance:
        instance.setenv("OPENSTACKOID_LAB", name)
        instance.setenv("OPENSTACKOID_LAB_CLOUDS", _CLOUDS)
        try:
            with capture.global_and_fixture_disabled(), pytest.MonkeyPatch.context() as downloads:
                if hasattr(config, "workerinput"):
                    # A process of pytest-xdist's has no standard output.
                    os.dup2(2, 1)
                print("\n== raising two real clouds for the tests (the first time on a machine takes minutes)", flush=True)
                for variable, needed in FOR_DOWNLOADS.items():
                    downloads.setenv(variable, needed)
                up = openstackoid("lab", "up", quiet=False)
            assert up.code == 0, "the lab did not start; its own words are above"
            yield lab_status()
        finally:
            openstackoid("lab", "down")
