# SPDX-License-Identifier: Apache-2.0
"""The index of resources on real clouds: what a list of two clouds has shown is asked of its cloud alone, as a trace shows."""

import re
from pathlib import Path
from typing import Any

import pytest

from examples.session import User
from lab.items import IMAGE, NETWORK, SERVER, VOLUME, Clouds, Kind

BOTH = "CloudOne & CloudTwo"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", [SERVER, IMAGE, VOLUME, NETWORK], ids=lambda kind: kind.command)
def test_an_item_of_a_list_is_one_leg_to_its_cloud(kind: Kind, lab: Any, one: User) -> None:
    clouds = Clouds(Path(lab["state_dir"]))
    (id,) = clouds.make(kind, "CloudTwo", "by-index", 1)
    clouds.wait(lambda: id in clouds.ids(kind, "CloudTwo"))
    clouds.settle(["CloudTwo"], {id})
    listed = one.openstack(kind.command, "list", "-f", "json", scope=BOTH)
    assert {row["ID"]: row["Cloud"] for row in listed.json()}[id] == "CloudTwo", listed.stderr
    for method in ("show", "delete"):
        done = one.openstack(kind.command, method, id, "--trace", scope=BOTH)
        assert done.code == 0, done.stderr
        legs = re.findall(rf"(CloudOne(?: -> CloudTwo)?) [a-z-]+: [A-Z]+ \S*{id} [0-9]+, [0-9]+ ms$", done.stderr, re.MULTILINE)
        assert legs, done.stderr
        assert set(legs) == {"CloudOne -> CloudTwo"}, done.stderr
    clouds.wait(lambda: id not in clouds.ids(kind, "CloudTwo"))
