# SPDX-License-Identifier: Apache-2.0
"""The command `glance`."""

import json
import random

from clients.account import Account
from clients.tools import Client
from examples.people import resource_id

CLIENT = Client("glanceclient", "PyPI", "python-glanceclient", "glanceclient.md")
SCOPE = "image=CloudTwo"


def test_an_image_is_made_in_the_other_cloud(account: Account, image: str) -> None:
    """`image=CloudTwo`: `image-list`, `image-create` with a file, `image-download`, `image-delete`; the images are CloudTwo's."""
    content = random.Random(12).randbytes(300_000)
    (account.home / "content.bin").write_bytes(content)
    listed = account.run("glance", "image-list", scope=SCOPE)
    assert image in listed
    assert resource_id("image", "CloudOne") not in listed
    properties = ("--name", "tried-glance", "--disk-format", "raw", "--container-format", "bare")
    made = account.run("glance", "image-create", *properties, "--file", "content.bin", scope=SCOPE)
    (made_id,) = (line.split("|")[2].strip() for line in made.splitlines() if line.startswith("| id "))
    account.run("glance", "image-download", "--file", "again.bin", made_id, scope=SCOPE)
    assert (account.home / "again.bin").read_bytes() == content
    assert made_id not in account.run("glance", "image-list", scope="")
    account.run("glance", "image-delete", made_id, scope=SCOPE)


def test_a_token_that_carries_a_scope_is_understood(account: Account, image: str) -> None:
    """`image=CloudTwo` in a token: `--os-auth-token TOKEN --os-image-url URL image-list` lists CloudTwo's images; this client
    quotes the token."""
    program = "import openstack, json; print(json.dumps(openstack.connect().auth_token))"
    token = json.loads(account.run("python", "-c", program, scope=SCOPE))
    url = account.keystone.removesuffix("/identity") + "/image"
    listed = account.run("glance", "image-list", OS_AUTH_TOKEN=token, OS_IMAGE_URL=url)
    assert image in listed
    assert resource_id("image", "CloudOne") not in listed
