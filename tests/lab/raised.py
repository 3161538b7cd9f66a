# SPDX-License-Identifier: Apache-2.0
"""Two real clouds for a run of tests, beside the user's own lab: CloudOne by path prefixes, CloudTwo by ports.

Where the tests run in several processes there are two labs, side by side: one whose clouds have all services, and a small one for
modules that need no Swift.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml

from environment import FOR_DOWNLOADS
from examples.session import lab_status, openstackoid
from leftovers import enter_lab, leave_lab

WHOLE, SMALL, PAIR, HORIZON = "test", "test-small", "test-pair", "horizon"
_CLOUDS = {SMALL: "CloudOne:cinder,CloudTwo:ports+cinder"} | dict.fromkeys((PAIR, HORIZON), "CloudOne,CloudTwo:ports")
_ALL_SERVICES = "CloudOne:cinder+swift,CloudTwo:ports+cinder+swift"
_IN_SMALL = {
    f"test_{name}"
    for name in (
        "acting",
        "answers",
        "any_client",
        "compound",
        "errors",
        "identity",
        "long_workflows",
        "main_job",
        "meanings",
        "peer_images",
        "peer_operator",
        "seeing",
        "service_tokens",
        "third_cloud",
        "token_claims",
        "trust",
        "tutorial",
        "workflow_memory",
        "written_logs",
    )
}
"""The modules whose tests run in the small lab. Both labs should take the same time."""
_WITHOUT_LAB = {"test_store"}
"""The modules that need a program of the lab, and no lab."""


def lab_of(nodeid: str) -> str | None:
    """Return the name of the lab that a test runs in; None where it needs none."""
    return _lab_of_file(nodeid.partition("::")[0])


@cache
def _lab_of_file(name: str) -> str | None:
    path = PurePosixPath(name)
    if (path.parts[:2] == ("tests", "lab") and path.stem not in _WITHOUT_LAB) or path.name == "test_bench_lab.py":
        return SMALL if path.stem in _IN_SMALL else WHOLE
    return None


@contextmanager
def raised(name: str, config: pytest.Config) -> Iterator[Any]:
    """Raise the lab of this name and yield its status; take it down in the end.

    Its files are kept for the next run if no test failed: one that did may have left servers and images.
    """
    capture, session = (config.pluginmanager.getplugin(name) for name in ("capturemanager", "session"))
    assert capture is not None
    assert session is not None
    with pytest.MonkeyPatch.context() as instance:
        instance.setenv("OPENSTACKOID_LAB", name)
        instance.setenv("OPENSTACKOID_LAB_CLOUDS", _CLOUDS.get(name, _ALL_SERVICES))
        enter_lab(name)
        try:
            with capture.global_and_fixture_disabled(), pytest.MonkeyPatch.context() as downloads:
                if hasattr(config, "workerinput"):
                    # A process of pytest-xdist's has no standard output.
                    os.dup2(2, 1)
                print(
                    f"\n== raising two real clouds for the tests: {name} (the first time on a machine takes minutes)", flush=True
                )
                for variable, needed in FOR_DOWNLOADS.items():
                    downloads.setenv(variable, needed)
                up = openstackoid("lab", "up", quiet=False)
            assert up.code == 0, "the lab did not start; its own words are above"
            status = lab_status()
            if name in (WHOLE, SMALL):
                _check_less(Path(status["state_dir"], "mesh.yaml"))
            yield status
        finally:
            if openstackoid("lab", "down").code == 0 and not session.testsfailed:
                leave_lab(name)


def _check_less(description: Path) -> None:
    """Have the gateways check their services every few seconds: each check costs a service as much as a request."""
    mesh = yaml.safe_load(description.read_text())
    for cloud in mesh["clouds"].values():
        cloud["gateway"]["timeouts"] = {"check": 8}
    written = description.with_suffix(".new")
    written.write_text(yaml.safe_dump(mesh, sort_keys=False))
    written.replace(description)
