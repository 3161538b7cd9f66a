# SPDX-License-Identifier: Apache-2.0
"""The one edit of the generated configuration."""

from pathlib import Path

import pytest

from bench.gateway import generated, runtime_in
from bench.haproxy import one_thread
from bench.meshes import two_clouds
from openstackoid.haproxy import compile_gateway
from openstackoid.mesh import parse_mesh


def test_the_measured_configuration_differs_by_thread_and_log_alone(tmp_path: Path) -> None:
    text, runtime = two_clouds(1001, 1002, 1003), runtime_in(tmp_path)
    ours = compile_gateway(parse_mesh(text), "CloudOne", runtime)
    measured = generated(text, runtime)
    assert {name for name in ours if ours[name] != measured[name]} == {"haproxy.cfg"}
    added = [line for line in measured["haproxy.cfg"].splitlines() if line not in ours["haproxy.cfg"].splitlines()]
    assert sorted(added) == ["    log stdout len 8192 format raw local0 info", "    nbthread 1"]
    assert len(measured["haproxy.cfg"].splitlines()) == len(ours["haproxy.cfg"].splitlines()) + 1


@pytest.mark.parametrize("text", ["defaults\n", "\nglobal\n    nbthread 4\n"])
def test_the_edit_is_refused_where_it_does_not_fit(text: str) -> None:
    with pytest.raises(AssertionError, match="does not fit"):
        one_thread(text)
