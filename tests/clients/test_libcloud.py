# SPDX-License-Identifier: Apache-2.0
"""A program on Apache Libcloud."""

from pathlib import Path

from clients.account import Account
from clients.images import in_the_other_cloud_alone
from clients.tools import Client

CLIENT = Client("Libcloud", "PyPI", "apache-libcloud", "libcloud.md")
SCOPE = "image=CloudTwo"
PROGRAM = Path(__file__).with_name("libcloud_program.py")


def test_a_program_boots_a_node_from_the_other_clouds_image(account: Account, image: str, flavor: str, network: str) -> None:
    """`image=CloudTwo`: `list_images`, `create_node` in CloudOne from CloudTwo's image, `wait_until_running`, `create_image`; the
    new image is CloudTwo's."""
    found, booted, made = account.run("python", PROGRAM, flavor, network, scope=SCOPE).split()
    assert (found, booted) == (image, image)
    in_the_other_cloud_alone(made)
