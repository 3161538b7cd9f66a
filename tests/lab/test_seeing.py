# SPDX-License-Identifier: Apache-2.0
"""``scope show``, ``scope list``, ``explain`` and traces agree about one scope, on the lab."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from examples.session import User, openstackoid
from waiting import until

SCOPE = '{"image": "CloudTwo"}'


@pytest.fixture
def images() -> str:
    """The path of CloudOne's images, which the lab's layout gives to its first cloud."""
    return "/image/v2/images"


def test_scope_list_shows_clouds_and_services(lab: Any, one: User) -> None:
    rows = one.openstack("scope", "list", "-f", "json").json()
    assert {row["Cloud"]: row["Home"] for row in rows} == {"CloudOne": True, "CloudTwo": False}
    assert {"identity", "image", "compute", "network", "placement"} <= {row["Service"] for row in rows}

    def is_up() -> bool:
        """A gateway that an earlier test has restarted knows the health of its services after a moment."""
        return {row["Health"] for row in one.openstack("scope", "list", "-f", "json").json()} == {"up"}

    until(is_up)


def test_scope_show_explain_and_the_trace_agree(lab: Any, one: User, images: str) -> None:
    shown = one.openstack("scope", "show", "-f", "json", scope=SCOPE).json()
    assert (shown["home"], shown["from"]) == ("CloudOne", "--os-scope")
    assert {row["service"]: row["cloud"] for row in shown["services"]}["image"] == "CloudTwo"

    mesh = str(Path(lab["state_dir"], "mesh.yaml"))
    told = openstackoid(
        "explain", "--config", mesh, "--at", "CloudOne", "--scope", SCOPE, "--format", "json", "GET", images
    ).json()
    assert (told["route"], told["clouds"], told["scope"]) == ("remote", ["CloudTwo"], shown["completed"])

    traced = one.openstack("image", "list", "--trace", scope=SCOPE)
    assert traced.code == 0, traced.stderr
    assert re.search(rf"CloudOne -> CloudTwo image: GET {images} 200, [0-9]+ ms", traced.stderr), traced.stderr


def test_explain_foretells_a_refusal(lab: Any, one: User) -> None:
    scope = '{"network": "CloudTwo"}'
    mesh = str(Path(lab["state_dir"], "mesh.yaml"))
    words = (
        "explain",
        "--config",
        mesh,
        "--at",
        "CloudOne",
        "--scope",
        scope,
        "--format",
        "json",
        "POST",
        "/compute/v2.1/servers",
    )
    told = json.loads(openstackoid(*words).stdout)
    assert (told["route"], told["status"], told["clouds"]) == ("refuse", 409, [])
    done = one.openstack("server", "create", "--flavor", "m1.tiny", "--image", "cirros", "seen", scope=scope)
    assert done.code == 1
    assert told["reason"] in done.stderr
