# SPDX-License-Identifier: Apache-2.0
"""Ansible's collection openstack.cloud, as the package ansible brings it, with the scope in clouds.yaml."""

from pathlib import Path

import yaml

from clients.account import Account, execute
from clients.tools import Client, environment

CLIENT = Client("Ansible's openstack.cloud", "PyPI", "ansible", "ansible.md")
SCOPE = "image=CloudTwo,object-store=CloudTwo"
PLAYBOOK = Path(__file__).with_name("playbook.yaml")


def test_a_playbook_boots_a_server_from_the_other_clouds_image(account: Account, image: str) -> None:
    """`image=CloudTwo,object-store=CloudTwo`: a playbook with `image_info`, `server` (CloudOne's, from CloudTwo's image),
    `object_container`, `object`, `object_containers_info`."""
    auth = {
        "auth_url": account.url(SCOPE),
        "username": account.username,
        "password": account.password,
        "project_name": account.project,
        "user_domain_name": "Default",
        "project_domain_name": "Default",
    }
    entry = {"auth": auth, "region_name": "CloudOne", "cacert": account.authority}
    config = account.home / "clouds.yaml"
    config.touch(0o600)
    config.write_text(yaml.safe_dump({"clouds": {"across": entry}}))
    variables = {
        "PATH": account.variables()["PATH"],
        "HOME": str(account.home),
        "LANG": "C.UTF-8",
        "OS_CLIENT_CONFIG_FILE": str(config),
        "ANSIBLE_PYTHON_INTERPRETER": str(environment().script("python")),
    }
    execute(("ansible-playbook", "-i", "localhost,", "-e", f"image={image}", PLAYBOOK), variables, account.home)
