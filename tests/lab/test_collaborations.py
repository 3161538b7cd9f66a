# SPDX-License-Identifier: Apache-2.0
"""Requests that would leave half a server are refused; users may override this if operators allow it."""

from pathlib import Path
from typing import Any

from examples.coverage import Lab, let_services_in
from examples.session import User

THERE = '{"network": "CloudTwo"}'
BOOT = ("server", "create", "--flavor", "m1.tiny", "--image", "cirros", "--wait", "-f", "json", "forced")


def allow_force(mesh: dict[str, Any]) -> None:
    for cloud in mesh["clouds"].values():
        cloud.setdefault("gateway", {})["force"] = True
        # With the override, the other cloud's operator lets this cloud's Nova bind ports there.
        let_services_in(cloud, "network")


def test_force(lab: Any, one: User, tmp_path: Path) -> None:
    forbidden = one.openstack(*BOOT, "--os-scope-force", scope=THERE)
    assert forbidden.code == 1
    assert "CloudOne does not allow to override it" in forbidden.stderr
    with Lab(tmp_path).described(allow_force):
        refused = one.openstack(*BOOT, scope=THERE)
        assert refused.code == 1
        assert "X-Scope-Force: true overrides it" in refused.stderr
        done = one.openstack(*BOOT, "--os-scope-force", scope=THERE)
        assert done.code == 0, done.stderr
        assert done.json()["status"] == "ACTIVE"
        (port,) = one.openstack("port", "list", "--server", done.json()["id"], "-f", "json", scope=THERE).json()
        # The server's port is in CloudTwo.
        Lab(tmp_path).wait(f"port show {port['ID']} -f value -c status", "ACTIVE", THERE)
        gone = one.openstack("server", "delete", "--wait", "forced", "--os-scope-force", scope=THERE)
        assert gone.code == 0, gone.stderr
    assert one.openstack("port", "show", port["ID"], scope=THERE).code == 1, "and it is gone with the server"
