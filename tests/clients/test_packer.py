# SPDX-License-Identifier: Apache-2.0
"""Packer's OpenStack builder, which opens no connection to the server: the lab's servers do not really run."""

import json

from clients.account import Account
from clients.images import in_the_other_cloud_alone
from clients.tools import Client

CLIENT = Client("Packer", "Debian", "packer", "packer.md")
SCOPE = "image=CloudTwo"


def test_an_image_is_built_from_the_other_clouds_image(account: Account, image: str, flavor: str, network: str) -> None:
    """`image=CloudTwo`: `build` boots a server of CloudOne from CloudTwo's image and makes an image of it; the
    image is CloudTwo's."""
    builder = {
        "type": "openstack",
        "communicator": "none",
        "source_image": image,
        "image_name": "tried-packer",
        "flavor": flavor,
        "networks": [network],
    }
    (account.home / "template.json").write_text(json.dumps({"builders": [builder]}))
    built = account.run("packer", "build", "-machine-readable", "template.json", scope=SCOPE, CHECKPOINT_DISABLE="1")
    (made,) = (line.split(",")[5] for line in built.splitlines() if ",openstack,artifact,0,id," in line)
    in_the_other_cloud_alone(made)
